"""What `x.flat` and `x.flags` give: objects by which code looks at an array."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from cats.calls import called
from cats.ir.wire import STAMPS
from cats.recorder import newest_recorder
from cats.tracked import Tracked, from_around, refuse


class Flat:
    """`x.flat`: the entries of an array one after the other; an iterator, which a key resets.

    index   how many entries were given
    """

    __slots__ = ("_made", "array", "index")

    def __init__(self, array: Tracked) -> None:
        self.array = array
        self.index = 0
        self._made = next(STAMPS)

    def _move(self, to: int) -> None:
        recorder: Any = self.array.recorder
        if to != self.index and self._made < recorder.world.since:
            raise from_around(recorder, "advancing a flat iterator")
        self.index = to

    def _line(self) -> Any:
        return called(self.array.recorder, np.ravel, (self.array,), {})

    def __len__(self) -> int:
        return int(np.prod(self.array.shape))

    def __iter__(self) -> Flat:
        return self

    def __next__(self) -> Any:
        if self.index >= len(self):
            raise StopIteration
        array: Any = self.array
        found = array[self.coords]
        self._move(self.index + 1)
        return found

    @property
    def coords(self) -> tuple[int, ...]:
        """Where the next entry is."""
        shape = self.array.shape
        return tuple(map(int, np.unravel_index(self.index, shape))) if shape else ()

    @property
    def base(self) -> Tracked:
        """The array."""
        return self.array

    def copy(self) -> Any:
        """The entries, in an array of one axis."""
        return self._line().copy()

    def __getitem__(self, key: Any) -> Any:
        self._move(0)
        return self._line()[key].copy()

    def __setitem__(self, key: Any, value: Any) -> None:
        self._move(0)
        numbers = self.array.recorder.local(np.arange(len(self)))
        recorder = newest_recorder((self.array, key, value)) or self.array.recorder
        called(recorder, np.put, (self.array, numbers[key], value), {})


class Flags:
    """What `x.flags` tells."""

    __slots__ = ("_array",)

    def __init__(self, array: Tracked) -> None:
        self._array = array

    @property
    def writeable(self) -> bool:
        """Whether NumPy would let one write; cats does not let one write into an argument."""
        return not self._array.read_only

    @writeable.setter
    def writeable(self, value: Any) -> None:
        self._array.switch(bool(value))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("_array", "writeable"):
            getattr(self, name)
        object.__setattr__(self, name, value)

    def __getitem__(self, name: str) -> Any:
        return self.writeable if name == "W" else getattr(self, name.lower())

    def __setitem__(self, name: str, value: Any) -> None:
        if name.lower() not in ("writeable", "w"):
            getattr(self, name.lower())
        self.writeable = value

    def __getattr__(self, name: str) -> NoReturn:
        refuse(
            self._array,
            f"x.flags.{name}",
            "it looks at memory, and a traced value has none to look at",
            "Ask it of an array, outside of the function.",
        )
