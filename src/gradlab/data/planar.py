"""Tasks in the plane: those of the TensorFlow Playground under the names people know, the two moons, and a diagonal.

The laws are the Playground's, with two differences that make an example a function of its own index alone: the places of
the spiral's points along their arm are drawn, not equally spaced, and classes take turns instead of being shuffled, so
that any even number of examples of `gauss`, `circle` (without noise), `spiral` and `moons` is balanced exactly.

Two classes are one output with targets 1 and -1, as a hinge, a perceptron and squares take them; with `binary = true`
they are 1 and 0, as binary cross-entropy takes them. Every example has its own noise whatever its amount, so cells that
differ in noise are paired.

Source: Smilkov, Carter, Sculley, Viegas and Wattenberg 2017, "Direct-manipulation visualization of deep networks";
github.com/tensorflow/playground, src/dataset.ts. Moons: scikit-learn's `make_moons`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab import seeds
from gradlab.data.label_noise import LABEL_NOISE, with_label_noise
from gradlab.data.tasks import FRESH, POINTS, TASKS, Examples, Task
from gradlab.parts.param import Param, Value

PLAYGROUND = "Smilkov, Carter, Sculley, Viegas and Wattenberg 2017 (TensorFlow Playground)"
RADIUS = 5.0  # distance from the origin at which classes end; for xor half the side of their square
REACH = 6.0  # half the side of the square on which planes and bumps are sampled
PADDING = 0.3  # half the width of the empty cross between the quadrants of xor
TURNS = 1.75  # of each arm of the spiral
BUMPS = ((-4.0, 2.5, 1.0), (0.0, 2.5, -1.0), (4.0, 2.5, 1.0), (-4.0, -2.5, -1.0), (0.0, -2.5, 1.0), (4.0, -2.5, -1.0))

BINARY = Param("binary", False, "targets 1 and 0, for binary cross-entropy, instead of 1 and -1", kind="bool")

Array = Float[ndarray, "R P"]


@dataclass(frozen=True, slots=True)
class Draws:
    """The random numbers of P examples of each of R replicas; the k-th of an example is the k-th layer of its stream."""

    root_seed: int
    replicas: Int[ndarray, " R"]
    purpose: seeds.Purpose
    count: int

    def uniform(self, k: int, low: float | ndarray, high: float | ndarray) -> Array:
        """Each example's k-th number, uniform on an interval."""
        unit = seeds.uniforms(self.root_seed, self.replicas, self.purpose, k, self.count)
        return np.asarray(low + (high - low) * unit)

    def normal(self, k: int) -> Array:
        """Each example's k-th number, standard normal."""
        return seeds.normals(self.root_seed, self.replicas, self.purpose, k, self.count)

    @property
    def sign(self) -> Float[ndarray, " P"]:
        """1 for the even examples, -1 for the odd ones."""
        return 1.0 - 2.0 * (np.arange(self.count) % 2)


Law = Callable[[Draws, float], tuple[Array, Array, ndarray]]
"""`law(draws, noise)` -> x, y and target, which may be the same for every replica."""


def _planar_task(name: str, formula: str, law: Law, noise: str, source: str = PLAYGROUND, *, classes: bool) -> Task:
    """Add a task with two inputs and one output.

    Args:
        name: Its name.
        formula: Target, and law of the inputs, in plain text.
        law: How examples come from draws.
        noise: What the number `noise` is.
        source: Where it comes from.
        classes: Whether targets are 1 and -1 (or 0), not numbers.
    """

    def draw(
        root_seed: int, replicas: Int[ndarray, " R"], purpose: seeds.Purpose, count: int, params: Mapping[str, Value]
    ) -> Examples:
        drawn_for = replicas if params["fresh"] else np.zeros(1, np.int64)
        x, y, target = law(Draws(root_seed, drawn_for, purpose, count), float(params["noise"]))
        if params.get("binary"):
            target = np.maximum(target, 0.0)
        inputs = np.stack([x, y], axis=2).astype(np.float32)
        return Examples(inputs, np.broadcast_to(target, x.shape).astype(np.float32)[:, :, None])

    return TASKS.add(
        Task(
            name=name,
            formula=formula,
            source=source,
            inputs=2,
            outputs=1,
            targets="sign" if classes else "real",
            switched={"binary": "binary"} if classes else {},
            params=(
                Param("noise", 0.0, noise, low=0.0, high=100.0),
                *((BINARY,) if classes else ()),
                replace(POINTS, default=500),
                FRESH,
                *((LABEL_NOISE,) if classes else ()),
            ),
            draw=with_label_noise(draw) if classes else draw,
        )
    )


def _xor(draws: Draws, noise: float) -> tuple[Array, Array, ndarray]:
    x, y = (
        side + np.where(side > 0, PADDING, -PADDING) for side in (draws.uniform(k, -RADIUS, RADIUS) for k in (0, 1))
    )
    seen_x, seen_y = _seen_from(x, y, RADIUS, draws, noise)
    return x, y, np.where(seen_x * seen_y >= 0, 1.0, -1.0)


def _circle(draws: Draws, noise: float) -> tuple[Array, Array, ndarray]:
    inside = draws.sign > 0
    distance = draws.uniform(0, np.where(inside, 0.0, 0.7 * RADIUS), np.where(inside, 0.5 * RADIUS, RADIUS))
    angle = draws.uniform(1, 0.0, 2.0 * np.pi)
    x, y = distance * np.sin(angle), distance * np.cos(angle)
    seen_x, seen_y = _seen_from(x, y, RADIUS, draws, noise)
    return x, y, np.where(np.hypot(seen_x, seen_y) < 0.5 * RADIUS, 1.0, -1.0)


def _gauss(draws: Draws, noise: float) -> tuple[Array, Array, ndarray]:
    centre, deviation = 2.0 * draws.sign, np.sqrt(0.5 + 7.0 * noise)
    return centre + deviation * draws.normal(0), centre + deviation * draws.normal(1), draws.sign


def _spiral(draws: Draws, noise: float) -> tuple[Array, Array, ndarray]:
    along, sign = draws.uniform(0, 0.0, 1.0), draws.sign  # the second arm is the first, turned by half a turn
    distance, angle = RADIUS * along * sign, 2.0 * np.pi * TURNS * along
    away_x, away_y = (draws.uniform(k, -noise, noise) for k in (2, 3))
    return distance * np.sin(angle) + away_x, distance * np.cos(angle) + away_y, sign


def _moons(draws: Draws, noise: float) -> tuple[Array, Array, ndarray]:
    angle, sign = draws.uniform(0, 0.0, np.pi), draws.sign  # the even examples are the lower, inner moon
    x, y = 0.5 * (1.0 + sign) - sign * np.cos(angle), 0.25 * (1.0 + sign) - sign * np.sin(angle)
    return x + noise * draws.normal(2), y + noise * draws.normal(3), sign


def _diagonal(draws: Draws, noise: float) -> tuple[Array, Array, ndarray]:
    x, y = (draws.uniform(k, 0.0, 1.0) for k in (0, 1))
    seen_x, seen_y = _seen_from(x, y, 1.0, draws, noise)
    return x, y, np.where(seen_x > seen_y, 1.0, -1.0)


def _plane(draws: Draws, noise: float) -> tuple[Array, Array, ndarray]:
    x, y = (draws.uniform(k, -REACH, REACH) for k in (0, 1))
    seen_x, seen_y = _seen_from(x, y, REACH, draws, noise)
    return x, y, (seen_x + seen_y) / 10.0


def _bumps(draws: Draws, noise: float) -> tuple[Array, Array, ndarray]:
    x, y = (draws.uniform(k, -REACH, REACH) for k in (0, 1))
    seen_x, seen_y = _seen_from(x, y, REACH, draws, noise)
    # no two bumps overlap, so their sum is the one that a place lies on
    heights = [sign * np.maximum(1.0 - np.hypot(seen_x - u, seen_y - v) / 2.0, 0.0) for u, v, sign in BUMPS]
    return x, y, np.asarray(sum(heights))


def _seen_from(x: Array, y: Array, size: float, draws: Draws, noise: float) -> tuple[Array, Array]:
    """The places whose targets examples at (x, y) are given: the Playground's noise moves targets, not inputs."""
    away_x, away_y = (noise * draws.uniform(k, -size, size) for k in (2, 3))
    return x + away_x, y + away_y


_AWAY = "deviation of the place whose target is taken, uniform on [-1, 1] times noise times {:g}"

_planar_task(
    "xor",
    "1 if x y >= 0 else -1; x and y uniform on [-5, 5], then moved 0.3 away from 0",
    _xor,
    _AWAY.format(RADIUS),
    classes=True,
)
_planar_task(
    "circle",
    "1 if x^2 + y^2 < 2.5^2 else -1; distances uniform on [0, 2.5] or [3.5, 5], in turn",
    _circle,
    _AWAY.format(RADIUS),
    classes=True,
)
_planar_task(
    "gauss",
    "1 and -1 in turn, normal around (2, 2) and (-2, -2) with variance 0.5 + 7 noise",
    _gauss,
    "variance of each coordinate is 0.5 + 7 noise",
    classes=True,
)
_planar_task(
    "spiral",
    "1 and -1 in turn, on arms of 1.75 turns, (r sin a, r cos a), a = 0.7 pi r and pi more, r uniform on [0, 5]",
    _spiral,
    "half the width of the uniform deviation of each coordinate",
    classes=True,
)
_planar_task(
    "moons",
    "1 and -1 in turn, on (1 - cos a, 0.5 - sin a) and (cos a, sin a), a uniform on [0, pi]",
    _moons,
    "standard deviation of each coordinate, normal",
    "scikit-learn, make_moons (Pedregosa et al. 2011)",
    classes=True,
)
_planar_task(
    "diagonal",
    "1 if x > y else -1; x and y uniform on [0, 1]",
    _diagonal,
    _AWAY.format(1.0),
    "S1, section 1.1",
    classes=True,
)
_planar_task("reg_plane", "(x + y) / 10; x and y uniform on [-6, 6]", _plane, _AWAY.format(REACH), classes=False)
_planar_task(
    "reg_gauss",
    "1 - d / 2 or d / 2 - 1 within d < 2 of the nearest of six centres, else 0; x and y uniform on [-6, 6]",
    _bumps,
    _AWAY.format(REACH),
    classes=False,
)
