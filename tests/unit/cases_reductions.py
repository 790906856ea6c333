"""Reductions with all their options, and those that leave nan out, away from kinks."""

from __future__ import annotations

from typing import Any

import numpy as np

Row = tuple[str, Any, tuple[Any, ...]]


def spread(*shape: int, low: float = -0.9, high: float = 1.3, seed: int = 0) -> Any:
    """Distinct numbers between bounds, well apart but not evenly, in no order."""
    size = int(np.prod(shape))
    numbers = np.linspace(low, high, size + 2)[1:-1]
    numbers += 0.3 * (high - low) / (size + 1) * np.sin(np.arange(size) * 1.7)
    return np.random.default_rng(seed).permutation(numbers).reshape(shape)


V5, M34, T234 = spread(5), spread(3, 4, seed=1), spread(2, 3, 4, seed=2)
MASK = spread(3, 4, seed=3) > -0.4
ROW = np.array([True, False, True, True])
HOLES = np.where(spread(3, 4, seed=4) > 0.6, np.nan, M34)
EMPTY = np.zeros((2, 0))

_OPTIONS: list[Row] = [
    ("initial", lambda x: np.sum(x, initial=2.0) * np.prod(x, 0, initial=0.5), (M34,)),
    ("initial traced", lambda x, y: np.sum(x, initial=y) + np.prod(x, initial=y * y),
     (V5, np.float64(0.7))),
    ("initial of extremes", lambda x: np.max(x, 0, initial=0.33) + np.min(x, initial=-0.2), (M34,)),
    ("initial of nothing", lambda x: np.max(x, axis=1, initial=0.5) + np.min(x, 1, initial=2.0)
     + np.sum(x, 1), (EMPTY,)),
    ("where", lambda x: np.sum(x, where=MASK) * np.prod(x, axis=0, where=MASK), (M34,)),
    ("where row", lambda x: np.sum(x, 1, where=ROW) + np.max(x, 1, initial=-5.0, where=ROW),
     (M34,)),
    ("where traced", lambda x: np.sum(x * x, axis=1, where=x > 0.1) * np.mean(x, where=x < 0.2),
     (M34,)),
    ("where min", lambda x: x.min(axis=0, initial=9.0, where=MASK), (M34,)),
    ("where mean", lambda x: np.mean(x, axis=(0, 1), where=MASK) * x.mean(where=ROW, keepdims=True),
     (M34,)),
    ("where var", lambda x: np.var(x, axis=0, where=MASK) + np.std(x, 1, where=ROW, ddof=1)[0],
     (M34,)),
    ("where truth", lambda x: np.where(np.any(x > 0.5, axis=0, where=MASK), x, 2 * x)
     + np.all(x > -0.5, where=ROW, keepdims=True), (M34,)),
    ("dtype", lambda x: np.sum(x, dtype="f8") * np.prod(x, dtype=np.float64, axis=-1), (M34,)),
    ("dtype mean", lambda x: np.mean(x, dtype="f8") + np.cumsum(x, dtype=float),
     (V5,)),
    ("dtype whole", lambda x: x * np.sum(10 * x, dtype=int) + np.cumprod(x, dtype="i4"), (V5,)),
    ("dtype var", lambda x: np.var(x, dtype="f8") * np.std(x, 0, dtype=np.float64), (M34,)),
    ("ddof", lambda x: np.var(x, 1, ddof=2) * np.std(x, 1, ddof=0.5), (M34,)),
    ("correction", lambda x: np.var(x, correction=1) + np.std(x, axis=0, correction=1), (M34,)),
    ("mean given", lambda x: np.var(x, axis=1, mean=np.mean(x, 1, keepdims=True))
     * np.std(x, mean=0.2), (M34,)),
    ("mean traced", lambda x, m: np.std(x, mean=m) + np.var(x, 0, mean=m * m),
     (M34, np.float64(0.4))),
    ("out", lambda x: [np.sum(x, axis=0, out=np.zeros(4)), np.std(x, 0, None, np.ones(4))], (M34,)),
    ("positional out", lambda x: np.max(x, 1, np.zeros(3)) + np.mean(x, 1, None, np.zeros(3)),
     (M34,)),
    ("keepdims", lambda x: np.ptp(x, (0, 2), keepdims=True) * np.std(x, 1, keepdims=True), (T234,)),
    ("of numbers", lambda x: np.mean(x[0, 0], axis=0, where=x[1, 0] < 9, keepdims=True)
     + np.var(x[0, 2], 0, where=np.array(True)) + np.nanmean(np.asarray(x[0, 1]), axis=-1)
     + np.std(x[1, 0], axis=(), where=np.array([True])[0]), (M34,)),
    ("dtype whole var", lambda x: x * np.var(9 * x, 1, dtype=int)[:, None] + np.std(x, dtype=int),
     (M34,)),
    ("amax", lambda x: np.amax(x, 0) * np.amin(x, axis=1, keepdims=True, initial=0.1), (M34,)),
    ("ptp", lambda x: np.ptp(x) * np.ptp(x, axis=-1), (M34,)),
    ("count_nonzero", lambda x: np.count_nonzero(x > 0.1) * x + np.count_nonzero(x, axis=0),
     (M34,)),
    ("count_nonzero keepdims", lambda x: x * np.count_nonzero(x > 0, keepdims=True)
     + x * np.count_nonzero(x, axis=1, keepdims=True), (M34,)),
    ("argmax", lambda x: x * np.argmax(x) + np.argmax(x, axis=0) * x.argmin(axis=0), (M34,)),
    ("argmin keepdims", lambda x: x * np.argmin(x, keepdims=True) + np.argmin(x, 1, keepdims=True),
     (M34,)),
    ("at the argmax", lambda x: x[np.argmax(x)] ** 2 + x[x.argmin()], (V5,)),
    ("reduce options", lambda x: np.add.reduce(x, 1, keepdims=True, initial=1.0)
     * np.multiply.reduce(x, axis=0, where=MASK), (M34,)),
    ("reduce extremes", lambda x: np.maximum.reduce(x, axis=(0, 1), initial=0.4)
     + np.minimum.reduce(x, 1, keepdims=True), (M34,)),
    ("accumulate dtype", lambda x: np.add.accumulate(x, 1, "f8") * np.multiply.accumulate(x),
     (M34,)),
]  # fmt: skip

_NAN: list[Row] = [
    *[(f"{f.__name__} {axis}", lambda x, f=f, a=axis: f(x, axis=a, keepdims=a == 1), (HOLES,))
      for f in (np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd)
      for axis in (None, 0, 1)],
    ("nansum options", lambda x: np.nansum(x, 0, initial=2.0, where=MASK)
     * np.nanprod(x, dtype="f8"), (HOLES,)),
    ("nanmax options", lambda x: np.nanmax(x, 0, initial=0.31) + np.nanmin(
        x, initial=-0.2, where=MASK), (HOLES,)),
    ("nanmean options", lambda x: np.nanmean(x, 1, where=ROW) * np.nanmean(x, dtype="f8"),
     (HOLES,)),
    ("nanvar options", lambda x: np.nanvar(x, 1, ddof=1) * np.nanstd(x, 1, where=ROW, mean=0.1)
     + np.nanvar(x, correction=1), (HOLES,)),
    ("nanargmax", lambda x: np.nanargmax(x) * np.nansum(x) + np.nanargmin(x, axis=0), (HOLES,)),
    ("nancumsum", lambda x: np.nancumsum(x) * np.nancumprod(x), (HOLES,)),
    ("nancumsum axis", lambda x: np.nancumsum(x, axis=1) * np.nancumprod(x, 0, dtype="f8"),
     (HOLES,)),
    ("no nan", lambda x: np.nanmean(x) * np.nanstd(x, 0) + np.nanmax(x, 0), (M34,)),
    ("nan of whole numbers", lambda x, n: x * np.nansum(n) + np.nanmax(n, 0) * np.nanmean(n)
     + np.nanvar(n), (M34, np.arange(12).reshape(3, 4))),
]  # fmt: skip

_CUMULATIVE: list[Row] = [
    ("cumulative", lambda x: np.cumulative_sum(x, axis=1) * np.cumulative_prod(x, axis=0), (M34,)),
    ("cumulative initial", lambda x: np.cumulative_sum(x, include_initial=True)
     * np.cumulative_prod(x, include_initial=True, dtype="f8"), (V5,)),
]  # fmt: skip

ROWS: list[Row] = [*_OPTIONS, *_NAN, *(_CUMULATIVE if hasattr(np, "cumulative_sum") else [])]
