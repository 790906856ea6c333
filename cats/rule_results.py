"""What rules give, and what is asked of it: its structure, its spaces, and that it is linear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from cats.bodies import Body, described
from cats.doors.objects import users_class
from cats.engine import NONE, fitted
from cats.fixed import Fixed
from cats.ir.errors import LinearityError, SpaceError, TraceError
from cats.ir.prims.layout import convert
from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, space_of
from cats.linearity import check_linear_function
from cats.places import users_place
from cats.tree import Branch, Static, Tree, count, order


def pair(body: Body, what: str) -> tuple[Tree, Tree]:
    """The two parts of what a rule gives. Raises TraceError if it gives no pair."""
    out = body.out
    if isinstance(out, Branch) and issubclass(out.kind, tuple) and len(out.parts) == 2:
        first, second = out.parts
        return first, second
    raise TraceError(
        f"{body.name} gives {described(body)}, and not a pair {what}",
        where=users_place(),
        remedy=f"Return a tuple {what}.",
    )


def in_place(
    name: str, what: str, tree: Tree, ends: Sequence[Ground], asked: Tree, spaces: Sequence[Ground]
) -> list[int]:
    """Which leaf of what a rule gives is which of what is asked for: dicts go by their keys.

    Raises TraceError if it has another structure or lies in other spaces.
    """
    found = order(_bare(tree), _bare(asked))
    if found is not None and [ends[i] for i in found] == list(spaces):
        return found
    raise TraceError(
        f"the {what} that {name} gives lies in {', '.join(map(str, ends)) or 'nothing'}, and is "
        f"asked for in {', '.join(map(str, spaces)) or 'nothing'}",
        where=users_place(),
        remedy="Give it the structure, shapes and dtypes that the function's own result has.",
    )


def _bare(tree: Tree) -> Tree:
    """The structure, whatever its statics are, and whichever trace its classes come from."""
    if isinstance(tree, Branch):
        return replace(tree.of(map(_bare, tree.parts), users_class(tree.kind)), factory=None)
    return NONE if isinstance(tree, Static) else tree


def check_linear(name: str, program: Program, outputs: range, active: range) -> None:
    """Raises LinearityError if the outputs are not linear in the active inputs."""
    chosen = tuple([program.outputs[k] for k in outputs])
    part = Program(program.inputs, program.steps, chosen, program.names)
    try:
        check_linear_function(part, list(active))
    except LinearityError as error:
        raise LinearityError(
            f"{name} is not linear: {error.message.partition(': ')[2]}",
            where=error.where,
            remedy="A derivative is linear in tangents and cotangents; make it so.",
        ) from None


def backward(
    rule: Callable[..., Any],
    fixed: Fixed,
    tree: Tree,
    expected: tuple[tuple[Ground, str], ...],
    name: str,
    held: tuple[Any, ...],
    saved: Any,
    ct: Any,
) -> tuple[Any, ...]:
    """What a backward rule gives, fitted to the real leaves of the arguments."""
    found = rule(*fixed(held), saved, ct)
    parts: Any = tree
    if not isinstance(found, tuple) or len(found) != len(parts.parts):
        raise TraceError(
            f"{name} gives {type(found).__name__}, and not a tuple of {len(parts.parts)} "
            "cotangents, one for each argument",
            where=users_place(),
            remedy="Return a tuple, with None for what has cotangent zero.",
        )
    rest = iter(expected)
    rows = [(f, t, list(islice(rest, count(t)))) for f, t in zip(found, parts.parts, strict=True)]
    return tuple([_fitted(f, t, own, name) for f, t, own in rows])


def _fitted(
    found: Any, tree: Tree, expected: Sequence[tuple[Ground, str]], name: str
) -> tuple[Any, ...]:
    """A cotangent for each real leaf, zeros for None. Raises TraceError if one does not fit."""
    reals = [s for s, _ in expected if isinstance(s, Real)]
    if found is None:
        return tuple([np.zeros(s.shape, s.dtype) for s in reals])
    try:
        leaves = fitted(found, tree, expected, "cotangent")
    except SpaceError as error:
        raise TraceError(
            f"what {name} gives does not fit: {error.message}",
            where=users_place(),
            remedy=error.remedy,
        ) from None
    pairs = zip(leaves, reals, strict=True)
    return tuple([v if space_of(v) == s else convert(v, dtype=s.dtype) for v, s in pairs])
