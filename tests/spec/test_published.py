"""Published functions, unmodified: value, derivative and second derivative at every point."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import cats
from cats.tree import flatten, unflatten
from tests.spec import complex_step, measured
from tests.spec.published.points import POINTS, SEARCHES, Args

FOLDER = Path(__file__).parent / "published"
CASES = [(module, name) for module, rows in POINTS.items() for name in rows]


@lru_cache
def plain(module: str) -> ModuleType:
    """The module as Python imports it."""
    return importlib.import_module(f"tests.spec.published.{module}")


@lru_cache
def on_complex_numbers(module: str) -> ModuleType:
    """The module run on complex numbers."""
    return complex_step.module(str(FOLDER / f"{module}.py"))


def real_leaves(value: Any) -> list[Any]:
    """The leaves of a container that vary."""
    return [v for v in flatten(value)[0] if np.asarray(v).dtype.kind in "fc"]


def line(values: list[Any]) -> Any:
    """Values one after the other."""
    return np.concatenate([np.ravel(v) for v in values])


class Oracle:
    """The Jacobian of a function by the complex step, at arguments near the given ones."""

    def __init__(self, f: Callable[..., Any], args: Args) -> None:
        self.f = f
        self.given, self.tree = flatten(args)
        self.real = [i for i, v in enumerate(self.given) if measured.is_real(v)]
        self.at = line([self.given[i] for i in self.real])

    def shifted(self, row: Any) -> Args:
        """The arguments that a row of complex numbers stands for."""
        values, start = list(self.given), 0
        for i in self.real:
            size = np.size(values[i])
            part = np.reshape(row[start : start + size], np.shape(values[i]))
            values[i] = part if part.ndim else part[()]
            start += size
        return tuple(unflatten(self.tree, values))

    def jacobian(self, at: Any) -> Any:
        """A row for each real result, a column for each real number in the arguments."""
        steps = at + 1j * complex_step.H * np.eye(len(at))
        found = [line(real_leaves(self.f(*self.shifted(row)))) for row in steps]
        return np.stack([np.imag(column) / complex_step.H for column in found], axis=-1)


def close(found: Any, right: Any, digits: float) -> None:
    """Equal to so many digits of the largest entry."""
    assert np.shape(found) == np.shape(right) and np.all(np.isfinite(right))
    scale = max(1e-300, float(np.max(np.abs(right), initial=0.0)))
    np.testing.assert_allclose(found, right, rtol=digits, atol=digits * scale)


def in_rows(found: Any, result: Any) -> Any:
    """A Jacobian as one matrix: a row for each real result."""
    parts = found if isinstance(result, tuple | list) else (found,)
    counts = [np.size(v) for v in real_leaves(result)]
    rows = [
        [np.reshape(v, (n, -1)) for v in real_leaves(p)] for p, n in zip(parts, counts, strict=True)
    ]
    return np.concatenate([np.concatenate(r, axis=1) for r in rows])


@pytest.mark.parametrize(("module", "name"), CASES, ids=[f"{m}.{n}" for m, n in CASES])
def test_published(module: str, name: str) -> None:
    """One compiled function is right at all points, to first and to second order."""
    f, twin = getattr(plain(module), name), getattr(on_complex_numbers(module), name)
    points = POINTS[module][name]
    active = tuple(i for i, a in enumerate(points[0]) if real_leaves(a))
    value, reverse = cats.compile(f), cats.jacobian(f, active, mode="rev")
    for args in points:
        expected, oracle = f(*args), Oracle(twin, args)
        close(line(real_leaves(value(*args))), line(real_leaves(expected)), 1e-13)
        right = oracle.jacobian(oracle.at)
        close(in_rows(reverse(*args), expected), right, 1e-10)
        if name not in SEARCHES:
            second(f, args, expected, oracle)


def second(f: Callable[..., Any], args: Args, result: Any, oracle: Oracle) -> None:
    """The derivative of a weighted sum's gradient along a direction."""
    draw = np.random.default_rng(7)
    direction = draw.uniform(-1.0, 1.0, len(oracle.at)) * np.maximum(np.abs(oracle.at), 1e-3)
    leaves, tree = flatten(result)
    weights = [draw.uniform(0.5, 1.0, np.shape(v)) for v in leaves]
    row = line(weights)
    right = measured.along(lambda at: row @ oracle.jacobian(at), oracle.at, direction, 1e-3)
    tangents = oracle.shifted(direction)
    found = cats.jvp(
        lambda *given: cats.vjp(f, *given)[1](unflatten(tree, weights)), args, tangents
    )[1]
    close(line(real_leaves(found)), right, 1e-6)


@pytest.mark.parametrize("module", POINTS)
def test_every_function_is_tested_and_has_a_source(module: str) -> None:
    """A published function says where it is from: it, or its module, names a year."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    told = [node for node in functions if ast.get_docstring(node)]
    assert {node.name for node in told} == {*POINTS[module]}
    whole = ast.get_docstring(tree) or ""
    for node in told:
        text = f"{ast.get_docstring(node)} {whole}"
        assert re.search(r"\b(1[4-9]|20)\d\d\b", text), node.name
