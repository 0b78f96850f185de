"""Source of the narrow engine's loop for one combination of layers, optimizer, loss and batch kind.

What is generated: all of one replica's training from one look to the next, forward, backward and optimizer fused, over
tiles of `TILE` examples so that what a replica touches stays near. Widths are constants; the inner loop runs along the
examples of a tile, so that it vectorises. A layer of at most `SMALL` units on both sides is one pass over the examples
with its weights in registers; a wider one takes its products from `products`, which are compiled once for all widths,
and its text does not grow with the width.

Memory of a tile, one flat buffer: for every layer a record of 3 N rows of TILE numbers: activations, pre-activations, and
derivatives. Records follow each other, so distances between rows are constants, from which the compiler sees that reads and
writes do not overlap; rows anywhere else would leave it in doubt, and a loop in doubt does not vectorise. For the same
reason indices are unsigned (`U`): numba wraps negative ones. Parameters are flat as in the torch engine: per layer W [N, M],
b [N].
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gradlab.parts import ACTIVATIONS, LOSSES, SCHEDULES, Activation, Loss, UpdateRule
from gradlab.training.narrow.blocks import TILE
from gradlab.training.narrow.formula import compiled_name, scalar_source
from gradlab.training.narrow.pointwise import is_long, parameter_names, pointwise_functions

SMALL = 4  # up to this many units on both sides a layer is one register block


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


def drop(run: Run, row: int) -> str:
    """Statements that multiply rows `row` to `row + units - 1` of the record by this step's dropout."""
    return f"""
seeded = dropout_state(root_seed, replica, layer, step)
threshold = dropout_threshold(dropout)
kept_times = F(1.0 / (1.0 - dropout))
for n in range(U{run.units}):
    place = base + (U{row} + n) * U{TILE}
    for t in range(U{TILE}):
        kept = is_kept(seeded, (U(tile_start) + t) * U{run.units} + n, threshold)
        buf[place + t] = buf[place + t] * real.where(kept, kept_times, F(0.0))
"""


class Rows:
    """Names for rows of the tile, so that their places are computed once, outside the loop along the examples."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def __call__(self, record: str, row: int) -> str:
        """Example t of a row of a record."""
        name = f"{record}_{row}"
        self.places[name] = f"{record} + U{row * TILE}"
        return f"buf[{name} + t]"

    def over_tile(self, body: str, rows: int = 1) -> str:
        """Statements for every example of the tile, with the places of the rows named so far before them.

        Args:
            body: Statements for example t.
            rows: The same for this many rows, each next to the one before.
        """
        text = "".join(f"{name} = {place}\n" for name, place in self.places.items())
        return text + f"for t in range(U{rows * TILE}):\n" + indent(body, 1)


def is_small(run: Run) -> bool:
    """Whether one register block holds the layer's weights."""
    return max(run.units, run.fan_in) <= SMALL


def weights(run: Run) -> str:
    """Statements that read the weights of the layer at `par` into locals."""
    places = [(n, m) for n in range(run.units) for m in range(run.fan_in)]
    return "".join(f"w{n}_{m} = w[par + U{n * run.fan_in + m}]\n" for n, m in places)


def bias(run: Run, n: int) -> str:
    """Index of a bias of the layer at `par`."""
    return f"par + U{run.units * run.fan_in + n}"


def activated(run: Run, z: str) -> str:
    """The activation of `z`."""
    return (
        z
        if run.activation == "identity"
        else call(compiled_name(ACTIVATIONS[run.activation].function), z, *parameter_names(run.activation))
    )


def slope(run: Run, z: str, a: str) -> str:
    """The activation's derivative, from pre-activation and activation."""
    return call(compiled_name(ACTIVATIONS[run.activation].derivative), z, a, *parameter_names(run.activation))


def whole_layer(name: str, run: Run) -> str:
    """A call of one of the functions in `pointwise`."""
    return call(f"{name}_{run.activation}", "buf", "base", f"U{run.units}", *parameter_names(run.activation)) + "\n"


def forward(run: Run) -> str:
    """Statements for one layer: `base` and `prev` are records in `buf`, `par` the layer's first parameter in `w`."""
    rows = Rows()
    if not is_small(run):
        pre = f"buf_at + (base + U{run.units * TILE}) * SIZE"
        biases = f"w_at + (par + U{run.units * run.fan_in}) * SIZE" if run.has_bias else "U0"
        sizes = f"U{run.fan_in}, U{run.units}, U{run.fan_in}, U1"
        text = f"affine({pre}, buf_at + prev * SIZE, w_at + par * SIZE, {biases}, {sizes}, F(0.0))\n"
        if is_long(run.activation):
            return text + whole_layer("activate", run)
        body = f"{rows('base', 0)} = {activated(run, rows('base', run.units))}\n"
        return text + rows.over_tile(body, run.units)
    text = weights(run)
    text += "".join(f"b{n} = {f'w[{bias(run, n)}]' if run.has_bias else 'F(0.0)'}\n" for n in range(run.units))
    inner = "".join(f"x{m} = {rows('prev', m)}\n" for m in range(run.fan_in))
    for n in range(run.units):
        inner += f"z{n} = {' + '.join([f'b{n}', *(f'w{n}_{m} * x{m}' for m in range(run.fan_in))])}\n"
    for n in range(run.units):
        inner += f"{rows('base', run.units + n)} = z{n}\n"
        if not is_long(run.activation):
            inner += f"{rows('base', n)} = {activated(run, f'z{n}')}\n"
    return text + rows.over_tile(inner) + (whole_layer("activate", run) if is_long(run.activation) else "")


def backward(run: Run, is_first: bool) -> str:
    """Statements for one layer, whose derivatives by its activations stand in the last third of its record.

    Turns them into derivatives by its pre-activations, adds to the gradients `g` at `par`, and leaves the derivatives by
    the activations of the layer below in that layer's record.
    """
    text = ""
    if run.dropout:
        # the layer above has used the activations as dropout left them; the slope is that of the whole ones
        text += drop(run, 2 * run.units)
        whole = f"buf[base + t] = {activated(run, f'buf[base + U{run.units * TILE} + t]')}\n"
        text += (
            whole_layer("activate", run)
            if is_long(run.activation)
            else f"for t in range(U{run.units * TILE}):\n" + indent(whole, 1)
        )
    if is_long(run.activation):
        text += whole_layer("slope", run)
    return text + (_backward_small(run, is_first) if is_small(run) else _backward_wide(run, is_first))


def _backward_wide(run: Run, is_first: bool) -> str:
    n_units, m_units = run.units, run.fan_in
    rows, text = Rows(), ""
    if run.activation != "identity" and not is_long(run.activation):
        upstream = rows("base", 2 * n_units)
        body = f"{upstream} = {upstream} * {slope(run, rows('base', n_units), rows('base', 0))}\n"
        text += rows.over_tile(body, n_units)
    upstream = f"buf_at + (base + U{2 * n_units * TILE}) * SIZE"
    text += f"outer(g_at + par * SIZE, {upstream}, buf_at + prev * SIZE, U{m_units}, U{n_units}, F(0.0))\n"
    if run.has_bias:
        text += f"add_rows(g_at + (par + U{n_units * m_units}) * SIZE, {upstream}, U{n_units}, F(0.0))\n"
    if not is_first:
        below = f"buf_at + (prev + U{2 * m_units * TILE}) * SIZE"
        sizes = f"U{n_units}, U{m_units}, U1, U{m_units}"
        text += f"affine({below}, {upstream}, w_at + par * SIZE, U0, {sizes}, F(0.0))\n"
    return text


def _backward_small(run: Run, is_first: bool) -> str:
    units, inputs = range(run.units), range(run.fan_in)
    rows, inner = Rows(), ""
    for n in units:
        inner += f"g{n} = {rows('base', 2 * run.units + n)}\n"
        if run.activation != "identity" and not is_long(run.activation):
            inner += f"g{n} *= {slope(run, rows('base', run.units + n), rows('base', n))}\n"
    before = "".join(f"s{n}_{m} = F(0.0)\n" for n in units for m in inputs)
    after = "".join(f"g[par + U{n * run.fan_in + m}] += s{n}_{m}\n" for n in units for m in inputs)
    inner += "".join(f"x{m} = {rows('prev', m)}\n" for m in inputs)
    inner += "".join(f"s{n}_{m} += g{n} * x{m}\n" for n in units for m in inputs)
    if run.has_bias:
        before += "".join(f"c{n} = F(0.0)\n" for n in units)
        inner += "".join(f"c{n} += g{n}\n" for n in units)
        after += "".join(f"g[{bias(run, n)}] += c{n}\n" for n in units)
    if not is_first:
        before += weights(run)
        for m in inputs:
            inner += f"{rows('prev', 2 * run.fan_in + m)} = {' + '.join(f'w{n}_{m} * g{n}' for n in units)}\n"
    return before + rows.over_tile(inner) + after


def forward_pass(runs: Sequence[Run]) -> str:
    """Statements for a whole tile; leaves `base` at the last record."""
    text = "base = U0\npar = U0\n"
    for i, run in enumerate(runs):
        body = f"prev = base\nbase = prev + U{3 * run.fan_in * TILE}\n"
        body += load_parameters(run) + forward(run) + f"par += U{run.size}\n"
        if run.dropout:
            body += "if step >= 0:\n" + indent(drop(run, 0), 1)
        text += f"for layer in range(run_start[{i}], run_start[{i + 1}]):\n" + indent(body, 1)
    return text


def backward_pass(runs: Sequence[Run]) -> str:
    """Statements for a whole tile, from the last record down to the input."""
    text = ""
    for i in reversed(range(len(runs))):
        run = runs[i]
        body = f"par -= U{run.size}\nprev = base - U{3 * run.fan_in * TILE}\n" + load_parameters(run)
        if i == 0 and run.only:
            text += f"layer = run_start[{i}]\n" + body + backward(run, is_first=True)
        else:
            # in a first run of several layers the lowest one's inputs get derivatives nobody reads
            body += backward(run, is_first=False) + "base = prev\n"
            text += f"for layer in range(run_start[{i + 1}] - 1, run_start[{i}] - 1, -1):\n" + indent(body, 1)
    return text


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
