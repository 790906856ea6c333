"""Linear terms applied to values of any kind: tangents, series, masks.

What is done with a product is done here, once for all kinds: a value of a product is a tuple.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cats.ir.errors import DerivativeError
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Scale, Then, Zero
from cats.ir.spaces import Space, Value


class Along:
    """Values that linear terms are applied to."""

    def flow(self, map: Linear, v: Any) -> Any:
        """The linear term applied to a value; rules are small, so this may recurse."""
        match map:
            case Id():
                return v
            case Zero(cod=cod):
                return self.nothing(cod)
            case Then(first, second):
                return self.flow(second, self.flow(first, v))
            case Fork(parts):
                shared = self.once(v, map.dom) if len(parts) > 1 else v
                return tuple([self.flow(p, shared) for p in parts])
            case Join(parts):
                return self.plus([self.flow(p, x) for p, x in zip(parts, v, strict=True)])
            case Proj(index=index):
                return v[index]
            case Inj(spaces, index):
                return tuple([v if j == index else self.nothing(s) for j, s in enumerate(spaces)])
            case Scale(space, by):
                return self.scaled(space, by, v)
            case Leaf():
                return self.through(map, v)
            case _:
                raise DerivativeError(f"{type(map).__name__} is not a linear map cats knows")

    def once(self, v: Any, space: Space) -> Any:
        """A value that several maps read; itself where reading it costs nothing."""
        return v

    def nothing(self, space: Space) -> Any:
        """Zero."""
        raise NotImplementedError

    def plus(self, parts: Sequence[Any]) -> Any:
        """The sum of values of one space."""
        raise NotImplementedError

    def scaled(self, space: Space, by: Value, v: Any) -> Any:
        """A value times a number."""
        raise NotImplementedError

    def through(self, leaf: Leaf, v: Any) -> Any:
        """A leaf applied to a value of a ground space."""
        raise NotImplementedError
