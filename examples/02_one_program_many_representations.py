"""Lesson 2: one program, many representations, and what each costs.

    python examples/02_one_program_many_representations.py

The derivative is found once. What is called forward mode, reverse mode, a Jacobian, an operation
count, ... are ways to read the same linear map. (Elliott 2018, "The simple essence of automatic
differentiation".)
"""

import numpy as np

import cats
from cats.functor import by_position
from cats.ir.spaces import R
from cats.matrix import to_array


def polar(r: float, angle: float) -> tuple[float, float]:
    return r * np.cos(angle), r * np.sin(angle)


at = (2.0, 0.5)

# Trace once, derive once.

program = cats.trace(polar, *at)
derivative = cats.derive(program)
print(derivative)

# The primal half, run at the point, gives the value and the numbers the linear map reads.

results = cats.OnNumpy().compile(derivative.primal)(*at)
value, residuals = results[: derivative.count], results[derivative.count :]
assert np.allclose(value, polar(*at))

# From here on, nothing is traced and nothing is derived: `represent` reads the linear map, which
# is data, in the representation it is given.

linear, read = derivative.linear, by_position(residuals)

# Forward: a linear map is a function. This is jvp.

push = cats.represent(linear, cats.Forward(), read)
column = push((1.0, 0.0))
print("\nForward, at (1, 0)", column)

# Dual: a linear map is its transpose, in whatever representation you like. Dual of Forward is vjp.

pull = cats.represent(linear, cats.Dual(cats.Forward()), read)
row = pull((1.0, 0.0))
print("Dual of Forward, at (1, 0)", row)

# Matrix: a linear map is a matrix, in blocks that know where their zeros are.

matrix = to_array(cats.represent(linear, cats.Matrix(), read))
print("Matrix\n", matrix, sep="")
r, angle = at
expected = [[np.cos(angle), -r * np.sin(angle)], [np.sin(angle), r * np.cos(angle)]]
assert np.allclose(matrix, expected)
assert np.allclose(column, matrix[:, 0])
assert np.allclose(row, matrix[0, :])

# Dual of Matrix is the transposed matrix. No transpose of an array was written for it.

turned = to_array(cats.represent(linear, cats.Dual(cats.Matrix()), read))
assert np.allclose(turned, matrix.T)

# Continuation and Begin compose the same map from its end and from its beginning. They take a map
# that comes after, or before, and give the composition: here the first row, and the first column.

k = cats.Matrix()
after = cats.represent(linear, cats.Continuation(k), read)
before = cats.represent(linear, cats.Begin(k), read)
assert np.allclose(to_array(after(k.proj((R, R), 0))), matrix[:1, :])
assert np.allclose(to_array(before(k.inj((R, R), 0))), matrix[:, :1])

# Affine: x |-> A x + b. A derivative has b = 0.

affine = cats.represent(linear, cats.Affine(k), read)
assert np.allclose(to_array(affine.linear), matrix)
assert not to_array(affine.point).any()

# Cost: a linear map is the count of what it does. Reading a map backwards turns copies (dup) into
# sums (add) and sums into copies, drops into zeros and zeros into drops, and leaves the products
# alone. That is why the gradient of any function costs a small multiple of the function. To see it,
# a function that copies its argument: its transpose adds.


def fan(x: float) -> tuple[float, float, float]:
    return np.sin(x), np.cos(x), np.exp(x)


fanned = cats.derive(cats.trace(fan, 0.0)).linear
forwards = cats.represent(fanned, cats.Cost(), read)
backwards = cats.represent(fanned, cats.Dual(cats.Cost()), read)
print("\nCost           ", forwards, "\nCost, backwards", backwards)
assert (forwards.dup, forwards.add) == (2, 0)
assert (forwards.add, forwards.dup) == (backwards.dup, backwards.add)
assert (forwards.drop, forwards.zero) == (backwards.zero, backwards.drop)
assert forwards.scale == backwards.scale

# So who wins depends on the shape alone. A function of 100 numbers with one result: its gradient
# backwards takes about as many operations as the function itself; forwards it takes a hundred
# times as many. The ledger counts what would run, after partial evaluation.


def energy(x: np.ndarray) -> float:
    return np.sum(np.sin(x[1:] * x[:-1]))  # type: ignore[no-any-return]


many = np.linspace(0.0, 1.0, 100)
itself = cats.count(energy, many).total
reverse = cats.count(cats.jacrev(energy), many).total
forward = cats.count(cats.jacfwd(energy), many).total
print(f"\nenergy {itself} operations, its gradient backwards {reverse}, forwards {forward}")
assert reverse <= 5 * itself
assert forward > 10 * reverse
assert np.allclose(cats.jacrev(energy)(many), cats.jacfwd(energy)(many))
print("\nwhere the gradient spends them\n", cats.count(cats.grad(energy), many), sep="")
