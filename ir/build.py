"""Builders of lambda terms: a variable is a Python variable, an operation a call.

fn("x y", lambda x, y: let("z", mul(x, y), lambda z: tuple_(cos(z), sin(z))))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature

from cats.ir.arity import counted
from cats.ir.errors import TermError
from cats.ir.lam import Control, Lam, Let, Proj, Term, TermNode, Tuple, Var, call, lifted
from cats.ir.node import postorder
from cats.ir.spaces import Space, Sum, Value
from cats.ir.tokens import plain_text

__all__ = [
    "fn", "let", "tuple_", "proj", "if_", "inj", "case_", "scan_", "while_", "call", "var", "const",
]  # fmt: skip


def var(name: str) -> Term:
    """A free variable, given its space or value by whoever uses the term."""
    return Var(plain_text(name))


def const(value: Value) -> Term:
    """A constant: a number, a truth value or an array."""
    return lifted(value)


def fn(names: str, body: Callable[..., Value], *spaces: Space) -> Term:
    r"""The function of the named parameters; spaces not given are inferred.

    Raises TermError if a function inside binds one of the names again where it is needed.

    >>> from cats.ir.prims.algebra import mul
    >>> print(fn("x y", lambda x, y: mul(x, mul(x, y))))
    \x y. x * (x * y)
    """
    params = [Var(name) for name in plain_text(names).split()]
    if len(spaces) > len(params):
        raise TermError(
            f"{counted(len(spaces), 'space')} for {counted(len(params), 'parameter')}",
            remedy="Give a name for each space, as in fn('x y', ..., R, R).",
        )
    term = _inside(body, params)
    given = [*spaces, *[None] * (len(params) - len(spaces))]
    for param, space in zip(reversed(params), reversed(given), strict=True):
        _visible(param, term)
        term = Lam(param.name, space, term)
    return term


def let(name: str, value: Value, body: Callable[[Term], Value]) -> Term:
    """let name = value in body: the value is computed once, however often the name is used.

    >>> from cats.ir.prims.algebra import mul
    >>> print(let("y", mul(Var("x"), 2.0), lambda y: mul(y, y)))
    let y = x * 2.0 in y * y
    """
    bound = Var(plain_text(name))
    inside = _inside(body, [bound])
    _visible(bound, inside)
    return Let((name,), (lifted(value),), inside)


def tuple_(*parts: Value) -> Term:
    """(s, t, ...)."""
    return Tuple(tuple(map(lifted, parts)))


def proj(index: int, term: Value) -> Term:
    """term.index, counted from 0."""
    return Proj(index, lifted(term))


def if_(condition: Value, then: Value, other: Value) -> Term:
    """if condition then ... else ...: only the branch taken is computed, or differentiated."""
    return Control("if", tuple(map(lifted, (condition, then, other))))


def inj(index: int, space: Sum, value: Value) -> Term:
    """The value as a member of the sum.

    >>> from cats.ir.spaces import BOOL, R
    >>> print(inj(1, Sum((R, BOOL)), True))
    inr[R + Bool] True
    """
    return Control("inj", (lifted(value),), (("index", index), ("sum", space)))


def case_(value: Term, *branches: Term) -> Term:
    r"""The branch, each made by `fn`, of the summand the value lies in.

    >>> print(case_(Var("s"), fn("x", lambda x: x), fn("y", lambda y: 0.0)))
    case s of inl x -> x | inr y -> 0.0
    """
    return Control("case", tuple(map(lifted, (value, *branches))))


def scan_(
    body: Term,
    first: Value,
    stacks: Value,
    length: int | None = None,
    reverse: bool = False,
    count: Value | None = None,
) -> Term:
    r"""(c, y) = body c x for each row x of the stacks in order: the last c, and a stack of all y.

    length   how many rows there are; or `count`, a whole number that is known when it is run

    >>> from cats.ir.prims.algebra import mul
    >>> print(scan_(fn("c x", lambda c, x: tuple_(mul(c, x), c)), 1.0, Var("xs"), 3))
    scan[length=3, reverse=False] (\c x. (c * x, c)) 1.0 xs
    """
    params = (("length", length), ("reverse", reverse))
    parts = (body, first, stacks) if count is None else (body, first, stacks, count)
    return Control("scan", tuple(map(lifted, parts)), params)


def while_(test: Term, body: Term, first: Value) -> Term:
    r"""(c, y) = body c as long as test c: how often, the last c, and a stack of all y.

    >>> from cats.ir.prims.algebra import mul
    >>> from cats.ir.prims.choice import less
    >>> test = fn("c", lambda c: less(c, 9.0))
    >>> print(while_(test, fn("c", lambda c: tuple_(mul(c, 2.0), tuple_())), 1.0))
    while (\c. c < 9.0) (\c. (c * 2.0, ())) 1.0
    """
    return Control("while", tuple(map(lifted, (test, body, first))))


def _inside(body: Callable[..., Value], params: Sequence[Var]) -> Term:
    """The body on its variables. Raises TermError for a term, which would be applied to them."""
    if isinstance(body, TermNode):
        raise TermError(
            f"`{body}` is a term, not a Python function of {', '.join([p.name for p in params])}",
            remedy="Write lambda x: ... around it, so that its variables are those bound here.",
        )
    _check_parameters(body, params)
    return lifted(body(*params))


def _check_parameters(body: Callable[..., Value], params: Sequence[Var]) -> None:
    """Raises TermError for what cannot be called on the variables, where that can be known."""
    try:
        signature(body).bind(*params)
    except ValueError:
        return
    except TypeError as error:
        names = ", ".join([p.name for p in params]) or "no variables"
        raise TermError(
            f"the body cannot be called on {names}: {error}",
            remedy="Give a Python function of one argument for each name.",
        ) from None


def _visible(bound: Var, body: Term) -> None:
    """Raises TermError if the variable is hidden, where it is used, by another of its name."""
    holding: set[int] = set()
    for node in postorder(body):
        if node is not bound and not any(id(child) in holding for child in node.children()):
            continue
        holding.add(id(node))
        hidden: Sequence[Term] = ()
        if isinstance(node, Lam) and node.param == bound.name:
            hidden = (node.body,)
        elif isinstance(node, Let) and bound.name in node.names:
            hidden = (*node.values[node.names.index(bound.name) + 1 :], node.body)
        if any(id(part) in holding for part in hidden):
            raise TermError(
                f"two variables named {bound.name} are needed at the same place",
                remedy="Give one of them another name.",
            )
