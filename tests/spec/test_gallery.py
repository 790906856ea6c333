"""The gallery of traps: nothing in it may be silently wrong."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import cats
from cats.tree import build, flatten
from tests.spec import measured
from tests.spec.gallery import (
    aliasing,
    captures,
    choices,
    dtypes,
    kinks,
    language,
    names,
    nesting,
    others,
    shapes,
    writes,
)  # fmt: skip
from tests.spec.gallery.trap import Entry, Refused, Right, Story, named

ROOMS = (
    choices,
    kinks,
    writes,
    aliasing,
    captures,
    language,
    nesting,
    dtypes,
    shapes,
    names,
    others,
)
ENTRIES: list[Entry] = [entry for room in ROOMS for entry in room.ROOM.entries]
RIGHT, REFUSED, STORIES = (named(ENTRIES, kind) for kind in (Right, Refused, Story))


def ids(entries: list[Any]) -> list[str]:
    """The names of entries."""
    return [entry.name for entry in entries]


def close(found: Any, expected: Any, rtol: float) -> None:
    """Equal to so many digits of the largest entry; nan and infinity in the same places."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    finite = expected[np.isfinite(expected)]
    scale = max(1.0, float(np.max(np.abs(finite), initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale)


def same_value(found: Any, expected: Any, digits: float) -> None:
    """NumPy's result: shapes, dtypes and entries."""
    ours, theirs = measured.leaves(found), measured.leaves(expected)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype.newbyteorder("=")
        close(a, b, digits)


def precision(flat: measured.Flat, result: Any) -> float:
    """The unit in the last place of the narrowest real number about."""
    about = [flat.given[i] for i in flat.real] + measured.leaves(result)
    return max(float(np.finfo(v.dtype).eps) for v in map(np.asarray, about) if v.dtype.kind == "f")


def varying(args: tuple[Any, ...]) -> tuple[int, ...]:
    """The arguments that hold real numbers."""
    return tuple(i for i, a in enumerate(args) if any(map(measured.is_real, measured.leaves(a))))


def slopes(entry: Right, flat: measured.Flat, at: Any) -> Any:
    """What the Jacobian must be: a row for each result, a column for each real number."""
    if entry.slope is None:
        return measured.jacobian(flat, at, entry.step)
    found = entry.slope(*flat.arguments(at))
    parts = found if isinstance(found, tuple) else (found,)
    return in_rows(parts, len(flat(at)))


def in_rows(found: Any, count: int) -> Any:
    """A Jacobian, or a gradient, as a matrix with so many rows."""
    rows = [np.reshape(r, (count, np.size(r) // count if count else 0)) for r in flatten(found)[0]]
    return np.concatenate(rows, axis=1)


def matrix(found: Any, result: Any) -> Any:
    """The Jacobian that cats gives, one part for each result and argument, as one matrix."""
    parts = found if isinstance(result, tuple | list) else (found,)
    shapes = [np.size(v) for v in measured.leaves(result)]
    return np.concatenate([in_rows(p, n) for p, n in zip(parts, shapes, strict=True)])


@pytest.mark.parametrize("entry", RIGHT, ids=ids(RIGHT))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_right_at_every_point(entry: Right) -> None:
    """One compiled function for each transformation, at all points, in every mode."""
    points = entry.points + entry.corners
    active = varying(points[0])
    compiled = cats.compile(entry.f)
    modes = [cats.jacobian(entry.f, active, mode=mode) for mode in ("fwd", "rev")]
    both = cats.value_and_grad(entry.f, active)
    for args in (*points, points[0]):
        flat = measured.Flat(entry.f, args)
        expected = entry.f(*args)
        eps = precision(flat, expected)
        same_value(compiled(*args), expected, 64 * eps)
        right = slopes(entry, flat, flat.at)
        allowed = max(1e-8 if entry.slope is None else 1e-13, 256 * eps)
        for jacobian in modes:
            close(matrix(jacobian(*args), expected), right, allowed)
        if not isinstance(expected, tuple | list) and np.shape(expected) == ():
            value, found = both(*args)
            same_value(value, expected, 64 * eps)
            close(in_rows(found, 1), right, allowed)
            same_places(found, [args[n] for n in active])
        if entry.second and eps < 1e-10 and all(args is not c for c in entry.corners):
            second_derivative(entry, flat, args, expected)


def same_places(found: Any, args: list[Any]) -> None:
    """A gradient has the shapes and dtypes of the arguments."""
    ours = [v for v in measured.leaves(found) if measured.is_real(v)]
    theirs = [v for v in measured.leaves(args) if measured.is_real(v)]
    assert [(a.shape, a.dtype) for a in ours] == [(b.shape, b.dtype) for b in theirs]


def second_derivative(entry: Right, flat: measured.Flat, args: Any, result: Any) -> None:
    """The derivative of the gradient of a weighted sum of the results, along one direction."""
    draw = np.random.default_rng(len(entry.name))
    direction = draw.uniform(-1.0, 1.0, len(flat.at))
    results, tree = flatten(result)
    weights = [draw.uniform(0.5, 1.0, np.shape(r)) for r in results]
    row = flat.row(weights)
    right = measured.along(lambda at: row @ slopes(entry, flat, at), flat.at, direction, entry.step)
    tangents = list(flat.given)
    for i, v in enumerate(flatten(flat.arguments(direction))[0]):
        tangents[i] = v if i in flat.real else None
    cotangent = build(tree, iter(weights), lambda static: None)
    found = cats.jvp(
        lambda *given: cats.vjp(entry.f, *given)[1](cotangent),
        args,
        tuple(build(flat.tree, iter(tangents), lambda static: None)),
    )[1]
    rows = [np.ravel(v) for v in measured.leaves(found) if measured.is_real(v)]
    close(np.concatenate(rows) if rows else np.zeros(0), right, 1e-6)


@pytest.mark.parametrize("entry", REFUSED, ids=ids(REFUSED))
def test_refused_with_a_sentence(entry: Refused) -> None:
    """What, where and what to do; the same again, for nothing is remembered of a failure."""
    for _ in range(2):
        with pytest.raises(cats.CatsError) as caught:
            cats.grad(entry.f)(*entry.args)
        error = caught.value
        assert error.where is not None
        file = inspect.getsourcefile(entry.f)
        assert (error.where.file, error.where.line) == (file, entry.line)
        assert "# HERE" in str(error)
        assert entry.says in error.message
        assert error.remedy and entry.remedy in error.remedy


@pytest.mark.parametrize("entry", STORIES, ids=ids(STORIES))
def test_stories(entry: Story) -> None:
    for found, right in entry.tell():
        found, right = np.asarray(found), np.asarray(right)
        assert found.shape == right.shape
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)


def test_names_are_told_apart() -> None:
    names = ids(ENTRIES)
    assert len(names) == len(set(names))
