"""The entries of arrays in turn, each read when its turn comes: ndenumerate, nditer, broadcast."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from cats.ir.errors import TraceError
from cats.ir.prims.indexing import index
from cats.ir.spaces import Value
from cats.lenses import Window
from cats.places import users_place
from cats.surface.reasons import C_LOOP
from cats.surface.shapes import broadcast_arrays
from cats.surface.values import boxed_view, lifted, lying, recorder_of, shadow
from cats.traced import Traced

Place = tuple[int, ...]


def enumerated(x: Value) -> Iterator[tuple[Place, Value]]:
    """np.ndenumerate: each place, and the entry there."""
    array = lifted(recorder_of(x), x)
    return ((place, array[place]) for place in np.ndindex(array.shape))


class Entries:
    """np.nditer: at each place of arrays together, a view without axes of the entry of each.

    iterindex   how many places lie behind
    """

    def __init__(
        self,
        arrays: Sequence[Traced],
        writes: Sequence[bool],
        places: list[Place],
        several: bool,
        flags: Sequence[str],
    ) -> None:
        self._arrays = arrays
        self._writes = writes
        self._places = places
        self._several = several
        self._started = False
        self._shape = arrays[0].shape
        self._flags = flags
        self.iterindex = 0

    @property
    def itersize(self) -> int:
        """How many places there are."""
        return len(self._places)

    @property
    def finished(self) -> bool:
        """Whether all of them lie behind."""
        return self.iterindex >= self.itersize

    @property
    def multi_index(self) -> Place:
        """The place now."""
        return self._places[self.iterindex]

    @property
    def index(self) -> int:
        """The place now as one number."""
        order: Any = "F" if "f_index" in self._flags else "C"
        return int(np.ravel_multi_index(self.multi_index, self._shape, order=order))

    @property
    def value(self) -> Value:
        """The entry now, or those of all arrays."""
        found = tuple([self[i] for i in range(len(self._arrays))])
        return found if self._several else found[0]

    def iternext(self) -> bool:
        """Goes on, and says whether there is another place."""
        self.iterindex += 1
        return not self.finished

    def reset(self) -> None:
        """Begins anew."""
        self.iterindex, self._started = 0, False

    def __getitem__(self, number: int) -> Traced:
        return _entry(self._arrays[number], self.multi_index, self._writes[number])

    def __setitem__(self, number: int, value: Value) -> None:
        self[number][...] = value

    def __iter__(self) -> Iterator[Value]:
        return self

    def __next__(self) -> Value:
        if self._started:
            self.iternext()
        self._started = True
        if self.finished:
            raise StopIteration
        return self.value

    def __enter__(self) -> Entries:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is kept back: what was written is there."""


def _entry(x: Traced, place: Place, writes: bool) -> Traced:
    if writes:
        return x[(*place, ...)]  # type: ignore[no-any-return]
    return boxed_view(x, Window(lambda whole: index(whole, key=place)))


def iterated(
    op: Any, flags: Any = (), op_flags: Any = None, order: str = "K", **options: Any
) -> Any:
    """np.nditer of one array or several.

    Raises TraceError for buffers, new arrays, and an order in memory that is not known.
    """
    several = isinstance(op, list | tuple)
    recorder, given = recorder_of(op), list(op) if several else [op]
    rows = _rows(op_flags, len(given))
    plain = all(set(row) <= {"readonly", "readwrite", "writeonly"} for row in rows)
    asked = set(flags) - {"multi_index", "c_index", "f_index", "zerosize_ok"}
    if not plain or asked or options or any(x is None for x in given):
        recorder.refuse("np.nditer that buffers or makes arrays", *C_LOOP)
    writes = ["readonly" not in row for row in rows]
    for x, into in zip(given, writes, strict=True):
        if into and not (isinstance(x, Traced) and x.is_array):
            raise ValueError("what is written into is no array")
    lifts = [lifted(recorder, x) for x in given]
    places = _in_order(lifts, flags, order)
    return Entries(broadcast_arrays(*lifts), writes, places, several, flags)


def _rows(op_flags: Any, count: int) -> list[list[str]]:
    """What is said of each array: whether it is read or written."""
    rows = op_flags or ["readonly"]
    return [list(rows)] * count if isinstance(rows[0], str) else [list(row) for row in rows]


def _in_order(xs: Sequence[Traced], flags: Any, order: str) -> list[Place]:
    """The places of arrays together, in the order in which np.nditer goes through them."""
    fixed = order in ("C", "F") or max(x.size for x in xs) < 2
    lie = [shadow(x) if fixed else lying(x) for x in xs]
    known = [array for array in lie if array is not None]
    if len(known) < len(lie):
        raise TraceError(
            f"np.nditer in the order {order!r} asks how arrays lie in memory",
            where=users_place(),
            remedy="Give order='C', or loop over np.ndindex(x.shape) and read x[i].",
        )
    asked: Any = ["multi_index", *[flag for flag in flags if flag == "zerosize_ok"]]
    turns: Any = np.nditer(known, flags=asked, order=order)  # type: ignore[call-overload]
    return [turns.multi_index for _ in turns]


class Together:
    """np.broadcast: the shape of arrays together, and their entries.

    index   how many places lie behind
    """

    def __init__(self, arrays: Sequence[Traced]) -> None:
        self._arrays = arrays
        self.index = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape."""
        return self._arrays[0].shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    nd = ndim

    @property
    def numiter(self) -> int:
        """The number of arrays."""
        return len(self._arrays)

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(np.prod(self.shape))

    def reset(self) -> None:
        """Begins anew."""
        self.index = 0

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        return self

    def __next__(self) -> tuple[Value, ...]:
        if self.index >= self.size:
            raise StopIteration
        place = tuple(map(int, np.unravel_index(self.index, self.shape)))
        self.index += 1
        return tuple([array[place] for array in self._arrays])


def together(*xs: Value) -> Together:
    """np.broadcast."""
    recorder = recorder_of(*xs)
    return Together(broadcast_arrays(*[lifted(recorder, x) for x in xs]))


NAMES: dict[Any, Callable[..., Value]] = {
    np.ndenumerate: enumerated,
    np.nditer: iterated,
    np.broadcast: together,
}
