"""Optimizers as Keras has them, where the same name means another update than in torch.

Keras' defaults (beta1 .9, beta2 .999, rho .9, eps 1e-7) are the same from 2.2 to 3. Where no record stands here, the forms
are one: RMSprop of Keras 2.0 to 2.10 without momentum is `rmsprop` with alpha .9 and eps 1e-7, and plain descent is `sgd`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradlab.parts.namespace import Namespace
from gradlab.parts.optimizers.record import OPTIMIZERS, Optimizer, UpdateRule, learning_rate
from gradlab.parts.optimizers.torch_forms import BETAS, MOMENTUM, NESTEROV, SGD_PLAIN
from gradlab.parts.param import Param, Value

_EPS = 1e-7


# --- sgd_keras --------------------------------------------------------------------------------------------------------
def sgd_keras_prepare(xp: Namespace, step: Any, lr: Any, momentum: Any, nesterov: Any) -> tuple[Any, ...]:
    return lr, 0.0  # what the plain rule takes: rate and weight decay


def sgd_keras_momentum_prepare(xp: Namespace, step: Any, lr: Any, momentum: Any, nesterov: Any) -> tuple[Any, ...]:
    return lr, momentum


def sgd_keras_momentum_update(xp: Namespace, w: Any, g: Any, velocity: Any, lr: Any, momentum: Any) -> tuple[Any, ...]:
    new_velocity = momentum * velocity - lr * g
    return w + new_velocity, new_velocity


def sgd_keras_nesterov_update(xp: Namespace, w: Any, g: Any, velocity: Any, lr: Any, momentum: Any) -> tuple[Any, ...]:
    new_velocity = momentum * velocity - lr * g
    return w + (momentum * new_velocity - lr * g), new_velocity


SGD_KERAS_PLAIN = UpdateRule(name="sgd_keras", slots=(), prepare=sgd_keras_prepare, update=SGD_PLAIN.update)
SGD_KERAS_MOMENTUM = UpdateRule(
    name="sgd_keras_momentum",
    slots=("velocity",),
    prepare=sgd_keras_momentum_prepare,
    update=sgd_keras_momentum_update,
)
SGD_KERAS_NESTEROV = UpdateRule(
    name="sgd_keras_nesterov",
    slots=("velocity",),
    prepare=sgd_keras_momentum_prepare,
    update=sgd_keras_nesterov_update,
)


def _sgd_keras_rule(params: Mapping[str, Value]) -> UpdateRule:
    if params["momentum"] == 0:
        return SGD_KERAS_PLAIN
    return SGD_KERAS_NESTEROV if params["nesterov"] else SGD_KERAS_MOMENTUM


OPTIMIZERS.add(
    Optimizer(
        name="sgd_keras",
        formula="v = momentum v - lr g;  w = w + v (the buffer holds the rate: sgd's update while the rate stays)",
        source="Polyak 1964; Keras 2 and 3, SGD",
        params=(
            Param("momentum", 0.0, "decay of the velocity", low=0.0, high=1.0, excludes_high=True),
            NESTEROV,
        ),
        lr=learning_rate(0.01),
        rule=_sgd_keras_rule,
    )
)


# --- rmsprop_keras ----------------------------------------------------------------------------------------------------
def rmsprop_keras_prepare(xp: Namespace, step: Any, lr: Any, alpha: Any, eps: Any, momentum: Any) -> tuple[Any, ...]:
    return lr, alpha, 1.0 - alpha, eps


def rmsprop_keras_update(
    xp: Namespace, w: Any, g: Any, square: Any, lr: Any, alpha: Any, kept: Any, eps: Any
) -> tuple[Any, ...]:
    new_square = alpha * square + kept * g * g
    return w - lr * g / xp.sqrt(new_square + eps), new_square


def rmsprop_keras_momentum_prepare(
    xp: Namespace, step: Any, lr: Any, alpha: Any, eps: Any, momentum: Any
) -> tuple[Any, ...]:
    return lr, alpha, 1.0 - alpha, eps, momentum


def rmsprop_keras_momentum_update(
    xp: Namespace, w: Any, g: Any, square: Any, buf: Any, lr: Any, alpha: Any, kept: Any, eps: Any, momentum: Any
) -> tuple[Any, ...]:
    new_square = alpha * square + kept * g * g
    new_buf = momentum * buf + lr * g / xp.sqrt(new_square + eps)
    return w - new_buf, new_square, new_buf


RMSPROP_KERAS_PLAIN = UpdateRule(
    name="rmsprop_keras", slots=("square",), prepare=rmsprop_keras_prepare, update=rmsprop_keras_update
)
RMSPROP_KERAS_MOMENTUM = UpdateRule(
    name="rmsprop_keras_momentum",
    slots=("square", "buf"),
    prepare=rmsprop_keras_momentum_prepare,
    update=rmsprop_keras_momentum_update,
)

OPTIMIZERS.add(
    Optimizer(
        name="rmsprop_keras",
        formula="v = alpha v + (1 - alpha) g^2;  w = w - lr g / sqrt(v + eps), eps inside the root",
        source="Hinton 2012, lecture 6e; Keras from 2.11 on, RMSprop (uncentred); with momentum tf.keras before too. "
        "Keras 2.0 to 2.10 without momentum is rmsprop",
        params=(
            Param("alpha", 0.9, "decay of the mean square, Keras' rho", low=0.0, high=1.0, excludes_high=True),
            Param("eps", _EPS, "added under the root", low=0.0),
            MOMENTUM,
        ),
        lr=learning_rate(1e-3),
        rule=lambda params: RMSPROP_KERAS_PLAIN if params["momentum"] == 0 else RMSPROP_KERAS_MOMENTUM,
    )
)


# --- adam_keras -------------------------------------------------------------------------------------------------------
def adam_keras_prepare(xp: Namespace, step: Any, lr: Any, beta1: Any, beta2: Any, eps: Any) -> tuple[Any, ...]:
    return (
        lr * xp.sqrt(1.0 - xp.exp(step * xp.log(beta2))) / (1.0 - xp.exp(step * xp.log(beta1))),
        beta1,
        1.0 - beta1,
        beta2,
        1.0 - beta2,
        eps,
    )


def adam_keras_update(
    xp: Namespace,
    w: Any,
    g: Any,
    mean: Any,
    square: Any,
    step_size: Any,
    beta1: Any,
    new1: Any,
    beta2: Any,
    new2: Any,
    eps: Any,
) -> tuple[Any, ...]:
    new_mean = beta1 * mean + new1 * g
    new_square = beta2 * square + new2 * g * g
    return w - step_size * new_mean / (xp.sqrt(new_square) + eps), new_mean, new_square


ADAM_KERAS = UpdateRule(
    name="adam_keras", slots=("mean", "square"), prepare=adam_keras_prepare, update=adam_keras_update
)

OPTIMIZERS.add(
    Optimizer(
        name="adam_keras",
        formula="w = w - lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps), m and v the means of g and g^2, "
        "uncorrected: eps is larger beside the root than adam's, by 1 / sqrt(1 - beta2^t)",
        source="Kingma and Ba 2015, before section 2.1 (eps is epsilon hat there); Keras 2 and 3, Adam",
        params=(
            *BETAS,
            Param("eps", _EPS, "added to the uncorrected root", low=0.0),
        ),
        lr=learning_rate(1e-3),
        rule=lambda params: ADAM_KERAS,
    )
)
