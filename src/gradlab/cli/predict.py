"""`gradlab predict`: what becomes of signal and gradients in a network, from its description alone."""

from __future__ import annotations

import math
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from gradlab.cli.options import AsJson, Settings, flag, number, whole
from gradlab.errors import UserError

if TYPE_CHECKING:
    from torch import nn

    from gradlab.spec import NetworkSpec, Setup

Target = Annotated[
    str | None,
    Parameter(
        help="A study's name, a TOML file with a [network] table, or code: file.py:Net. Or describe it by options."
    ),
]
Hidden = Annotated[str | None, Parameter(help='Hidden layers: "100x40" is forty of width 100, "400-100" lists widths.')]
Law = Annotated[str | None, Parameter(help="Law of the weights; he_normal if left out.")]
Square = Annotated[
    float | None,
    Parameter(name="--input-square", converter=number(0.0, 1e30), help="Mean square of an input's numbers."),
]


def predict(
    target: Target = None,
    /,
    *,
    hidden: Hidden = None,
    activation: Annotated[str | None, Parameter(help="Of the hidden layers; relu if left out.")] = None,
    init: Law = None,
    bias: Annotated[str | None, Parameter(help="Law of the biases; zeros if left out.")] = None,
    input: Annotated[
        str | None, Parameter(help="Numbers of an example, 784 if left out; for code its shape, such as 1x28x28.")
    ] = None,
    output: Annotated[int | None, Parameter(converter=whole(1), help="Outputs; 10 if left out.")] = None,
    dropout: Annotated[float | None, Parameter(converter=number(0.0, 0.999), help="Of hidden activations.")] = None,
    norm: Annotated[str | None, Parameter(help="Before every hidden activation: batch or layer.")] = None,
    input_square: Square = None,
    settings: Settings = None,
    compare: Annotated[bool, flag("--compare", "Draw 100 networks and set them beside theory.")] = False,
    as_json: AsJson = False,
) -> None:
    """Predict how signal and gradients pass a network, before a single step.

    Says what becomes of both layer by layer, how likely it is born dead, how far
    seeds differ, which gain keeps both, and what of this is in doubt. Nothing is
    drawn. Whether it trains is said only where that is certain.

    For example:
      gradlab predict --hidden 100x40 --activation relu --init glorot_uniform
      gradlab predict --hidden 50x20 --activation tanh --norm batch --json
      gradlab predict model.py:Net
      gradlab predict dying-relu --set row=B1 --compare
    """
    from rich.console import Console

    from gradlab.cli.output import print_json
    from gradlab.cli.target import is_code, shape_of

    is_model = target is not None and is_code(target)
    given = {
        "hidden": hidden,
        "activation": activation,
        "weights": init,
        "bias": bias,
        "inputs": None if input is None or is_model else math.prod(shape_of(input)),
        "outputs": output,
        "dropout": dropout,
        "norm": norm,
    }
    network = _network(target, {key: value for key, value in given.items() if value is not None}, settings)
    from gradlab.cli.documents import prediction_document
    from gradlab.reports.prediction_text import print_prediction
    from gradlab.studies.predict import described
    from gradlab.theory.predict import Inputs, advise

    shape = shape_of(input) if input is not None and is_model else None
    taken = described(network, None if input_square is None else Inputs(input_square), shape=shape)
    found = taken.predict()
    changes = advise(taken.spec, found, taken.inputs)
    comparison = None
    if compare:
        from gradlab.spec import Setup
        from gradlab.studies.sampled import compare as compared

        comparison = compared(network if isinstance(network, Setup) else taken.spec, taken.inputs)
    if as_json:
        print_json(prediction_document(target, found, changes, comparison))
        return
    print_prediction(found, changes, Console())
    if comparison is not None:
        from gradlab.reports.comparison_text import print_comparison

        print_comparison(comparison, Console())


def _network(target: str | None, given: dict[str, Any], settings: list[str] | None) -> NetworkSpec | Setup | nn.Module:
    """The network that a target names or options describe.

    Raises:
        UserError: Both, or neither, or wrong content.
    """
    if target is None:
        return _described(given, settings)
    if given:
        option = "--" + {"weights": "init", "inputs": "input", "outputs": "output"}.get(
            next(iter(given)), next(iter(given))
        )
        raise UserError(option, got=f"it beside {target}", expected="a target or a description by options, not both")
    from gradlab.cli.target import is_code, load_setups, refuse_settings
    from gradlab.cli.user_code import load_module

    if is_code(target):
        refuse_settings(settings, f"{target}, which is code", "Change the code instead")
        with redirect_stdout(sys.stderr):
            return load_module(target)
    (name, found), *others = load_setups(target, settings or ())
    if others:
        from gradlab.cli.output import note

        several = f"{len(others)} other network{'s' if len(others) > 1 else ''} of the study"
        note(f"This is the network of {name}; {several} can be chosen with --set.")
    return found


def _described(given: dict[str, Any], settings: list[str] | None) -> NetworkSpec:
    """A fully connected network by options.

    Raises:
        UserError: No hidden layers were given, or wrong content.
    """
    from gradlab.cli.target import network_from, refuse_settings

    refuse_settings(settings, "a network described by options", "Change the options, or name a study")
    if "hidden" not in given:
        do = "Name a study, a file or code, or describe the network, such as --hidden 100x40"
        raise UserError("network", got="nothing", do=do)
    if given.get("norm") in ("batch", "layer"):
        given["norm"] += "_norm"
    base = {"activation": "relu", "weights": "he_normal", "inputs": 784, "outputs": 10}
    return network_from({**base, **given})
