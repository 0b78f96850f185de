"""What relu units can do with two inputs of 0 and 1: truth tables of given layers, and searches over all weights.

**The search over one unit is exhaustive.** A unit computes relu(z), z = w1 x1 + w2 x2 + b, and is asked for at four inputs.
"Is true where it is above 0" asks for z > 0 at the true inputs and z <= 0 at the others; multiplied by a positive number
weights stay solutions, so z >= 1 may be asked instead of z > 0. "Exactly 0 and 1" asks for z = 1 and z <= 0. Either way
the solutions are a polyhedron in the three numbers (w1, w2, b). Its four constraints have the rows (x1, x2, 1), whose rank
is 3, so it contains no line; a polyhedron without a line that is not empty has a vertex; and at a vertex three
independent constraints hold with equality. There are only four such triples for each function, so that trying these
four points, in whole numbers and fractions, tries all real weights.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Literal, Self

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pydantic import Field, model_validator

from gradlab.errors import SpecError
from gradlab.parts import ACTIVATIONS
from gradlab.parts.namespace import NUMPY
from gradlab.studies.exact.picture import Done, Picture, Plane
from gradlab.studies.exact.record import COMPUTATIONS, Computation, Value
from gradlab.studies.strict import Strict

Table = tuple[int, int, int, int]
Point = tuple[Fraction, Fraction, Fraction]
Number = Annotated[float, Field(ge=-1e9, le=1e9)]  # neither nan nor inf
Reading = Literal["above 0", "exactly 0 and 1"]

INPUTS = ((0, 0), (0, 1), (1, 0), (1, 1))
FUNCTIONS: Mapping[str, Table] = MappingProxyType(
    {
        "false": (0, 0, 0, 0), "and": (0, 0, 0, 1), "x1 and not x2": (0, 0, 1, 0), "x1": (0, 0, 1, 1),
        "x2 and not x1": (0, 1, 0, 0), "x2": (0, 1, 0, 1), "xor": (0, 1, 1, 0), "or": (0, 1, 1, 1),
        "nor": (1, 0, 0, 0), "xnor": (1, 0, 0, 1), "not x2": (1, 0, 1, 0), "x1 or not x2": (1, 0, 1, 1),
        "not x1": (1, 1, 0, 0), "x2 or not x1": (1, 1, 0, 1), "nand": (1, 1, 1, 0), "true": (1, 1, 1, 1),
    }
)  # fmt: skip
"""All functions of two Boolean inputs: what they are at (0, 0), (0, 1), (1, 0) and (1, 1)."""

_TICKS = [k / 10 - 0.5 for k in range(21)]
_READ = "Blue: the output over the plane of both inputs, from 0, without colour, to 1 and above."
_SEARCHED = f'{_READ} Filled points are inputs where the function is true; "none": no weights do it.'


class ReluLayer(Strict):
    """One layer of relu units: a row of weights and a bias for each."""

    weights: list[list[Number]] = Field(min_length=1)
    biases: list[Number]


class ReluNetwork(Strict):
    """Layers from the input; the last has one unit."""

    layers: list[ReluLayer] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        below = 2
        for place, layer in enumerate(self.layers):
            rows, biases = [len(row) for row in layer.weights], len(layer.biases)
            if rows != [below] * biases:
                raise SpecError(
                    f"layers[{place}]",
                    got=f"rows of {rows} weights and {biases} biases",
                    expected=f"{below} weights in every row, and a bias for each row",
                )
            below = biases
        if below != 1:
            raise SpecError("layers", got=f"{below} units in the last", expected="1")
        return self


class Search(Strict):
    """When an output counts as true."""

    read: Reading = "above 0"


class Nothing(Strict):
    """No arguments."""


def relu_network(given: ReluNetwork) -> dict[str, Value]:
    """Outputs of a network at the four inputs."""
    outputs = _outputs(given, np.array(INPUTS, float)).tolist()
    return {
        "outputs": [_number(Fraction(y)) for y in outputs],
        "above_0": _named(tuple(int(y > 0) for y in outputs)),
        "exactly": _named(tuple(outputs)) if set(outputs) <= {0.0, 1.0} else "no truth table",
    }


def _outputs(given: ReluNetwork, inputs: Float[ndarray, "B 2"]) -> Float[ndarray, " B"]:
    """What the last unit gives for each input."""
    post = inputs
    for layer in given.layers:
        post = ACTIVATIONS["relu"].function(NUMPY, post @ np.array(layer.weights).T + np.array(layer.biases))
    return post[:, 0]


def one_unit(given: Search) -> dict[str, Value]:
    """Which functions one relu unit can compute, by trying every vertex."""
    rows = [(Fraction(x1), Fraction(x2), Fraction(1)) for x1, x2 in INPUTS]
    tried, able = 0, {}
    for name, table in FUNCTIONS.items():
        points = vertices(rows, table)
        tried += len(points)
        able[name] = next((point for point in points if fits(rows, table, point, given.read)), None)
    return {
        "possible": sum(point is not None for point in able.values()),
        "impossible": [name for name, point in able.items() if point is None],
        "tried": tried,
        "weights": [[name, *map(_number, point)] for name, point in able.items() if point is not None],
    }


def two_layers(given: Nothing) -> dict[str, Value]:
    """Two hidden relu units with weights and biases of -1, 0 and 1, and a relu unit above them, for every function."""
    units: dict[tuple[int, ...], tuple[int, int, int]] = {}
    for w1, w2, b in sorted(itertools.product((0, 1, -1), repeat=3), key=lambda unit: sum(map(abs, unit))):
        units.setdefault(tuple(max(0, w1 * x1 + w2 * x2 + b) for x1, x2 in INPUTS), (w1, w2, b))
    found: dict[str, list[Value]] = {}
    for (h1, first), (h2, second) in itertools.combinations(units.items(), 2):
        rows = [(Fraction(a), Fraction(b), Fraction(1)) for a, b in zip(h1, h2, strict=True)]
        for name, table in FUNCTIONS.items():
            points = [] if name in found else vertices(rows, table)
            point = next((each for each in points if fits(rows, table, each, "exactly 0 and 1")), None)
            if point is not None:
                found[name] = [name, *first, *second, *map(_number, point)]
    return {
        "possible": len(found),
        "impossible": [name for name in FUNCTIONS if name not in found],
        "weights": [found[name] for name in FUNCTIONS if name in found],
    }


def vertices(rows: Sequence[Point], table: Table) -> list[Point]:
    """Every point at which three independent constraints hold with equality: z = 1 where true, 0 where false."""
    found = []
    for three in itertools.combinations(range(len(rows)), 3):
        point = _solved([rows[k] for k in three], [Fraction(table[k]) for k in three])
        if point is not None:
            found.append(point)
    return found


def fits(rows: Sequence[Point], table: Table, point: Point, read: Reading) -> bool:
    """Whether a relu unit with these weights and bias is true where the table is."""
    for row, wanted in zip(rows, table, strict=True):
        z = sum((w * x for w, x in zip(point, row, strict=True)), Fraction(0))
        if z > 0 if not wanted else z <= 0 if read == "above 0" else z != 1:
            return False
    return True


def _solved(rows: Sequence[Point], right: Sequence[Fraction]) -> Point | None:
    """The solution of three equations, by Cramer's rule; None where they are not independent."""
    whole = _determinant(rows)
    if not whole:
        return None
    replaced = [
        [tuple(right[k] if column == c else value for c, value in enumerate(row)) for k, row in enumerate(rows)]
        for column in range(3)
    ]
    a, b, c = (_determinant(each) / whole for each in replaced)
    return a, b, c


def _determinant(rows: Sequence[Sequence[Fraction]]) -> Fraction:
    (a, b, c), (d, e, f), (g, h, i) = rows
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _named(table: Sequence[float]) -> str:
    return next(name for name, known in FUNCTIONS.items() if known == tuple(table))


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _plane(network: ReluNetwork | None, is_true: Sequence[int]) -> Plane:
    """A network's outputs around the four inputs, where there is one."""
    if network is None:
        return Plane(_TICKS, None, INPUTS, [*map(bool, is_true)], None)
    square = np.array([(x1, x2) for x2 in _TICKS for x1 in _TICKS])
    outputs = _outputs(network, square).reshape(len(_TICKS), len(_TICKS)).tolist()
    return Plane(_TICKS, outputs, INPUTS, [*map(bool, is_true)], _outputs(network, np.array(INPUTS, float)).tolist())


def _relu(*units: Sequence[float]) -> ReluLayer:
    """A layer from each unit's weights and, last, its bias."""
    return ReluLayer(weights=[[*unit[:-1]] for unit in units], biases=[unit[-1] for unit in units])


def network_planes(done: Sequence[Done]) -> dict[str, dict[str, Plane]]:
    """Every network over the plane, true where its output is above 0."""
    return {"": {each.name: _plane(each.given, [y > 0 for y in each.found["outputs"]]) for each in done}}


def search_planes(done: Sequence[Done]) -> dict[str, dict[str, Plane]]:
    """Every function of two inputs with the weights that were found for it, or without: a figure for each search."""
    figures = {}
    for each in done:
        networks = {}
        for name, *numbers in each.found["weights"]:
            hidden = [_relu(numbers[:3], numbers[3:6])] if len(numbers) > 3 else []
            networks[name] = ReluNetwork(layers=[*hidden, _relu(numbers[-3:])])
        said = f"read as {each.given.read}" if isinstance(each.given, Search) else ""
        figures[said] = {name: _plane(networks.get(name), table) for name, table in FUNCTIONS.items()}
    return figures


COMPUTATIONS.add(
    Computation(
        name="relu_network",
        meaning="a network of relu units on two inputs of 0 and 1, in the order (0, 0), (0, 1), (1, 0), (1, 1)",
        source="arithmetic on small whole numbers, which floating point does exactly",
        given=ReluNetwork,
        finds={
            "outputs": "what the last unit gives",
            "above_0": "the Boolean function read off outputs above 0",
            "exactly": 'the Boolean function whose values the outputs are, or "no truth table"',
        },
        compute=relu_network,
        picture=Picture(
            title="What the networks compute",
            caption=f"{_READ} Filled points are inputs whose output, printed beside them, is above 0.",
            figures=network_planes,
        ),
    )
)
COMPUTATIONS.add(
    Computation(
        name="relu_unit_search",
        meaning="which of the 16 Boolean functions of two inputs one relu unit can compute, over all real weights",
        source="a polyhedron without a line is empty or has a vertex: four points a function decide (studies.exact.boolean)",
        given=Search,
        finds={
            "possible": "number of functions",
            "impossible": "the others",
            "tried": "vertices tried",
            "weights": "[function, w1, w2, b] for each that is possible",
        },
        compute=one_unit,
        picture=Picture(title="Which functions one unit computes", caption=_SEARCHED, figures=search_planes),
    )
)
COMPUTATIONS.add(
    Computation(
        name="relu_two_layers",
        meaning="two hidden relu units and a relu unit above them, exactly 0 and 1, for the 16 Boolean functions",
        source="by showing weights: hidden ones among -1, 0 and 1, output ones at vertices as for one unit",
        given=Nothing,
        finds={
            "possible": "number of functions",
            "impossible": "the others",
            "weights": "[function, w1, w2, b of the first hidden unit, of the second, v1, v2, c of the output] for each",
        },
        compute=two_layers,
        picture=Picture(title="How two layers compute them", caption=_SEARCHED, figures=search_planes),
    )
)
