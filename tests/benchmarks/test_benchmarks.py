"""The benchmarks run, write what they promise, and let everybody train the same networks. Nothing here is timed."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import __main__ as command
from benchmarks.case import Case, Run, Seen, case_of
from benchmarks.check import check, one_update
from benchmarks.competitors import WHO, competitor, missing
from benchmarks.page import markdown
from benchmarks.rounds import Contender, Options, contender, measure
from benchmarks.sections import SECTIONS, compiled, shapes, sweep
from gradlab.parts import ACTIVATIONS, LOSSES, OPTIMIZERS

NETWORK = {"hidden": "4 x 2", "activation": "relu", "weights": "he_normal", "bias": "normal(std=0.1)"}


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waking a second thread costs more than all of this when that core is busy."""
    torch.set_num_threads(1)
    monkeypatch.setattr(command, "use_all_cores", lambda: None)


def test_a_small_selection_writes_valid_json(tmp_path: Path) -> None:
    command.main(["--only", "wide", "--quick", "--output", str(tmp_path)])
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert {"hardware", "versions"} == set(document["machine"])
    (wide,) = document["sections"].values()
    for measurement in wide["measurements"]:
        assert measurement["ratios"]
        for ratio in measurement["ratios"]:
            assert len(ratio["each"]) == measurement["rounds"] == 1
            assert 0 < ratio["low"] <= ratio["median"] <= ratio["high"] < math.inf
        for made in measurement["contenders"].values():
            assert math.isfinite(made["startup_seconds"])
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert SECTIONS["wide"].title in page and SECTIONS["b1"].title not in page


def test_looks_on_images_are_told_from_updates() -> None:
    (measured,) = SECTIONS["images"].measure(Options(rounds=1, turn_seconds=0.0, is_quick=True))
    assert set(measured["contenders"]) == {"2 updates", "4 updates", "4 updates, 5 looks", "peak"}
    (row,) = SECTIONS["images"].rows([measured])
    assert len(row) == len(SECTIONS["images"].header) and "in 200 updates" in row[1]


def test_one_section_keeps_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"machine": {"hardware": {}, "versions": {}}, "seconds": 1.0, "measurements": []}
    stored = {"schema": command.SCHEMA, "sections": {"looks": other}}
    (tmp_path / "results.json").write_text(json.dumps(stored), encoding="utf-8")
    monkeypatch.setitem(SECTIONS, "wide", replace(SECTIONS["wide"], measure=lambda options: []))
    stored_sections = command._stored(tmp_path / "results.json")["sections"]
    (document,) = command.run(["wide"], Options(is_quick=True), stored_sections)
    assert document["sections"]["looks"] == other and document["sections"]["wide"]["measurements"] == []


@pytest.mark.parametrize("name", [name for name in WHO if name not in ("narrow", "torch")])
def test_competitors_train_what_the_torch_engine_trains(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda step, **options: step)  # what is compiled, the benchmarks check
    reason = missing(name)
    if reason is not None:
        pytest.skip(reason)
    rows = check([name], NETWORK, replicas=16)
    assert len(rows) == (1 if name.endswith(", compiled") else 2) and all(row["networks"] > 8 for row in rows)


@pytest.mark.parametrize("name", ["loop", "vmap", "stack, compiled", "jax, tuned"])
def test_competitors_train_to_the_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda step, **options: step)
    reason = missing(name)
    if reason is not None:
        pytest.skip(reason)
    recipe = {"optimizer": "sgd(lr=0.01)", "loss": "mse", "batch_size": 40, "epochs": 3, "order": "sequential"}
    case = case_of(NETWORK, recipe, task="x_sin_5x(points=100)", replicas=4)
    assert case.steps == 9 and case.batch_sizes[2] == 20
    wanted, _, losses = one_update("torch", case)
    found, _, same = one_update(name, case)
    assert found == pytest.approx(wanted, abs=1e-5)
    assert same == pytest.approx(losses, rel=1e-4)


def test_orders_differ_between_runs_and_epochs() -> None:
    recipe = {"optimizer": "sgd(lr=0.01)", "loss": "mse", "batch_size": 40, "epochs": 2}
    case = case_of(NETWORK, recipe, task="x_sin_5x(points=100)", replicas=2)
    run = competitor("vmap")(case)
    first, second = ([seen.parameters() for seen in run()][-1] for _ in range(2))
    assert (first != second).any()


def test_ratios_are_formed_within_a_round() -> None:
    turns: list[str] = []
    seconds = {"a": itertools.count(1), "b": itertools.count(2)}

    def one(name: str) -> Contender:
        def call() -> float:
            turns.append(name)
            return float(next(seconds[name]))

        return Contender(name, 6, call)

    found = measure("label", [one("a"), one("b")], [("a", "b"), ("a", "nobody")], Options(rounds=3))
    assert turns == ["a", "b", "b", "a", "a", "b"]
    (ratio,) = found["ratios"]
    assert ratio["each"] == pytest.approx([2 / 1, 3 / 2, 4 / 3])
    assert (ratio["low"], ratio["median"], ratio["high"]) == pytest.approx((4 / 3, 3 / 2, 2))


def test_networks_that_diverge_are_refused() -> None:
    recipe = {"optimizer": "sgd(lr=1e6)", "loss": "mse", "batch_size": 40, "epochs": 2}
    case = case_of(NETWORK, recipe, task="x_sin_5x(points=100)", replicas=2)
    with pytest.raises(RuntimeError, match="diverged"):
        contender("torch", case)


def test_flop() -> None:
    network = {"hidden": "3 - 2", "activation": "relu", "weights": "he_normal"}
    recipe = {"optimizer": "sgd", "loss": "mse", "batch_size": 40, "epochs": 2}
    case = case_of(network, recipe, task="x_sin_5x(points=100)", replicas=1)
    assert case.flop == 6 * (3 + 6 + 2) * 200
    assert case.least_flop == case.flop - 2 * 3 * 200


def test_sweep_has_every_part() -> None:
    parts = {(kind, name) for kind, name, _ in sweep.items()}
    assert {("activation", name) for name in ACTIVATIONS} <= parts
    assert {("optimizer", name) for name in OPTIMIZERS if name != "sgd"} <= parts
    assert {("loss", name) for name in LOSSES if name != "mse"} <= parts
    for _, _, changes in sweep.items():
        assert sweep.case(changes, 1).steps >= 16


def test_stacks_can_be_divided_between_cores() -> None:
    for width, depth in itertools.product(shapes.WIDTHS, shapes.DEPTHS):
        networks = shapes.networks_at_once("jax, tuned", 10**9, width * depth)
        assert 16 <= networks <= 256 and networks % 16 == 0


@pytest.mark.parametrize(("shape", "width"), [(compiled.narrow, 1), (compiled.wide, 784)])
def test_a_stack_written_by_hand_trains_what_the_torch_engine_trains(
    shape: Callable[[Options, str], Case], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "compile", lambda step, **options: step)
    case = shape(Options(is_quick=True), "torch")
    assert case.job.examples.inputs.shape[2] == width
    wanted, _, losses = one_update("torch", case)
    found, _, same = one_update("stack, compiled", case)
    assert found.shape == wanted.shape and same == pytest.approx(losses, rel=1e-2)  # other orders of the examples


def test_without_a_compiler_compiled_rivals_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    found = SECTIONS["compiled"].measure(Options(rounds=1, turn_seconds=0.0, is_quick=True))
    assert [each["cores"] for each in found[:1]] == [1]
    rows = SECTIONS["compiled"].rows(found)
    assert all(len(row) == len(SECTIONS["compiled"].header) for row in rows)
    left_out = [row for row in rows if "C++ compiler" in row[4]]
    assert len(left_out) == 2 * len(found)
    assert {row[3] for row in rows} == {"torch", *compiled.RIVALS}


def test_who_leads() -> None:
    found = [
        compiled.leads({"low": low, "median": 1.0, "high": high}) for low, high in ((1.1, 2), (0.5, 0.9), (0.9, 1.1))
    ]
    assert found == ["yes", "no", "level"] and compiled.leads(None) == "-"


def test_tables() -> None:
    assert markdown(["a", "b"], [["1", "2"]]) == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]


def test_contract() -> None:
    case: Case = case_of(NETWORK, {"optimizer": "sgd", "loss": "mse", "steps": 1}, replicas=3)
    run: Run = competitor("loop")(case)
    start, end = run()
    for seen in (start, end):
        assert isinstance(seen, Seen)
        assert seen.loss.shape == (3,)
        assert seen.parameters().shape == (3, case.job.stack.spec.parameters)
