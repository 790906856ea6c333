"""What is printed is read back: every term, and deep ones, in linear time."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import cats
from cats.ir.control import Case, Loop, While
from cats.ir.lam import App, Const, Lam, Let, Prim, Proj, Run, Term, Tuple, Var, lifted
from cats.ir.parse import parse
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import add, ipow, mul, neg, sub
from cats.ir.prims.choice import less
from cats.ir.prims.pairs import power
from cats.ir.prims.smooth import sin
from cats.ir.read import read_program
from cats.prepared import prepare, traced
from tests.lambda_terms import Sample, any_terms, samples

X, Y, Z = Var("x"), Var("y"), Var("z")


@given(any_terms())
@settings(max_examples=500)
def test_every_term_is_read_back(term: Term) -> None:
    assert parse(str(term)) == term


@given(samples())
@settings(max_examples=100)
def test_every_typed_term_is_read_back(sample: Sample) -> None:
    assert parse(str(sample.term)) == sample.term


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("x + y * z", Prim(add, (X, Prim(mul, (Y, Z))))),
        ("x - y - z", Prim(sub, (Prim(sub, (X, Y)), Z))),
        ("x - (y - z)", Prim(sub, (X, Prim(sub, (Y, Z))))),
        ("-x * y", Prim(mul, (Prim(neg, (X,)), Y))),
        ("-x ** y", Prim(neg, (Prim(power, (X, Y)),))),
        ("x ** -y ** z", Prim(power, (X, Prim(neg, (Prim(power, (Y, Z)),))))),
        ("x ** 2", Prim(ipow, (X,), (("n", 2),))),
        ("x ** -2 * y", Prim(mul, (Prim(ipow, (X,), (("n", -2),)), Y))),
        ("x ** 2.0", Prim(power, (X, parse("2.0")))),
        ("x ** 2 ** 3", Prim(power, (X, Prim(ipow, (parse("2"),), (("n", 3),))))),
        ("x ** (2)", Prim(power, (X, parse("2")))),
        ("-2.0 ** 2", Prim(neg, (Prim(ipow, (parse("2.0"),), (("n", 2),)),))),
        ("x < y + z", Prim(less, (X, Prim(add, (Y, Z))))),
        ("x y z", App(App(X, Y), Z)),
        ("x (y z)", App(X, App(Y, Z))),
        ("sin x + y", Prim(add, (Prim(sin, (X,)), Y))),
        ("sin x ** 2", Prim(ipow, (Prim(sin, (X,)),), (("n", 2),))),
        ("sin x.0", Prim(sin, (Proj(0, X),))),
        ("x sin", App(X, Lam("x", None, Prim(sin, (X,))))),
        ("mul", Lam("x", None, Lam("y", None, Prim(mul, (X, Y))))),
        ("x.0.1 y", App(Proj(1, Proj(0, X)), Y)),
        (r"\x y. x", Lam("x", None, Lam("y", None, X))),
        (r"x + \y. y + z", Prim(add, (X, Lam("y", None, Prim(add, (Y, Z)))))),
        (r"x \y. y", App(X, Lam("y", None, Y))),
        ("(x,)", Tuple((X,))),
        ("(x, y,)", Tuple((X, Y))),
        ("let x = y; y = x in x", Let(("x", "y"), (Y, X), X)),
        ("let x = let y = z in y; z = x in x", Let(("x", "z"), (parse("let y = z in y"), X), X)),
        ("(s0 := x y) s0", App(App(X, Y), App(X, Y))),
    ],
)
def test_how_it_is_read(text: str, term: Term) -> None:
    assert parse(text) == term


@pytest.mark.parametrize(
    "text",
    [
        r"\x y. let z = x * y in (cos z, sin z)",
        r"\x: R[3] f: R -> R. f (sum[axes=(0,)] x)",
        "case s of inl x -> (case x of inl y -> y | inr z -> z) | inr (y: R) -> y",
        "case s of inj[0] x -> x | inj[1] y -> y | inj[2] z -> z",
        "inj[2, R + R + Bool] True",
        "if x < y then 1.5:float32 else [1.0, -2.0]:float32",
        r'\"if" "sin". "if" + sin "sin"',
        "f (-2.0) (2.0).0 #[1/2:object]",
        "-(2.0) - -2.0 + --2.0",
        "contract[spec='ij,j->i'] x y",
        "let\n  a = x;\n  b = a;\n  c = b;\n  d = c\nin d",
    ],
)
def test_how_it_is_written(text: str) -> None:
    assert str(parse(text)) == text


def test_white_space_is_no_matter() -> None:
    assert parse(" \n\tlet a=x*y\n;b\n=a in\n(a,b)\n") == parse("let a = x * y; b = a in (a, b)")


def test_a_users_operation_is_read_by_its_name() -> None:
    gelu = Primitive("gelu", "{0} * 2", lambda x: x, elementwise=True)
    term = App(Lam("x", None, Prim(gelu, (X,))), Var("gelu"))
    assert str(term) == r'(\x. gelu x) "gelu"'
    assert parse(str(term), {"gelu": gelu}) == term


def test_what_is_shared_is_written_once() -> None:
    """2 ** 100 as a tree; a name of the text's own is kept apart from the term's variables."""
    term: Term = App(Var("s0"), Var("s1"))
    for _ in range(100):
        term = Prim(mul, (term, term))
    text = str(term)
    assert len(text) < 5000 and '"s0"' in text
    assert parse(text) == term


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("(", ",)"),
        ("-", ""),
        (r"\x. ", ""),
        ("f (", ")"),
        ("x + (", ")"),
        ("let x = ", " in x"),
        ("if x then ", " else y"),
        ("case ", " of inl x -> x | inr y -> y"),
    ],
)
def test_depth_of_the_text_is_no_limit(opening: str, closing: str) -> None:
    term = parse(opening * 10_000 + "x" + closing * 10_000)
    assert parse(str(term)) == term


@pytest.mark.parametrize("n", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_long_let_is_read_back(n: int) -> None:
    rows = ";\n".join(f"v{i + 1} = v{i} * x + {i}.0" for i in range(n))
    term = parse(f"let v0 = x;\n{rows} in v{n}")
    assert isinstance(term, Let) and len(term.names) == n + 1
    assert term.values[7].where is not None and term.values[7].where.line == 8
    assert parse(str(term)) == term


def test_numbers_are_read_to_the_last_bit() -> None:
    for text in ("0.1", "1e+300", "5e-324", "9223372036854775807", "-9223372036854775808", "-0.0"):
        term = parse(text)
        assert isinstance(term, Const) and str(term) == text


def words(x: Any) -> Any:
    """Every word, one in another."""

    def grown(c: Any) -> Any:
        return cats.while_loop(lambda c: c < 3.0, lambda c: c * c * x + 2.0, c)

    rows, ys = cats.scan(lambda c, y: (c * y, c + x), x, np.arange(3.0), reverse=True)
    count = np.floor(x).astype(int)
    some = cats.fori_loop(0, count, lambda i, c: cats.cond(c > 1.0, grown, np.sin, c) + i, x)
    return rows + ys + some + cats.switch(count, [np.sin, np.cos, grown], x)


def test_words_are_read_back_and_pickled() -> None:
    """Terms of scan, while and case as they are traced; finished words on arguments; programs."""
    found = traced(words, prepare(words, (2.5,), {}))
    assert parse(str(found.term)) == found.term
    assert pickle.loads(pickle.dumps(found.term)) == found.term
    assert read_program(str(found.program)) == found.program
    body = read_program("(w: R, c: R, x: R) -> a = mul c x  b = add a w  in (b, a)")
    test = read_program("(w: R, c: R) -> t = less c w  in (t)")
    step = read_program("(w: R, c: R) -> d = add c w  in (d)")
    for term in (
        Run(Loop(body, 1, 1, 3, True), (X, lifted(1.0), Y)),
        Run(Loop(body, 1, 1), (lifted(2), X, lifted(1.0), Y)),
        Run(While(test, step, 1), (X, Proj(0, Y))),
        Run(Case((test, test)), (Z, X, Y)),
        Tuple((Run(While(test, step, 1), (X, Y)), App(X, Run(Case((step, step)), (Z, X, Y))))),
    ):
        assert parse(str(term)) == term
        assert pickle.loads(pickle.dumps(term)) == term
