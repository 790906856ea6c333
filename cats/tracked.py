"""Tracked values: what a traced value is now, and how it is a view of another.

A value is a term, or, where no argument had a part in it, an array that is already there. An array
that is written into becomes another term; its views read it anew through their lenses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, NoReturn

import numpy as np

from cats.ir.constant import Constant
from cats.ir.errors import Asked, TraceError
from cats.ir.lam import Const, Term
from cats.ir.spaces import Ground
from cats.ir.wire import STAMPS
from cats.lenses import AnyLens, in_memory, seen_through, shares
from cats.places import users_place

State = Term | np.ndarray[Any, Any]
"""What a traced value is now: a term, or an array that no argument had a part in."""


OUTSIDE = ("an argument", "an array from outside")
"""Why arrays that NumPy would write into are not written into."""


class ReadOnly(Asked, ValueError):
    """An array was written into that NumPy too lets nobody write into."""


@dataclass(slots=True)
class Own:
    """What an array that is no view knows of itself.

    version   how often it has been written into
    frozen    why it may not be written into, or nothing
    order     its axes, the one that varies slowest in memory first; None where it is not known
    entries   what single places were last given, by their full key
    """

    frozen: str = ""
    order: tuple[int, ...] | None = None
    version: int = 0
    entries: dict[tuple[int, ...], Tracked] = field(default_factory=dict)


@dataclass(slots=True)
class View:
    """What a view knows: the array it is a view of, how, and which version it was read from."""

    parent: Tracked
    lens: AnyLens
    seen: int


def order_of(array: np.ndarray[Any, Any]) -> tuple[int, ...] | None:
    """Its axes, the one that varies slowest in memory first; None where there are gaps."""
    order = tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    return order if array.transpose(order).flags.c_contiguous else None


def order_of_line(rank: int) -> tuple[int, ...] | None:
    """The order of the axes of an array of which nothing is known but how many there are."""
    return tuple(range(rank)) if rank < 2 else None


def laid(array: np.ndarray[Any, Any], order: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """A copy in memory by an order of its axes."""
    return array.transpose(order).copy().transpose(np.argsort(order))


ONCE = "a function of a word, or one that is transformed, is traced once, however often it runs"
"""Why it may not change what it finds around it."""
READ_ONLY = "the assignment destination is read-only"
SEEN = "it would be seen outside of the traced function"
WITHIN = "Make what is to be changed within the function, and return it."


def from_around(recorder: Any, what: str) -> TraceError:
    """What is said of a change, in what is traced once, to something that lies around it."""
    error = TraceError(f"{what} from around: {ONCE}", where=users_place(), remedy=WITHIN)
    recorder.refused(error)
    return error


class Tracked:
    """A traced value as its recorder sees it; `Traced` adds what Python asks of it.

    weak    it stands for a Python number, which takes the dtype of what it meets
    boxed   without axes, it stands for an array and no NumPy scalar
    born    when it was made
    switched when its flag was changed that says whether one may write into it, which one may first
    """

    __slots__ = ("_link", "_state", "born", "boxed", "recorder", "space", "switched", "weak")

    def __init__(
        self, recorder: Any, state: State, space: Ground, link: Own | View | None = None
    ) -> None:
        self.recorder = recorder
        self.space = space
        self.weak = False
        self.boxed = False
        self.born = next(STAMPS)
        self.switched: tuple[int, ...] = ()
        self._state = state
        self._link = link

    # What it is now

    @property
    def root(self) -> Tracked:
        """The array it is a view of, or itself."""
        at = self
        while type(at._link) is View:
            at = at._link.parent
        return at

    @property
    def as_view(self) -> View | None:
        """How it is a view, if it is one."""
        return self._link if type(self._link) is View else None

    @property
    def own(self) -> Own:
        """What the root knows of itself."""
        root = self.root
        if type(root._link) is not Own:
            state = root._state
            known = isinstance(state, np.ndarray)
            root._link = Own(order=order_of(state) if known else order_of_line(root.ndim))  # type: ignore[arg-type]
        return root._link

    @property
    def state(self) -> State:
        """Its term or array, read anew through its lenses if what it views was written into."""
        if type(self._link) is View:
            self._refresh()
        return self._state

    def _refresh(self) -> None:
        version = self.own.version
        stale: list[Tracked] = []
        at: Tracked = self
        while type(at._link) is View and at._link.seen != version:
            stale.append(at)
            at = at._link.parent
        for view in reversed(stale):
            link: Any = view._link
            if link.lens.may_copy and not view.is_view():
                view._link = Own(order=link.lens.order_of_copy, version=version)
                continue
            view._state = link.lens.get(link.parent)._state
            view.recorder = view.root.recorder
            link.seen = version

    def _lenses(self) -> list[AnyLens]:
        """How it is a view of its root, the first lens first."""
        lenses: list[AnyLens] = []
        at: Tracked = self
        while type(at._link) is View:
            lenses.append(at._link.lens)
            at = at._link.parent
        return lenses[::-1]

    def layouts(self) -> Iterator[np.ndarray[Any, Any]]:
        """Arrays that lie in memory as this one may, as far as that is known; one if it is."""
        if self.known is not None:
            yield self.known
            return
        root, lenses = self.root, self._lenses()
        known = root.own.order
        orders = permutations(range(root.ndim)) if known is None else [known]
        for order in orders:
            yield seen_through(in_memory(root.shape, order), lenses)

    def is_view(self) -> bool:
        """Whether NumPy gave a view and no copy. Raises TraceError where that cannot be known."""
        lenses, at = self._lenses(), self.root
        if not any(lens.may_copy for lens in lenses) or at.own.order is not None:
            return shares(at.space.shape, lenses, at.own.order)
        orders = permutations(range(at.ndim))
        answers = {shares(at.space.shape, lenses, order) for order in orders}
        if len(answers) == 1:
            return answers.pop()
        raise self.recorder.refused(
            TraceError(
                "an array and its reshaped form are used after one of them was written into: "
                "how the array lies in memory decides whether the other sees it",
                where=users_place(),
                remedy="Make the array, or the reshaped form, with .copy().",
            )
        )

    @property
    def known(self) -> np.ndarray[Any, Any] | None:
        """The array, if no argument has a part in it."""
        if type(self._link) is View:
            self._refresh()
        state = self._state
        return state if isinstance(state, np.ndarray) else None

    @property
    def term(self) -> Term:
        """What it is, as a term."""
        state = self.state
        return Const(Constant(state)) if isinstance(state, np.ndarray) else state

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self.space.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of an array."""
        return np.dtype(self.space.dtype)

    @property
    def ndim(self) -> int:
        """As of an array."""
        return len(self.space.shape)

    @property
    def is_array(self) -> bool:
        """Whether it stands for an array, which can be written into, and for no number."""
        return self.boxed or bool(self.space.shape)

    def in_box(self, link: Own | View | None = None) -> Tracked:
        """The same value, standing for an array also without axes."""
        made: Tracked = self.recorder.make(self.recorder, self.state, self.space, link)
        made.boxed = True
        return made

    # Writing

    def write(self, value: Tracked) -> None:
        """Makes it, and what it is a view of, what `value` is: a value of the same space.

        That one may is asked before. What is written in an inner trace is of that trace from then
        on.
        """
        self._settle()
        at, new = self, value
        while type(at._link) is View:
            new = at._link.lens.put(at._link.parent, new)
            at = at._link.parent
        order = at.own.order
        at._state = new.term if new.known is None or order is None else laid(new.known, order)
        at.recorder = new.recorder
        at.own.version += 1
        at.own.entries.clear()

    def _settle(self) -> None:
        """What it is said to be a view of, and is a copy of, is let go; the outermost first."""
        chain = [self]
        while type(chain[-1]._link) is View:
            chain.append(chain[-1]._link.parent)
        for at in reversed(chain[:-1]):
            link: Any = at._link
            if link.lens.may_copy and not at.is_view():
                at._link = Own(order=link.lens.order_of_copy, version=at.own.version)

    @property
    def read_only(self) -> bool:
        """Whether NumPy too would let nobody write into it."""
        own = self.own
        return bool(self.locked()) or (bool(own.frozen) and not own.frozen.startswith(OUTSIDE))

    def locked(self, above: bool = False) -> str:
        """As what NumPy makes it read-only, or nothing; `above`: as a view of what it views.

        A view that was made of an array while nobody might write into that is read-only for ever.
        """
        at, until = self, sys.maxsize
        while True:
            switched = sum(1 for stamp in at.switched if stamp < until)
            if switched % 2 and not (above and at is self):
                return "an array whose flags say that it is read-only"
            if type(at._link) is not View:
                return ""
            if not at._link.lens.writable:
                return "a view that NumPy makes read-only"
            at, until = at._link.parent, min(until, at.born)

    def switch(self, writeable: bool) -> None:
        """What `x.flags.writeable = ...` does. Raises TraceError where NumPy would refuse it."""
        if writeable and (why := self.locked(above=True)):
            self._refuse(ReadOnly, f"letting one write into {why}", READ_ONLY)
        if self.as_view is None and self.own.frozen:
            self._refuse(TraceError, f"changing the flags of {self.own.frozen}", SEEN)
        self.refuse_around("changing the flags of an array")
        if writeable == bool(self.locked()):
            self.switched = (*self.switched, next(STAMPS))

    def refuse_frozen(self) -> None:
        """Raises TraceError if it may not be written into."""
        if self.locked():
            self._settle()
            if why := self.locked():
                self._refuse(ReadOnly, f"writing into {why}", READ_ONLY)
        if self.own.frozen:
            self._refuse(TraceError, f"writing into {self.own.frozen}", SEEN)
        self.refuse_around("writing into an array")

    def refuse_around(self, what: str) -> None:
        """Raises TraceError if it lies around what is traced once."""
        if self.root.born < self.recorder.world.since:
            raise from_around(self.recorder, what)

    def _refuse(self, kind: type[TraceError], what: str, why: str) -> NoReturn:
        raise self.recorder.refused(
            kind(f"{what}: {why}", where=users_place(), remedy="Write into a copy: x = x.copy().")
        )


def refuse(x: Tracked, what: str, why: str, remedy: str) -> NoReturn:
    """Raises TraceError: what was asked of a traced value, why not, and what to do."""
    raise x.recorder.refused(
        TraceError(
            f"{what} of a traced value in {x.space}: {why}", where=users_place(), remedy=remedy
        )
    )


def sample(value: Any) -> Any:
    """A value of the type that a traced value stands for, to ask about types.

    >>> sample(3)
    3
    """
    if not isinstance(value, Tracked):
        return value
    if value.is_array:
        return np.empty((0,) * max(1, value.ndim), value.dtype)
    return value.dtype.type(0).item() if value.weak else value.dtype.type(0)


def named(value: Any) -> str:
    """The name of the type of a value, of a traced one that which it stands for.

    >>> named(3), named(np.float64(1.0))
    ('int', 'numpy.float64')
    """
    kind = type(sample(value))
    return kind.__name__ if kind.__module__ != "numpy" else f"numpy.{kind.__name__}"


def forgetting(args: Iterable[Any], found: Any) -> Any:
    """What was made of arrays; how it lies in memory is not known if it is not of one of them."""
    for arg in args:
        given = arg if type(arg) in (list, tuple) else (arg,)
        if any(isinstance(a, Tracked) and a.ndim > 1 and a.own.order is None for a in given):
            for made in found if type(found) in (list, tuple) else (found,):
                if isinstance(made, Tracked) and made.ndim > 1:
                    made.own.order = None
    return found
