"""What functions with a cache remember within a trace, where values are told apart by identity."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from cats.tracked import Tracked


def remembering(f: Callable[..., Any]) -> Callable[..., Any]:
    """lru_cache on traced values, which are told apart by identity."""
    known: dict[Any, tuple[Any, Any]] = {}

    def call(*args: Any, **kwargs: Any) -> Any:
        parts: Sequence[Any] = (*args, *kwargs.values())
        key = (tuple(_identity(p) for p in parts), tuple(kwargs))
        if key not in known:
            known[key] = parts, f(*args, **kwargs)
        return known[key][1]

    return functools.wraps(f)(call)


def _identity(value: Any) -> Any:
    return ("traced", id(value)) if isinstance(value, Tracked) else (type(value), value)
