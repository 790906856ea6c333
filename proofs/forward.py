"""Forward keeps the structure: its functions obey every law, for all linear maps and all values.

A value is a formal sum of words: letters applied to a variable. A letter adds itself to every
word, which is all one knows of a linear map; sums of words are equal only if they are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cats.forward import Forward, Map, Nothing
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.spaces import Product, Space, Value
from cats.laws import biproduct_laws, category_laws, product_laws

Words = tuple[tuple[tuple[str, ...], int], ...]


@dataclass(frozen=True)
class Formal:
    """A sum of words with whole coefficients, in no order."""

    words: Words

    @property
    def recorder(self) -> Formal:
        return self

    @property
    def stamp(self) -> int:
        return 0

    def emit(self, op: Primitive, args: tuple[Value, ...], params: Params) -> Formal:
        """What add, sub, neg and mul by a number do to formal sums."""
        match op.name, args:
            case "add", (Formal(a), Formal(b)):
                return formal([*a, *b])
            case "sub", (Formal(a), Formal(b)):
                return formal([*a, *((w, -n) for w, n in b)])
            case "neg", (Formal(a),):
                return formal([(w, -n) for w, n in a])
            case "mul", (int(by), Formal(a)):
                return formal([(w, by * n) for w, n in a])
            case _:
                raise TypeError(f"{op.name} is not linear")


def formal(words: Any) -> Formal:
    """The sum, equal words together."""
    found: dict[tuple[str, ...], int] = {}
    for word, n in words:
        found[word] = found.get(word, 0) + n
    return Formal(tuple(sorted((w, n) for w, n in found.items() if n)))


def variable(name: str, space: Space) -> Value:
    """The general element of a space."""
    if isinstance(space, Product):
        return tuple(variable(f"{name}{i}", s) for i, s in enumerate(space.parts))
    return formal([((name,), 1)])


def letter(name: str, dom: Space, cod: Space) -> Map:
    """The general linear map, as a function of formal sums; of products it is a matrix."""
    if isinstance(cod, Product):
        return Forward().fork(tuple(letter(f"{name}{i}", dom, s) for i, s in enumerate(cod.parts)))
    if isinstance(dom, Product):
        return Forward().join(tuple(letter(f"{name}{i}", s, cod) for i, s in enumerate(dom.parts)))

    def apply(v: Value) -> Value:
        return (
            Nothing(cod)
            if isinstance(v, Nothing)
            else formal([((name, *word), n) for word, n in v.words])
        )

    return apply


def written_out(v: Value) -> Value:
    """The value with its symbolic zeros as empty sums."""
    if isinstance(v, Nothing) and not isinstance(v.space, Product):
        return formal([])
    if isinstance(v, Nothing):
        return tuple([written_out(Nothing(p)) for p in v.space.parts])  # type: ignore[union-attr]
    return tuple(map(written_out, v)) if isinstance(v, tuple) else v


def equations() -> Iterator[tuple[str, Value, Value]]:
    """Every law of biproducts, both sides applied to the general element."""
    for (name, left, right), dom in zip(_structural(Forward(), letter), _doms(), strict=True):
        x = variable("x", dom)
        yield name, written_out(left(x)), written_out(right(x))


def _structural(k: Any, arrow: Any) -> Iterator[tuple[str, Any, Any]]:
    """The laws that hold of any leaves."""
    for suite in (category_laws, product_laws, biproduct_laws):
        yield from suite(k, arrow)


class _Ends:
    """The category whose maps are their own domains."""

    keeps = Forward.keeps

    def identity(self, a: Space, /) -> Space:
        return a

    def zero(self, a: Space, b: Space, /) -> Space:
        return a

    def then(self, f: Space, g: Space, /) -> Space:
        return f

    def fork(self, fs: tuple[Space, ...], /) -> Space:
        return fs[0]

    def join(self, fs: tuple[Space, ...], /) -> Space:
        return Product(fs)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Space:
        return Product(spaces)

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Space:
        return spaces[i]

    def scale(self, a: Space, by: Value, /) -> Space:
        return a

    def leaf(self, leaf: Any, /) -> Space:
        return leaf.dom  # type: ignore[no-any-return]


def _doms() -> Iterator[Space]:
    """Where each law begins."""
    for _, left, _ in _structural(_Ends(), lambda name, a, b: a):
        yield left
