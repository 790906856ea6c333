"""Derivatives within derivatives through loops: saddle, particle, a path and a recurrent network.

The first two are programs of Pearlmutter and Siskind, taken over by GradBench: optimisation by
gradient descent in a `while`, of what is itself found by derivatives in a `while`; forward and
reverse mode nested in every order give one answer, the published one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import cats
from tests.agreement import agree, near

Function = Callable[..., Any]
MODES: dict[str, Callable[[Function], Function]] = {"f": cats.jacfwd, "r": cats.grad}
NESTINGS = ["".join(pair) for pair in product("fr", repeat=2)]


def argmin(f: Function, slope: Function, start: Any) -> Any:
    """Gradient descent, whose step doubles after ten that were good and halves after a bad one."""

    def length(v: Any) -> Any:
        return np.sqrt(np.sum(v * v))

    def search(c: Any) -> Any:
        new = c["x"] - c["eta"] * c["g"]
        value = f(new)

        def forward() -> Any:
            return {**c, "x": new, "fx": value, "g": slope(new), "i": c["i"] + 1}

        def back() -> Any:
            return {**c, "eta": c["eta"] / 2.0, "i": 0}

        moved = cats.cond(value < c["fx"], forward, back)
        near_by = length(new - c["x"]) <= 1e-5
        return cats.cond(near_by, lambda: {**c, "done": True}, lambda: moved)

    def step(c: Any) -> Any:
        return cats.cond(
            c["i"] == 10, lambda: {**c, "eta": c["eta"] * 2.0, "i": 0}, lambda: search(c)
        )

    def goes_on(c: Any) -> Any:
        return ~c["done"] & (length(c["g"]) > 1e-5)

    first = {"x": start, "fx": f(start), "g": slope(start), "eta": 1e-5, "i": 0, "done": False}
    return cats.while_loop(goes_on, step, first)["x"]


@pytest.mark.parametrize("modes", NESTINGS)
def test_saddle(modes: str) -> None:
    """min over x of max over y of |x|^2 - |y|^2, from (1, 1)."""
    outer, inner = MODES[modes[0]], MODES[modes[1]]
    start = np.array([1.0, 1.0])

    def within(x: Any) -> Any:
        def negative(y: Any) -> Any:
            return np.sum(y * y) - np.sum(x * x)

        return -negative(argmin(negative, inner(negative), start))

    x = argmin(within, outer(within), start)
    y = argmin(lambda y: np.sum(y * y), inner(lambda y: np.sum(y * y)), start)
    near([*x, *y], [8.246324826140356e-06] * 4, 9)


@pytest.mark.parametrize("modes", NESTINGS)
def test_particle(modes: str) -> None:
    """Where a charge must sit for a particle to fall at 0: its force is a gradient."""
    outer, inner = MODES[modes[0]], MODES[modes[1]]

    def landing(w: Any) -> Any:
        charges = np.stack([np.array([10.0, 10.0 - w[0]]), np.array([10.0, 0.0])])

        def potential(x: Any) -> Any:
            return np.sum(1.0 / np.sqrt(np.sum((x - charges) ** 2, axis=1)))

        def step(c: Any) -> Any:
            return c[0] + 0.1 * c[1], c[1] - 0.1 * inner(potential)(c[0])

        start = np.array([0.0, 8.0]), np.array([0.75, 0.0])
        x, v = cats.while_loop(lambda c: (c[0] + 0.1 * c[1])[1] > 0.0, step, start)
        return (x + v * (-x[1] / v[1]))[0] ** 2

    found = argmin(landing, outer(landing), np.array([0.0]))
    near(found[0], 0.20719187464861197, 9)


def test_ode() -> None:
    """y0' = x0, yi' = xi y(i-1) by Runge and Kutta: y(n-1) in a loop, and written out."""
    n, steps = 6, 5
    h = 2.0 / steps

    def rate(x: Any, y: Any) -> Any:
        return x * np.concatenate([np.ones(1), y[:-1]])

    def step(x: Any, y: Any) -> Any:
        a = rate(x, y)
        b = rate(x, y + h / 2.0 * a)
        c = rate(x, y + h / 2.0 * b)
        d = rate(x, y + h * c)
        return y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)

    def rolled(x: Any) -> Any:
        return cats.fori_loop(0, steps, lambda i, y: step(x, y), np.zeros(n))[-1]

    def unrolled(x: Any) -> Any:
        y: Any = np.zeros(n)
        for _ in range(steps):
            y = step(x, y)
        return y[-1]

    agree(rolled, unrolled, np.linspace(0.5, 1.5, n))
    exact = cats.fori_loop(0, 400, lambda i, y: y + 0.005 * rate(np.ones(3), y), np.zeros(3))
    near(exact, np.array([2.0, 2.0, 4.0 / 3.0]), 1)


def test_lstm() -> None:
    """Two layers with diagonal weights over characters: -mean gold (y - log(2 + sum exp y))."""
    layers, size, length = 2, 3, 4
    rng = np.random.default_rng(1)
    text = (rng.random((length, size)) < 0.4) * 1.0
    main, extra = rng.normal(size=(2 * layers, 4 * size)) * 0.5, rng.normal(size=(3, size))

    def sigmoid(x: Any) -> Any:
        return 1.0 / (1.0 + np.exp(-x))

    def cell(w: Any, b: Any, h: Any, c: Any, x: Any) -> Any:
        f, i = sigmoid(x * w[0] + b[0]), sigmoid(h * w[1] + b[1])
        o, g = sigmoid(x * w[2] + b[2]), np.tanh(h * w[3] + b[3])
        c = c * f + i * g
        return o * np.tanh(c), c

    def character(main: Any, extra: Any, state: Any, pair: Any) -> Any:
        """The state after a character, and the loss of guessing the next one."""
        x, gold = pair
        weights = main.reshape(layers, 2, 4, size)
        x = x * extra[0]
        after = []
        for k in range(layers):
            h, c = cell(weights[k, 0], weights[k, 1], state[k][0], state[k][1], x)
            after.append((h, c))
            x = h
        y = x * extra[1] + extra[2]
        return after, gold @ (y - np.log(2.0 + np.sum(np.exp(y))))

    def start() -> Any:
        return [(np.zeros(size), np.zeros(size)) for _ in range(layers)]

    def rolled(main: Any, extra: Any) -> Any:
        step: Function = lambda state, pair: character(main, extra, state, pair)  # noqa: E731
        _, losses = cats.scan(step, start(), (text[:-1], text[1:]))
        return -np.mean(losses)

    def unrolled(main: Any, extra: Any) -> Any:
        state, total = start(), 0.0
        for i in range(length - 1):
            state, loss = character(main, extra, state, (text[i], text[i + 1]))
            total = total + loss
        return -total / (length - 1)

    agree(rolled, unrolled, main, extra)
