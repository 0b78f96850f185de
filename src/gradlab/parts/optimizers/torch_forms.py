"""Optimizers as torch has them: equal to torch.optim's at equal parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradlab.parts.namespace import Namespace
from gradlab.parts.optimizers.record import OPTIMIZERS, Optimizer, UpdateRule, learning_rate
from gradlab.parts.param import Param, Value

MOMENTUM = Param("momentum", 0.0, "decay of the momentum buffer", low=0.0, high=1.0, excludes_high=True)
NESTEROV = Param("nesterov", False, "look-ahead form of momentum", kind="bool")
BETAS = (
    Param("beta1", 0.9, "decay of the mean", low=0.0, high=1.0, excludes_low=True, excludes_high=True),
    Param("beta2", 0.999, "decay of the mean square", low=0.0, high=1.0, excludes_low=True, excludes_high=True),
)
WEIGHT_DECAY = Param("weight_decay", 0.0, "coefficient of w added to the gradient", low=0.0)


# --- sgd --------------------------------------------------------------------------------------------------------------
def sgd_prepare(
    xp: Namespace, step: Any, lr: Any, momentum: Any, dampening: Any, nesterov: Any, weight_decay: Any
) -> tuple[Any, ...]:
    return lr, weight_decay


def sgd_update(xp: Namespace, w: Any, g: Any, lr: Any, weight_decay: Any) -> tuple[Any, ...]:
    return (w - lr * (g + weight_decay * w),)


def momentum_prepare(
    xp: Namespace, step: Any, lr: Any, momentum: Any, dampening: Any, nesterov: Any, weight_decay: Any
) -> tuple[Any, ...]:
    # torch's buffer starts as the first gradient, undamped
    return lr, momentum, xp.where(step < 1.5, 1.0, 1.0 - dampening), weight_decay


def momentum_update(
    xp: Namespace, w: Any, g: Any, buf: Any, lr: Any, momentum: Any, undamped: Any, weight_decay: Any
) -> tuple[Any, ...]:
    new_buf = momentum * buf + undamped * (g + weight_decay * w)
    return w - lr * new_buf, new_buf


def nesterov_update(
    xp: Namespace, w: Any, g: Any, buf: Any, lr: Any, momentum: Any, undamped: Any, weight_decay: Any
) -> tuple[Any, ...]:
    decayed = g + weight_decay * w
    new_buf = momentum * buf + undamped * decayed
    return w - lr * (decayed + momentum * new_buf), new_buf


SGD_PLAIN = UpdateRule(name="sgd", slots=(), prepare=sgd_prepare, update=sgd_update)
SGD_MOMENTUM = UpdateRule(name="sgd_momentum", slots=("buf",), prepare=momentum_prepare, update=momentum_update)
SGD_NESTEROV = UpdateRule(name="sgd_nesterov", slots=("buf",), prepare=momentum_prepare, update=nesterov_update)


def _sgd_rule(params: Mapping[str, Value]) -> UpdateRule:
    if params["momentum"] == 0:
        return SGD_PLAIN
    return SGD_NESTEROV if params["nesterov"] else SGD_MOMENTUM


OPTIMIZERS.add(
    Optimizer(
        name="sgd",
        formula="b = momentum b + (1 - dampening) g;  w = w - lr b",
        source="Robbins and Monro 1951; Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013; torch.optim.SGD",
        params=(
            MOMENTUM,
            Param("dampening", 0.0, "share of the gradient kept out of the buffer", low=0.0, high=1.0),
            NESTEROV,
            WEIGHT_DECAY,
        ),
        lr=learning_rate(0.01),
        rule=_sgd_rule,
    )
)


# --- rmsprop ----------------------------------------------------------------------------------------------------------
def rmsprop_prepare(
    xp: Namespace, step: Any, lr: Any, alpha: Any, eps: Any, weight_decay: Any, momentum: Any
) -> tuple[Any, ...]:
    return lr, alpha, 1.0 - alpha, eps, weight_decay


def rmsprop_update(
    xp: Namespace, w: Any, g: Any, square: Any, lr: Any, alpha: Any, kept: Any, eps: Any, weight_decay: Any
) -> tuple[Any, ...]:
    decayed = g + weight_decay * w
    new_square = alpha * square + kept * decayed * decayed
    return w - lr * decayed / (xp.sqrt(new_square) + eps), new_square


def rmsprop_momentum_prepare(
    xp: Namespace, step: Any, lr: Any, alpha: Any, eps: Any, weight_decay: Any, momentum: Any
) -> tuple[Any, ...]:
    return lr, alpha, 1.0 - alpha, eps, weight_decay, momentum


def rmsprop_momentum_update(
    xp: Namespace,
    w: Any,
    g: Any,
    square: Any,
    buf: Any,
    lr: Any,
    alpha: Any,
    kept: Any,
    eps: Any,
    weight_decay: Any,
    momentum: Any,
) -> tuple[Any, ...]:
    decayed = g + weight_decay * w
    new_square = alpha * square + kept * decayed * decayed
    new_buf = momentum * buf + decayed / (xp.sqrt(new_square) + eps)
    return w - lr * new_buf, new_square, new_buf


RMSPROP_PLAIN = UpdateRule(name="rmsprop", slots=("square",), prepare=rmsprop_prepare, update=rmsprop_update)
RMSPROP_MOMENTUM = UpdateRule(
    name="rmsprop_momentum",
    slots=("square", "buf"),
    prepare=rmsprop_momentum_prepare,
    update=rmsprop_momentum_update,
)

OPTIMIZERS.add(
    Optimizer(
        name="rmsprop",
        formula="v = alpha v + (1 - alpha) g^2;  w = w - lr g / (sqrt(v) + eps)",
        source="Hinton 2012, lecture 6e; torch.optim.RMSprop (uncentred)",
        params=(
            Param("alpha", 0.99, "decay of the mean square", low=0.0, high=1.0, excludes_high=True),
            Param("eps", 1e-8, "added to the root", low=0.0),
            WEIGHT_DECAY,
            MOMENTUM,
        ),
        lr=learning_rate(0.01),
        rule=lambda params: RMSPROP_PLAIN if params["momentum"] == 0 else RMSPROP_MOMENTUM,
    )
)


# --- adam and adamw ---------------------------------------------------------------------------------------------------
def adam_prepare(
    xp: Namespace, step: Any, lr: Any, beta1: Any, beta2: Any, eps: Any, weight_decay: Any
) -> tuple[Any, ...]:
    return (
        lr / (1.0 - xp.exp(step * xp.log(beta1))),
        beta1,
        1.0 - beta1,
        beta2,
        1.0 - beta2,
        xp.sqrt(1.0 - xp.exp(step * xp.log(beta2))),
        eps,
        weight_decay,
    )


def adam_update(
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
    root_correction: Any,
    eps: Any,
    weight_decay: Any,
) -> tuple[Any, ...]:
    decayed = g + weight_decay * w
    new_mean = beta1 * mean + new1 * decayed
    new_square = beta2 * square + new2 * decayed * decayed
    return w - step_size * new_mean / (xp.sqrt(new_square) / root_correction + eps), new_mean, new_square


def adamw_prepare(
    xp: Namespace, step: Any, lr: Any, beta1: Any, beta2: Any, eps: Any, weight_decay: Any
) -> tuple[Any, ...]:
    return (
        lr / (1.0 - xp.exp(step * xp.log(beta1))),
        beta1,
        1.0 - beta1,
        beta2,
        1.0 - beta2,
        xp.sqrt(1.0 - xp.exp(step * xp.log(beta2))),
        eps,
        1.0 - lr * weight_decay,
    )


def adamw_update(
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
    root_correction: Any,
    eps: Any,
    kept: Any,
) -> tuple[Any, ...]:
    new_mean = beta1 * mean + new1 * g
    new_square = beta2 * square + new2 * g * g
    return kept * w - step_size * new_mean / (xp.sqrt(new_square) / root_correction + eps), new_mean, new_square


ADAM = UpdateRule(name="adam", slots=("mean", "square"), prepare=adam_prepare, update=adam_update)
ADAMW = UpdateRule(name="adamw", slots=("mean", "square"), prepare=adamw_prepare, update=adamw_update)


def _adam_params(weight_decay: float) -> tuple[Param, ...]:
    return (
        *BETAS,
        Param("eps", 1e-8, "added to the root", low=0.0),
        Param("weight_decay", weight_decay, "weight decay", low=0.0),
    )


OPTIMIZERS.add(
    Optimizer(
        name="adam",
        formula="w = w - lr m^ / (sqrt(v^) + eps), m^ and v^ the bias-corrected means of g and g^2",
        source="Kingma and Ba 2015; torch.optim.Adam (weight decay added to the gradient)",
        params=_adam_params(0.0),
        lr=learning_rate(1e-3),
        rule=lambda params: ADAM,
    )
)
OPTIMIZERS.add(
    Optimizer(
        name="adamw",
        formula="w = (1 - lr weight_decay) w - lr m^ / (sqrt(v^) + eps)",
        source="Loshchilov and Hutter 2019; torch.optim.AdamW (decoupled weight decay)",
        params=_adam_params(0.01),
        lr=learning_rate(1e-3),
        rule=lambda params: ADAMW,
    )
)
