"""A function of NumPy called on traced values: what is said for it, and what is made of the result.

Where no argument of the trace has a part in it, it is NumPy's own function that is called.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cats.chosen import Chosen
from cats.ir.errors import CatsError, SpaceError, TraceError, Where
from cats.ir.spaces import Value
from cats.mistakes import as_numpy
from cats.outs import Out, separated
from cats.places import users_place
from cats.plain import as_array
from cats.recorder import Recorder, newest_recorder
from cats.refusals import Refusal, refusal_of
from cats.titles import shown, title
from cats.tracked import Tracked, View, forgetting, order_of_line

_MISTAKES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What a function of the table raises on arguments it cannot take."""

_UNKNOWN = Refusal("is not known to cats, so it cannot be differentiated")


def called(
    recorder: Recorder, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """A function of NumPy on traced values. Raises TraceError, naming it, if cats has none."""
    if isinstance(function, np.ufunc) and len(args) > function.nargs:
        recorder.refuse(
            f"{shown(function)} of {len(args)} arguments",
            f"it takes no more than {function.nargs}",
            "Give what belongs together as one array.",
        )
    args = tuple([v if isinstance(v, Tracked) else as_array(v) for v in args])
    for v in args:
        if type(v) is Chosen:
            return v.called(function, args, kwargs)
    args, kwargs, out = separated(function, args, kwargs)
    makes = isinstance(function, np.ufunc) and (out is None or out.leaves)
    if makes and kwargs.get("where", True) is not True:
        recorder.refuse(
            f"{shown(function)} with where= and without out=",
            "NumPy leaves the other entries of the result as they happen to be",
            "Give out= an array that has these entries.",
        )
    speech = recorder.speech
    if function not in speech.views:
        known = known_arguments(args, kwargs)
        if known is not None:
            return _plainly(recorder, function, args, *known, out)
    said = speech.said(function)
    if said is None:
        raise unknown(recorder, function)
    told = {} if out is None else speech.told(function, out.dtype)
    try:
        found = said(*args, **kwargs, **told)
        if function not in speech.views:
            found = _detached(recorder, found, args)
        if out is not None:
            return _written(recorder, out, found)
        return _settled(recorder, _boxed(recorder, function, args, found))
    except np.linalg.LinAlgError:
        raise
    except CatsError as error:
        placed = error.at(users_place()).advised(_remedy(error))
        raise _mistaken(recorder, placed, function, args, kwargs, out) from error.__cause__
    except _MISTAKES as error:
        found = cannot_take(function, error)
        raise _mistaken(recorder, found, function, args, kwargs, out) from error


# Errors


def cannot_take(function: Any, error: Exception) -> CatsError:
    """The error for arguments that a function cannot take, with what it says of them."""
    if isinstance(error, CatsError):
        return error.at(users_place())
    name = shown(function)
    return TraceError(
        f"{name} cannot take these arguments: {error}",
        where=users_place(),
        remedy=f"Check the arguments of {name}; cats takes those that NumPy takes.",
    )


def unknown(recorder: Recorder, function: Any, where: Where | None = None) -> CatsError:
    """The error for a function that the table does not have, with the reason if there is one.

    where   the line that it is about, if it is not the one that runs
    It is remembered, as every refusal is.
    """
    refusal = refusal_of(title(function), recorder.speech.refused)
    found = refusal or _UNKNOWN
    what = f"{shown(function)}:" if refusal else shown(function)
    return recorder.refused(
        TraceError(f"{what} {found.why}", where=where or users_place(), remedy=found.instead)
    )


def _mistaken(
    recorder: Recorder,
    error: CatsError,
    function: Any,
    args: Any,
    kwargs: dict[str, Any],
    out: Out | None,
) -> CatsError:
    """The error of a call: if NumPy raises one too, of its kind, and not remembered."""
    speech = recorder.speech
    if error is recorder.refusal or refusal_of(title(function), speech.refused) is not None:
        return recorder.refused(error)
    options = kwargs if out is None else {**kwargs, "out": out.given}
    return recorder.refused(as_numpy(error, speech.plainly(function), args, options))


def _remedy(error: CatsError) -> str | None:
    """What to do about arguments of a function of NumPy that do not fit, which it would refuse."""
    if isinstance(error, IndexError):
        return "Index within x.shape, from 0 or back from -1, with no more indices than axes."
    if isinstance(error, SpaceError):
        return "Give the arguments shapes that fit each other: x.shape says what each has."
    return None


# Arrays that are there


def _plainly(
    recorder: Recorder,
    function: Any,
    args: Any,
    known: tuple[Any, ...],
    options: dict[str, Any],
    out: Out | None,
) -> Value:
    """NumPy's own function on arrays that are there."""
    target = args[0] if args and recorder.speech.writes_into(function) else None
    if isinstance(target, Tracked):
        target.refuse_frozen()
    blank = {"out": out.blank()} if out is not None else {}
    plainly = recorder.speech.plainly(function)
    found = forgetting(args, _apart(recorder, plainly(*known, **options, **blank), known))
    if isinstance(target, Tracked):
        target.own.version += 1
        target.own.entries.clear()
    return found if out is None else _written(recorder, out, found)


def _apart(recorder: Recorder, found: Any, args: tuple[Any, ...]) -> Any:
    """What NumPy made of arrays that are there; what shares memory with them is read-only."""
    made = recorder.local(found)
    if isinstance(made, Tracked) and made.known is not None:
        arrays = [a for a in args if isinstance(a, np.ndarray)]
        if any(np.may_share_memory(made.known, a) for a in arrays):
            made.own.frozen = "a view, or the argument itself, that NumPy returned"
    return made


def known_arguments(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The arguments, arrays that are there in place of traced values; None if some are not."""
    for value in args:
        if isinstance(value, Tracked) and value.known is None:
            return None
    try:
        return tuple(map(_known, args)), {key: _known(value) for key, value in kwargs.items()}
    except _NotKnown:
        return None


class _NotKnown(Exception):
    """A value in which an argument of the trace has a part."""


def _known(value: Any) -> Any:
    if isinstance(value, Tracked):
        known = value.known
        if known is None:
            raise _NotKnown
        return known if value.is_array else known[()]
    if isinstance(value, list):
        return list(map(_known, value))
    if type(value) is tuple:
        return tuple(map(_known, value))
    if type(value) is np.ndarray and value.dtype == object and newest_recorder([value]):
        raise _NotKnown
    return value


# Results


def _settled(recorder: Recorder, found: Value) -> Value:
    """A result as the user gets it: a number no argument has a part in is NumPy's number."""
    if isinstance(found, Tracked):
        known = None if found.is_array else found.known
        return found if known is None else known[()]
    if type(found) in (list, tuple):
        return type(found)([_settled(recorder, f) for f in found])
    return recorder.local(found)


def _boxed(recorder: Recorder, function: Any, args: tuple[Any, ...], found: Value) -> Value:
    """A result without axes as an array, where NumPy gives one."""
    asked = recorder.speech.arrays.get(function)
    scalar = isinstance(found, Tracked) and not found.is_array
    if asked is None or not scalar or not asked(args[0] if args else None):
        return found
    return found.in_box(found.as_view)


def _detached(recorder: Recorder, found: Value, args: tuple[Any, ...]) -> Value:
    """A result that is an array of its own, and no view or argument."""
    if isinstance(found, Tracked):
        apart = type(found._link) is not View and not any(found is a for a in args)
        return found if apart else _anywhere(recorder.fresh(found))
    if type(found) in (list, tuple):
        return type(found)(_detached(recorder, f, args) for f in found)
    return found


def _anywhere(made: Tracked) -> Tracked:
    """An array of which is not said how it lies in memory."""
    made.own.order = order_of_line(made.ndim)
    return made


def _written(recorder: Recorder, out: Out, found: Value) -> Value:
    """The result written into the array, or the arrays, given as `out=`."""
    results = found if isinstance(found, tuple) else (found,)
    if len(out.arrays) != len(results):
        raise ValueError(f"out= has {len(out.arrays)} arrays, and there are {len(results)} results")
    pairs = zip(out.arrays, results, strict=True)
    made = tuple([_into(recorder, array, result, out) for array, result in pairs])
    return made if isinstance(found, tuple) else made[0]


def _into(recorder: Recorder, array: Any, found: Value, out: Out) -> Value:
    if array is None:
        scalar = isinstance(found, Tracked) and not found.is_array
        return found.in_box() if out.boxed and scalar else found
    if not isinstance(array, Tracked | np.ndarray):
        raise TypeError(f"out= takes an array, and no {type(array).__name__}")
    if not isinstance(array, Tracked):
        recorder.refuse(
            "out= given an array from outside the function",
            "what is written there would be seen outside",
            "Make the array inside the function, or use the returned value.",
        )
    return recorder.speech.names["write"](array, found, out.where, out.casting)
