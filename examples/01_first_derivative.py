"""Lesson 1: a first derivative, seen at every level.

    python examples/01_first_derivative.py

We follow one function, f(x) = x sin x, from Python to its derivative and back to Python.
"""

import numpy as np

import cats


def f(x: float) -> float:
    s = np.sin(x)
    return x * s  # type: ignore[no-any-return]


# What everybody wants first: the derivative, at a point. f'(x) = sin x + x cos x.

x = 0.5
slope = cats.grad(f)(x)
print("f'(0.5) =", slope)
assert np.isclose(slope, np.sin(x) + x * np.cos(x), rtol=1e-15)

# How does cats know? It runs f once, on a value that writes down what is done to it. What comes out
# is a program: a list of steps, each of which applies one operation to things that are already
# there. Nothing is hidden in it, no Python function, no array of this particular x.

program = cats.trace(f, x)
print("\nthe program of f\n", program, sep="")
assert [step.op.name for step in program.steps] == ["sin", "mul"]

# Now the idea on which everything rests. The derivative of f at a point is not a number; it is a
# linear map, the best linear approximation of f there. For a step (a, b) |-> a b, a product, that
# map sends small changes (da, db) to b da + a db. The derivative of the program is the composition
# of the derivatives of its steps: that is the chain rule, and it is the only rule.
#
# `derive` gives both halves: a program that computes the value and whatever the linear map will
# need (the residuals), and the linear map itself, as data.

derivative = cats.derive(program)
print("\nthe value, then the residuals\n", derivative.primal, sep="")
print("\nthe linear map\n", derivative.linear, sep="")

# Read it: t0 is a change of x. `mul(x1, _) t0` multiplies it by residual 1. The sum has two terms,
# for x is used twice, and changes add up.

assert len(derivative.linear.inputs) == 1
assert len(derivative.linear.outputs) == 1

# A linear map that is data can be read in more than one way. Read forwards, it takes a change of x
# to the change of f: that is jvp. Read backwards, it takes a weight on the result to a weight on
# x: that is vjp, and grad is vjp at weight 1. It is the same map, so they agree.

value, change = cats.jvp(f, (x,), (1.0,))
same_value, pull = cats.vjp(f, x)
(weight,) = pull(1.0)
assert value == same_value == f(x)
assert np.isclose(change, weight, rtol=1e-15)

# Last, the program of the derivative is simplified and written as NumPy. This is not a picture
# of what runs: it can be saved in a file and imported, and needs only numpy.

text = cats.source(cats.grad(f), x)
print("\nthe derivative as NumPy\n", text, sep="")
namespace: dict[str, object] = {}
exec(text, namespace)
grad_f = namespace["grad_f"]
assert callable(grad_f)
assert grad_f(x) == slope

# The derivative is an ordinary function again, so nothing new is needed for the second one:
# f''(x) = 2 cos x - x sin x.

second = cats.grad(cats.grad(f))(x)
assert np.isclose(second, 2 * np.cos(x) - x * np.sin(x), rtol=1e-14)

# And all levels at once, with the rules that simplified the program:

print(cats.explain(cats.grad(f), x))
