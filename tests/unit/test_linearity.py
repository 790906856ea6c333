"""What is taken for linear: a derivative that does not vary and is all of the function."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats
from cats import linearity
from cats.ir.errors import LinearityError

HERE = np.array([0.4, -1.7, 25.3])
MATRIX = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.0, 1.0, 4.0]])

LINEAR: dict[str, Callable[[Any], Any]] = {
    "matrix": lambda x: MATRIX @ x,
    "divided by what is 0 at one": lambda x: x / np.log(HERE[2]) / (MATRIX[0, 1] - 1.5),
    "solved": lambda x: np.linalg.solve(MATRIX, x),
    "chosen by another": lambda x: np.where(HERE > 0, x, 2 * x),
    "scanned": lambda x: cats.scan(lambda c, r: (c * 0.5 + r, c), 0.0 * x[0], x)[1],
    "moved about": lambda x: np.concatenate([x[::-1], np.cumsum(x), np.zeros(2)]),
    "narrowed": lambda x: x.astype(np.float32),
    "indexed by another": lambda x: x[np.argmax(HERE)] * np.floor(HERE),
    "beyond all numbers": lambda x: x * np.inf,
    "repeated until": lambda x: cats.while_loop(
        lambda c: c[1] < 3, lambda c: (2 * c[0], c[1] + 1), (x, 0)
    )[0],
}

FLAT = "whose derivative is 0"
NOT_LINEAR: dict[str, tuple[Callable[[Any], Any], str]] = {
    "floor": (np.floor, f"through floor, {FLAT}"),
    "sign": (lambda x: np.sign(x) * HERE, f"through sign, {FLAT}"),
    "beside a linear part": (lambda x: 2 * x + np.rint(x), f"through rint, {FLAT}"),
    "compared": (lambda x: (x > 100.0) * 1.0, f"through greater, {FLAT}"),
    "stopped": (lambda x: x - cats.stop_gradient(x), f"through stop, {FLAT}"),
    "step": (lambda x: np.heaviside(x, 0.0), f"through heaviside, {FLAT}"),
    "whole": (lambda x: (x, np.argmax(x)), f"through argmax, {FLAT}"),
    "in a loop": (
        lambda x: cats.scan(lambda c, r: (c + np.floor(r), r), 0.0, x)[0],
        f"through floor, {FLAT}",
    ),
    "in a choice": (
        lambda x: cats.cond(HERE[0] > 0, lambda y: y + np.trunc(y), lambda y: y, x),
        f"through trunc, {FLAT}",
    ),
    "jumps": (lambda x: np.fmod(x, 1.0), "does not map 2 x to twice"),
    "rest": (lambda x: np.remainder(x, HERE), "does not map 2 x to twice"),
    "bent": (lambda x: x * x, "its derivative depends on the argument"),
    "corner": (np.abs, "its derivative depends on the argument"),
    "decided": (lambda x: x if x[0] > 0 else 2 * x, "it decides on the argument"),
    "constant": (lambda x: x + 1.0, "does not map 0 to 0"),
    "constant that is 0 at one": (lambda x: HERE * x + np.log(MATRIX[0]), "does not map 0 to 0"),
}


@pytest.mark.parametrize("name", LINEAR)
def test_linear_functions_are_taken(name: str) -> None:
    f = LINEAR[name]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        pull = cats.linear_transpose(f, HERE)
        w = np.ones_like(np.asarray(f(HERE)))
        np.testing.assert_array_equal(pull(w)[0], cats.vjp(f, HERE)[1](w)[0])


@pytest.mark.parametrize("name", NOT_LINEAR)
def test_others_are_refused_at_their_line(name: str) -> None:
    f, why = NOT_LINEAR[name]
    with pytest.raises(LinearityError, match=why) as caught:
        cats.linear_transpose(f, HERE)
    assert caught.value.where is not None and caught.value.where.file == __file__


@pytest.mark.parametrize("by", [lambda k: k - 1.0, np.log, lambda k: (k - 1.0) * (k - 2.0)])
def test_a_rule_is_linear_whatever_it_keeps(by: Callable[[Any], Any]) -> None:
    """A term that is 0 where what is kept is one."""
    f = cats.custom_vjp(lambda x: x * x)
    f.defvjp(lambda x: (x * x, x), lambda kept, ct: (ct * kept + by(kept),))
    with pytest.raises(LinearityError, match="does not map 0 to 0"):
        cats.grad(f)(3.0)
    f.defvjp(lambda x: (x * x, x), lambda kept, ct: (ct * by(kept),))
    assert cats.grad(f)(3.0) == by(3.0)


def test_rules_and_hooks_do_not_drop_what_they_are_given() -> None:
    f = cats.custom_jvp(lambda x: x * x)
    f.defjvp(lambda primals, tangents: (primals[0] ** 2, np.sign(tangents[0])))
    with pytest.raises(LinearityError, match="through sign"):
        cats.jvp(f, (3.0,), (2.0,))
    with pytest.raises(LinearityError, match="through floor"):
        cats.grad(lambda x: cats.on_gradient(x, lambda g: np.floor(16 * g) / 16))(1.0)
    with pytest.raises(LinearityError, match="through sign"):
        cats.linear_solve(lambda x: MATRIX @ x + np.sign(x), HERE)


def test_users_functions_are_asked_at_ones_only() -> None:
    """They need not take any other number."""
    asked = []

    def solver(v: Any) -> Any:
        asked.append(v)
        if np.any(v <= 0):
            raise RuntimeError("no convergence")
        return np.sqrt(v)

    f = cats.primitive(solver)
    f.defvjp(lambda x: (f(x), x), lambda x, ct: (ct * 0.5 / f(x),))
    slope = cats.grad(lambda x: np.sum(f(x)))(np.array([1.0, 4.0]))
    np.testing.assert_array_equal(slope, [0.5, 0.25])
    assert len(asked) < 6


def test_what_records_say_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of linear steps that add no constant is linear; nothing is run for that."""

    def never(*args: Any) -> Any:
        raise AssertionError("run")

    monkeypatch.setattr(linearity, "_check_values", never)
    f = lambda x: np.linalg.solve(MATRIX, 2.0 * x[::-1]) - np.cumsum(x) / HERE  # noqa: E731
    cats.linear_transpose(f, HERE)
    with pytest.raises(AssertionError, match="run"):
        cats.linear_transpose(lambda x: x + 0.0, HERE)
    with pytest.raises(AssertionError, match="run"):
        cats.linear_transpose(lambda x: (x, HERE), HERE)
