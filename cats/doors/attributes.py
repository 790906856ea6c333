"""hasattr and getattr on traced values, which have the attributes of what they stand for."""

from __future__ import annotations

import builtins
from typing import Any

from cats.attributes import absent, has, missing
from cats.traced import Traced
from cats.tracked import sample


def has_attribute(value: Any, name: str, /) -> bool:
    """hasattr: of traced values by what they stand for."""
    return builtins.hasattr(sample(value), name)


def attribute(value: Any, name: str, /, *otherwise: Any) -> Any:
    """getattr: of traced values by what they stand for."""
    if not isinstance(value, Traced):
        return builtins.getattr(value, name, *otherwise)
    if name == "__class__":
        return value.recorder.world.door(type(sample(value)))
    if isinstance(name, str) and not has(value, name):
        if otherwise:
            return otherwise[0]
        raise missing(value, name)
    try:
        return builtins.getattr(value, name)
    except AttributeError:
        return absent(value, name)
