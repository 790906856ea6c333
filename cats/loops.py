"""scan, map, fori_loop and while_loop: loops that stay rolled, whatever they run through."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from cats.bodies import Body, Flat, applied, body_of, closed, described, labels, laid_out, not_now
from cats.ir.control import Loop, While
from cats.ir.errors import TraceError
from cats.ir.prims.algebra import add, sub
from cats.ir.prims.choice import maximum
from cats.ir.prims.layout import convert
from cats.ir.spaces import BOOL, INT, Ground, Real, Value, row_of, space_of
from cats.ir.wire import Builder
from cats.mapping import vmap
from cats.places import placed, users_place
from cats.trace import Spec
from cats.tracked import Tracked
from cats.tree import Branch, unflatten
from cats.whole import compile

Function = Callable[..., Any]


@dataclass(frozen=True)
class Scan:
    """carry, y = f(carry, x) for each row x of xs in order."""

    f: Function
    length: int | None
    reverse: bool

    def __call__(self, init: Any, xs: Any) -> Any:
        first, stacks = laid_out(init), laid_out(xs)
        length = rows(stacks, self.length)
        like = stacks.like([row_of(s) for s in stacks.spaces])
        first, body = stable(first, lambda carry: self.body(carry, like, length), part=0)
        whole = closed([body])
        count = len(first.leaves)
        word = Loop(whole.programs[0], len(whole.around), count, length, self.reverse)
        made = applied(word, [*whole.around, *first.leaves, *stacks.leaves])
        left = body.out.parts[1]  # type: ignore[union-attr]
        return unflatten(first.tree, made[:count]), unflatten(left, made[count:])

    def body(self, carry: Any, row: Any, length: int) -> Body:
        """One round of so many, on spaces."""
        body = body_of("the function of scan", self.f, (carry, row), apart=not length)
        out = body.out
        if not (isinstance(out, Branch) and issubclass(out.kind, tuple) and len(out.parts) == 2):
            raise TraceError(
                f"the function of scan gives {described(body)}, and not a pair (carry, y)",
                where=users_place(),
                remedy="Return (carry, y); y may be None.",
            )
        return body


def rows(stacks: Flat, length: int | None) -> int:
    """How many rows the stacks have, all of them. Raises TraceError if they do not agree."""
    lengths = {s.shape[0] if s.shape else None for s in stacks.spaces}
    if length is not None:
        lengths.add(_length(length))
    if len(lengths) == 1 and None not in lengths:
        (found,) = lengths
        return found  # type: ignore[return-value]
    shown = ", ".join([str(s) for s in stacks.spaces]) or "no arrays"
    said = "" if length is None else f", and length is {length}"
    raise TraceError(
        f"a loop through the rows of {shown}{said}: how often it runs is not one number",
        where=users_place(),
        remedy="Give arrays whose first axes are equally long, or length= where there are none.",
    )


def _length(length: Any) -> int:
    """The number of rounds that is asked for. Raises TraceError if it is none."""
    if hasattr(length, "__index__") and not isinstance(length, Tracked):
        found = operator.index(length)
        if found >= 0:
            return found
    raise TraceError(
        f"length={length!r} is no number of rounds",
        where=users_place(),
        remedy="Give a whole number from 0 up; fori_loop takes one that is computed.",
    )


def stable(first: Flat, trace: Callable[[Any], Body], part: int | None = None) -> tuple[Flat, Body]:
    """The first carries, and the body, which keeps them in their spaces.

    part   which part of the body's result the carry is; None for the whole
    Python numbers to begin with take the dtype that a round gives them. Raises TraceError naming a
    carry that changes its structure, its shape or its dtype.
    """
    spaces = list(first.spaces)
    for _ in range(len(spaces) + 2):
        found = trace(first.like(spaces))
        whole = first.tree
        if part is not None:
            out: Any = found.out
            whole = replace(out, parts=(*out.parts[:part], whole, *out.parts[part + 1 :]))
        body = found.like(whole)
        if body is None:
            raise TraceError(
                f"{found.name} gives {described(found)}, and its carry began as another container",
                where=users_place(),
                remedy="Return the carry in the containers it came in.",
            )
        after = list(body.ends[: len(spaces)])
        if after == spaces:
            return Flat(_converted(first, spaces), first.tree), body
        rows = zip(labels(first.tree), first.leaves, spaces, after, strict=True)
        spaces = [_carried(label, body.name, *row) for label, *row in rows]
    raise TraceError(
        f"the carries of {found.name} change their dtypes in every round",
        where=users_place(),
        remedy="Convert them within the round, with astype.",
    )


def _carried(label: str, name: str, leaf: Value, before: Ground, after: Ground) -> Ground:
    """The space of a carry, once a number has taken the dtype of what it met."""
    scalar = before.shape == after.shape == ()
    if before == after or (scalar and (_widens(before, after) or _takes(leaf, before, after))):
        return after
    raise TraceError(
        f"carry {label} of {name} begins in {before}, and is in {after} after a round",
        where=users_place(),
        remedy="Begin with a value of that shape and dtype, or convert it within the round.",
    )


def _widens(before: Ground, after: Ground) -> bool:
    return bool(np.result_type(before.dtype, after.dtype) == after.dtype)


def _takes(leaf: Value, before: Ground, after: Ground) -> bool:
    """Whether a Python number to begin with is one of the other dtype, rounded at most."""
    weak = isinstance(leaf, Tracked) and leaf.weak and before != BOOL
    return weak and isinstance(after, Real)


def _converted(first: Flat, spaces: list[Ground]) -> tuple[Value, ...]:
    pairs = zip(first.leaves, first.spaces, spaces, strict=True)
    return tuple([v if a == b else convert(v, dtype=b.dtype) for v, a, b in pairs])


@dataclass(frozen=True)
class Counting:
    """val = f(i, val) for i from `lower` on; the length if it is known before it runs."""

    f: Function
    length: int | None

    def __call__(self, lower: Value, upper: Value, init: Any) -> Any:
        first = laid_out(init)
        first, body = stable(first, self.body)
        whole = closed([counted(body)])
        count = 1 + len(first.leaves)
        word = Loop(whole.programs[0], len(whole.around), count, self.length)
        begin, often = _index(lower), []
        if self.length is None:
            often = [maximum(sub(_index(upper), begin), 0)]
        made = applied(word, [*often, *whole.around, begin, *first.leaves])
        return unflatten(first.tree, made[1:])

    def body(self, carry: Any) -> Body:
        """One round, on spaces."""
        return body_of(
            "the function of fori_loop", self.f, (Spec((), INT.dtype), carry), apart=not self.length
        )


def counted(body: Body) -> Body:
    """A round that also hands on the next number."""
    builder = Builder.over(body.program)
    outputs = [builder.wires[o] for o in body.program.outputs]
    program = builder.finish([add(builder.wires[0], 1), *outputs], body.program.names)
    return replace(body, program=program)


def _index(value: Value) -> Value:
    """A bound as a whole number. Raises TraceError if it is none."""
    space = space_of(value)
    if isinstance(space, Real) or space.shape or space == BOOL:
        raise TraceError(
            f"a bound of a loop is in {space}, and must be one whole number",
            where=users_place(),
            remedy="Give integers, as with astype(int).",
        )
    return value if space == INT else convert(value, dtype=INT.dtype)


@dataclass(frozen=True)
class Repeat:
    """val = f(val) as long as test(val)."""

    test: Function
    f: Function

    def __call__(self, init: Any) -> Any:
        first, body = stable(laid_out(init), self.body)
        like = first.like(body.ends)
        test = body_of("the condition of while_loop", self.test, (like,))
        if test.ends != (BOOL,):
            raise TraceError(
                f"the condition of while_loop gives {described(test)}, and not one truth value",
                where=users_place(),
                remedy="Compare, as in x > 0, or ask np.any or np.all.",
            )
        whole = closed([test, body])
        testing, working = whole.programs
        word = While(testing, working, len(whole.around))
        _, *made = applied(word, [*whole.around, *first.leaves])
        return unflatten(first.tree, made)

    def body(self, carry: Any) -> Body:
        """One round, on spaces."""
        return body_of("the function of while_loop", self.f, (carry,), apart=True)


@placed
def scan(
    f: Function,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """carry, y = f(carry, x) for each row x of xs, beginning with init: the last carry, all y.

    init     any container; f gives a carry of the same structure and shapes, and the same dtypes
             but for numbers: one that a round widens is that wide from the start, as in Python
    xs       any container of arrays with equally long first axes; or None, with `length`
    reverse  from the last row to the first; the y still stand where their x do
    unroll   taken for the spelling's sake: no round is ever written out
    The loop stays rolled: the program is as long for ten rows as for a million, and its derivative
    is a loop too, which reads what the first one saved. What f reads from around it may vary.
    Raises TraceError if the carry changes its structure or a shape, or arrays in it their dtype.
    Spelling: `jax.lax.scan`.

    >>> scan(lambda c, x: (c + x, c * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([0., 2., 9.]))
    >>> scan(lambda c, _: (c + 1, c), True, length=3)          # bool + int is an int
    (np.int64(4), array([1, 2, 3]))
    """
    return called(Scan(f, length, bool(reverse)), *not_now(f, (init, xs)))  # type: ignore[no-any-return]


@placed
def map(f: Function, xs: Any, *, batch_size: int | None = None) -> Any:
    """f(x) for each row x of xs, stacked: one after the other, so f may choose and loop.

    batch_size   so many rows at once, by `vmap`, which computes all rows at once without it
    Spelling: `jax.lax.map`.

    >>> map(lambda x: x * x, np.array([1.0, 2.0]))
    array([1., 4.])
    """
    if batch_size is not None:
        return vmap(f, chunk=batch_size)(xs)
    word = Scan(partial(_rowwise, f), None, reverse=False)
    return called(word, None, not_now(f, xs))[1]


def _rowwise(f: Function, carry: None, row: Any) -> Any:
    """A function of rows as one that has a carry of nothing."""
    return None, f(row)


@placed
def fori_loop(
    lower: Any, upper: Any, body_fun: Function, init_val: Any, *, unroll: int | bool = 1
) -> Any:
    """val = body_fun(i, val) for i from lower up to upper, exclusive; the last val.

    lower, upper   whole numbers, also traced ones; differentiable in reverse mode either way
    init_val       any container; `body_fun` keeps its structure and shapes, and the dtypes of
                   arrays; a number may be widened, as by `scan`
    Otherwise as `scan`. Spelling: `jax.lax.fori_loop`.

    >>> fori_loop(0, 3, lambda i, x: x * 2.0 + i, 1.0)
    np.float64(12.0)
    >>> fori_loop(0, 3, lambda i, x: x * 1.5, 1)               # int * float is a float
    np.float64(3.375)
    """
    known = isinstance(lower, int | np.integer) and isinstance(upper, int | np.integer)
    length = max(int(upper) - int(lower), 0) if known else None
    bounds = [np.asarray(n) if isinstance(n, int) else n for n in (lower, upper)]
    return called(Counting(body_fun, length), *bounds, not_now(body_fun, init_val))


@placed
def while_loop(cond_fun: Function, body_fun: Function, init_val: Any) -> Any:
    """val = body_fun(val) as long as cond_fun(val); the last val.

    init_val   any container; `body_fun` keeps its structure and shapes, and the dtypes of
               arrays; a number may be widened, as by `scan`
    Differentiable in both modes: what reverse mode reads is saved in stacks that grow with the
    rounds. What body_fun computes of values from around is computed in each round, if there is
    one. Raises TraceError if the condition is not one truth value, or a carry changes its structure
    or a shape, or arrays in it their dtype. Spelling: `jax.lax.while_loop`.

    >>> from cats.gradients import grad
    >>> double = lambda x: while_loop(lambda y: y < 100.0, lambda y: y * y, x)
    >>> double(3.0), grad(double)(3.0)
    (np.float64(6561.0), np.float64(17496.0))
    >>> while_loop(lambda x: x < 3, lambda x: x + 1.5, 0)      # int + float is a float
    np.float64(3.0)
    """
    return called(Repeat(cond_fun, body_fun), not_now(body_fun, init_val))


def called(word: Function, *args: Any) -> Any:
    """A word on arguments: compiled, and kept; traced anew where no argument could say so."""
    if any(laid_out(arg).leaves for arg in args):
        return compile(word)(*args)
    return word(*args)
