"""Scopes: what names stand for while a term is walked, and what is known of the terms it shares.

A term held in several places is walked once in a scope: what was found is remembered until a name
it may speak of means something else. So a term of n nodes costs O(n), however often its parts
occur.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from cats.ir.lam import Lam, Let, Term, Var
from cats.ir.node import Node, postorder

T = TypeVar("T")
_MISSING: Any = object()


class Mark(NamedTuple):
    """A moment to which a scope can return."""

    undo: int
    memo: dict[int, Any]
    trail: list[int]
    length: int


class Scope(Generic[T]):
    """Names with what they stand for; `outer` are those of the closure being run.

    >>> scope = Scope({"x": 1})
    >>> mark = scope.mark()
    >>> scope.bind("x", 2)
    >>> scope["x"], scope.release(mark), scope["x"]
    (2, None, 1)
    """

    __slots__ = ("inner", "memo", "outer", "shared", "trail", "undo")

    def __init__(
        self,
        inner: dict[str, T],
        outer: Mapping[str, T] | None = None,
        shared: frozenset[int] = frozenset(),
    ) -> None:
        self.inner = inner
        self.outer = outer or {}
        self.shared = shared
        self.memo: dict[int, T] = {}
        self.trail: list[int] = []
        self.undo: list[tuple[str, T]] = []

    def __contains__(self, name: object) -> bool:
        return name in self.inner or name in self.outer

    def __getitem__(self, name: str) -> T:
        found = self.inner.get(name, _MISSING)
        return self.outer[name] if found is _MISSING else found

    def names(self) -> list[str]:
        """All names in scope."""
        return [*self.inner, *self.outer]

    def mark(self) -> Mark:
        """This moment."""
        return Mark(len(self.undo), self.memo, self.trail, len(self.trail))

    def bind(self, name: str, value: T) -> None:
        """The name means this from here on."""
        if name in self:
            self.memo, self.trail = {}, []
        self.undo.append((name, self.inner.get(name, _MISSING)))
        self.inner[name] = value

    def release(self, mark: Mark) -> None:
        """All names mean again what they meant at the mark."""
        while len(self.undo) > mark.undo:
            name, value = self.undo.pop()
            if value is _MISSING:
                del self.inner[name]
            else:
                self.inner[name] = value
        self.memo, self.trail = mark.memo, mark.trail
        while len(self.trail) > mark.length:
            self.memo.pop(self.trail.pop(), None)

    def known(self, term: Term) -> T | None:
        """What was found of this very term, if it was met in this scope."""
        return self.memo.get(id(term)) if self.memo else None

    def learn(self, term: Term, value: T) -> T:
        """Remembers what was found of a term that occurs in several places."""
        if id(term) in self.shared:
            self.memo[id(term)] = value
            self.trail.append(id(term))
        return value


def shared_terms(root: Term) -> frozenset[int]:
    """The identities of the terms that are held in more than one place."""
    met, shared = {id(root)}, set[int]()
    stack: list[Node] = [root]
    while stack:
        for child in stack.pop().children():
            if id(child) in met:
                shared.add(id(child))
            else:
                met.add(id(child))
                stack.append(child)
    return frozenset(shared)


Free = dict[int, tuple[str, ...]]
"""The free names of each function, by identity."""


def free_names(root: Term, shared: frozenset[int]) -> Free:
    r"""The free names of every function in a term, inner functions first.

    >>> from cats.ir.lam import App, Var
    >>> f = Lam("x", None, App(Var("f"), Var("x")))
    >>> free_names(f, frozenset())[id(f)]
    ('f',)
    """
    found: Free = {}
    for node in postorder(root):
        if isinstance(node, Lam):
            found[id(node)] = _free(node, shared, found)
    return found


def _free(root: Lam, shared: frozenset[int], known: Free) -> tuple[str, ...]:
    """One function's free names; functions inside are known already."""
    names: dict[str, None] = {}
    scope: Scope[bool] = Scope({root.param: True}, shared=shared)
    stack: list[Node | str | Mark] = [root.body]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            scope.bind(item, True)
        elif isinstance(item, Mark):
            scope.release(item)
        elif isinstance(item, Lam):
            names.update((n, None) for n in known[id(item)] if n not in scope)
        elif not scope.known(item):  # type: ignore[arg-type]
            scope.learn(item, True)  # type: ignore[arg-type]
            if isinstance(item, Var):
                names.update({} if item.name in scope else {item.name: None})
            elif isinstance(item, Let):
                stack += [scope.mark(), item.body]
                for name, value in zip(reversed(item.names), reversed(item.values), strict=True):
                    stack += [name, value]
            else:
                stack.extend(reversed(item.children()))
    return tuple(names)
