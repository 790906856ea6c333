"""What stands in a traced function for one thing outside: its copies are itself."""

from __future__ import annotations

from typing import Any, Self


class Single:
    """Not copied with what holds it, as functions and classes are not.

    >>> import copy
    >>> one = Single()
    >>> copy.deepcopy([one])[0] is one, copy.copy(one) is one
    (True, True)
    """

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self
