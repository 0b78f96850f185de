"""Source of the narrow engine's loop for one combination of layers, optimizer, loss and batch kind.

What is generated: all of one replica's training from one look to the next, forward, backward and optimizer fused, over
tiles of `TILE` examples so that everything a replica touches stays in first-level cache. Widths are constants; the inner
loop runs along the examples of a tile, so that it vectorises.

Memory of a tile, one flat buffer: for every layer a record of 3 N rows of TILE numbers: activations, pre-activations, and
derivatives. Records follow each other, so distances between rows are constants, from which the compiler sees that reads and
writes do not overlap; rows anywhere else would leave it in doubt, and a loop in doubt does not vectorise. For the same
reason indices are unsigned (`U`): numba wraps negative ones. Parameters are flat as in the torch engine: per layer W [N, M],
b [N].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradlab.parts import ACTIVATIONS, LOSSES, SCHEDULES, Activation, Loss, UpdateRule
from gradlab.training.narrow.formula import scalar_source

TILE = 64
SMALL = 5  # up to this many units a layer is one register block


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


def parameter_names(run: Run) -> list[str]:
    """Local names of the run's activation parameters."""
    return [f"p_{param.name}" for param in ACTIVATIONS[run.activation].params]


def call(name: str, *arguments: str) -> str:
    """A call as text."""
    return f"{name}({', '.join(arguments)})"


def load_parameters(run: Run) -> str:
    """Statements that read the run's activation parameters of `layer`."""
    return "".join(f"{name} = act_params[r, layer, {k}]\n" for k, name in enumerate(parameter_names(run)))


def block_size(count: int) -> int:
    """Units on one side of a register block: a divisor of `count` if one of the good sizes is, else the least wasteful.

    Example:
        >>> [block_size(n) for n in (2, 4, 5, 7, 8, 10, 32)]
        [2, 4, 5, 4, 4, 5, 4]
    """
    if count <= SMALL:
        return count
    return max((4, 5, 3), key=lambda size: (count % size or size) / size)


class Rows:
    """Names for rows of the tile, so that their places are computed once, outside the loop along the examples."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def __call__(self, record: str, first: int, block: str = "", n: int = 0) -> str:
        """Example t of row `first + block + n` of a record; `block` is a runtime variable or ""."""
        name = f"{record}_{first}_{block}_{n}"
        shift = f" + {block} * U{TILE}" if block else ""
        self.places[name] = f"{record} + U{(first + n) * TILE}{shift}"
        return f"buf[{name} + t]"

    def over_tile(self, body: str) -> str:
        """Statements for every example of the tile, with the places of the rows named so far before them."""
        text = "".join(f"{name} = {place}\n" for name, place in self.places.items())
        self.places.clear()
        return text + f"for t in range(U{TILE}):\n" + indent(body, 1)


def over_blocks(count: int, name: str, body: Callable[[str, int, int], str]) -> str:
    """Statements for every register block of `count` units.

    `body(block, offset, size)` is the text of one: its first unit is the runtime variable `block` (or "" for none) plus
    `offset`. Full blocks are a runtime loop, so that the text does not grow with the width.
    """
    size = block_size(count)
    if count == size:
        return body("", 0, size)
    full = count - count % size
    text = f"for {name} in range(U0, U{full}, U{size}):\n" + indent(body(name, 0, size), 1)
    return text + (body("", full, count % size) if count % size else "")


def weight(run: Run, n_block: str, n: int, m_block: str, m: int) -> str:
    """Index of weight (n_block + n, m_block + m) of the layer at `par`."""
    place = f"par + U{n * run.fan_in + m}"
    place += f" + {n_block} * U{run.fan_in}" if n_block else ""
    return place + (f" + {m_block}" if m_block else "")


def bias(run: Run, n_block: str, n: int) -> str:
    """Index of a bias of the layer at `par`."""
    return f"par + U{run.units * run.fan_in + n}" + (f" + {n_block}" if n_block else "")


def weights(run: Run, n_block: str, n0: int, bn: int, m_block: str, m0: int, bm: int) -> str:
    """Statements that read a block of weights into locals."""
    return "".join(
        f"w{n}_{m} = w[{weight(run, n_block, n0 + n, m_block, m0 + m)}]\n" for n in range(bn) for m in range(bm)
    )


def forward(run: Run) -> str:
    """Statements for one layer: `base` and `prev` are records in `buf`, `par` the layer's first parameter in `w`."""
    act = ACTIVATIONS[run.activation].function.__name__

    def one_block(block: str, n0: int, bn: int) -> str:
        rows = Rows()
        text = weights(run, block, n0, bn, "", 0, run.fan_in)
        text += "".join(f"b{n} = {f'w[{bias(run, block, n0 + n)}]' if run.has_bias else 'F(0.0)'}\n" for n in range(bn))
        inner = "".join(f"x{m} = {rows('prev', 0, '', m)}\n" for m in range(run.fan_in))
        for n in range(bn):
            inner += f"z{n} = {' + '.join([f'b{n}', *(f'w{n}_{m} * x{m}' for m in range(run.fan_in))])}\n"
        for n in range(bn):
            inner += f"{rows('base', run.units + n0, block, n)} = z{n}\n"
            inner += f"{rows('base', n0, block, n)} = {call(act, f'z{n}', *parameter_names(run))}\n"
        return text + rows.over_tile(inner)

    return over_blocks(run.units, "n_block", one_block)


def backward(run: Run, is_first: bool) -> str:
    """Statements for one layer, whose derivatives by its activations stand in the last third of its record.

    Turns them into derivatives by its pre-activations, adds to the gradients `g` at `par`, and leaves the derivatives by
    the activations of the layer below in that layer's record. Small layers do it in one pass over the examples.
    """
    derivative = ACTIVATIONS[run.activation].derivative.__name__
    n_units, m_units = run.units, run.fan_in

    def sloped(rows: Rows, block: str, n0: int, n: int) -> str:
        upstream = rows("base", 2 * n_units + n0, block, n)
        if run.activation == "identity":
            return upstream
        z, a = rows("base", n_units + n0, block, n), rows("base", n0, block, n)
        return f"{upstream} * {call(derivative, z, a, *parameter_names(run))}"

    def sums(rows: Rows, nb: str, n0: int, bn: int, mb: str, m0: int, bm: int) -> tuple[str, str, str]:
        """Text before, in and after the loop that adds up the weight gradients of one block."""
        pairs = [(n, m) for n in range(bn) for m in range(bm)]
        return (
            "".join(f"s{n}_{m} = F(0.0)\n" for n, m in pairs),
            "".join(f"x{m} = {rows('prev', m0, mb, m)}\n" for m in range(bm))
            + "".join(f"s{n}_{m} += g{n} * x{m}\n" for n, m in pairs),
            "".join(f"g[{weight(run, nb, n0 + n, mb, m0 + m)}] += s{n}_{m}\n" for n, m in pairs),
        )

    def lower(rows: Rows, block: str, m0: int, bm: int) -> str:
        text = ""
        for m in range(bm):
            total = " + ".join(f"w{n}_{m} * g{n}" for n in range(n_units))
            text += f"{rows('prev', 2 * m_units + m0, block, m)} = {total}\n"
        return text

    def slopes(block: str, n0: int, bn: int) -> str:
        rows, inner, before, after = Rows(), "", "", ""
        for n in range(bn):
            inner += f"g{n} = {sloped(rows, block, n0, n)}\n{rows('base', 2 * n_units + n0, block, n)} = g{n}\n"
            if run.has_bias:
                before += f"c{n} = F(0.0)\n"
                inner += f"c{n} += g{n}\n"
                after += f"g[{bias(run, block, n0 + n)}] += c{n}\n"
        return before + rows.over_tile(inner) + after

    def gradients(nb: str, n0: int, bn: int) -> str:
        def columns(mb: str, m0: int, bm: int) -> str:
            rows = Rows()
            before, inner, after = sums(rows, nb, n0, bn, mb, m0, bm)
            read = "".join(f"g{n} = {rows('base', 2 * n_units + n0, nb, n)}\n" for n in range(bn))
            return before + rows.over_tile(read + inner) + after

        return over_blocks(m_units, "m_block", columns)

    def below(block: str, m0: int, bm: int) -> str:
        rows = Rows()
        read = "".join(f"g{n} = {rows('base', 2 * n_units, '', n)}\n" for n in range(n_units))
        return weights(run, "", 0, n_units, block, m0, bm) + rows.over_tile(read + lower(rows, block, m0, bm))

    if max(n_units, m_units) > SMALL:
        text = over_blocks(n_units, "n_block", slopes) + over_blocks(n_units, "n_block", gradients)
        return text if is_first else text + over_blocks(m_units, "m_block", below)
    rows = Rows()
    before, inner, after = sums(rows, "", 0, n_units, "", 0, m_units)
    inner = "".join(f"g{n} = {sloped(rows, '', 0, n)}\n" for n in range(n_units)) + inner
    if run.has_bias:
        before += "".join(f"c{n} = F(0.0)\n" for n in range(n_units))
        inner += "".join(f"c{n} += g{n}\n" for n in range(n_units))
        after += "".join(f"g[{bias(run, '', n)}] += c{n}\n" for n in range(n_units))
    if not is_first:
        before += weights(run, "", 0, n_units, "", 0, m_units)
        inner += lower(rows, "", 0, m_units)
    return before + rows.over_tile(inner) + after


def forward_pass(runs: Sequence[Run]) -> str:
    """Statements for a whole tile; leaves `base` at the last record."""
    text = "base = U0\npar = U0\n"
    for i, run in enumerate(runs):
        body = f"prev = base\nbase = prev + U{3 * run.fan_in * TILE}\n"
        body += load_parameters(run) + forward(run) + f"par += U{run.size}\n"
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
        head += f"top = {y[0]}\n" + "".join(f"top = maximum(top, {value})\n" for value in y[1:])
        head += "total = " + " + ".join(f"exp({value} - top)" for value in y) + "\nnorm = top + log(total)\n"
        normaliser = "norm"
    values = "".join(
        f"loss_sum += {call(loss.value.__name__, y[n], f'target[U{n * TILE} + t]', normaliser, *params)}\n"
        for n in range(units)
    )
    gradients = "".join(
        f"buf[base + U{(2 * units + n) * TILE} + t] = factor * {call(loss.gradient.__name__, y[n], f'target[U{n * TILE} + t]', normaliser, *params)}\n"
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


def with_constants(text: str) -> str:
    """Text with every unsigned constant `U123` defined at its top: a name costs the compiler less than a call."""
    numbers = sorted({int(number) for number in re.findall(r"\bU(\d+)\b", text)})
    return "".join(f"U{number} = np.uint64({number})\n" for number in numbers) + text
