"""Arguments of a function that do not vary: handed on as they are, but for what is traced of them.

What is traced becomes an argument of the function's body and of its rules, so that what these make
of it is theirs; all the rest is a part of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cats.capture import Same, Unseen, picture
from cats.tracked import Tracked
from cats.tree import Tree, flatten, unflatten, with_statics


@dataclass(frozen=True)
class Fixed:
    """Arguments that do not vary, as a function of what is traced of them.

    whole    they themselves, if nothing is
    leaves   their leaves, None for those that are
    """

    whole: tuple[Any, ...]
    leaves: tuple[Any, ...]
    tree: Tree

    def __call__(self, traced: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments again."""
        if not traced:
            return self.whole
        rest = iter(traced)
        leaves = [next(rest) if v is None else v for v in self.leaves]
        found: tuple[Any, ...] = unflatten(self.tree, leaves)
        return found


def held_apart(args: Sequence[Any]) -> tuple[tuple[Tracked, ...], Fixed]:
    """What is traced of arguments, and the rest.

    >>> held_apart([3, "x"])[1](())
    (3, 'x')
    """
    leaves, tree = flatten(tuple(args))
    traced = tuple([v for v in leaves if _is_traced(v)])
    plain = tuple([None if _is_traced(v) else v for v in leaves])
    return traced, Fixed(() if traced else tuple(args), plain, tree)


def _is_traced(value: Any) -> bool:
    """Whether a value is only known when the program runs."""
    return isinstance(value, Tracked) and value.known is None


def pictured(fixed: Fixed) -> Any:
    """What is fixed, by what it holds, and by identity where that cannot be seen."""
    try:
        return picture(fixed.whole or (fixed.leaves, fixed.tree))
    except Unseen:
        whole, leaves = (tuple(map(Same, part)) for part in (fixed.whole, fixed.leaves))
        return whole or (leaves, with_statics(fixed.tree, Same))


def beside(
    f: Callable[..., Any], places: Sequence[int], fixed: Fixed, traced: Sequence[Any], *args: Any
) -> Any:
    """The function on arguments, the fixed ones in their places."""
    return f(*in_places(places, fixed(traced), args))


def in_places(places: Sequence[int], fixed: Sequence[Any], moving: Sequence[Any]) -> list[Any]:
    """All arguments in order, the fixed ones in their places.

    >>> in_places([1], ["b"], ["a", "c"])
    ['a', 'b', 'c']
    """
    rest, given = iter(moving), dict(zip(places, fixed, strict=True))
    return [given[i] if i in given else next(rest) for i in range(len(moving) + len(fixed))]
