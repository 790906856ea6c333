"""Lesson 4: a loop that stays rolled, its derivative, and what that keeps.

A pendulum swings for a while; how far does its end depend on its length? The loop is a word of the
program, so the program is as long for 10 steps as for 10,000. Its derivative is a loop as well,
backwards, over what the first one kept; how much that is, is a policy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import cats


def swing(length: Any, steps: int = 1000, policy: Any = None) -> Any:
    """Where the pendulum is after so many steps of 1 / 100 s."""

    def run(length: Any) -> Any:
        def step(i: Any, state: Any) -> Any:
            angle, speed = state
            speed = speed - 0.01 * 9.81 / length * np.sin(angle)
            return angle + 0.01 * speed, speed

        return cats.fori_loop(0, steps, step, (1.0, 0.0))[0]

    return run(length) if policy is None else cats.checkpoint(run, policy)(length)


def written_out(length: Any, steps: int = 1000) -> Any:
    """The same, every step written down by Python."""
    angle, speed = 1.0, 0.0
    for _ in range(steps):
        speed = speed - 0.01 * 9.81 / length * np.sin(angle)
        angle = angle + 0.01 * speed
    return angle


print("1. The loop and its derivative, as NumPy:\n")
print(cats.source(cats.grad(swing), 1.0))
slope = cats.grad(swing)(1.0)
print(f"d end / d length = {slope:.12f}")
assert abs(slope - cats.grad(written_out)(1.0)) < 1e-9

print("\n2. As long for few steps as for many:")
for steps in (10, 10_000):
    rolled = cats.trace(cats.grad(lambda x, n=steps: swing(x, n)), 1.0)
    print(f"   {steps:>6} steps: {len(rolled.steps)} operations outside of the loops")
assert len(cats.trace(cats.grad(written_out), 1.0).steps) > 1000

print("\n3. What is kept, and that the answer is the same to the last bit:")
for policy in (cats.SaveAll(), cats.Every(32), cats.Binomial(10)):
    kept = cats.explain_memory(lambda x, p=policy: swing(x, policy=p), 1.0).bytes
    same = cats.grad(lambda x, p=policy: swing(x, policy=p))(1.0)
    print(f"   {policy!s:<24} {kept:>6} bytes, {same:.12f}")
    assert same == slope

print("\n4. A loop that ends when it has arrived, in reverse as well:")
arrive = cats.grad(lambda x: cats.while_loop(lambda y: y < 1e6, lambda y: y * y + x, 2.0 + x))
print(f"   {arrive(0.5):.6g}")

print("\n5. A hundred pendulums at once:")
lengths = np.linspace(0.5, 2.0, 100)
slopes = cats.vmap(cats.grad(swing))(lengths)
assert np.allclose(slopes[::33], [cats.grad(swing)(x) for x in lengths[::33]], rtol=1e-9)
print(f"   {slopes.shape}, from {slopes.min():.3f} to {slopes.max():.3f}")
