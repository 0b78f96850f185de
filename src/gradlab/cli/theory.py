"""`gradlab theory moments | gains | edge | fixed-point | born-dead`: what is known before training."""

from __future__ import annotations

import math
from typing import Annotated

from cyclopts import App, Parameter

from gradlab import __version__
from gradlab.cli.options import AsJson, number, whole
from gradlab.errors import UserError

HELP = """Predict from the description alone: lengths, gradients, the edge of chaos, death at birth.

For example:
  gradlab theory fixed-point tanh --sigma-w2 1.76 --sigma-b2 0.05
"""

app = App(name="theory", help=HELP, version=__version__)


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
Width = Annotated[
    int, Parameter(name="--width", converter=whole(1, 1_000_000_000), help="Units of every hidden layer.")
]
Depth = Annotated[int, Parameter(name="--depth", converter=whole(1, 1_000_000), help="Number of hidden layers.")]


@app.command
def moments(activation: Activation, /, *, q: Length = 1.0, as_json: AsJson = False) -> None:
    """Gaussian expectations of an activation and its slope, each with its estimated error.

    E over u = sqrt(q) z, z a standard normal.

    For example:
      gradlab theory moments gelu
      gradlab theory moments "leaky_relu(0.2)" --q 2 --json
    """
    from rich.console import Console

    from gradlab.cli.documents import moments_document
    from gradlab.cli.output import print_json
    from gradlab.reports.theory_text import print_moments
    from gradlab.theory.gauss import as_phi
    from gradlab.theory.gauss import moments as found_moments

    phi = as_phi(activation)
    found = found_moments(phi, q)
    if as_json:
        print_json(moments_document(phi.name, found))
    else:
        print_moments(phi.name, found, Console())


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
    from rich.console import Console

    from gradlab.cli.documents import gains_document
    from gradlab.cli.output import print_json
    from gradlab.parts import ACTIVATIONS
    from gradlab.reports.theory_text import print_gains
    from gradlab.theory.meanfield import gains as found_gains

    names = [name for name, record in ACTIVATIONS.items() if not record.mistake] if activation is None else [activation]
    found = [found_gains(name) for name in names]
    if as_json:
        print_json(gains_document(found))
    else:
        print_gains(found, Console())


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
    from rich.console import Console

    from gradlab.cli.documents import edge_document
    from gradlab.cli.output import print_json
    from gradlab.reports.theory_text import print_edge
    from gradlab.theory.gauss import as_phi
    from gradlab.theory.meanfield import edge_at, edge_curve

    if sigma_b is not None and sigma_b2 is not None:
        raise UserError("--sigma-b and --sigma-b2", got="both", expected="at most one of them", do="Leave one out")
    phi, is_curve = as_phi(activation), sigma_b is None and sigma_b2 is None
    points = (
        edge_curve(phi) if is_curve else [edge_at(phi, sigma_b if sigma_b is not None else math.sqrt(sigma_b2 or 0.0))]
    )
    if as_json:
        print_json(edge_document(phi.name, points, is_curve=is_curve))
    elif points:
        print_edge(points, Console())
    else:
        print(f"{phi.name} has no edge of chaos for q from 0.01 to 100.")


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
    from rich.console import Console

    from gradlab.cli.documents import fixed_point_document
    from gradlab.cli.output import print_json
    from gradlab.reports.theory_text import print_fixed_point
    from gradlab.theory.gauss import as_phi
    from gradlab.theory.meanfield import fixed_point as found_point

    phi = as_phi(activation)
    found = found_point(phi, sigma_w2, sigma_b2, keep=keep, q0=q0)
    if as_json:
        given = {"activation": phi.name, "sigma_w2": sigma_w2, "sigma_b2": sigma_b2, "keep": keep, "q0": q0}
        print_json(fixed_point_document(given, found))
    else:
        print_fixed_point(f"{phi.name}, sigma_w2 = {sigma_w2:g}, sigma_b2 = {sigma_b2:g}", found, Console())


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
    from rich.console import Console

    from gradlab.cli.documents import born_dead_document
    from gradlab.cli.output import print_json
    from gradlab.reports.theory_text import print_born_dead
    from gradlab.theory.finite import born_dead as found_dead

    found = found_dead([width] * depth)
    if as_json:
        print_json(born_dead_document(width, depth, found))
    else:
        print_born_dead(f"relu, {depth} hidden layers of width {width}, zero biases", found, Console())
