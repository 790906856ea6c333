"""What is said of a function is said of what it is transformed to: its name, its text, itself.

As `functools.wraps` does, and JAX: help, signatures and logs tell the user's own function. It is
asked of the function when it is wanted, so that a record is its fields and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any

_SAID = frozenset({"__name__", "__qualname__"})


class _Text:
    """The docstring: of a record that of its function, of the class its own."""

    def __init__(self, own: str | None) -> None:
        self.own = own

    def __get__(self, record: Any, kind: type) -> str | None:
        return self.own if record is None else getattr(record.f, "__doc__", None)


class Transformed:
    """A record that is called in place of the function `f`; in the body of a class, a method.

    What f does not have, as a partial has no name, the record does not have.
    """

    f: Callable[..., Any]

    def __init_subclass__(cls) -> None:
        cls.__doc__ = _Text(cls.__doc__)  # type: ignore[assignment]

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self if owner is None else MethodType(self, owner)  # type: ignore[arg-type]

    if TYPE_CHECKING:
        __name__: str
        __qualname__: str
        __wrapped__: Callable[..., Any]
    else:

        def __getattr__(self, name: str) -> Any:
            if name == "__wrapped__":
                return self.f
            if name in _SAID:
                return getattr(self.f, name)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
