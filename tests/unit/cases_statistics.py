"""Medians, quantiles, averages, covariances, histograms and interpolation, away from kinks."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.unit.cases_reductions import HOLES, M34, T234, V5, Row, spread

V6, V8 = spread(6, seed=8), spread(8, seed=9)
METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "linear", "median_unbiased", "normal_unbiased", "lower", "higher",
    "midpoint", "nearest",
)  # fmt: skip
WEIGHTS = spread(5, low=0.2, high=2.0, seed=10)
WIDE = spread(3, 4, low=0.2, high=2.0, seed=11)
OFTEN = np.array([1, 3, 2, 1])
NUMBERS = np.array([3, 0, 1, 1, 3])
KNOTS, HEIGHTS = np.array([-0.5, 0.1, 0.62, 1.1]), np.array([0.4, 1.3, -0.2, 0.7])
RANGES: Any = [(-1, 1.5), None]
EDGES: Any = [-1.0, -0.13, 0.42, 1.4]


def _histogram(x: Any) -> Any:
    counts, edges = np.histogram(x, 3)
    return counts * edges[1:]


_RANKS: list[Row] = [
    ("median", lambda x: np.median(x) ** 2, (V5,)),
    ("median even", lambda x: np.median(x, axis=1) * np.median(x, 0, keepdims=True)[0, 0],
     (M34,)),
    ("median axes", lambda x: np.median(x, axis=(0, 2), overwrite_input=True) ** 2, (T234,)),
    ("nanmedian", lambda x: np.nanmedian(x) * np.nanmedian(x, axis=0), (HOLES,)),
    ("nanmedian axis", lambda x: np.nanmedian(x, axis=1, keepdims=True) ** 2, (HOLES,)),
    *[(f"quantile {m}", lambda x, m=m: np.quantile(x, [0.07, 0.61], method=m) ** 2, (V8,))
      for m in METHODS],
    *[(f"nanquantile {m}", lambda x, m=m: np.nanquantile(x, 0.61, axis=0, method=m) ** 2, (HOLES,))
      for m in ("inverted_cdf", "hazen", "midpoint", "nearest")],
    ("quantile axes", lambda x: np.quantile(x, 0.3, axis=(0, 2), keepdims=True) ** 2, (T234,)),
    ("quantile vector", lambda x: np.quantile(x, np.array([[0.1, 0.9]]), axis=0) ** 2, (M34,)),
    ("quantile ends", lambda x: np.quantile(x, 0) * np.quantile(x, 1.0, axis=1), (M34,)),
    ("quantile of q", lambda x, q: np.quantile(x, q) ** 2, (V6, np.array([0.33, 0.71]))),
    ("quantile of one q", lambda x, q: np.quantile(x, q, axis=1, method="hazen"),
     (M34, np.float64(0.43))),
    ("nanquantile of q", lambda x, q: np.nanquantile(x, q, axis=1), (HOLES, np.array([0.27, 0.6]))),
    ("quantile weights", lambda x, w: np.quantile(x, [0.2, 0.7], weights=w, method="inverted_cdf")
     * np.sum(w), (V5, WEIGHTS)),
    ("quantile weights axis", lambda x: np.quantile(x, 0.4, axis=1, weights=[1, 2, 3, 1.5],
     method="inverted_cdf") ** 2, (M34,)),
    ("nanquantile weights", lambda x: np.nanquantile(x, 0.4, axis=1, weights=WIDE,
     method="inverted_cdf") ** 2, (HOLES,)),
    ("percentile", lambda x: np.percentile(x, [30, 72.5]) * np.percentile(x, 50), (V6,)),
    ("nanpercentile", lambda x: np.nanpercentile(x, 35, axis=0, keepdims=True) ** 2, (HOLES,)),
]  # fmt: skip

_AVERAGES: list[Row] = [
    ("average", lambda x: np.average(x) * np.average(x, axis=0), (M34,)),
    ("average weights", lambda x, w: np.average(x, weights=w) ** 2, (V5, WEIGHTS)),
    ("average returned", lambda x, w: list(np.average(x, axis=1, weights=w, returned=True)),
     (M34, np.array([0.5, 1.0, 2.0, 0.2]))),
    ("average keepdims", lambda x: x - np.average(x, 0, WIDE, keepdims=True)
     + np.average(x, returned=True)[1], (M34,)),
    ("average axes", lambda x, w: np.average(x, axis=(2, 0), weights=w) ** 2,
     (T234, spread(4, 2, low=0.3, high=1.0))),
    ("average integers", lambda x: np.average([1, 2, 3, 4, 5], weights=x), (WEIGHTS,)),
    ("cov", lambda x: np.cov(x) * 2, (M34,)),
    ("cov of two", lambda x, y: np.cov(x, y, ddof=0), (V5, V6[:5])),
    ("cov columns", lambda x: np.cov(x, rowvar=False, bias=True), (M34,)),
    ("cov both columns", lambda x, y: np.cov(x, y, rowvar=False), (M34, M34[::-1] ** 2)),
    ("cov number", lambda x: np.cov(x, dtype="f8"), (V5,)),
    ("cov weights", lambda x, w: np.cov(x, aweights=w, fweights=OFTEN, ddof=1),
     (M34, np.array([0.5, 1.0, 2.0, 0.2]))),
    ("cov fweights", lambda x: np.cov(x, fweights=OFTEN), (M34,)),
    ("cov aweights", lambda x, w: np.cov(x, aweights=w, ddof=0), (M34, WIDE[0])),
    ("corrcoef", lambda x: np.corrcoef(x)[0, 1:], (M34,)),
    ("corrcoef of two", lambda x, y: np.corrcoef(x, y, rowvar=False)[0, 1], (V5, V6[:5] ** 2)),
    ("corrcoef of one", lambda x: np.corrcoef(x) * x, (V5,)),
]  # fmt: skip

_COUNTS: list[Row] = [
    ("histogram", _histogram, (V8,)),
    ("histogram of bins", lambda x: x * np.histogram(x, bins=[-9.0, x[0], 9.0])[0][1], (V5,)),
    ("histogram weights", lambda x, w: list(np.histogram(x, EDGES, weights=w)), (V5, WEIGHTS)),
    ("histogram density", lambda x, w: list(np.histogram(x, 2, density=True, weights=w)),
     (V5, WEIGHTS)),
    ("histogram range", lambda x: list(np.histogram(x, 3, range=(-0.7, 0.81), density=True)),
     (V8,)),
    ("histogram edges traced", lambda x, e: list(np.histogram(x, e, density=True)),
     (V8, np.array([-0.72, 0.03, 1.0]))),
    ("histogram auto", lambda x: np.histogram(x, "auto")[1] ** 2, (V8,)),
    ("histogram_bin_edges", lambda x: np.histogram_bin_edges(x, 4) ** 2, (V8,)),
    ("histogram_bin_edges rule", lambda x: np.histogram_bin_edges(x, "fd") ** 2, (V8,)),
    ("histogram2d", lambda x, w: list(np.histogram2d(x[:4], x[4:], [2, EDGES], weights=w)),
     (V8, WIDE[0])),
    ("histogram2d density", lambda x: np.histogram2d(x[:4], x[4:], 2, density=True)[0], (V8,)),
    ("histogram2d edges", lambda x: np.histogram2d(x[:4], x[4:], EDGES)[0] * x[0], (V8,)),
    ("histogramdd", lambda x, w: np.histogramdd(x, (2, 1, 1, 1), weights=w)[0], (M34, WIDE[:, 0])),
    ("histogramdd edges", lambda x: np.histogramdd([x[:4], x[4:]], 2, RANGES)[1], (V8,)),
    ("bincount", lambda w: np.bincount(NUMBERS, weights=w, minlength=6) ** 2, (V5,)),
    ("bincount traced", lambda x, n: np.bincount(n, x * x) * np.bincount(n), (V5, NUMBERS)),
]  # fmt: skip

_LINES: list[Row] = [
    ("interp", lambda x, xp, fp: np.interp(x, xp, fp) ** 2, (V5, KNOTS, HEIGHTS)),
    ("interp number", lambda x, xp, fp: np.interp(x, xp, fp), (np.float64(0.3), KNOTS, HEIGHTS)),
    ("interp matrix", lambda x: np.interp(x, KNOTS, HEIGHTS, left=-1.0, right=3.0), (M34,)),
    ("interp ends traced", lambda x, a: np.interp(x, KNOTS, HEIGHTS, left=a, right=a * a),
     (2 * V5, np.float64(0.31))),
    ("interp period", lambda x, xp, fp: np.interp(2.9 * x, xp, fp, period=1.75),
     (V5, KNOTS, HEIGHTS)),
    ("interp of one", lambda x, fp: np.interp(x, [0.2], fp) * x, (V5, HEIGHTS[:1])),
    ("interp whole", lambda fp: np.interp([0, 1, 2.5], np.arange(4), fp), (HEIGHTS,)),
]  # fmt: skip

ROWS: list[Row] = [*_RANKS, *_AVERAGES, *_COUNTS, *_LINES]
