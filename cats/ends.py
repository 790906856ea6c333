"""The ends of a program made from a term: values as ground positions, and positions as values."""

from __future__ import annotations

from collections.abc import Sequence

from cats.closures import Chosen, Many, Member, Value, chosen, looked_up, many, member, number
from cats.ir.errors import TermError
from cats.ir.lam import Lam, Let, Term
from cats.ir.spaces import INT, Function, Ground, Product, Space, Sum
from cats.ir.trampoline import Asking, answer
from cats.ir.wire import Builder, Wire


def positions(space: Space) -> tuple[Ground, ...]:
    """The ground spaces that a value of the space is made of in a program.

    >>> from cats.ir.spaces import R, Real
    >>> print(*positions(Product((R, Sum((Real((3,)), Product()))))))
    R Int R[3]
    """
    found: list[Ground] = []
    stack = [space]
    while stack:
        top = stack.pop()
        match top:
            case Product(parts):
                stack.extend(reversed(parts))
            case Sum(parts):
                stack.extend((*reversed(parts), INT))
            case Function():
                raise TermError(f"{top} has no ground positions")
            case _:
                found.append(top)
    return tuple(found)


def enter(builder: Builder, space: Space) -> Value:
    """Inputs for a value of the space."""

    def begin(space: Space) -> Value | Asking[Value]:
        match space:
            case Product(parts):
                return inside(parts)
            case Sum(parts):
                return summands(parts)
            case Function():
                raise TermError(f"an input in {space} has no ground positions")
            case _:
                return builder.input(space)

    def inside(parts: tuple[Space, ...]) -> Asking[Value]:
        found: list[Value] = []
        for part in parts:
            found.append((yield part))
        return many(found)

    def summands(parts: tuple[Space, ...]) -> Asking[Value]:
        tag = builder.input(INT)
        found: list[Member] = []
        for index, part in enumerate(parts):
            found.append(member(index, (yield part)))
        return chosen(tag, found)

    entered: Value = answer(space, begin)
    return entered


def leave(builder: Builder, value: Value, space: Space) -> list[Wire]:
    """The ground positions of a value; zeros for the summands it is not in."""
    found: list[Wire] = []
    stack: list[tuple[Value | None, Space]] = [(value, space)]
    while stack:
        top, end = stack.pop()
        match end:
            case Product(parts):
                inner = top.parts if isinstance(top, Many) else (None,) * len(parts)
                stack.extend(zip(reversed(inner), reversed(parts), strict=True))
            case Sum(parts):
                options = top.options if isinstance(top, Chosen) else (top,)
                held = {o.index: o.value for o in options if isinstance(o, Member)}
                if isinstance(top, Chosen):
                    found.append(looked_up(builder, top.tag, list(held)))
                else:
                    found.append(number(builder, min(held, default=0)))
                rows = [(held.get(i), part) for i, part in enumerate(parts)]
                stack.extend(reversed(rows))
            case Function():
                raise TermError(f"a result in {end} has no ground positions")
            case _:
                found.append(top if isinstance(top, Wire) else builder.zeros(end))
    return found


def arguments(space: Space) -> tuple[tuple[Space, ...], Space]:
    """The spaces of all arguments a curried function takes, and of its result."""
    args: list[Space] = []
    while isinstance(space, Function):
        args.append(space.dom)
        space = space.cod
    return tuple(args), space


def parameters(term: Term, count: int) -> list[str]:
    """Names for that many arguments: those of the function's own parameters, if they are seen."""
    names: list[str] = []
    while isinstance(term, Let):
        term = term.body
    while isinstance(term, Lam) and len(names) < count:
        names.append(term.param)
        term = term.body
    return names + [f"x{i}" for i in range(len(names), count)]


def labels(names: Sequence[str], parts: Sequence[Sequence[Ground]]) -> tuple[str, ...]:
    """A name for each ground input: the argument's, numbered if it has several."""
    found: list[str] = []
    for name, grounds in zip(names, parts, strict=True):
        found += [name] if len(grounds) == 1 else [f"{name}_{i}" for i in range(len(grounds))]
    return tuple(found)


def no_functions(term: Term, spaces: Sequence[Space]) -> None:
    """Raises TermError if an input or the result holds a function."""
    for number_, space in enumerate(spaces):
        stack, seen = [space], set[int]()
        while stack:
            top = stack.pop()
            if isinstance(top, Function):
                what = "the result is" if number_ == len(spaces) - 1 else "an input is"
                raise TermError(
                    f"{what} in {space}, and a program has no function values at its ends",
                    where=term.where,
                    remedy="Apply the function, or give it, within the term.",
                )
            if isinstance(top, Product | Sum) and id(top) not in seen:
                seen.add(id(top))
                stack.extend(top.parts)
