"""Source of the forward and backward pass of one tile, layer by layer; see `source` for the memory they work on.

A layer of at most `SMALL` units on both sides is one pass over the examples with its weights in registers; a wider one takes
its products from `products`, which are compiled once for all widths, and its text does not grow with the width.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradlab.parts import ACTIVATIONS
from gradlab.training.narrow.blocks import TILE
from gradlab.training.narrow.formula import compiled_name
from gradlab.training.narrow.pointwise import is_long, parameter_names
from gradlab.training.narrow.source import Run, call, indent, load_parameters

SMALL = 4  # up to this many units on both sides a layer is one register block


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
