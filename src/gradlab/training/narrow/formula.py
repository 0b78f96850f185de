"""From a catalog formula to scalar source: the same expression, with the namespace resolved and numbers typed.

A formula `def relu(xp, z): return xp.maximum(z, 0.0)` becomes `def f_relu(z): return real.maximum(z, F(0.0))`, where `F` is
the engine's float type and `real` holds its functions: an untyped constant would turn a float32 loop into a float64 one.
Functions the formula calls are converted with it; module constants become numbers.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any

_DECORATOR = "@njit(**INNER, forceinline=True)\n"


class _Converter(ast.NodeTransformer):
    """Strips `xp`, types constants, and collects the functions that a formula calls."""

    def __init__(self, function: Callable[..., Any], typed: str | None) -> None:
        self.globals = function.__globals__
        self.typed = typed
        self.called: list[Callable[..., Any]] = []

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            return node
        return self._number(float(node.value))

    def _number(self, value: float) -> ast.AST:
        constant = ast.Constant(value)
        return ast.Call(ast.Name(self.typed, ast.Load()), [constant], []) if self.typed else constant

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        assert isinstance(node.value, ast.Name) and node.value.id == "xp", ast.dump(node)
        return ast.Attribute(ast.Name("real" if self.typed else "float64", ast.Load()), node.attr, ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.AST:
        value = self.globals.get(node.id)
        if isinstance(value, int | float) and isinstance(node.ctx, ast.Load):
            return self._number(float(value))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name):
            called = self.globals[node.func.id]
            self.called.append(called)
            node.func = ast.Name(compiled_name(called), ast.Load())
            node.args = node.args[1:]  # xp
            node.args = [self.visit(argument) for argument in node.args]
            return node
        self.generic_visit(node)
        return node


def compiled_name(function: Callable[..., Any]) -> str:
    """What a formula is called in generated source: a formula named tanh calls the function tanh."""
    return f"f_{function.__name__}"


@cache
def scalar_source(function: Callable[..., Any], typed: str | None = "F") -> dict[str, str]:
    """Source of a formula and of every formula it calls, by name, callees first.

    Args:
        function: A formula; its first parameter is `xp`.
        typed: Name of the float type that wraps every number; None leaves Python floats, with functions of `float64`.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.args.args = [ast.arg(argument.arg) for argument in definition.args.args[1:]]
    definition.returns = None
    definition.name = compiled_name(function)
    definition.body = [
        s for s in definition.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
    ]
    converter = _Converter(function, typed)
    definition.body = [converter.visit(statement) for statement in definition.body]
    sources: dict[str, str] = {}
    for called in converter.called:
        sources |= scalar_source(called, typed)
    sources[function.__name__] = _DECORATOR + ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    return sources
