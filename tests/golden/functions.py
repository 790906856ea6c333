"""The functions of the goldens, as one would write them, and arguments for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cats.ir.parse import parse
from cats.trace import Spec

N, V, M = Spec(()), Spec((3,)), Spec((2, 3))


def worked_example(x: Any, y: Any) -> Any:
    z = x * y
    return np.cos(z), np.sin(z)


def square(x: Any) -> Any:
    return x * x


def magnitude(a: Any, b: Any) -> Any:
    return a * a + b * b


def cosine_of_sum(x: Any, y: Any, z: Any) -> Any:
    return np.cos(x + y * z)


def quotient(x: Any, y: Any) -> Any:
    return np.exp(x) / np.log(y)


def shared(x: Any) -> Any:
    for _ in range(4):
        x = x * x
    return x


def dot(a: Any, b: Any) -> Any:
    return a @ b


def log_sum_exp(x: Any) -> Any:
    largest = np.max(x)
    return np.log(np.sum(np.exp(x - largest))) + largest


def layer(w: Any, b: Any, x: Any) -> Any:
    hidden = np.tanh(w @ x + b)
    return np.sum(hidden**2)


def product(x: Any) -> Any:
    return np.prod(x)


def reads(x: Any) -> Any:
    return x[0] * x[2] + np.sum(x[::-1] * x)


def matrix_square(a: Any) -> Any:
    return a @ a


choice = parse(r"\x y. if x < y then x * x else sin y")
functions_by_hand = parse(r"\x. let twice = \f z. f (f z) in twice (\z. z * sin z) x")


FUNCTIONS: dict[str, tuple[Callable[..., Any] | Any, tuple[Spec, ...]]] = {
    "worked_example": (worked_example, (N, N)),
    "square": (square, (N,)),
    "magnitude": (magnitude, (N, N)),
    "cosine_of_sum": (cosine_of_sum, (N, N, N)),
    "quotient": (quotient, (N, N)),
    "shared": (shared, (N,)),
    "dot": (dot, (V, V)),
    "log_sum_exp": (log_sum_exp, (V,)),
    "layer": (layer, (M, Spec((2,)), V)),
    "product": (product, (V,)),
    "reads": (reads, (V,)),
    "matrix_square": (matrix_square, (Spec((2, 2)),)),
    "choice": (choice, (N, N)),
    "functions_by_hand": (functions_by_hand, (N,)),
}
