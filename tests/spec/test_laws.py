"""The laws of derivatives, over random programs: exact numbers first, then floats and sympy.

H1 to H9 say that D is a functor and its results are linear maps (Elliott 2018), U1 to U8 speak of
the unary form (Huot and Shaikhha 2022), Y1 to Y7 of unzipping and transposing (Radul et al. 2023),
S3 and N1 to N6 of derivatives of derivatives. On polynomials everything is computed in Fractions
and modulo a prime, where a difference is an error and never a rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import factorial
from random import Random
from typing import Any

import numpy as np
import pytest
import sympy

from cats.backends.on_fractions import OnFractions, on_modulo
from cats.backends.on_numpy import OnNumpy
from cats.cost import count, tally
from cats.derive import derive
from cats.dual import Dual
from cats.functor import by_position, interpret, represent
from cats.gradients import grad
from cats.ir.check import check_linear_program, check_program
from cats.ir.check_lambda import check_function
from cats.ir.errors import CatsError
from cats.ir.explicit import from_linear_program
from cats.ir.linear import Id, Inj, Join, Leaf, Linear, Scale, Then, Zero
from cats.ir.primitive import Primitive, leaf_of
from cats.ir.prims.contraction import contract
from cats.ir.prims.layout import const
from cats.ir.program import Program
from cats.ir.read import read_program
from cats.ir.spaces import Product, R, Real, Value, size, space_of
from cats.ir.transpose import transposed
from cats.ir.wire import Builder
from cats.jacobians import hessian, hvp, jacfwd, jacrev
from cats.maps import jvp, linearize, vjp
from cats.pipeline import forward_half, gradient, halves, jacobian, pushforward, reverse_half
from cats.policies import Binomial, Budget, Every, Recompute, SaveAll, Saving
from cats.simplify import simplify
from cats.unzip import unzip
from cats.whole import trace
from tests.linear_programs import canonical
from tests.plugins import Rational
from tests.rolled import has_loops, rolled
from tests.strategies import (
    KINDS,
    POLYNOMIAL,
    SMOOTH,
    Kind,
    Sample,
    complex_step,
    corpus,
    direction,
    evaluated,
    fractions,
    function_of,
    inner,
)
from tests.strategies import program as drawn

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]
EXACTLY = OnFractions()
POLICIES = (SaveAll(), Recompute(), Saving("mul"), Budget(40), Every(2), Binomial(2))
PRIME = on_modulo(2_147_483_647)


def both(count: int, kind: Kind = POLYNOMIAL, number: bool = False) -> Iterator[tuple[str, Sample]]:
    """Straight-line programs, and half as many with loops and choices."""
    for n, sample in corpus(count, kind, number=number):
        yield f"straight {n}", sample
    for n, sample in rolled(count // 2, kind, number=number):
        yield f"rolled {n}", sample


def active(program: Program) -> list[int]:
    """The inputs that vary."""
    return list(range(len(program.inputs)))


def exact_matrix(sample: Sample) -> Array:
    """The Jacobian in Fractions, by the compiled pipeline."""
    program = simplify(jacobian(sample.program, active(sample.program), "fwd"))
    return assembled(EXACTLY.compile(program)(*sample.exact), sample.program)


def assembled(made: Sequence[Value], program: Program) -> Array:
    """Blocks, after the outputs of the program, as one matrix."""
    blocks = iter(made[len(program.outputs) :])
    return np.vstack(
        [
            np.hstack([np.reshape(next(blocks), (size(b), size(a))) for a in program.inputs])
            for b in program.ends
        ]
    )


class Exactly(Rational):
    """Matrices of Fractions, each leaf run by itself on the backend of exact numbers."""

    def leaf(self, leaf: Leaf, /) -> Array:
        assert isinstance(leaf.dom, Real)
        fixed = [fractions(v) if _real(v) else np.asarray(v) for v in leaf.fixed]
        spaces = [leaf.dom if isinstance(v, int | float) else space_of(v) for v in leaf.fixed]
        kinds = [Real(s.shape) if isinstance(s, Real) or s.dtype == "object" else s for s in spaces]
        builder = Builder([*kinds, leaf.dom])
        *given, moving = builder.wires
        args = [*given[: leaf.slot], moving, *given[leaf.slot :]]
        assert isinstance(leaf.op, Primitive)
        one = builder.finish([leaf.op(*args, **dict(leaf.params))])
        run = EXACTLY.compile(one)
        units = np.eye(size(leaf.dom), dtype=int)
        columns = [np.ravel(run(*fixed, e.reshape(leaf.dom.shape))[0]) for e in units]
        return np.stack(columns, axis=1)


def naive_matrix(program: Program, args: Sequence[Value]) -> Array:
    """D as a fold: each step derived by itself, at values, and composed as matrices."""
    k = Exactly()
    at: list[Any] = list(args)
    maps: list[Array] = [k.proj(program.inputs, i) for i in range(len(program.inputs))]
    for step in program.steps:
        builder = Builder([program.spaces[a] for a in step.args])
        emitted = builder.emit(step.op, tuple(builder.wires), step.params)
        alone = builder.finish(emitted if isinstance(emitted, tuple) else [emitted])
        found = derive(alone)
        made = EXACTLY.compile(found.primal)(*[at[a] for a in step.args])
        at.extend(made[: found.count])
        moved = represent(found.linear, k, by_position(made[found.count :]))
        before = [maps[step.args[i]] for i in found.active]
        if not before:
            maps.extend(k.zero(Product(program.inputs), space) for space in step.spaces)
            continue
        whole = k.then(k.fork(tuple(before)), moved)
        ends = [space if isinstance(space, Real) else Real((0,)) for space in step.spaces]
        maps.extend(k.then(whole, k.proj(tuple(ends), i)) for i in range(len(ends)))
    return k.fork(tuple(maps[o] for o in program.outputs))


def _real(value: Value) -> bool:
    return isinstance(value, Fraction | float) or np.asarray(value).dtype.kind in "Of"


# H: D is a functor, and gives linear maps


def test_h1_the_compiler_gives_what_the_fold_gives() -> None:
    """D interpreted step by step is D derived, unzipped, simplified and compiled; 60 programs."""
    for n, sample in both(60):
        assert np.array_equal(exact_matrix(sample), naive_matrix(sample.program, sample.exact)), n


def composed(f: Program, g: Program) -> Program:
    """g after f."""
    builder = Builder(f.inputs)
    return builder.finish(builder.run(g, builder.run(f, list(builder.wires))))


def chain(seed: int, links: int) -> tuple[list[Program], tuple[Array, ...]]:
    """Polynomial maps R^2 -> R^2, composable, and where to take them."""
    found = []
    for link in range(links):
        rng = Random(1000 * seed + link)
        builder = Builder((R, R))
        x, y = builder.wires
        wires = [x, y]
        for _ in range(4):
            a, b = rng.choice(wires), rng.choice(wires)
            wires.append(rng.choice([a + b, a * b, a - 2.0 * b, -a]))
        found.append(builder.finish([wires[-1], rng.choice(wires)]))
    return found, (np.array(Fraction(seed % 5 - 2, 4)), np.array(Fraction(3, 2)))


def test_h1_chain_rule() -> None:
    """D (f ; g) at a = (D f at a) ; (D g at f a), in Fractions and modulo a prime."""
    for seed in range(60):
        (f, g), at = chain(seed, 2)
        whole = composed(f, g)
        middle = [np.array(v, object) for v in EXACTLY.compile(f)(*at)]
        together = exact_matrix(Sample(whole, at))
        parts = (exact_matrix(Sample(f, at)), exact_matrix(Sample(g, tuple(middle))))
        assert np.array_equal(together, parts[1] @ parts[0])
        residues = PRIME.compile(simplify(jacobian(whole, [0, 1], "rev")))(*at)
        expected = [PRIME.enter(v) for v in np.ravel(together)]
        assert list(map(str, residues[2:])) == list(map(str, expected))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_h2_the_primal_is_kept(kind: Kind) -> None:
    """Values beside tangents, gradients and Jacobians, simplified and compiled, are f's own.

    To the last bit, but for the order in which NumPy adds up an array of another memory layout.
    """
    numpy = OnNumpy()
    for n, sample in both(60, kind, number=True):
        program, vary = sample.program, active(sample.program)
        (expected,) = evaluated(program, sample.args)
        v = direction(Random(n), program.inputs)
        found = [
            numpy.compile(simplify(pushforward(program, vary)))(*sample.args, *v)[0],
            numpy.compile(simplify(gradient(program, vary)))(*sample.args)[0],
            numpy.compile(simplify(jacobian(program, vary, "fwd")))(*sample.args)[0],
            numpy.compile(halves(program, vary, Recompute()).primal)(*sample.args)[0],
        ]
        assert all(same(value, expected, kind) for value in found), n


def same(found: Value, expected: Value, kind: Kind) -> bool:
    """Every bit; of smooth arrays all but the last few, for sums may be taken in another order."""
    if kind is SMOOTH:
        return np.allclose(found, expected, rtol=1e-13, atol=1e-13 * np.max(np.abs(expected)))
    return np.asarray(found).tobytes() == np.asarray(expected).tobytes()


def test_h3_h5_forward_dual_and_matrix_are_one_map() -> None:
    """Matrix (Dual f) = (Matrix f)', and a user's matrices of Fractions say the same; exactly."""
    for n, sample in both(50):
        found = derive(sample.program)
        made = EXACTLY.compile(found.primal)(*sample.exact)
        at, k = by_position(made[found.count :]), Exactly()
        expected = represent(found.linear, k, at)
        assert np.array_equal(represent(found.linear, Dual(k), at).T, expected), n
        assert np.array_equal(represent(transposed(found.linear), k, at).T, expected), n
        modes = [jacobian(sample.program, active(sample.program), m) for m in ("fwd", "rev")]
        for mode in modes:
            compiled = EXACTLY.compile(simplify(mode))(*sample.exact)
            assert np.array_equal(assembled(compiled, sample.program), expected), n


def test_h4_adjoint_identity() -> None:
    """<f' v, w> = <v, f'^T w>, to the last digit, for the two halves as they are compiled."""
    for n, sample in both(120):
        split = halves(sample.program, active(sample.program), None)
        residuals = EXACTLY.compile(split.primal)(*sample.exact)[split.count :]
        rng = Random(n)
        v = direction(rng, sample.program.inputs)
        w = direction(rng, sample.program.ends)
        pushed = EXACTLY.compile(forward_half(split.half))(*residuals, *v)
        pulled = EXACTLY.compile(reverse_half(split.half))(*residuals, *w)
        left = inner(pushed, [fractions(t) for t in w])
        assert left == inner([fractions(t) for t in v], pulled), n


def test_h6_every_derivative_is_linear() -> None:
    """L (2 u - 3 v) = 2 L u - 3 L v and L 0 = 0, to the last digit."""
    for n, sample in both(80):
        push = EXACTLY.compile(simplify(pushforward(sample.program, active(sample.program))))
        k, rng = len(sample.program.outputs), Random(n)
        u, v = direction(rng, sample.program.inputs), direction(rng, sample.program.inputs)

        def apply(t: list[Array], push: Any = push, k: int = k, at: Any = sample.exact) -> Any:
            return push(*at, *t)[k:]

        together = apply([2 * a - 3 * b for a, b in zip(u, v, strict=True)])
        for whole, a, b in zip(together, apply(u), apply(v), strict=True):
            assert np.array_equal(whole, 2 * a - 3 * b), n
        assert not any(np.any(np.asarray(z) != 0) for z in apply([0 * a for a in u])), n


def test_h7_linear_constant_and_bilinear_functions() -> None:
    """D of a linear f is f everywhere; of a constant zero; of a product Leibniz' rule."""
    a = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
    x, v = np.array([0.3, -2.0, 5.0]), np.array([1.0, -1.0, 0.25])

    def linear(x: Any) -> Any:
        return a @ x + np.flip(np.cumsum(x))[:2]

    for at in (x, 0 * x, 100 * x):
        assert np.array_equal(jvp(linear, (at,), (v,))[1], linear(v))
    found = derive(trace(linear, x))
    assert unzip(found).saved == 0
    constant = derive(trace(lambda x: np.ones(3) * 2.0, x))
    assert constant.linear.outputs == (-1,) and not constant.linear.steps
    assert np.array_equal(jvp(lambda x: np.ones(3), (x,), (v,))[1], np.zeros(3))
    b, db = 2 * a, a - 1.0
    moved = jvp(lambda a, x: a @ x, (b, x), (db, v))[1]
    assert np.array_equal(moved, b @ v + db @ x)


def dot(u: Array) -> Leaf:
    """v |-> <u, v>."""
    space = Real(u.shape, "object_")
    letters = "ab"[: u.ndim]
    end = Real((), "object_")
    return leaf_of(contract, 1, (u,), space, end, spec=f"{letters},{letters}->")


@pytest.mark.parametrize("seed", range(10))
def test_h8_dot(seed: int) -> None:
    """dot is linear, dot 0 = 0, [dot u | dot v] is the dot of the pair, and its dual is u."""
    rng = Random(seed)
    u, v, w = (fractions(direction(rng, [Real((3,))])[0]) for _ in range(3))
    k = Rational()

    def matrix(f: Linear) -> Array:
        return interpret(f, k)

    ends = (dot(u).dom, dot(v).dom)
    pair = Join((dot(u), dot(v)))
    assert np.array_equal(matrix(dot(u + 2 * v)), matrix(dot(u)) + 2 * matrix(dot(v)))
    assert np.array_equal(matrix(dot(0 * u)), matrix(Zero(dot(u).dom, dot(u).cod)))
    assert np.array_equal(matrix(Then(Inj(ends, 0), pair)), matrix(dot(u)))
    assert np.array_equal(matrix(Then(Inj(ends, 1), pair)), matrix(dot(v)))
    assert np.array_equal(matrix(pair), [[*u, *v]])
    assert np.array_equal(interpret(dot(w), Dual(k)), w.reshape(3, 1))
    assert np.array_equal(matrix(Then(Scale(ends[0], 3), dot(u))), 3 * matrix(dot(u)))
    assert np.array_equal(matrix(Then(Id(ends[0]), dot(u))), matrix(dot(u)))


def test_h9_association_changes_cost_and_not_value() -> None:
    """(f ; g) ; h and f ; (g ; h), forward and backward: one matrix, one program."""
    for seed in range(40):
        (f, g, h), at = chain(seed, 3)
        left, right = composed(composed(f, g), h), composed(f, composed(g, h))
        assert np.array_equal(exact_matrix(Sample(left, at)), exact_matrix(Sample(right, at)))


def test_h9_association_ratio_of_a_skewed_chain() -> None:
    """Seven maps of R^64 and a row: 7 * 64^2 products from the row, 6 * 64^3 + 64^2 to it."""
    squares = [np.eye(64) + i for i in range(7)]

    def f(x: Any) -> Any:
        for a in squares:
            x = np.tanh(a @ x)
        return np.ones(64) @ x

    program = trace(f, np.ones(64))
    found = {m: count(simplify(jacobian(program, [0], m))) for m in ("fwd", "rev")}
    work = {m: ledger["contract"] for m, ledger in found.items()}
    primal = count(simplify(program))["contract"]
    ratio = (work["fwd"] - primal) / (work["rev"] - primal)
    assert ratio == pytest.approx((6 * 64**3 + 64**2) / (7 * 64**2), rel=0.05)


# U: the unary form


def test_u1_the_unary_form_means_what_the_function_means() -> None:
    """Traced, lowered, simplified and compiled: the same Fractions; 100 programs."""
    for n, sample in both(100):
        program = trace(function_of(sample.program), *sample.args)
        check_program(program)
        expected = EXACTLY.compile(sample.program)(*sample.exact)
        for each in (program, simplify(program)):
            found = EXACTLY.compile(each)(*sample.exact)
            assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True)), n


def test_u2_u4_u6_sizes_primals_and_closure() -> None:
    """One step for each let; the gradient is again a program, some times as long, primal first."""
    for n, sample in both(100, SMOOTH, number=True):
        traced = trace(function_of(sample.program), *sample.args)
        assert len(traced.steps) <= len(sample.program.steps) + len(sample.program.inputs), n
        slopes = gradient(traced, active(traced))
        check_program(slopes)
        assert len(slopes.steps) <= 12 * len(traced.steps) + 12, n
        again = gradient(slopes, active(slopes))
        check_program(again)


def test_u3_programs_are_printed_and_read_back() -> None:
    """Values, gradients and gradients of gradients."""
    for n, sample in both(60, SMOOTH, number=True):
        slopes = gradient(sample.program, active(sample.program))
        for program in (sample.program, slopes):
            assert read_program(str(program)) == program, n


def test_u5_every_step_has_the_adjoint_of_its_derivative() -> None:
    """<D s v, w> = <v, (D s)^T w> for each step alone, exactly."""
    for n, sample in both(60):
        found = derive(sample.program)
        for step in found.linear.steps:
            for term in getattr(step, "terms", ()):
                if term.leaf is not None:
                    back = term.leaf.op.adjoint(term.leaf)
                    assert (back.dom, back.cod) == (term.leaf.cod, term.leaf.dom), n
                    assert back.op.adjoint(back) == term.leaf, n


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_u7_u8_partial_evaluation_keeps_values_and_never_adds_work(kind: Kind) -> None:
    """On values and gradients; what is simplified stays, but for what a loop needs no more."""
    for n, sample in both(100, kind, number=True):
        raw = gradient(sample.program, active(sample.program))
        simple = simplify(raw)
        assert count(simple).total <= count(raw).total, n
        assert has_loops(raw) or simplify(simple) == simple, n
        with np.errstate(all="ignore"):
            pairs = zip(evaluated(raw, sample.args), evaluated(simple, sample.args), strict=True)
            assert all(same(b, a, kind) for a, b in pairs), n


# Y: unzip and transpose


def test_y1_to_y7_unzip_and_transpose() -> None:
    """Checked, run in halves, transposed twice, in every policy, at the cost counted; exactly."""
    for n, sample in both(50):
        program, vary = sample.program, active(sample.program)
        found = derive(program)
        check_linear_program(found.linear, found.primal.ends[found.count :])
        check_function(from_linear_program(found.linear))
        back = transposed(found.linear)
        twice = transposed(back)
        same = twice if has_loops(program) else found.linear  # what is captured became a carry
        assert canonical(transposed(transposed(twice))) == canonical(twice) == canonical(same), n
        there, here = tally(found.linear), tally(back)
        extra = sum(map(size, program.inputs)) + sum(map(size, program.ends))
        largest = max(size(s) for s in program.spaces)
        assert here.work <= there.work + extra + largest * there.dup, n
        v = direction(Random(n), program.inputs)
        k = len(program.outputs)
        expected = EXACTLY.compile(simplify(pushforward(program, vary)))(*sample.exact, *v)
        for policy in POLICIES:
            split = halves(program, vary, policy)
            made = EXACTLY.compile(split.primal)(*sample.exact)
            moved = EXACTLY.compile(forward_half(split.half))(*made[k:], *v)
            for a, b in zip((*made[:k], *moved), expected, strict=True):
                assert np.array_equal(a, b), n


# S3 and N: derivatives of derivatives


def test_s3_second_derivatives_are_symmetric() -> None:
    """D2 f a u v = D2 f a v u in Fractions, for 60 polynomials; N6: so is the Hessian."""
    for n, sample in both(60, number=True):
        program, vary = sample.program, active(sample.program)
        rng = Random(n)
        u, v = direction(rng, program.inputs), direction(rng, program.inputs)
        once = simplify(pushforward(program, vary))
        twice = EXACTLY.compile(simplify(pushforward(once, vary)))
        assert twice(*sample.exact, *u, *v)[-1] == twice(*sample.exact, *v, *u)[-1], n


def ways(f: Function, x: Array, v: Array) -> dict[str, Array]:
    """The Hessian along v, forward and reverse nested in every order."""

    def slope(x: Any) -> Any:
        return jvp(f, (x,), (v,))[1]

    return {
        "grad of jvp": grad(slope)(x),
        "grad of vjp": grad(lambda x: np.sum(vjp(f, x)[1](1.0)[0] * v))(x),
        "jvp of grad": jvp(grad(f), (x,), (v,))[1],
        "vjp of grad": vjp(grad(f), x)[1](v)[0],
        "linearize of grad": linearize(grad(f), x)[1](v),
        "jacfwd of grad": jacfwd(grad(f))(x) @ v,
        "jacrev of grad": jacrev(grad(f))(x) @ v,
        "jacrev of jacfwd": jacrev(jacfwd(f))(x) @ v,
        "jacfwd of jacrev": jacfwd(jacrev(f))(x) @ v,
        "hessian": hessian(f)(x) @ v,
        "hvp": hvp(f, (x,), (v,)),
        "grad of grad": grad(lambda x: np.sum(grad(f)(x) * v))(x),
    }


NESTED: dict[str, Function] = {
    "quartic": lambda x: np.sum(x * x) ** 2 + x[0] * x[1] * x[2],
    "smooth": lambda x: np.sum(np.sin(x) * np.exp(x[::-1])) / (1.0 + x @ x),
    "products": lambda x: np.prod(x) * np.log(1.0 + np.sum(x**2)),
}


@pytest.mark.parametrize("name", NESTED)
def test_n2_all_nestings_agree(name: str) -> None:
    f, x, v = NESTED[name], np.array([0.5, -1.25, 2.0]), np.array([1.0, 0.5, -2.0])
    found = ways(f, x, v)
    differences = (grad(f)(x + 1e-6 * v) - grad(f)(x - 1e-6 * v)) / 2e-6
    for way, value in found.items():
        np.testing.assert_allclose(value, found["hessian"], rtol=1e-11, atol=1e-12, err_msg=way)
    np.testing.assert_allclose(found["hessian"], differences, rtol=1e-6)
    full = hessian(f)(x)
    np.testing.assert_allclose(full, full.T, rtol=1e-12)


def test_n1_perturbations_are_not_confused() -> None:
    """d/dx (x * d/dy (x + y) at y = 1) at x = 1 is 1, in every mixture of modes."""

    def forward(f: Function) -> Function:
        return lambda x: jvp(f, (x,), (1.0,))[1]

    def reverse(f: Function) -> Function:
        return lambda x: vjp(f, x)[1](1.0)[0]

    def kept(f: Function) -> Function:
        return lambda x: linearize(f, x)[1](1.0)

    modes = (forward, reverse, kept, grad, jacfwd, jacrev)
    for outer in modes:
        for within in modes:
            found = outer(lambda x, within=within: x * within(lambda y: x + y)(1.0))(1.0)
            assert found == 1.0, (outer, within)
            captured = outer(lambda x, within=within: within(lambda y: x * y * y)(x))(3.0)
            assert captured == 12.0, (outer, within)
            apart = outer(lambda x, within=within: within(lambda y: x * x)(2.0) + x)(5.0)
            assert apart == 1.0, (outer, within)


def test_n3_inner_derivatives_capture_outer_variables() -> None:
    """d/dx of d/dy of sin(x y) at y = x^2, and three levels deep."""

    def g(x: Any) -> Any:
        return grad(lambda y: np.sin(x * y))(x * x)

    x, y = sympy.symbols("x y")
    expected = sympy.diff(sympy.diff(sympy.sin(x * y), y).subs(y, x * x), x)
    assert grad(g)(0.7) == pytest.approx(float(expected.subs(x, 0.7)), rel=1e-13)

    def deep(x: Any) -> Any:
        return grad(lambda y: y * grad(lambda z: x * y * z * z)(y))(x)

    assert grad(deep)(2.0) == 6 * 3 * 2.0**2  # d/dx of 6 x^3: y * 2 x y y = 2 x y^3, in y 6 x y^2


def test_n4_the_shift_operator() -> None:
    """With s u f x = f (x + u), E f = d/du (s u f) at 0: E (E f) is f'', or refused in words."""

    def e(f: Function) -> Function:
        return lambda x: grad(lambda u: f(x + u))(0.0)

    assert e(e(lambda x: x * x * x))(2.0) == 12.0
    assert e(e(np.sin))(0.3) == pytest.approx(-np.sin(0.3), rel=1e-14)
    with pytest.raises(CatsError) as caught:
        grad(lambda u: lambda x: np.sin(x + u))(0.0)
    assert "function" in str(caught.value)


ORDERS = {
    "sin": (np.sin, sympy.sin, (0.3, -2.0)),
    "exp": (np.exp, sympy.exp, (0.5, -1.0)),
    "1/x": (lambda x: 1.0 / x, lambda x: 1 / x, (0.7, -1.5)),
    "tanh": (np.tanh, sympy.tanh, (0.4, -0.9)),
}


@pytest.mark.parametrize("name", ORDERS)
def test_n5_orders_up_to_six_against_sympy(name: str) -> None:
    given: Any = ORDERS[name]
    f, symbolic, points = given
    x = sympy.Symbol("x")
    reverse: Function = f
    forward: Function = f
    for order in range(1, 7):
        reverse = grad(reverse)
        forward = _pushed(forward)
        expected = sympy.diff(symbolic(x), x, order)
        for point in points:
            value = float(expected.subs(x, sympy.Rational(str(point))).evalf(30))
            assert reverse(point) == pytest.approx(value, rel=1e-11), order
            if order <= 4:
                assert forward(point) == pytest.approx(value, rel=1e-11), order


def _pushed(f: Function) -> Function:
    return lambda x: jvp(f, (x,), (1.0,))[1]


def test_n5_orders_of_a_power_are_exact() -> None:
    """The derivatives of 1/x in Fractions: (-1)^n n! / x^(n+1)."""
    program = trace(lambda x: 1.0 / x, 2.0)
    for order in range(1, 7):
        slopes = gradient(program, [0])
        program = simplify(Program(slopes.inputs, slopes.steps, slopes.outputs[-1:]))
        (found,) = EXACTLY.compile(program)(Fraction(3, 2))
        assert found == Fraction((-1) ** order * factorial(order)) / Fraction(3, 2) ** (order + 1)


# Complex step: the derivative without a difference


def test_complex_step_agrees_on_smooth_programs() -> None:
    """120 programs; error of a rounding, not of a difference."""
    for n, sample in corpus(120, SMOOTH):
        program, vary = sample.program, active(sample.program)
        v = direction(Random(n), program.inputs)
        made = evaluated(simplify(pushforward(program, vary)), [*sample.args, *v])
        slopes = evaluated(jacobian(program, vary, "rev"), sample.args)
        scale = 1.0 + float(np.max(np.abs(assembled(slopes, program))))
        expected = complex_step(program, sample.args, v)
        for found, wanted in zip(made[len(program.outputs) :], expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12 * scale, err_msg=str(n))


NUMBERS = replace(POLYNOMIAL, shapes=((),), arrays=False)


def formula(program: Program, symbols: Sequence[Any]) -> Any:
    """The first output as a sympy formula, its constants exact."""
    at = list(symbols)
    for step in program.steps:
        assert isinstance(step.op, Primitive)
        if step.op is const:
            at.append(sympy.Rational(*float(step.params[0][1].array).as_integer_ratio()))
        else:
            at.append(step.op.evaluate(*[at[a] for a in step.args], **dict(step.params)))
    return at[program.outputs[0]]


def test_gradients_on_fractions_are_those_of_sympy() -> None:
    """Polynomials of two numbers, differentiated as formulas."""
    for n in range(60):
        sample = drawn(Random(n), NUMBERS, 12, 2, 1)
        symbols = sympy.symbols("x y")
        found = EXACTLY.compile(simplify(gradient(sample.program, [0, 1])))(*sample.exact)[1:]
        whole = sympy.expand(formula(sample.program, symbols))
        at = {
            s: sympy.Rational(*float(a).as_integer_ratio())
            for s, a in zip(symbols, sample.args, strict=True)
        }
        for symbol, slope in zip(symbols, found, strict=True):
            expected = sympy.diff(whole, symbol).subs(at)
            assert sympy.Rational(slope.numerator, slope.denominator) == expected, n
