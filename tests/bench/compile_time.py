"""How long a gradient takes to compile: python -m tests.bench.compile_time, jax beside it."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

import cats

SIZES = (3_000, 100_000)


def chain(np_like: Any, n: int) -> Callable[[Any], Any]:
    """A chain of n operations over a vector, and its sum."""

    def f(x: Any) -> Any:
        y = x
        for _ in range(n // 3):
            y = np_like.sin(y) * x + y
        return np_like.sum(y)

    return f


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak(n: int) -> float:
    """The largest memory held while compiling, in bytes for each operation."""
    tracemalloc.start()
    cats.grad(chain(np, n))(np.ones(10))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / n


def with_jax(n: int) -> float:
    """The same in jax: trace, compile and run once."""
    import jax
    import jax.numpy

    compiled = jax.jit(jax.grad(chain(jax.numpy, n)))
    return seconds(lambda: compiled(jax.numpy.ones(10)).block_until_ready())


def main() -> None:
    """Prints a line for each size."""
    for n in SIZES:
        took = seconds(lambda n=n: cats.grad(chain(np, n))(np.ones(10)))  # type: ignore[misc]
        print(f"{n:>7} operations: {took:6.2f} s to the first gradient", end="")
        if n <= 10_000:
            print(f", {peak(n) / 1024:.1f} KiB held for each", end="")
            if find_spec("jax") is not None:
                print(f"; jax {with_jax(n):.2f} s", end="")
        print(flush=True)


if __name__ == "__main__":
    main()
