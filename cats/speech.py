"""NumPy in terms of the vocabulary: how a recorder says what is called, and what it cannot say."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from cats.ir.spaces import Value
from cats.refusals import Refusal
from cats.titles import title


@dataclass(frozen=True, slots=True)
class Speech:
    """What a recorder knows of NumPy.

    names   its functions in terms of the vocabulary; methods of all universal functions, and
            functions of SciPy, by their titles
    views   those whose results are views of their first argument
    writes  those that write into their first argument
    refused why there is no such function here, by title, or by the title of a module; None for
            what is not refused in such a module
    outside those that may not be called in a traced function at all, by title
    later   functions of libraries, by title, which are looked for when one is called
    arrays  those whose results without axes are arrays and no scalars: of what, is said with them
    into    those that look at the dtype of what is given as `out=`, and are told it
    """

    names: Mapping[Any, Callable[..., Value]]
    views: frozenset[Any] = frozenset()
    writes: frozenset[Any] = frozenset()
    refused: Mapping[str, Refusal | None] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()
    later: Mapping[str, Callable[..., Value]] = field(default_factory=dict)
    arrays: Mapping[Any, Callable[[Any], bool]] = field(default_factory=dict)
    into: frozenset[Any] = frozenset()

    def said(self, function: Any) -> Callable[..., Value] | None:
        """The function in terms of the vocabulary, if there is one."""
        found = self.names.get(function)
        if found is not None:
            return found
        name = title(function)
        general = self.names.get(name) or self.later.get(name)
        if general is None or not isinstance(function, tuple):
            return general
        return partial(general, function[0]) if self.said(function[0]) is not None else None

    def writes_into(self, function: Any) -> bool:
        """Whether the function writes into its first argument."""
        return function in self.writes or title(function) in self.writes

    def told(self, function: Any, dtype: Any) -> dict[str, Any]:
        """What a function is told beside its arguments, of an array of this dtype for results."""
        return {"into": dtype} if {function, title(function)} & self.into else {}

    def plainly(self, function: Any) -> Callable[..., Any]:
        """NumPy's own function for a key of the table: a function, a method of a ufunc, a sign."""
        if isinstance(function, tuple):
            return getattr(*function)  # type: ignore[no-any-return]
        return SIGNS.get(function, function)  # type: ignore[no-any-return]


def _method(name: str, x: Any, *args: Any, **kwargs: Any) -> Any:
    return getattr(x, name)(*args, **kwargs)


def _written(x: Any, value: Any, where: Any = None, casting: Any = "same_kind") -> None:
    np.copyto(x, value, casting, True if where is None else where)


SIGNS: dict[Any, Callable[..., Any]] = {
    "**": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "write": _written,
    **{
        name: partial(_method, name)
        for name in ("astype", "flatten", "compress", "fill", "view", "sort", "partition")
    },
}
"""What is not called by a function of NumPy."""
