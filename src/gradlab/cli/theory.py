"""`gradlab theory moments | gains | edge | fixed-point | born-dead`: what is known before training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter, Token

from gradlab import __version__
from gradlab.cli.options import AsJson, whole
from gradlab.errors import UserError, shown

if TYPE_CHECKING:
    from gradlab.theory.finite import BornDead
    from gradlab.theory.meanfield import EdgePoint, FixedPoint, Gains

HELP = """Predict from the description alone: lengths, gradients, the edge of chaos, death at birth.

For example:
  gradlab theory fixed-point tanh --sigma-w2 1.76 --sigma-b2 0.05
"""

app = App(name="theory", help=HELP, version=__version__)


def number(
    low: float, high: float = math.inf, *, excludes_low: bool = False
) -> Callable[[Any, Sequence[Token]], float]:
    """A converter for finite numbers in a range."""
    bounds = [f"{'above' if excludes_low else 'at least'} {low:g}"] + ([f"at most {high:g}"] if high < math.inf else [])
    expected = f"a number {' and '.join(bounds)}"

    def convert(_: Any, tokens: Sequence[Token]) -> float:
        text = tokens[0].value
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < low or value > high or (excludes_low and value == low):
            raise UserError(tokens[0].keyword or "number", got=shown(text), expected=expected)
        return value

    return convert


Activation = Annotated[str, Parameter(name="activation", help='As in a study file: tanh, "leaky_relu(0.2)".')]
Length = Annotated[float, Parameter(name="--q", converter=number(0.0, 1e60), help="Second moment of pre-activations.")]
SigmaW2 = Annotated[float, Parameter(name="--sigma-w2", converter=number(0.0), help="fan_in Var(W), the gain squared.")]
SigmaB2 = Annotated[float, Parameter(name="--sigma-b2", converter=number(0.0), help="Variance of biases.")]
SigmaB = Annotated[
    float | None,
    Parameter(
        name="--sigma-b", converter=number(0.0), help="Standard deviation of biases; the whole curve if left out."
    ),
]
Keep = Annotated[
    float,
    Parameter(
        name="--keep",
        converter=number(0.0, 1.0, excludes_low=True),
        help="Probability that dropout keeps an activation.",
    ),
]
Start = Annotated[float, Parameter(name="--q0", converter=number(1e-30, 1e30), help="Length to start from.")]
Width = Annotated[int, Parameter(name="--width", converter=whole(1), help="Units of every hidden layer.")]
Depth = Annotated[int, Parameter(name="--depth", converter=whole(1, 1_000_000), help="Number of hidden layers.")]


@app.command
def moments(activation: Activation, /, *, q: Length = 1.0, as_json: AsJson = False) -> None:
    """Gaussian expectations of an activation and its slope, each with its estimated error.

    E over u = sqrt(q) z, z a standard normal.

    For example:
      gradlab theory moments gelu
      gradlab theory moments "leaky_relu(0.2)" --q 2 --json
    """
    from gradlab.theory.gauss import as_phi
    from gradlab.theory.gauss import moments as found_moments

    phi = as_phi(activation)
    found = found_moments(phi, q)
    listed = {name: getattr(found, name) for name in found.__dataclass_fields__ if name != "q"}
    if as_json:
        values = {name: moment.value for name, moment in listed.items()}
        errors = {name: moment.error for name, moment in listed.items()}
        methods = {name: moment.method for name, moment in listed.items()}
        _print_document("moments", activation=phi.name, q=q, **values, errors=errors, methods=methods)
        return
    rows = [(name, f"{one.value:.12g}", f"{one.error:.1e}", one.method) for name, one in listed.items()]
    _say(f"{phi.name} at q = {q:g}:")
    _table(("expectation", "value", "error below", "method"), rows)


@app.command
def gains(
    activation: Annotated[str | None, Parameter(help="Only this one.")] = None, /, *, as_json: AsJson = False
) -> None:
    """The gain that keeps lengths, and the one that keeps gradients, at q = 1.

    A gain is the standard deviation of weights times sqrt(fan_in). The two
    differ: keeping lengths makes tanh chaotic; of GELU, SiLU and Mish the
    length 1 that the forward gain keeps is an unstable fixed point.

    For example:
      gradlab theory gains
      gradlab theory gains "leaky_relu(0.2)" --json
    """
    from gradlab.parts import ACTIVATIONS
    from gradlab.theory.meanfield import gains as found_gains

    names = [name for name, record in ACTIVATIONS.items() if not record.mistake] if activation is None else [activation]
    found = [found_gains(name) for name in names]
    if as_json:
        records = [_gains_record(one) for one in found]
        _print_document("gains", **(records[0] if activation is not None else {}), records=records)
        return
    rows = [
        (
            one.name,
            f"{one.forward:.6f}",
            f"{one.backward:.6f}",
            f"{one.forward_chi1:.4f}",
            f"{one.forward_slope:.4f}",
            "yes" if one.forward_keeps_length else "no",
        )
        for one in found
    ]
    _table(("activation", "forward", "backward", "chi1 at forward", "slope at forward", "length stable"), rows)


@app.command
def edge(
    activation: Activation,
    /,
    *,
    sigma_b: SigmaB = None,
    sigma_b2: Annotated[
        float | None, Parameter(name="--sigma-b2", converter=number(0.0), help="Its square, instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The edge of chaos: where squared gradients neither grow nor shrink, chi1 = 1.

    At one standard deviation of biases, or as a curve.

    For example:
      gradlab theory edge tanh --sigma-b 0.05
      gradlab theory edge tanh --sigma-b2 0.05
      gradlab theory edge gelu
    """
    from gradlab.theory.gauss import as_phi
    from gradlab.theory.meanfield import edge_at, edge_curve

    if sigma_b is not None and sigma_b2 is not None:
        raise UserError("--sigma-b and --sigma-b2", got="both", expected="at most one of them", do="Leave one out")
    phi = as_phi(activation)
    if sigma_b is None and sigma_b2 is None:
        points = edge_curve(phi)
        if as_json:
            _print_document("edge-curve", activation=phi.name, records=[_edge_record(point) for point in points])
        elif points:
            _edge_table(points)
        else:
            _say(f"{phi.name} has no edge of chaos for q from 0.01 to 100.")
        return
    point = edge_at(phi, sigma_b if sigma_b is not None else math.sqrt(sigma_b2 or 0.0))
    if as_json:
        _print_document("edge", activation=phi.name, **_edge_record(point))
    else:
        _edge_table([point])


@app.command(name="fixed-point")
def fixed_point(
    activation: Activation,
    /,
    *,
    sigma_w2: SigmaW2,
    sigma_b2: SigmaB2 = 0.0,
    keep: Keep = 1.0,
    q0: Start = 1.0,
    as_json: AsJson = False,
) -> None:
    """Where lengths and correlations go in a deep network, and how fast.

    For example:
      gradlab theory fixed-point tanh --sigma-w2 1.76 --sigma-b2 0.05
      gradlab theory fixed-point relu --sigma-w2 2 --json
    """
    from gradlab.theory.gauss import as_phi
    from gradlab.theory.meanfield import fixed_point as found_point

    phi = as_phi(activation)
    found = found_point(phi, sigma_w2, sigma_b2, keep=keep, q0=q0)
    if as_json:
        given = {"activation": phi.name, "sigma_w2": sigma_w2, "sigma_b2": sigma_b2, "keep": keep, "q0": q0}
        content = asdict(found) | {"status": found.status.value, "phase": found.phase}
        _print_document("fixed-point", **given, **content)
        return
    _say(f"{phi.name}, sigma_w2 = {sigma_w2:g}, sigma_b2 = {sigma_b2:g}: {found.status.value}, {found.phase}.")
    _table(("quantity", "value", "meaning"), _fixed_point_rows(found))
    for assumption in found.assumptions:
        _say(f"Assumes: {assumption}.")


@app.command(name="born-dead")
def born_dead(*, width: Width, depth: Depth, as_json: AsJson = False) -> None:
    """The probability that a relu network is dead before it is trained.

    Zero biases, symmetric weights (exact at width 2: Gaussian); for one input,
    and for all inputs of a network that has one. Depth counts hidden layers;
    Lu et al. count the output too.

    For example:
      gradlab theory born-dead --width 2 --depth 9
      gradlab theory born-dead --width 10 --depth 100 --json
    """
    from gradlab.theory.finite import born_dead as found_dead

    found = found_dead([width] * depth)
    if as_json:
        content = {key: value for key, value in asdict(found).items() if key != "widths"}
        _print_document("born-dead", width=width, depth=depth, **content)
        return
    _say(f"relu, {depth} hidden layers of width {width}, zero biases:")
    _table(("dead at birth", "probability", ""), _dead_rows(found))


def _gains_record(found: Gains) -> dict[str, Any]:
    record = asdict(found)
    named = {"activation": record.pop("name"), "gain_forward": record.pop("forward")}
    return named | {"gain_backward": record.pop("backward"), **record, "is_stable": found.forward_keeps_length}


def _edge_record(point: EdgePoint) -> dict[str, Any]:
    return {**asdict(point), "sigma_b": point.sigma_b, "status": point.status}


def _edge_table(points: Sequence[EdgePoint]) -> None:
    rows = [
        ("any" if p.q is None else f"{p.q:.6g}", f"{p.sigma_w2:.6f}", f"{p.sigma_b2:.6g}", f"{p.sigma_b:.6g}", p.status)
        for p in points
    ]
    _table(("q", "sigma_w2", "sigma_b2", "sigma_b", "fixed point"), rows)


def _fixed_point_rows(found: FixedPoint) -> list[tuple[str, str, str]]:
    def text(value: float | None) -> str:
        return "none" if value is None else f"{value:.8g}"

    return [
        ("q*", text(found.q_star), "second moment that pre-activations come to"),
        ("slope", text(found.slope), "dq'/dq at it: " + ("stable" if found.is_stable else "not stable")),
        ("xi_q", text(found.xi_q), "layers over which q comes closer by e"),
        ("chi1", text(found.chi1), "factor of squared gradients a layer"),
        ("xi_grad", text(found.xi_grad), "layers over which they change by e"),
        ("c*", text(found.c_star), "correlation that two inputs come to"),
        ("chi_c", text(found.chi_c), "slope of the correlation map at it"),
        ("xi_c", text(found.xi_c), "layers over which c comes closer by e"),
    ]


def _dead_rows(found: BornDead) -> list[tuple[str, str, str]]:
    exact = "unknown" if found.p_exact is None else f"{found.p_exact:.10g}"
    return [
        ("on one input", f"{found.p_single_input:.10g}", "exact"),
        ("on all inputs", exact, "exact, for a network with one input"),
        ("on all inputs", f"{found.p_low:.10g}", "at least, for a network with one input"),
        ("on all inputs", f"{found.p_up:.10g}", "at most"),
    ]


def _print_document(name: str, /, **content: Any) -> None:
    """One JSON document; NaN and infinities, which JSON has no numbers for, as text."""
    from gradlab.cli.output import print_json

    print_json({"schema": f"gradlab/theory-{name}/1", "gradlab": __version__, **_safe(content)})


def _safe(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _safe(item) for key, item in value.items()}
    return [_safe(item) for item in value] if isinstance(value, list | tuple) else value


def _say(text: str) -> None:
    print(text)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their texts, the first and the last to the left."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="", padding=(0, 2, 0, 0))
    for k, heading in enumerate(headings):
        is_words = k in (0, len(headings) - 1)
        widest = max(map(len, (heading, *(row[k] for row in rows))))
        table.add_column(heading, no_wrap=True, min_width=widest, justify="left" if is_words else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console()
    console.print(table, width=max(console.width, 100), soft_wrap=True)
