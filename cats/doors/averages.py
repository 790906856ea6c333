"""Python's `statistics` on traced numbers: its means, medians and deviations."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from cats.calls import called
from cats.doors.python import in_order, number
from cats.recorder import newest_recorder
from cats.traced import Traced

Numbers = list[Any]


def of_statistics(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of STATISTICS on traced numbers; its result is a Python number.

    Where it raises on numbers it is left to raise: too few, or weights that do not fit.
    """
    own = STATISTICS[function]

    def call(*args: Any, **kwargs: Any) -> Any:
        args = tuple(map(_listed, args))
        kwargs = {name: _listed(value) for name, value in kwargs.items()}
        if newest_recorder((args, kwargs)) is None:
            return function(*args, **kwargs)
        function(*map(_like, args), **{name: _like(value) for name, value in kwargs.items()})
        return number(own(*args, **kwargs))

    return functools.wraps(function)(call)


def _listed(value: Any) -> Any:
    """Numbers in a list, also those of a generator; a number or None as it is."""
    single = value is None or (isinstance(value, Traced) and not value.ndim)
    return list(value) if not single and isinstance(value, Iterable) else value


def _like(value: Any) -> Any:
    """Plain numbers in place of traced ones, by which it is seen how many there are."""
    if isinstance(value, list):
        return list(map(_like, value))
    return 1.0 if isinstance(value, Traced) else value


def _called(function: Any, xs: Numbers, **options: Any) -> Any:
    """A function of NumPy or `math` on the numbers."""
    recorder = newest_recorder(xs)
    if recorder is None:
        return function(xs, **options)
    return called(recorder, function, (xs,), options)


def _mean(data: Numbers, weights: Iterable[Any] | None = None) -> Any:
    """The mean, of one rounding of the sum, as fmean has it."""
    if weights is None:
        return _called(math.fsum, data) / len(data)
    over = list(weights)
    products = [x * w for x, w in zip(data, over, strict=True)]
    return _called(math.fsum, products) / _called(math.fsum, over)


def _median(data: Numbers) -> Any:
    """The middle one, or the mean of the two in the middle."""
    ordered = in_order(_called(np.stack, data))
    half = len(data) // 2
    return ordered[half] if len(data) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _variance(lost: int) -> Callable[..., Any]:
    """The mean square of the distances from the mean, which may be given.

    lost   how much less than their number the squares are divided by
    """

    def call(xs: Numbers, middle: Any = None) -> Any:
        if middle is None:
            return _called(np.var, xs, ddof=lost)
        return _called(math.fsum, [(x - middle) ** 2 for x in xs]) / (len(xs) - lost)

    return call


def _deviation(lost: int) -> Callable[..., Any]:
    """The root of the variance."""

    def call(xs: Numbers, middle: Any = None) -> Any:
        if middle is None:
            return _called(np.std, xs, ddof=lost)
        return np.sqrt(_variance(lost)(xs, middle))

    return call


def _named(own: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of numbers and a mean, which have these names where they are given by name."""
    names = {"data": "xs", name: "middle"}

    def call(*args: Any, **kwargs: Any) -> Any:
        return own(*args, **{names[key]: value for key, value in kwargs.items()})

    return call


STATISTICS: dict[Any, Callable[..., Any]] = {
    statistics.mean: _mean,
    statistics.fmean: _mean,
    statistics.median: _median,
    statistics.variance: _named(_variance(1), "xbar"),
    statistics.pvariance: _named(_variance(0), "mu"),
    statistics.stdev: _named(_deviation(1), "xbar"),
    statistics.pstdev: _named(_deviation(0), "mu"),
}
"""Functions of `statistics` in terms of NumPy's."""
