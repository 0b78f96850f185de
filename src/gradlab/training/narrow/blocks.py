"""Register blocks of the products in `products`, written as vector instructions.

LLVM's own vector types, through numba intrinsics: a compiler does not find register blocks of products by itself. Arrays
are given by the address of their first element; rows of a tile are `TILE` numbers.

Source: Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding  # type: ignore[import-untyped]
from llvmlite import ir
from numba import types
from numba.core import config
from numba.extending import intrinsic

TILE = 64
_WORD = ir.IntType(64)
_FAST = ("contract", "reassoc", "nsz")


@cache
def _vector_bytes() -> int:
    """Bytes of the vectors that numba compiles for: this processor's, unless `NUMBA_CPU_FEATURES` names others."""
    limit: str | None = getattr(config, "CPU_FEATURES", None)  # numba sets it from the environment
    if limit is None:
        features = {name for name, there in llvmlite.binding.get_host_cpu_features().items() if there}
    else:
        features = {name.removeprefix("+") for name in limit.split(",") if name.startswith("+")}
    return 64 if "avx512f" in features else 32 if "avx" in features else 16


class _Block:
    """Writes the instructions of one register block with vectors of `real`."""

    def __init__(self, builder: Any, real: Any) -> None:
        self.builder = builder
        # inlined into loops with constant sizes, these blocks cost seconds of compilation and gain nothing
        builder.function.attributes.add("noinline")
        self.real = ir.FloatType() if real == types.float32 else ir.DoubleType()
        self.size = 4 if real == types.float32 else 8
        self.lanes = min(TILE, _vector_bytes() // self.size)

    def vector(self, lanes: int) -> Any:
        return ir.VectorType(self.real, lanes)

    def zero(self, lanes: int) -> Any:
        return ir.Constant(self.vector(lanes), [0.0] * lanes)

    def place(self, address: Any, index: Any, kind: Any) -> Any:
        """Pointer to a `kind` at element `index` of the array at `address`."""
        index = ir.Constant(_WORD, index) if isinstance(index, int) else index
        offset = self.builder.mul(index, ir.Constant(_WORD, self.size))
        return self.builder.inttoptr(self.builder.add(address, offset), ir.PointerType(kind))

    def load(self, address: Any, index: Any, kind: Any) -> Any:
        return self.builder.load(self.place(address, index, kind), align=self.size)

    def store(self, value: Any, address: Any, index: Any) -> None:
        self.builder.store(value, self.place(address, index, value.type), align=self.size)

    def spread(self, scalar: Any, lanes: int) -> Any:
        """A vector of equal numbers."""
        kind = self.vector(lanes)
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
        return self.shuffle(one, one, [0] * lanes)

    def shuffle(self, a: Any, b: Any, lanes: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
        return self.builder.shuffle_vector(a, b, mask)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        return self.builder.fadd(self.builder.fmul(a, b, flags=_FAST), c, flags=_FAST)

    def sums(self, vectors: list[Any]) -> Any:
        """One vector of the sums of each of the `vectors`.

        Two vectors are folded into one of half as many lanes each until one lane is left of each: two shuffles and one
        addition a pair, where summing one vector after the other would cost three times as much.
        """
        wide = self.lanes
        count = len(vectors)
        if count > wide:  # more than one register can hold: the sums of halves, one behind the other
            half = -(-count // 2)
            lower, upper = (
                self.sums(vectors[:half]),
                self.sums([*vectors[half:], *[self.zero(wide)] * (2 * half - count)]),
            )
            return self.shuffle(lower, upper, list(range(count)))
        owners = [[i] * wide for i in range(count)]
        kept = 1  # vectors that share one register
        while wide > kept or len(vectors) > 1:
            if len(vectors) == 1:
                vectors, owners = [vectors[0], self.zero(wide)], [owners[0], [-1] * wide]
            elif len(vectors) % 2:
                vectors, owners = [*vectors, self.zero(wide)], [*owners, [-1] * wide]
            part = wide // kept  # lanes of one owner
            assert part > 1
            first: list[int] = []
            for start in range(0, wide, part):
                first += [*range(start, start + part // 2), *range(wide + start, wide + start + part // 2)]
            second = [lane + part // 2 for lane in first]
            pairs = range(0, len(vectors), 2)
            owners = [[(owners[i] + owners[i + 1])[lane] for lane in first] for i in pairs]
            vectors = [
                self.builder.fadd(
                    self.shuffle(vectors[i], vectors[i + 1], first),
                    self.shuffle(vectors[i], vectors[i + 1], second),
                    flags=_FAST,
                )
                for i in pairs
            ]
            kept *= 2
        return self.shuffle(vectors[0], vectors[0], [owners[0].index(i) for i in range(count)])


def _repeat(builder: Any, count: Any, carried: list[Any], body: Callable[[Any, list[Any]], list[Any]]) -> list[Any]:
    """A loop of at least one turn: `body(turn, values)` gives the values of the next turn; the last ones are returned."""
    before = builder.block
    inside = builder.append_basic_block("turn")
    builder.branch(inside)
    builder.position_at_end(inside)
    turn = builder.phi(_WORD)
    phis = [builder.phi(value.type) for value in carried]
    values = body(turn, list(phis))
    following = builder.add(turn, ir.Constant(_WORD, 1))
    again = builder.icmp_unsigned("<", following, count)
    end = builder.block
    for phi, first, last in zip([turn, *phis], [ir.Constant(_WORD, 0), *carried], [following, *values], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(last, end)
    after = builder.append_basic_block("after")
    builder.cbranch(again, inside, after)
    builder.position_at_end(after)
    return values


def affine_block(units: int) -> Any:
    """Rows of `units` outputs: every accumulator stays in a register over all inputs."""

    @intrinsic
    def write(typingctx, out, x, w, bias, inputs, unit_step, input_step, zero):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            block = _Block(builder, signature.args[-1])
            out, x, w, bias, inputs, unit_step, input_step, _ = args
            vectors = 4 if _vector_bytes() != 32 else 2  # 16 registers only
            kind = block.vector(block.lanes)
            absent = builder.icmp_unsigned("==", bias, ir.Constant(_WORD, 0))
            somewhere = builder.select(absent, x, bias)
            none = ir.Constant(block.real, 0.0)
            first = [
                block.spread(builder.select(absent, none, block.load(somewhere, n, block.real)), block.lanes)
                for n in range(units)
            ]
            steps = [builder.mul(unit_step, ir.Constant(_WORD, n)) for n in range(units)]
            chunk = block.lanes * vectors

            # written out: LLVM 22 makes poison of the first sums of a loop over chunks of two vectors when sizes are constants
            for start in (ir.Constant(_WORD, first_one) for first_one in range(0, TILE, chunk)):

                def one_input(m: Any, sums: list[Any], start: Any = start) -> list[Any]:
                    row = builder.add(start, builder.mul(m, ir.Constant(_WORD, TILE)))
                    places = [builder.add(row, ir.Constant(_WORD, v * block.lanes)) for v in range(vectors)]
                    values = [block.load(x, place, kind) for place in places]
                    column = builder.mul(m, input_step)
                    new: list[Any] = []
                    for n in range(units):
                        weight = block.spread(block.load(w, builder.add(column, steps[n]), block.real), block.lanes)
                        new += [block.multiply_add(weight, value, sums[len(new) + v]) for v, value in enumerate(values)]
                    return new

                sums = _repeat(builder, inputs, [first[n] for n in range(units) for _ in range(vectors)], one_input)
                for n in range(units):
                    for v in range(vectors):
                        at = builder.add(start, ir.Constant(_WORD, n * TILE + v * block.lanes))
                        block.store(sums[n * vectors + v], out, at)
            return context.get_dummy_value()

        return types.void(out, x, w, bias, inputs, unit_step, input_step, zero), codegen

    return write


def outer_block(units: int, inputs: int) -> Any:
    """Gradients of `units` x `inputs` weights: sums of products along the tile."""

    @intrinsic
    def write(typingctx, out, g, x, unit_step, zero):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            block = _Block(builder, signature.args[-1])
            out, g, x, unit_step, _ = args
            kind = block.vector(block.lanes)
            sums: list[Any] = []
            for start in range(0, TILE, block.lanes):
                rows = [block.load(x, m * TILE + start, kind) for m in range(inputs)]
                for n in range(units):
                    value = block.load(g, n * TILE + start, kind)
                    for m in range(inputs):
                        if start == 0:
                            sums.append(builder.fmul(value, rows[m], flags=_FAST))
                        else:
                            k = n * inputs + m
                            sums[k] = block.multiply_add(value, rows[m], sums[k])
            # more sums than lanes do not fit one vector
            whole = max(1, block.lanes // inputs)
            for first in range(0, units, whole):
                rows_here = min(whole, units - first)
                total = block.sums(sums[first * inputs : (first + rows_here) * inputs])
                for n in range(rows_here):
                    row = block.shuffle(total, total, list(range(n * inputs, (n + 1) * inputs)))
                    at = builder.mul(unit_step, ir.Constant(_WORD, first + n))
                    block.store(builder.fadd(block.load(out, at, row.type), row, flags=_FAST), out, at)
            return context.get_dummy_value()

        return types.void(out, g, x, unit_step, zero), codegen

    return write


def rows_block(units: int) -> Any:
    """Gradients of `units` biases: sums of rows."""

    @intrinsic
    def write(typingctx, out, g, zero):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            block = _Block(builder, signature.args[-1])
            out, g, _ = args
            kind = block.vector(block.lanes)
            sums = [block.load(g, n * TILE, kind) for n in range(units)]
            for start in range(block.lanes, TILE, block.lanes):
                for n in range(units):
                    sums[n] = builder.fadd(sums[n], block.load(g, n * TILE + start, kind), flags=_FAST)
            total = block.sums(sums)
            block.store(builder.fadd(block.load(out, 0, total.type), total, flags=_FAST), out, 0)
            return context.get_dummy_value()

        return types.void(out, g, zero), codegen

    return write


def _bytes_of_value(typingctx, value):  # type: ignore[no-untyped-def]
    """Bytes of one number of the type of `value`."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return ir.Constant(_WORD, 4 if signature.args[0] == types.float32 else 8)

    return types.uint64(value), codegen


bytes_of: Any = intrinsic(_bytes_of_value)


def _widest_vectors(typingctx):  # type: ignore[no-untyped-def]
    """Lets the compiler use this processor's widest vectors in the function that calls this.

    For some processors LLVM halves them, for fear of a lower clock; loops as dense as these gain all the same.
    """

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        # llvmlite's own `add` knows attributes without a value only
        set.add(builder.function.attributes, f'"prefer-vector-width"="{8 * _vector_bytes()}"')
        return context.get_dummy_value()

    return types.void(), codegen


def _kept_apart(typingctx):  # type: ignore[no-untyped-def]
    """Keeps the function that calls this from being copied into its callers."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), codegen


widest_vectors: Any = intrinsic(_widest_vectors)
kept_apart: Any = intrinsic(_kept_apart)
