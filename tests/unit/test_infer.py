"""The spaces of terms: what is inferred, what is taken for granted, and that depth is no limit."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings

from cats.ir.infer import check, infer
from cats.ir.lam import App, Lam, Let, Prim, Proj, Term, Tuple, Var
from cats.ir.node import postorder
from cats.ir.parse import parse
from cats.ir.prims.algebra import mul
from cats.ir.spaces import BOOL, INT, Discrete, Function, Product, R, Real, Space, Sum
from cats.ir.tokens import read_space
from tests.lambda_terms import Sample, samples

ENV: dict[str, Space] = {
    "x": R,
    "v": Real((3,)),
    "w": Real((3,), "float32"),
    "A": Real((2, 3)),
    "n": INT,
    "b": BOOL,
    "p": Product((R, Real((3,)))),
    "f": Function(R, R),
    "s": Sum((R, BOOL)),
}


@pytest.mark.parametrize(
    ("text", "space"),
    [
        (r"\x y. let z = x * y in (cos z, sin z)", "R -> R -> R * R"),
        (r"\f x. f (f x)", "(R -> R) -> R -> R"),
        (r"\f g x. f (g x)", "(R -> R) -> (R -> R) -> R -> R"),
        (r"\n f. n f", "(R -> R) -> R -> R"),
        (r"\p: R * Bool. (p.1, p.0)", "R * Bool -> Bool * R"),
        (r"(\p. p.1) p", "R[3]"),
        (r"\y. v * y", "R[3] -> R[3]"),
        (r"\y. sum[axes=(0,)] (v * y)", "R[3] -> R"),
        (r"\y. sum[axes=(0,)] (y * v) + x", "R[3] -> R"),
        (r"\m. select m v 0.0", "Bool[3] -> R[3]"),
        (r"\a b. logical_and a b", "Bool -> Bool -> Bool"),
        (r"\c y. if c then y else x", "Bool -> R -> R"),
        (r"\t. case t of inl a -> a + x | inr c -> if c then 1.0 else x", "R + Bool -> R"),
        (r"\t. case t of inl a -> v | inr c -> c", "R + R[3] -> R[3]"),
        ("inl[R + Bool] 2.0", "R + Bool"),
        ("contract[spec='ij,j->i'] A v", "R[2]"),
        ("reshape[shape=(3, 2)] A", "R[3, 2]"),
        ("v < x", "Bool[3]"),
        ("x < v", "Bool[3]"),
        ("()", "1"),
        ("let y = v; y = sum[axes=(0,)] y in y", "R"),
        (r"let f = \y. y * 2 in f w", "R32[3]"),
    ],
)
def test_what_is_inferred(text: str, space: str) -> None:
    found = infer(parse(text), ENV)
    assert found == read_space(space)
    check(parse(text), found, ENV)


@pytest.mark.parametrize(
    ("text", "space"),
    [
        ("2 * x", R),
        ("2 * v", Real((3,))),
        ("2.0 * w", Real((3,), "float32")),
        ("2 * w", Real((3,), "float32")),
        ("v * x", Real((3,))),
        ("2 * n", INT),
        ("1 + 2", INT),
        ("1 + 2.0", R),
        ("n < 2", BOOL),
        ("v ** 2", Real((3,))),
        ("A == 0", Discrete((2, 3), "bool")),
    ],
)
def test_numbers_beside_arrays_and_constants_beside_numbers(text: str, space: Space) -> None:
    assert infer(parse(text), ENV) == space


@given(samples(fuel=30))
@settings(max_examples=200)
def test_a_term_lies_in_the_space_it_was_drawn_for(sample: Sample) -> None:
    space: Space = sample.output
    for dom in reversed(sample.inputs):
        space = Function(dom, space)
    assert infer(sample.term) == space
    assert infer(sample.term, {}, sample.inputs) == sample.output
    check(sample.term, space)


@given(samples(fuel=20))
@settings(max_examples=100)
def test_annotations_say_nothing_that_the_inputs_do_not(sample: Sample) -> None:
    """Without those of numbers and truth values, the same is inferred from the arguments."""
    bare: dict[int, Term] = {}
    for node in postorder(sample.term):
        term = _rebuilt(node, bare)  # type: ignore[arg-type]
        bare[id(node)] = term
    assert infer(bare[id(sample.term)], {}, sample.inputs) == sample.output


def _rebuilt(term: Term, done: dict[int, Term]) -> Term:
    """The term without the annotations R and Bool."""
    changed: dict[str, Any] = {}
    for field in fields(term):
        value = getattr(term, field.name)
        if id(value) in done:
            changed[field.name] = done[id(value)]
        elif isinstance(value, tuple) and any(id(v) in done for v in value):
            changed[field.name] = tuple(done.get(id(v), v) for v in value)
    if isinstance(term, Lam) and term.space in (R, BOOL):
        changed["space"] = None
    return replace(term, **changed)


def test_depth_is_no_limit() -> None:
    pair: Term = Var("x")
    part: Term = Var("p")
    for _ in range(20_000):
        pair, part = Tuple((pair, Var("x"))), Proj(0, part)
    assert infer(Let(("p",), (pair,), part), {"x": R}) == R
    fun: Term = Var("x")
    for _ in range(20_000):
        fun = App(Lam("x", None, fun), Prim(mul, (Var("x"), Var("x"))))
    assert infer(fun, {"x": R}) == R


def test_a_space_of_exponential_size_is_shared() -> None:
    names = tuple(f"p{i}" for i in range(1, 200))
    values = tuple(Tuple((Var(f"p{i}"), Var(f"p{i}"))) for i in range(199))
    part: Term = Var("p199")
    for _ in range(199):
        part = Proj(1, part)
    assert infer(Let(names, values, part), {"p0": R}) == R
