"""The documents that `--json` prints where they are not one study's results: catalogs, plans, several results, theory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gradlab import __version__
from gradlab.stats.text import json_safe

if TYPE_CHECKING:
    from gradlab.catalog import Catalog
    from gradlab.nets.summary import Summary
    from gradlab.parts import Param
    from gradlab.studies.plan import Plan
    from gradlab.studies.results import Analysis
    from gradlab.studies.sampled import Comparison
    from gradlab.theory.finite import BornDead
    from gradlab.theory.gauss import Moments
    from gradlab.theory.meanfield import EdgePoint, FixedPoint, Gains
    from gradlab.theory.predict import Change, Prediction


def catalog_document(catalog: Catalog[Any]) -> dict[str, Any]:
    """Every record of a catalog with its formula, source and parameters; of a quantity also what it is for."""
    records = [
        {
            "name": record.name,
            "formula": record.formula,
            "source": record.source,
            "parameters": [_param(param) for param in (*_own(record), *getattr(record, "params", ()))],
            **{
                key: getattr(record, key)
                for key in ("symbol", "unit", "meaning", "needs", "mistake")
                if hasattr(record, key)
            },
        }
        for record in catalog.values()
    ]
    return _document("catalog", kind=catalog.plural, records=records)


def studies_document(plans: Iterable[Plan]) -> dict[str, Any]:
    """Studies by name, question and size."""
    found = [{"study": p.study.name, "question": p.study.question, **_size(p)} for p in plans]
    return _document("studies", studies=found)


def plan_document(plan: Plan) -> dict[str, Any]:
    """One study as resolved, its cells and what running it would cost."""
    cells = [{"id": cell.id, "levels": dict(cell.levels), "replicas": cell.replicas} for cell in plan.cells]
    cost = {**_size(plan), "chunks": len(plan.chunks), "bytes": plan.bytes, "seconds": plan.seconds}
    content = plan.study.model_dump(mode="json", by_alias=True)
    return _document("plan", study=plan.study.name, seed=plan.seed, **cost, plan=cells, content=content)


def plans_document(plans: Iterable[Plan]) -> dict[str, Any]:
    """What running several studies would cost, each as it is printed alone."""
    return _document("plans", studies=[plan_document(plan) for plan in plans])


def status_document(stored: Sequence[tuple[str, Plan, int]]) -> dict[str, Any]:
    """What a store holds, most recent first."""
    found = [
        {"study": name, "seed": plan.seed, "done": done, "networks": plan.networks, "complete": done >= plan.networks}
        for name, plan, done in stored
    ]
    return _document("status", studies=found)


def results_document(analyses: Iterable[Analysis]) -> dict[str, Any]:
    """The results of several studies, each as it is printed alone."""
    return _document("study-results", studies=[analysis.to_dict() for analysis in analyses])


def summary_document(target: str, summary: Summary) -> dict[str, Any]:
    """A network's layers and sums; shapes without the batch axis."""
    return _document("summary", target=target, **summary.to_dict())


def moments_document(name: str, moments: Moments) -> dict[str, Any]:
    """Gaussian expectations of an activation; errors and methods beside the values."""
    parts = {key: {n: getattr(one, key) for n, one in moments.listed.items()} for key in ("value", "error", "method")}
    values, errors, methods = parts["value"], parts["error"], parts["method"]
    return _document("theory-moments", activation=name, q=moments.q, **values, errors=errors, methods=methods)


def gains_document(gains: Sequence[Gains]) -> dict[str, Any]:
    """A record for each activation; the only one's content stands outside, too."""
    records = []
    for one in gains:
        rest = asdict(one)
        first = {"activation": rest.pop("name"), "gain_forward": rest.pop("forward")}
        records.append({**first, "gain_backward": rest.pop("backward"), **rest, "is_stable": one.forward_keeps_length})
    return _document("theory-gains", **(records[0] if len(records) == 1 else {}), records=records)


def edge_document(name: str, points: Sequence[EdgePoint], *, is_curve: bool) -> dict[str, Any]:
    """One point of the edge of chaos, or records of a curve."""
    records = [{**asdict(point), "sigma_b": point.sigma_b, "status": point.status} for point in points]
    if is_curve:
        return _document("theory-edge-curve", activation=name, records=records)
    return _document("theory-edge", activation=name, **records[0])


def fixed_point_document(given: Mapping[str, Any], found: FixedPoint) -> dict[str, Any]:
    """Where lengths and correlations go."""
    content = {**asdict(found), "status": found.status.value, "phase": found.phase}
    return _document("theory-fixed-point", **given, **content)


def born_dead_document(width: int, depth: int, found: BornDead) -> dict[str, Any]:
    """Probabilities of being dead at birth."""
    content = {key: value for key, value in asdict(found).items() if key != "widths"}
    return _document("theory-born-dead", width=width, depth=depth, **content)


def prediction_document(
    target: str | None, prediction: Prediction, changes: Sequence[Change], comparison: Comparison | None
) -> dict[str, Any]:
    """What theory says of a network, what to change, and, where networks were drawn, what they say."""
    changed = [
        {
            "text": one.text,
            "reason": one.reason,
            "verdict": one.prediction.verdict,
            "can_train": one.prediction.can_train,
            "gradient_ratio": one.prediction.gradient_ratio,
        }
        for one in changes
    ]
    measured = None if comparison is None else comparison.to_dict()
    return _document("prediction", target=target, **prediction.to_dict(), changes=changed, comparison=measured)


def _document(name: str, /, **content: Any) -> dict[str, Any]:
    encoded = json_safe({"schema": f"gradlab/{name}/1", "gradlab": __version__, **content})
    assert isinstance(encoded, dict)
    return encoded


def _size(plan: Plan) -> dict[str, int]:
    return {"cells": len(plan.cells), "networks": plan.networks}


def _own(record: Any) -> tuple[Param, ...]:
    """An optimizer keeps its learning rate apart from the other parameters."""
    return (record.lr,) if hasattr(record, "lr") else ()


def _param(param: Param) -> Mapping[str, Any]:
    expected = "true or false" if param.kind == "bool" else param.range
    return {"name": param.name, "default": param.default, "expected": expected, "meaning": param.meaning}
