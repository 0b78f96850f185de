"""Source of the narrow engine's loop for one combination of layers, optimizer, loss and batch kind.

What is generated: all of one replica's training from one look to the next, forward, backward and optimizer fused, over
tiles of `TILE` examples so that everything a replica touches stays in first-level cache. Widths are constants; the inner
loop runs along the examples of a tile, so that it vectorises.

Memory of a tile, one flat buffer: for every layer a record of 2 N rows of TILE numbers, activations first, then
pre-activations, which the backward pass overwrites with gradients. Distances between rows are constants, from which the
compiler sees that reads and writes do not overlap. Parameters are flat as in the torch engine: per layer W [N, M], b [N].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradlab.parts import ACTIVATIONS, LOSSES, SCHEDULES, Activation, Loss, UpdateRule
from gradlab.training.narrow.formula import scalar_source

TILE = 64
BLOCK = 4  # units on each side of a register block


@dataclass(frozen=True)
class Run:
    """Consecutive layers with the same fan-in, width, activation and kind of bias."""

    fan_in: int
    units: int
    activation: str
    has_bias: bool
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


def blocks(count: int) -> list[tuple[int, int]]:
    """(start, size) of register blocks that cover `count` units."""
    return [(start, min(BLOCK, count - start)) for start in range(0, count, BLOCK)]


def parameter_names(run: Run) -> list[str]:
    """Local names of the run's activation parameters."""
    return [f"p_{param.name}" for param in ACTIVATIONS[run.activation].params]


def call(name: str, *arguments: str) -> str:
    """A call as text."""
    return f"{name}({', '.join(a for a in arguments if a)})"


def load_parameters(run: Run, layer: str) -> str:
    """Statements that read the run's activation parameters of one layer."""
    return "".join(f"{name} = act_params[r, {layer}, {k}]\n" for k, name in enumerate(parameter_names(run)))


def forward(run: Run) -> str:
    """Statements for one layer: `base` and `prev` are records in `buf`, `par` the layer's first parameter in `w`."""
    n_units, m_units = run.units, run.fan_in
    act = ACTIVATIONS[run.activation].function.__name__
    text = ""
    for n0, bn in blocks(n_units):
        columns = blocks(m_units)
        for k, (m0, bm) in enumerate(columns):
            rows = range(n0, n0 + bn)
            cols = range(m0, m0 + bm)
            for n in rows:
                for m in cols:
                    text += f"w{n - n0}{m - m0} = w[par + U({n * m_units + m})]\n"
                if k == 0:
                    text += f"b{n - n0} = " + (f"w[par + U({n_units * m_units + n})]\n" if run.has_bias else "F(0.0)\n")
            text += f"for t in range(U({TILE})):\n"
            for m in cols:
                text += f"    x{m - m0} = buf[prev + U({m * TILE}) + t]\n"
            for n in rows:
                start = f"b{n - n0}" if k == 0 else f"buf[base + U({(n_units + n) * TILE}) + t]"
                total = " + ".join([start, *(f"w{n - n0}{m - m0} * x{m - m0}" for m in cols)])
                text += f"    z{n - n0} = {total}\n"
            for n in rows:
                text += f"    buf[base + U({(n_units + n) * TILE}) + t] = z{n - n0}\n"
                if k == len(columns) - 1:
                    value = call(act, f"z{n - n0}", *parameter_names(run))
                    text += f"    buf[base + U({n * TILE}) + t] = {value}\n"
    return text


def backward(run: Run, below: Run | None) -> str:
    """Statements for one layer: add to the gradients in `g` at `par`, and write the gradients of the layer below."""
    n_units, m_units = run.units, run.fan_in
    text = ""
    for n0, bn in blocks(n_units):
        for k, (m0, bm) in enumerate(blocks(m_units)):
            pairs = [(n, m) for n in range(bn) for m in range(bm)]
            with_bias = run.has_bias and k == 0
            for n, m in pairs:
                text += f"s{n}{m} = F(0.0)\n"
            if with_bias:
                text += "".join(f"c{n} = F(0.0)\n" for n in range(bn))
            text += f"for t in range(U({TILE})):\n"
            text += "".join(f"    g{n} = buf[base + U({(n_units + n0 + n) * TILE}) + t]\n" for n in range(bn))
            text += "".join(f"    x{m} = buf[prev + U({(m0 + m) * TILE}) + t]\n" for m in range(bm))
            text += "".join(f"    s{n}{m} += g{n} * x{m}\n" for n, m in pairs)
            if with_bias:
                text += "".join(f"    c{n} += g{n}\n" for n in range(bn))
            for n, m in pairs:
                text += f"g[par + U({(n0 + n) * m_units + m0 + m})] += s{n}{m}\n"
            if with_bias:
                text += "".join(f"g[par + U({n_units * m_units + n0 + n})] += c{n}\n" for n in range(bn))
    if below is None:
        return text
    activation = ACTIVATIONS[below.activation]
    for m0, bm in blocks(m_units):
        rows = blocks(n_units)
        for k, (n0, bn) in enumerate(rows):
            for n in range(bn):
                text += "".join(f"w{n}{m} = w[par + U({(n0 + n) * m_units + m0 + m})]\n" for m in range(bm))
            text += f"for t in range(U({TILE})):\n"
            text += "".join(f"    g{n} = buf[base + U({(n_units + n0 + n) * TILE}) + t]\n" for n in range(bn))
            last = k == len(rows) - 1
            for m in range(bm):
                place = f"buf[prev + U({(m_units + m0 + m) * TILE}) + t]"
                # with several blocks of rows, partial sums wait in the scratch rows behind the last record
                scratch = f"buf[scratch + U({(m0 + m) * TILE}) + t]"
                terms = [f"w{n}{m} * g{n}" for n in range(bn)]
                total = " + ".join(([scratch] if k else []) + terms)
                if not last:
                    text += f"    {scratch} = {total}\n"
                elif below.activation == "identity":
                    text += f"    {place} = {total}\n"
                else:
                    slope = call(
                        activation.derivative.__name__, place, f"buf[prev + U({(m0 + m) * TILE}) + t]", *parameter_names(below)
                    )
                    text += f"    {place} = ({total}) * {slope}\n"
    return text


def forward_pass(runs: Sequence[Run]) -> str:
    """Statements for a whole tile; leaves `base` at the last record."""
    text = "prev = U(0)\nbase = U(0)\npar = U(0)\n"
    for i, run in enumerate(runs):
        before = run.fan_in
        text += f"for layer in range(run_start[{i}], run_start[{i + 1}]):\n"
        body = f"prev = base\nbase = prev + U({2 * before * TILE})\n"
        body += load_parameters(run, "layer") + forward(run) + f"par += U({run.size})\n"
        text += indent(body, 1)
    return text


def backward_pass(runs: Sequence[Run]) -> str:
    """Statements for a whole tile, from the last record, whose gradient rows are filled, down to the input."""
    text = ""
    for i in reversed(range(len(runs))):
        run = runs[i]
        below = runs[i - 1] if i else None
        step = f"par -= U({run.size})\nprev = base - U({2 * run.fan_in * TILE})\n"
        inner = step + load_parameters(run, "layer - 1") + backward(run, run) + "base = prev\n"
        first = step + (load_parameters(below, "layer - 1") if below else "") + backward(run, below) + "base = prev\n"
        if not run.only:
            text += f"for layer in range(run_start[{i + 1}] - 1, run_start[{i}], -1):\n" + indent(inner, 1)
        text += f"layer = run_start[{i}]\n" + first
    return text


def loss_statements(loss: Loss, units: int) -> tuple[str, str]:
    """(statements for the gradient rows of the output, expression of the loss) over `count` examples of a tile."""
    params = [f"l_{param.name}" for param in loss.params]
    normaliser = "F(0.0)"
    head = ""
    y = [f"buf[base + U({n * TILE}) + t]" for n in range(units)]
    if loss.normaliser == "logsumexp":
        head += f"top = {y[0]}\n" + "".join(f"top = maximum(top, {value})\n" for value in y[1:])
        head += "total = " + " + ".join(f"exp({value} - top)" for value in y) + "\nnorm = top + log(total)\n"
        normaliser = "norm"
    values = "".join(
        f"loss_sum += {call(loss.value.__name__, y[n], f'target[U({n * TILE}) + t]', normaliser, *params)}\n"
        for n in range(units)
    )
    gradients = "".join(
        f"u{n} = factor * {call(loss.gradient.__name__, y[n], f'target[U({n * TILE}) + t]', normaliser, *params)}\n"
        for n in range(units)
    )
    return head + values + gradients, head + values


def helper_functions(combination: Combination) -> str:
    """Every formula the loop calls, as compiled scalar functions."""
    sources: dict[str, str] = {}
    for run in combination.runs:
        activation: Activation = ACTIVATIONS[run.activation]
        sources |= scalar_source(activation.function) | scalar_source(activation.derivative)
    loss = LOSSES[combination.loss]
    sources |= scalar_source(loss.value) | scalar_source(loss.gradient) | scalar_source(combination.rule.update)
    # once per step, in float64 as the torch engine does
    sources |= scalar_source(combination.rule.prepare, None) | scalar_source(
        SCHEDULES[combination.schedule].factor, None
    )
    return "\n".join(sources.values())
