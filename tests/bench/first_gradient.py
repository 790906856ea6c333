"""How long unmodified functions take to their first gradient: python -m tests.bench.first_gradient.

For each published function: the operations of its trace, milliseconds from the first call to the
first gradient, the same for each operation, then a gradient that is compiled already, and how many
times the function itself that takes; all in processor time. Of a function with several results
the sum is differentiated.
"""

from __future__ import annotations

import importlib
import sys
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

import cats
from cats.tree import flatten
from tests.spec.published.points import POINTS


def milliseconds(work: Callable[[], Any], times: int = 1) -> float:
    """How long it takes, the least of some times."""
    took = []
    for _ in range(times):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return 1e3 * min(took)


def summed(f: Callable[..., Any]) -> Callable[..., Any]:
    """The sum of all results."""

    def total(*args: Any) -> Any:
        found = f(*args)
        parts = found if isinstance(found, tuple | list) else (found,)
        return sum(np.sum(part) for part in parts)

    return total


def measured(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[int, float, float, float]:
    """(operations, ms to the first gradient, ms to the next, times the function itself)."""
    active = tuple(i for i, a in enumerate(args) if any(
        np.asarray(v).dtype.kind == "f" for v in flatten(a)[0]))  # fmt: skip
    gradient = cats.grad(summed(f), active)
    first = milliseconds(lambda: gradient(*args))
    again = milliseconds(lambda: gradient(*args), 7)
    plain = milliseconds(lambda: f(*args), 7)
    return len(cats.trace(summed(f), *args).steps), first, again, again / plain


def main(modules: list[str]) -> None:
    """Prints a line for each function, and the medians."""
    cats.grad(lambda x: x * x)(1.0)
    warnings.simplefilter("ignore")
    rows = []
    print(f"{'function':38}{'operations':>11}{'first':>9}{'each':>8}{'then':>9}{'times f':>9}")
    for module in modules or POINTS:
        plain = importlib.import_module(f"tests.spec.published.{module}")
        for name, points in POINTS[module].items():
            count, first, again, ratio = measured(getattr(plain, name), points[0])
            rows.append((first, first / max(count, 1), again, ratio))
            print(f"{module + '.' + name:38}{count:>11}{first:>9.1f}{rows[-1][1]:>8.3f}"
                  f"{again:>9.3f}{ratio:>9.2f}")  # fmt: skip
    first, each, again, ratio = (median(column) for column in zip(*rows, strict=True))
    print(f"{'median':49}{first:>9.1f}{each:>8.3f}{again:>9.3f}{ratio:>9.2f}  (ms)")


if __name__ == "__main__":
    main(sys.argv[1:])
