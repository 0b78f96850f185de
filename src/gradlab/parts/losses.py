"""Losses: how far outputs y are from targets t.

A record holds the value and the gradient of one element over a `Namespace`. `reduction` says how elements combine over
units and examples, as torch's reductions do. A loss that couples the units of an example names a `normaliser`, computed
by the engine along the units and handed to both formulas, so the formulas stay elementwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from gradlab.catalog import Catalog
from gradlab.parts.namespace import Namespace
from gradlab.parts.param import Param


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A loss function.

    Attributes:
        name: Its name.
        formula: One element in plain text, y the output, t the target.
        source: Where it was published, and torch's name.
        value: `value(xp, y, t, n, *params)` -> loss of one element; n is the normaliser, or 0 where there is none.
        gradient: `gradient(xp, y, t, n, *params)` -> its derivative by y (with the normaliser's own dependence).
        targets: "real", "one_hot" (classes), "binary" (0 or 1) or "sign" (-1 or 1).
        reduction: "mean" over examples and units, "example_mean" (sum over units, mean over examples), or "sum".
        normaliser: "logsumexp" over the units of an example, or None.
        params: Parameters in the order in which the functions take them.
    """

    name: str
    formula: str
    source: str
    value: Callable[..., Any]
    gradient: Callable[..., Any]
    targets: Literal["real", "one_hot", "binary", "sign"]
    reduction: Literal["mean", "example_mean", "sum"]
    normaliser: Literal["logsumexp"] | None = None
    params: tuple[Param, ...] = ()

    def divisor(self, examples: int, units: int) -> int:
        """What the sum over elements is divided by."""
        return {"mean": examples * units, "example_mean": examples, "sum": 1}[self.reduction]


LOSSES: Catalog[Loss] = Catalog("loss", "losses")


def squared_error(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return (y - t) * (y - t)


def squared_error_gradient(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return 2.0 * (y - t)


def half_squared_error(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return 0.5 * (y - t) * (y - t)


def half_squared_error_gradient(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return y - t


def scaled_squared_error(xp: Namespace, y: Any, t: Any, n: Any, scale: Any) -> Any:
    return scale * (y - t) * (y - t)


def scaled_squared_error_gradient(xp: Namespace, y: Any, t: Any, n: Any, scale: Any) -> Any:
    return 2.0 * scale * (y - t)


def absolute_error(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return xp.abs(y - t)


def absolute_error_gradient(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return xp.sign(y - t)


def huber(xp: Namespace, y: Any, t: Any, n: Any, delta: Any) -> Any:
    return xp.where(xp.abs(y - t) <= delta, 0.5 * (y - t) * (y - t), delta * (xp.abs(y - t) - 0.5 * delta))


def huber_gradient(xp: Namespace, y: Any, t: Any, n: Any, delta: Any) -> Any:
    return xp.minimum(xp.maximum(y - t, -delta), delta)


def cross_entropy(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return t * (n - y)


def cross_entropy_gradient(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return xp.exp(y - n) - t  # targets of an example sum to one


def binary_cross_entropy(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return xp.maximum(y, 0.0) - y * t + xp.log1p(xp.exp(-xp.abs(y)))


def binary_cross_entropy_gradient(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return xp.where(y >= 0.0, 1.0, xp.exp(-xp.abs(y))) / (1.0 + xp.exp(-xp.abs(y))) - t


def hinge(xp: Namespace, y: Any, t: Any, n: Any, margin: Any) -> Any:
    return xp.maximum(margin - t * y, 0.0)


def hinge_gradient(xp: Namespace, y: Any, t: Any, n: Any, margin: Any) -> Any:
    return xp.where(t * y <= margin, -t, 0.0)  # at the kink too, so that all-zero weights start to move


def perceptron(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return xp.maximum(-t * y, 0.0)


def perceptron_gradient(xp: Namespace, y: Any, t: Any, n: Any) -> Any:
    return xp.where(t * y <= 0.0, -t, 0.0)


LOSSES.add(
    Loss(
        name="mse",
        formula="(y - t)^2",
        source="Gauss 1809; torch.nn.MSELoss",
        value=squared_error,
        gradient=squared_error_gradient,
        targets="real",
        reduction="mean",
    )
)
LOSSES.add(
    Loss(
        name="half_mse",
        formula="(y - t)^2 / 2",
        source="TensorFlow Playground, src/nn.ts, Errors.SQUARE",
        value=half_squared_error,
        gradient=half_squared_error_gradient,
        targets="real",
        reduction="mean",
    )
)
LOSSES.add(
    Loss(
        name="sum_of_squares",
        formula="scale (y - t)^2, summed over units and examples",
        source="Gauss 1809; half the sum as in S2",
        value=scaled_squared_error,
        gradient=scaled_squared_error_gradient,
        targets="real",
        reduction="sum",
        params=(Param("scale", 0.5, "factor on the sum", low=0.0, excludes_low=True),),
    )
)
LOSSES.add(
    Loss(
        name="mae",
        formula="|y - t|",
        source="Boscovich 1757; torch.nn.L1Loss",
        value=absolute_error,
        gradient=absolute_error_gradient,
        targets="real",
        reduction="mean",
    )
)
LOSSES.add(
    Loss(
        name="huber",
        formula="(y - t)^2 / 2 if |y - t| <= delta else delta (|y - t| - delta / 2)",
        source="Huber 1964; torch.nn.HuberLoss",
        value=huber,
        gradient=huber_gradient,
        targets="real",
        reduction="mean",
        params=(Param("delta", 1.0, "where the quadratic part ends", low=0.0, excludes_low=True),),
    )
)
LOSSES.add(
    Loss(
        name="cross_entropy",
        formula="t (logsumexp(y) - y), summed over units",
        source="Bridle 1990; torch.nn.CrossEntropyLoss, on logits",
        value=cross_entropy,
        gradient=cross_entropy_gradient,
        targets="one_hot",
        reduction="example_mean",
        normaliser="logsumexp",
    )
)
LOSSES.add(
    Loss(
        name="binary_cross_entropy",
        formula="log(1 + exp(y)) - y t",
        source="Cox 1958; torch.nn.BCEWithLogitsLoss, on logits",
        value=binary_cross_entropy,
        gradient=binary_cross_entropy_gradient,
        targets="binary",
        reduction="mean",
    )
)
LOSSES.add(
    Loss(
        name="hinge",
        formula="max(margin - t y, 0)",
        source="Cortes and Vapnik 1995; the subgradient at the kink is -t",
        value=hinge,
        gradient=hinge_gradient,
        targets="sign",
        reduction="mean",
        params=(Param("margin", 1.0, "t y below which an example costs", low=0.0),),
    )
)
LOSSES.add(
    Loss(
        name="perceptron",
        formula="max(-t y, 0)",
        source="Rosenblatt 1958; the subgradient at the kink is -t",
        value=perceptron,
        gradient=perceptron_gradient,
        targets="sign",
        reduction="mean",
    )
)
