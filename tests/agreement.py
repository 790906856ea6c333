"""Two functions compared in their values and in all derivatives; errors with the user's line."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

import cats

Function = Callable[..., Any]


def near(found: Any, expected: Any, digits: int = 12) -> None:
    """Leaf by leaf, relative to one more than the value."""
    one, other = leaves(found), leaves(expected)
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=10.0**-digits, atol=10.0**-digits)


def leaves(value: Any) -> list[Any]:
    """The arrays in a container, from left to right."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in leaves(value[key])]
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [] if value is None else [value]


def agree(f: Function, g: Function, *args: Any) -> None:
    """One number of some real arguments: f and g agree in value and derivatives to order two."""
    every = tuple(range(len(args)))
    tangents = tuple([np.cos(np.arange(np.size(a)) + 1.0).reshape(np.shape(a)) for a in args])
    near(cats.value_and_grad(f, every)(*args), cats.value_and_grad(g, every)(*args))
    near(cats.compile(f)(*args), g(*args))
    near(cats.jvp(f, args, tangents), cats.jvp(g, args, tangents))
    (value, linear), (wanted, other) = cats.linearize(f, *args), cats.linearize(g, *args)
    near([value, linear(*tangents)], [wanted, other(*tangents)])
    near([cats.jacfwd(f, i)(*args) for i in every], cats.grad(g, every)(*args))
    near([cats.jacrev(f, i)(*args) for i in every], cats.grad(g, every)(*args))
    for i, j in product(every, every):
        near(
            cats.grad(norm_of_gradient(f, j), i)(*args), cats.grad(norm_of_gradient(g, j), i)(*args)
        )
    for i in every:
        near(cats.hessian(f, i)(*args), cats.hessian(g, i)(*args), 11)


def norm_of_gradient(f: Function, i: int) -> Function:
    """The square of the length of a gradient, to be differentiated again."""
    return lambda *args: np.sum(cats.grad(f, i)(*args) ** 2)


def refused(
    make: Callable[[], Any], kind: type[cats.CatsError], sentence: str, remedy: str, line: str = ""
) -> None:
    """It raises an error of the kind, which says what is wrong, what to do, and at which line."""
    with pytest.raises(kind) as caught:
        make()
    error = caught.value
    assert sentence in error.message, error.message
    assert remedy in (error.remedy or ""), error.remedy
    if line:
        assert error.where is not None, error
        code = linecache.getline(error.where.file, error.where.line)
        assert line in code, f"{error}\n{code}"


def all_refused(cases: Sequence[tuple[Any, ...]]) -> None:
    """Each of the cases is refused."""
    for case in cases:
        refused(*case)
