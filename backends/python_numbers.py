"""Where a text would do other on Python's numbers than on NumPy's.

1.0 / 0.0 raises in Python, (-2.0) ** 0.5 is complex, ~True is -2, and what is compared to the last
bit is asked for its bytes. A number stays Python's as long as operators alone act on it; a function
of NumPy makes it NumPy's.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from cats.ir.constant import Constant
from cats.ir.linear import Params
from cats.ir.nesting import inner_first
from cats.ir.primitive import Primitive
from cats.ir.prims.guards import guard
from cats.ir.program import Program, constant_of

OTHERS = frozenset({ast.Div, ast.Pow, ast.FloorDiv, ast.Mod, ast.Invert})
"""The operators that are not the same on both."""


def differs(program: Program) -> bool:
    """Whether some step may act so on an argument, where that is one of Python's numbers.

    >>> from cats.ir.read import read_program
    >>> texts = ("div x y", "add x y", "sin x  r = ipow[n=2] z")
    >>> programs = [f"(x: R, y: R) -> z = {text} in (z)" for text in texts]
    >>> [differs(read_program(text)) for text in programs]
    [True, False, False]
    """
    return any(map(_differs, inner_first(program)))


def _differs(program: Program) -> bool:
    """What comes from outside may be a number of Python's, and so may what a control word gives."""
    spaces = program.spaces
    plain = {i for i in range(len(program.inputs)) if not spaces[i].shape}
    literals: set[int] = set()
    for first, step in program.numbered():
        op, made = step.op, range(first, first + len(step.spaces))
        if not isinstance(op, Primitive):
            plain.update(p for p in made if not spaces[p].shape)
        elif constant_of(step) is not None:
            literals.update(made)
        elif plain.intersection(step.args) and {*step.args} <= plain | literals:
            operators = _operators(op.text(["x"] * len(step.args), dict(step.params)) or "x")
            if operators is None:
                continue
            if operators & OTHERS or _asks_bytes(op, step.params):
                return True
            plain.update(made)
    return False


def _asks_bytes(op: Primitive, params: Params) -> bool:
    """Whether it is a guard that compares to the last bit."""
    return op is guard and isinstance(dict(params)["outcome"], Constant)


@lru_cache(maxsize=1024)
def _operators(text: str) -> frozenset[type[ast.AST]] | None:
    """The operators of an expression; None if it calls something, which gives NumPy's numbers."""
    nodes = frozenset(map(type, ast.walk(ast.parse(text, mode="eval"))))
    return None if nodes & {ast.Call, ast.Subscript, ast.Attribute} else nodes
