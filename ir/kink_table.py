"""What the derivative is where there is none: every convention once, in words and as a case to run.

README shows this table, the tests run its cases in every mode and on every backend, and
`cats.kinks` quotes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cats.ir.primitive import imported

INF, NAN = float("inf"), float("nan")
EQUAL = "np.diag([1.0, 0.0]) * x + np.eye(2)"
"""A matrix with two equal eigenvalues at x = 0."""


@dataclass(frozen=True)
class Point:
    """A formula in x, or in x and y, at a kink; `slopes` is its gradient there.

    A gradient in an array is written as a tuple, as the array is. `modules` are those that the
    formula speaks of besides np.
    """

    formula: str
    at: tuple[Any, ...]
    slopes: tuple[Any, ...]
    modules: tuple[str, ...] = ()

    @property
    def function(self) -> Callable[..., Any]:
        """The formula as a function.

        >>> Point("np.abs(x)", (0.0,), (0.0,)).function(-2.0)
        np.float64(2.0)
        """
        names = ", ".join("xy"[: len(self.at)])
        return eval(f"lambda {names}: {self.formula}", imported(self.modules))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Convention:
    """A row of the table.

    what        has a kink, and where
    derivative  that is taken there
    operations  names of the primitives whose field `kinks` says where
    """

    what: str
    derivative: str
    operations: tuple[str, ...]
    cases: tuple[Point, ...]

    def __str__(self) -> str:
        return f"{self.what}: {self.derivative}"


CONVENTIONS = (
    Convention(
        "`abs` at 0",
        "0",
        ("abs",),
        (Point("np.abs(x)", (0.0,), (0.0,)),),
    ),
    Convention(
        "ties in `maximum`, `minimum`, `max`, `min`, `clip`",
        "shared equally",
        ("maximum", "minimum", "max", "min", "running_max", "running_min"),
        (
            Point("np.maximum(x, y)", (2.0, 2.0), (0.5, 0.5)),
            Point("np.minimum(x, y)", (2.0, 2.0), (0.5, 0.5)),
            Point("np.max(x)", ((1.0, 1.0, 0.0),), ((0.5, 0.5, 0.0),)),
            Point("np.min(x)", ((3.0, 1.0, 1.0, 1.0, 1.0),), ((0.0, 0.25, 0.25, 0.25, 0.25),)),
            Point("np.maximum.accumulate(x)[1]", ((1.0, 1.0, 0.0),), ((0.5, 0.5, 0.0),)),
            Point("np.minimum.accumulate(x)[2]", ((2.0, 1.0, 1.0),), ((0.0, 0.5, 0.5),)),
            Point("np.clip(x, 0.0, 1.0)", (0.0,), (0.5,)),
            Point("np.clip(x, 0.0, 1.0)", (1.0,), (0.5,)),
        ),
    ),
    Convention(
        "ties in `sort`, `partition`, `median`, `quantile`",
        "of the stable order: of equal entries the first one stands first",
        ("sort", "argsort", "partition", "argpartition", "ranked"),
        (
            Point("np.sort(x)[1]", ((1.0, 1.0, 0.0),), ((1.0, 0.0, 0.0),)),
            Point("np.partition(x, 2)[2]", ((1.0, 1.0, 0.0),), ((0.0, 1.0, 0.0),)),
            Point("np.median(x)", ((1.0, 2.0, 1.0, 1.0, 0.0),), ((0.0, 0.0, 1.0, 0.0, 0.0),)),
            Point("np.quantile(x, 0.75)", ((1.0, 1.0, 0.0),), ((0.5, 0.5, 0.0),)),
        ),
    ),
    Convention(
        "`argmax`, `searchsorted`, bins of a histogram, where two answers meet",
        "of the entry or the bin that is taken",
        ("argmax", "argmin", "searchsorted", "digitize", "binned"),
        (
            Point("x[np.argmax(x)]", ((0.0, 1.0, 1.0),), ((0.0, 1.0, 0.0),)),
            Point("x[np.argmin(x)]", ((0.0, 0.0, 1.0),), ((1.0, 0.0, 0.0),)),
            Point("x * np.searchsorted([1.0, 2.0], x)", (2.0,), (1.0,)),
            Point("x * np.digitize(x, [1.0, 2.0])", (2.0,), (2.0,)),
        ),
    ),
    Convention(
        "`interp` at a knot",
        "the mean of both sides, 0 beyond the first and the last knot",
        ("interp",),
        (
            Point("np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 4.0])", (1.0,), (2.0,)),
            Point("np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 4.0])", (2.0,), (1.5,)),
        ),
    ),
    Convention(
        "`sign`, `floor`, `ceil`, `rint`, `trunc`, `//` at a jump",
        "0",
        ("sign", "floor", "ceil", "rint", "trunc", "floor_divide"),
        (
            Point("np.sign(x)", (0.0,), (0.0,)),
            Point("np.floor(x)", (2.0,), (0.0,)),
            Point("np.ceil(x)", (2.0,), (0.0,)),
            Point("np.rint(x)", (0.5,), (0.0,)),
            Point("np.trunc(x)", (-1.0,), (0.0,)),
            Point("x // y", (6.0, 2.0), (0.0, 0.0)),
        ),
    ),
    Convention(
        "`heaviside(x, y)` at x = 0",
        "0 in x, 1 in y",
        ("heaviside",),
        (Point("np.heaviside(x, y)", (0.0, 0.5), (0.0, 1.0)),),
    ),
    Convention(
        "`x % y`, `fmod(x, y)`, and `modf(x)`, where y is 1, at a jump",
        "1 in x, minus the whole quotient in y",
        ("remainder", "fmod", "fraction"),
        (
            Point("x % y", (6.0, 2.0), (1.0, -3.0)),
            Point("np.fmod(x, y)", (-6.0, 2.0), (1.0, 3.0)),
            Point("np.modf(x)[0]", (2.0,), (1.0,)),
        ),
    ),
    Convention(
        "`copysign` in an argument that is 0",
        "0",
        ("copysign",),
        (
            Point("np.copysign(x, y)", (0.0, -1.0), (0.0, 0.0)),
            Point("np.copysign(x, y)", (3.0, 0.0), (1.0, 0.0)),
        ),
    ),
    Convention(
        "`hypot`, `np.linalg.norm` and `std` where they are 0",
        "0",
        ("hypot", "root", "unit"),
        (
            Point("np.hypot(x, y)", (0.0, 0.0), (0.0, 0.0)),
            Point("np.linalg.norm(x)", ((0.0, 0.0),), ((0.0, 0.0),)),
            Point("np.std(x)", ((2.0, 2.0, 2.0),), ((0.0, 0.0, 0.0),)),
        ),
    ),
    Convention(
        "`i0e`, and `ive` of the order 0, at 0",
        "the mean of both sides, 0",
        ("i0e", "ive", "ive_derivative"),
        (
            Point("scipy.special.i0e(x)", (0.0,), (0.0,), ("scipy.special",)),
            Point("scipy.special.ive(0, x)", (0.0,), (0.0,), ("scipy.special",)),
        ),
    ),
    Convention(
        "`arctan2` at (0, 0)",
        "0",
        ("arctan2", "inversion"),
        (Point("np.arctan2(x, y)", (0.0, 0.0), (0.0, 0.0)),),
    ),
    Convention(
        "`sqrt`, `cbrt`, `log` at 0, and others where the slope has no bound",
        "the one-sided limit, infinite",
        (
            *("sqrt", "cbrt", "log", "log2", "log10", "log1p"),
            *("arcsin", "arccos", "arccosh", "arctanh"),
        ),
        (
            Point("np.sqrt(x)", (0.0,), (INF,)),
            Point("np.cbrt(x)", (0.0,), (INF,)),
            Point("np.log(x)", (0.0,), (INF,)),
            Point("np.log2(x)", (0.0,), (INF,)),
            Point("np.log10(x)", (0.0,), (INF,)),
            Point("np.log1p(x)", (-1.0,), (INF,)),
            Point("np.arcsin(x)", (1.0,), (INF,)),
            Point("np.arccos(x)", (-1.0,), (-INF,)),
            Point("np.arccosh(x)", (1.0,), (INF,)),
            Point("np.arctanh(x)", (-1.0,), (INF,)),
        ),
    ),
    Convention(
        "`x**y` at x = 0",
        "in x the limit for x > 0, so 0 for `x**0`; in y 0 for y >= 0",
        ("power", "power_derivative"),
        (
            Point("x**y", (0.0, 0.0), (0.0, 0.0)),
            Point("x**y", (0.0, 0.5), (INF, 0.0)),
            Point("x**y", (0.0, 1.0), (1.0, 0.0)),
            Point("x**y", (0.0, 2.5), (0.0, 0.0)),
            Point("x**y", (0.0, -1.0), (-INF, -INF)),
        ),
    ),
    Convention(
        "`where` and `if`, decided by a comparison of equal numbers",
        "of the branch taken",
        ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"),
        (
            Point("np.where(x < y, x, 2.0 * x)", (0.0, 0.0), (2.0, 0.0)),
            Point("np.where(x <= y, x, 2.0 * x)", (0.0, 0.0), (1.0, 0.0)),
            Point("np.where(x > y, x, 2.0 * x)", (0.0, 0.0), (2.0, 0.0)),
            Point("np.where(x >= y, x, 2.0 * x)", (0.0, 0.0), (1.0, 0.0)),
            Point("np.where(x == y, x, 2.0 * x)", (0.0, 0.0), (1.0, 0.0)),
            Point("np.where(x != y, x, 2.0 * x)", (0.0, 0.0), (2.0, 0.0)),
            Point("x if x > 0.0 else 2.0 * x", (0.0,), (2.0,)),
        ),
    ),
    Convention(
        "a singular value where it is 0, and norms made of it",
        "0",
        ("svd", "svdvals"),
        (Point("np.linalg.norm(np.diag([1.0, 2.0]) * x, 'nuc')", (0.0,), (0.0,)),),
    ),
    Convention(
        "one of several equal eigenvalues",
        "along the vector that is found for it",
        ("eigvalsh",),
        (Point(f"np.sum(np.linalg.eigvalsh({EQUAL}))", (0.0,), (1.0,)),),
    ),
    Convention(
        "vectors of eigenvalues or singular values that agree to rounding",
        "nan",
        ("eigh", "scipy_eigh"),
        (Point(f"np.linalg.eigh({EQUAL})[1][0, 0]", (0.0,), (NAN,)),),
    ),
    Convention(
        "`pinv`, `lstsq`",
        "along matrices of the same rank",
        (),
        (
            Point(
                "np.sum(np.linalg.pinv(x))",
                (((2.0, 0.0), (0.0, 0.0)),),
                (((-0.25, 0.25), (0.25, 0.0)),),
            ),
        ),
    ),
)
"""The conventions at kinks: the same in every mode, at every order."""

OF_OPERATION = {name: row for row in CONVENTIONS for name in row.operations}
"""The convention of a primitive, by its name."""
