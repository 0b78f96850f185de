"""Source of the narrow engine's loop for one combination of layers, optimizer, loss and batch kind.

What is generated: all of one replica's training from one look to the next, forward, backward and optimizer fused, over
tiles of `TILE` examples so that what a replica touches stays near. Widths are constants; the inner loop runs along the
examples of a tile, so that it vectorises. The statements of the
layers are in `passes`, the function around them in `kernel`; here is what both need.

Memory of a tile, one flat buffer: for every layer a record of 3 N rows of TILE numbers: activations, pre-activations, and
derivatives. Records follow each other, so distances between rows are constants, from which the compiler sees that reads and
writes do not overlap; rows anywhere else would leave it in doubt, and a loop in doubt does not vectorise. For the same
reason indices are unsigned (`U`): numba wraps negative ones. Parameters are flat as in the torch engine: per layer W [N, M],
b [N].
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradlab.parts import ACTIVATIONS, LOSSES, SCHEDULES, Activation, Loss, UpdateRule
from gradlab.training.narrow.blocks import TILE
from gradlab.training.narrow.formula import compiled_name, scalar_source
from gradlab.training.narrow.pointwise import parameter_names, pointwise_functions


@dataclass(frozen=True)
class Run:
    """Consecutive layers with the same fan-in, width, activation and kind of bias."""

    fan_in: int
    units: int
    activation: str
    has_bias: bool
    dropout: bool
    only: bool  # exactly one layer, so that no loop is needed

    @property
    def size(self) -> int:
        """Parameters of one layer."""
        return self.units * (self.fan_in + self.has_bias)


@dataclass(frozen=True)
class Combination:
    """What a loop is specialised for. Depth is not part of it: equal layers are a runtime loop."""

    runs: tuple[Run, ...]
    rule: UpdateRule
    loss: str
    schedule: str
    precision: str
    shuffled: bool


def indent(text: str, levels: int) -> str:
    """Text with every line moved right."""
    pad = "    " * levels
    return "".join(pad + line if line.strip() else line for line in text.splitlines(keepends=True))


def call(name: str, *arguments: str) -> str:
    """A call as text."""
    return f"{name}({', '.join(arguments)})"


def load_parameters(run: Run) -> str:
    """Statements that read the run's activation parameters of `layer`, and after them its dropout."""
    names = parameter_names(run.activation) + ["dropout"] * run.dropout
    return "".join(
        f"{name} = {place}\n" if name == "dropout" else f"{name} = F({place})\n"
        for name, place in ((name, f"act_params[r, layer, {k}]") for k, name in enumerate(names))
    )


def loss_statements(loss: Loss, units: int) -> tuple[str, str]:
    """(statements for the gradient rows of the output, expression of the loss) over `count` examples of a tile."""
    params = [f"l_{param.name}" for param in loss.params]
    normaliser = "F(0.0)"
    head = ""
    y = [f"buf[base + U{n * TILE} + t]" for n in range(units)]
    if loss.normaliser == "logsumexp":
        head += f"top = {y[0]}\n" + "".join(f"top = real.maximum(top, {value})\n" for value in y[1:])
        head += "total = " + " + ".join(f"real.exp({value} - top)" for value in y) + "\nnorm = top + real.log(total)\n"
        normaliser = "norm"
    values = "".join(
        f"loss_sum += {call(compiled_name(loss.value), y[n], f'target[U{n * TILE} + t]', normaliser, *params)}\n"
        for n in range(units)
    )
    gradients = ""
    for n in range(units):
        slope = call(compiled_name(loss.gradient), y[n], f"target[U{n * TILE} + t]", normaliser, *params)
        gradients += f"buf[base + U{(2 * units + n) * TILE} + t] = factor * {slope}\n"
    return head + values + gradients, head + values


def helper_functions(combination: Combination) -> str:
    """Every formula the loop calls, as compiled scalar functions."""
    sources: dict[str, str] = {}
    for run in combination.runs:
        activation: Activation = ACTIVATIONS[run.activation]
        sources |= scalar_source(activation.function) | scalar_source(activation.derivative)
        sources[f"pointwise {run.activation}"] = pointwise_functions(run.activation)
    loss = LOSSES[combination.loss]
    sources |= scalar_source(loss.value) | scalar_source(loss.gradient) | scalar_source(combination.rule.update)
    # once per step, in float64 as the torch engine does
    sources |= scalar_source(combination.rule.prepare, None) | scalar_source(
        SCHEDULES[combination.schedule].factor, None
    )
    return "\n".join(sources.values())


def with_constants(text: str) -> str:
    """Text with every unsigned constant `U123` defined at its top: a name costs the compiler less than a call."""
    numbers = sorted({int(number) for number in re.findall(r"\bU(\d+)\b", text)})
    return "".join(f"U{number} = np.uint64({number})\n" for number in numbers) + text
