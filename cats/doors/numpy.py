"""NumPy's functions as they are called in a traced function, on traced values or on none.

On traced values, also inside lists, the function is said in the vocabulary. On none it is NumPy's
own, and the arrays it makes may be written into, also with traced values.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NoReturn, Protocol

import numpy as np

from cats.calls import called, cannot_take, known_arguments, unknown
from cats.concrete import NoValue
from cats.doors.refusing import RANDOM, draws, words
from cats.doors.searches import apart
from cats.doors.single import Single
from cats.doors.taken_out import refuse_text
from cats.ir.errors import CatsError
from cats.mistakes import of_kind, refused
from cats.places import users_place
from cats.plain import as_array
from cats.recorder import Recorder, newest_recorder
from cats.refusals import Search, refusal_of
from cats.titles import title
from cats.traced import Traced


class Speaks(Protocol):
    """What a door asks of the trace it belongs to."""

    @property
    def recorder(self) -> Recorder:
        """The innermost trace that is open."""
        ...

    def own_code(self, function: Any) -> Callable[..., Any] | None:
        """NumPy's own code for a function that the table does not have, as it would be traced."""
        ...


CLASSES = (np.ndenumerate, np.nditer, np.broadcast)
"""Classes of NumPy that are called on arrays, as functions are."""

KEYED = (np.r_, np.c_, np.s_, np.index_exp, np.mgrid, np.ogrid)
"""Objects of NumPy that are asked with a key between brackets."""


class Keyed(Single):
    """One of KEYED: with traced values in the key its own code is traced."""

    __slots__ = ("_session", "real")

    def __init__(self, session: Speaks, real: Any) -> None:
        self._session = session
        self.real = real

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        ends = [(p.start, p.stop, p.step) if isinstance(p, slice) else p for p in parts]
        own = self._session.own_code(type(self.real).__getitem__)
        if own is not None and newest_recorder(ends) is not None:
            return own(self.real, key)
        return self._session.recorder.local(self.real[key])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def __repr__(self) -> str:
        return repr(self.real)


class Door(Single):
    """A function of NumPy, equal to it."""

    __slots__ = ("_session", "real")

    def __init__(self, session: Speaks, real: Any) -> None:
        self._session = session
        self.real = real

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return opened(self._session, self.real, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if isinstance(self.real, np.ufunc) and name in _METHODS:
            return Method(self._session, self.real, name)
        if isinstance(found, types.MethodType) and of_scipy(found):
            return Door(self._session, found)
        return found

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        binds = owner is not None and isinstance(self.real, types.FunctionType)
        return types.MethodType(self, owner) if binds else self

    def __eq__(self, other: object) -> bool:
        return getattr(other, "real", other) is self.real

    def __hash__(self) -> int:
        return hash(self.real)

    def __repr__(self) -> str:
        return repr(self.real)


def of_scipy(function: Any) -> bool:
    """Whether a function is SciPy's: its own code does what ours cannot always follow."""
    return str(getattr(function, "__module__", "")).partition(".")[0] == "scipy"


def is_distribution(value: Any) -> bool:
    """Whether an object is one of SciPy's distributions, which draw when they are asked to."""
    return type(value).__module__.startswith("scipy.stats") and hasattr(value, "rvs")


_METHODS = ("reduce", "accumulate", "outer", "at", "reduceat")


class Method(Single):
    """A method of a universal function: np.add.reduce, np.maximum.accumulate, ..."""

    __slots__ = ("_name", "_session", "_ufunc")

    def __init__(self, session: Speaks, ufunc: np.ufunc, name: str) -> None:
        self._session = session
        self._ufunc = ufunc
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return opened(self._session, (self._ufunc, self._name), args, kwargs)


def opened(session: Speaks, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of NumPy on whatever the arguments are."""
    if function is np.fromiter and args:
        args = (_listed(*args, **kwargs), *args[1:])
    args = tuple(map(as_array, args))
    kwargs = {key: value for key, value in kwargs.items() if value is not np._NoValue}
    speech, name = session.recorder.speech, title(function)
    if name in speech.outside:
        raise unknown(session.recorder, function)
    if isinstance(refusal_of(name, speech.refused), Search):
        return _searched(session, function, args, kwargs)
    recorder = newest_recorder((args, kwargs))
    if function is np.nditer:
        _refuse_frozen(*args, **kwargs)
    back = _calls_back((*args, *kwargs.values()))
    if recorder is None and not back:
        if of_scipy(function) and draws(function, kwargs):
            session.recorder.refuse(*RANDOM)
        return _plainly(session, function, args, kwargs)
    recorder = recorder or session.recorder
    said = recorder.speech.said(function)
    seen = function in recorder.speech.views
    if said is None and (back or seen or known_arguments(args, kwargs) is None):
        own = session.own_code(function)
        if own is not None:
            return _tried(own, function, recorder, args, kwargs)
    return called(recorder, function, args, kwargs)


def _plainly(session: Speaks, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A library's function on what is no part of the trace."""
    recorder = session.recorder
    if any(map(recorder.world.wrote, words(function, [*args, *kwargs.values()]))):
        refuse_text(session, f"np.{function.__name__}")
    made = recorder.local(recorder.speech.plainly(function)(*args, **kwargs))
    return Door(session, made) if is_distribution(made) else made


def _searched(session: Speaks, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A search on numbers; refused where traced values have a part in it, and where it draws."""
    place = users_place()

    def refuse() -> NoReturn:
        raise unknown(session.recorder, function, place)

    if draws(function, kwargs):
        refuse()
    return _plainly(session, function, apart(args, refuse), apart(kwargs, refuse))


def _calls_back(values: Iterable[Any]) -> bool:
    """Whether a function of the user's is among the arguments: it may give back traced values."""
    return any(isinstance(a, types.FunctionType | types.MethodType) for a in values)


def _tried(
    own: Callable[..., Any],
    function: Any,
    recorder: Recorder,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """A library's own code, traced; where it does what cannot be traced, the function is unknown.

    Compiled code may swallow the error, or say it in words of its own. Arguments that the library
    refuses too are the user's mistake.
    """
    before = recorder.refusal
    try:
        found = own(*args, **kwargs)
        if recorder.refusal is before:
            return found
        cause: Exception | None = recorder.refusal
    except NoValue:
        raise
    except Exception as error:
        cause = error
    recorder.refusal = before
    speech = recorder.speech
    said = refusal_of(title(function), speech.refused)
    kind = None if said else refused(speech.plainly(function), args, kwargs)
    if kind is not None and cause is not None:
        raise of_kind(kind, cannot_take(function, cause)) from cause
    if cause is None or isinstance(cause, CatsError | AttributeError) or of_scipy(function):
        raise unknown(recorder, function) from cause
    raise cause


def _refuse_frozen(
    op: Any, flags: Any = (), op_flags: Any = None, *_: Any, **_options: Any
) -> None:
    """Raises TraceError where np.nditer would write into an array from outside."""
    operands = op if isinstance(op, list | tuple) else [op]
    rows = op_flags or [["readonly"]] * len(operands)
    rows = [rows] * len(operands) if isinstance(rows[0], str) else rows
    for x, row in zip(operands, rows, strict=False):
        if isinstance(x, Traced) and not {"readwrite", "writeonly"}.isdisjoint(row):
            x.refuse_frozen()


def _listed(iter: Any, dtype: Any = None, count: int = -1, **options: Any) -> list[Any]:
    """What np.fromiter reads of an iterable."""
    return list(iter) if count < 0 else list(islice(iter, count))
