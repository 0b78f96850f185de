"""Exact studies: computations beside slow oracles, and what they may and may not hold."""

from __future__ import annotations

import io
import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradlab.errors import UserError
from gradlab.reports.page import page_html
from gradlab.studies.exact import COMPUTATIONS, computed
from gradlab.studies.exact.boolean import FUNCTIONS, INPUTS
from gradlab.studies.export import export_rows
from gradlab.studies.load import load_study, study_from
from gradlab.studies.plan import make_plan
from gradlab.studies.store import Store
from tests.studies.small import run, table

TABLE: dict[str, Any] = {
    "name": "tiny-exact",
    "kind": "exact",
    "question": "Is it exact?",
    "answer": "It has {A} parameters, {A:verdict}.",
    "computations": {"layer": {"compute": "summary", "given": {"input": [3, 9, 9], "layers": ["conv2d(2, 3)"]}}},
    "claims": [
        {"id": "A", "statement": "a", "measure": {"exact": "layer", "part": "parameters"}, "expected": {"equals": 56}},
        {"id": "B", "statement": "b", "measure": {"exact": "layer", "part": "output"}, "expected": {"equals": [2, 7, 8]}},
    ],
}  # fmt: skip
SHIPPED = ["xor-by-hand", "layer-calculator", "pooling-and-padding"]


def found_by(name: str, given: dict[str, Any], where: str = "given") -> dict[str, Any]:
    return dict(computed(name, given, where))


# --- what is computed -------------------------------------------------------------------------------------------------
def test_all_boolean_functions_are_there() -> None:
    assert set(FUNCTIONS.values()) == set(itertools.product((0, 1), repeat=4))


@pytest.mark.parametrize("read", ["above 0", "exactly 0 and 1"])
def test_no_weights_of_a_fine_grid_compute_what_the_search_calls_impossible(read: str) -> None:
    found = found_by("relu_unit_search", {"read": read})
    side = np.linspace(-3, 3, 25)  # quarters: every vertex is among them
    w1, w2, b = (axis.ravel() for axis in np.meshgrid(side, side, side))
    outputs = np.stack([np.maximum(w1 * x1 + w2 * x2 + b, 0.0) for x1, x2 in INPUTS], axis=1)
    tables = outputs > 0 if read == "above 0" else outputs[((outputs == 0) | (outputs == 1)).all(axis=1)]
    seen = {tuple(int(value) for value in row) for row in np.unique(tables, axis=0)}
    assert {name for name, wanted in FUNCTIONS.items() if wanted not in seen} == set(found["impossible"])
    assert found["possible"] == len(seen)


@pytest.mark.parametrize("read", ["above 0", "exactly 0 and 1"])
def test_the_weights_that_the_search_shows_compute_their_functions(read: str) -> None:
    for name, w1, w2, b in found_by("relu_unit_search", {"read": read})["weights"]:
        layers = [{"weights": [[w1, w2]], "biases": [b]}]
        found = found_by("relu_network", {"layers": layers})
        assert found["above_0" if read == "above 0" else "exactly"] == name


def test_the_weights_of_two_layers_compute_their_functions_in_torch() -> None:
    shown = found_by("relu_two_layers", {})["weights"]
    assert [each[0] for each in shown] == list(FUNCTIONS)
    for name, *numbers in shown:
        a1, a2, a, b1, b2, b, v1, v2, c = map(float, numbers)
        hidden = torch.tensor(INPUTS).float() @ torch.tensor([[a1, b1], [a2, b2]]) + torch.tensor([a, b])
        outputs = torch.relu(torch.relu(hidden) @ torch.tensor([v1, v2]) + c)
        assert tuple(outputs.tolist()) == FUNCTIONS[name]


@pytest.mark.parametrize("kind", ["average", "max"])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 1), (2, 3), (1, 1)])
def test_pooling_is_torchs(kind: str, size: int, stride: int) -> None:
    image = np.random.default_rng(1).integers(-8, 8, (7, 5)) / 4
    found = found_by("pool", {"image": image.tolist(), "kind": kind, "size": size, "stride": stride})["output"]
    module = {"average": torch.nn.AvgPool2d, "max": torch.nn.MaxPool2d}[kind](size, stride)
    expected = module(torch.tensor(image)[None])[0].tolist()
    assert np.allclose(found, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(5, 1, 0), (5, 1, 2), (3, 2, 1), (2, 3, 4), (9, 1, 8)])
def test_work_on_padding_counts_every_product(kernel: int, stride: int, padding: int) -> None:
    given = {"input": [3, 9, 7], "filters": 2, "kernel": kernel, "stride": stride, "padding": padding}
    found = found_by("padding_work", given)
    layer = f"conv2d(2, {kernel}, stride={stride}, padding={padding})"
    summary = found_by("summary", {"input": [3, 9, 7], "layers": [layer]})
    assert (found["output"], found["multiply_adds"]) == (summary["output"], summary["multiply_adds"])
    ones = torch.nn.functional.conv2d(torch.ones(1, 3, 9, 7), torch.ones(2, 3, kernel, kernel), None, stride, padding)
    assert found["on_padding"] == found["multiply_adds"] - int(ones.sum())


@pytest.mark.parametrize("record", COMPUTATIONS.values(), ids=list(COMPUTATIONS))
def test_every_record_says_what_it_is_and_where_it_comes_from(record: Any) -> None:
    assert record.finds and len(record.source) > 5
    assert record.formula.startswith(record.meaning)


# --- studies of them --------------------------------------------------------------------------------------------------
def test_an_exact_study_from_file_to_page(tmp_path: Path) -> None:
    analysis = run(make_plan(study_from(TABLE)), tmp_path)
    assert [claim.verdict for claim in analysis.claims] == ["held", "not held"]
    assert analysis.answer == "It has 56 parameters, held."
    document = analysis.to_dict()
    assert json.loads(json.dumps(document))["claims"][1]["found"] == [2, 7, 7]
    assert document["computed"][0]["found"]["multiply_adds"] == 7 * 7 * 2 * 27
    assert (document["networks"], document["complete"], document["cells"]) == (0, True, [])
    page = page_html(analysis)
    assert "What was computed" in page and "[2, 7, 7]" in page and "All cells" not in page and "0 of 0" not in page
    with Store.open(tmp_path, write=False) as store:
        for kind in ("csv", "json"):
            out = io.StringIO()
            export_rows(store, make_plan(study_from(TABLE)), kind, out)
            assert "multiply_adds" in out.getvalue() and "layer" in out.getvalue()


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_ones_come_out_as_their_text_says(name: str, tmp_path: Path) -> None:
    analysis = run(make_plan(load_study(name)), tmp_path)
    # the source's difference of or and and is or, not xor: a mistake that the study points out
    assert [claim.id for claim in analysis.claims if claim.verdict != "held"] == (
        ["E5 difference"] if name == "xor-by-hand" else []
    )
    assert "not run" not in analysis.answer


def claim(**changes: Any) -> dict[str, Any]:
    return {"claims": [{**TABLE["claims"][0], **changes}]}


def layer(**changes: Any) -> dict[str, Any]:
    return {"computations": {"layer": {**TABLE["computations"]["layer"], **changes}}}


@pytest.mark.parametrize(
    ("changes", "pieces"),
    [
        ({"replicas": 5}, ["replicas", "kind exact", "Leave it out"]),
        ({"network": {"hidden": "3"}}, ["network", "kind exact"]),
        ({"computations": None}, ["computations"]),
        (layer(compute="sumary"), ["sumary", 'did you mean "summary"', "gradlab list computations"]),
        (layer(given={"input": [3, 9, 9]}), ["given.layers", "nothing"]),
        (layer(given={"input": [0], "layers": ["dense(2)"]}), ["given.input", "1"]),
        (layer(given={"input": [3], "layer": []}), ["given.layer", 'did you mean "layers"']),
        (claim(measure={"exact": "layers", "part": "output"}), ["layers", 'did you mean "layer"', 'Claim "A"']),
        (claim(measure={"exact": "layer", "part": "outptu"}), ["outptu", 'did you mean "output"']),
        (claim(measure={"exact": "layer"}), ["measure.part", "nothing"]),
        (claim(measure={"mean": "loss"}, expected={"at_most": 1}), ['claim "A".measure', "kind exact"]),
        (claim(expected={"at_most": 1}), ['claim "A".expected', "equals"]),
    ],
)
def test_mistakes(changes: dict[str, Any], pieces: list[str]) -> None:
    content = {key: value for key, value in {**TABLE, **changes}.items() if value is not None}
    with pytest.raises(UserError) as error:
        make_plan(study_from(content))
    for piece in pieces:
        assert piece in str(error.value)


@pytest.mark.parametrize(
    ("name", "given", "pieces"),
    [
        ("summary", {"input": [3], "layers": ["conv3(3)"]}, ["conv3", 'did you mean "conv2d"']),
        ("summary", {"input": [3], "layers": ["dense"]}, ["layers[0]", "units"]),
        ("summary", {"input": [1, 4, 4], "layers": ["conv2d(2, 5)"]}, ["layer 1 (conv2d)", "at most 4"]),
        ("summary", {"input": [1, 4, 4], "layers": ["relu", "dense(2)"]}, ["layer 2 (dense)", "1 x 4 x 4", "flatten"]),
        ("pool", {"image": [[1, 2], [3]], "kind": "max"}, ["image", "equal rows"]),
        ("pool", {"image": [[1, 2]], "kind": "max"}, ["image", "2 x 2"]),
        ("padding_work", {"input": [1, 4, 4], "filters": 1, "kernel": 5}, ["kernel", "at most 4"]),
        ("relu_network", {"layers": [{"weights": [[1, 1, 1]], "biases": [0]}]}, ["layers[0]", "2 weights"]),
        ("relu_network", {"layers": [{"weights": [[1, 1], [1, 1]], "biases": [0, 0]}]}, ["2 units", "expected 1"]),
    ],
)
def test_arguments_that_cannot_be_found_by(name: str, given: dict[str, Any], pieces: list[str]) -> None:
    with pytest.raises(UserError) as error:
        found_by(name, given)
    for piece in pieces:
        assert piece in str(error.value)


def test_settings_and_trained_studies_are_told_apart() -> None:
    with pytest.raises(UserError, match="--set: got replicas=5 for an exact study"):
        load_study("xor-by-hand", ["replicas=5"])
    with pytest.raises(UserError, match="computations: got some in a study of kind trained"):
        study_from(table(computations=TABLE["computations"]))
    with pytest.raises(UserError, match="network: got nothing"):
        study_from({key: value for key, value in table().items() if key != "network"})
    with pytest.raises(UserError, match="exact computation in a study of kind trained"):
        make_plan(study_from(table(claims=TABLE["claims"][:1])))


@pytest.mark.parametrize(
    ("compute", "given", "said"),
    [
        (
            "pool",
            {"image": [[1.0], [1.0, 2.0]], "kind": "max"},
            "image: got 2 rows of 1 or 2 numbers; expected equal rows",
        ),
        ("pool", {"image": [[1.0]], "kind": "max"}, "2 x 2 of them at least"),
        ("pool", {"image": [[float("nan")] * 2] * 2, "kind": "max"}, "4 problems"),
        ("relu_network", {"layers": [{"weights": [[float("inf"), 1.0]], "biases": [0.0]}]}, "finite number"),
        ("relu_network", {"layers": [{"weights": [[1.0, 1.0]], "biases": [0.0, 1.0]}]}, "a bias for each row"),
        ("summary", {"input": [4], "layers": ["conv2d(2, 3)"]}, "layer 1 (conv2d): got 4 numbers in a row"),
        ("padding_work", {"input": [1, 4, 4], "filters": 1, "kernel": 5}, "kernel"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_runs(compute: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)) as caught:
        study_from({**TABLE, "computations": {"layer": {"compute": compute, "given": given}}})
    assert str(caught.value).startswith("computations.layer.given")
