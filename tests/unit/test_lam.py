"""Lambda terms as data: equality, hashing, pickling and printing of deep terms; the builders."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from time import process_time
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from cats.backends.on_numpy import OnNumpy
from cats.ir import lam, spaces
from cats.ir.build import call, case_, const, fn, if_, inj, let, proj, tuple_, var
from cats.ir.constant import Constant
from cats.ir.errors import SpaceError, TermError, Where
from cats.ir.infer import infer
from cats.ir.lam import App, Const, Control, Lam, Let, Prim, Proj, Term, Tuple, Var
from cats.ir.parse import parse
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME, VOCABULARY
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.choice import less
from cats.ir.prims.contraction import contract
from cats.ir.prims.layout import const as constant
from cats.ir.prims.smooth import cos, sin
from cats.ir.spaces import BOOL, R, Sum
from cats.pointfree import program_of
from tests.lambda_terms import any_terms

X, Y = Var("x"), Var("y")
SPACE = {
    **BY_NAME,
    **vars(spaces),
    **vars(lam),
    "Constant": Constant,
    "Fraction": Fraction,
    "np": np,
    "inf": np.inf,
    "nan": np.nan,
    "array": np.array,
}


@given(any_terms())
@settings(max_examples=200)
def test_repr_evaluates_to_the_term(term: Term) -> None:
    """All but the bits of a negative nan, which Python has no literal for."""
    if "nan" not in repr(term):
        assert eval(repr(term), SPACE) == term


@given(any_terms())
def test_pickle_gives_the_term(term: Term) -> None:
    """NumPy's own pickles forget a foreign byte order."""
    assume(">f8" not in repr(term))
    again = pickle.loads(pickle.dumps(term))
    assert again == term and hash(again) == hash(term)


def test_the_place_in_the_code_never_matters_but_is_kept() -> None:
    here = Where("model.py", 3)
    placed = Prim(add, (Var("x", here), Y), (), here)
    assert placed == Prim(add, (X, Y)) and hash(placed) == hash(Prim(add, (X, Y)))
    again = pickle.loads(pickle.dumps(placed))
    assert (again.where, again.args[0].where) == (here, here)


def test_constants_are_compared_to_the_last_bit() -> None:
    assert Const(Constant(0.0)) != Const(Constant(-0.0))
    assert Const(Constant(1.0)) != Const(Constant(1)) != Const(Constant(True))


@pytest.mark.parametrize("op", VOCABULARY, ids=str)
def test_arity_is_that_of_the_examples(op: Primitive) -> None:
    takes = op.takes.count
    for example in op.examples:
        assert takes in (None, len(example.spaces))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Prim(add, (X,)),
        lambda: Prim(contract, ()),
        lambda: Prim(constant, (X,)),
        lambda: Let((), (), X),
        lambda: Let(("a", "b"), (X,), X),
        lambda: Proj(-1, X),
        lambda: Control("if", (X, Y)),
        lambda: Control("inj", (X,), (("index", 2), ("sum", Sum((R, R))))),
        lambda: Control("inj", (X,), (("index", 0), ("sum", Sum((R,))))),
        lambda: Control("inj", (X,)),
        lambda: Control("case", (X, Lam("x", None, X), Y)),
        lambda: Control("while", (X,)),
    ],
)
def test_a_term_that_is_malformed_is_not_born(wrong: object) -> None:
    with pytest.raises(TermError):
        wrong()  # type: ignore[operator]


def test_a_constant_lies_in_a_space() -> None:
    with pytest.raises(SpaceError):
        Const(Constant(1j))


# Builders


def test_builders_write_what_the_parser_reads() -> None:
    end = Sum((R, BOOL))
    built = {
        r"\x y. let z = x * y in (cos z, sin z)": fn(
            "x y", lambda x, y: let("z", mul(x, y), lambda z: tuple_(cos(z), sin(z)))
        ),
        r"\x: R. if x < 0.0 then 1.0 else x": fn(
            "x", lambda x: if_(less(x, 0.0), 1.0, x), spaces.R
        ),
        "-(x * 2.0 + y / x) - 1.0": -(X * 2.0 + Y / X) - 1.0,
        "f x 2.0": call(var("f"), X, 2.0),
        "f x [1.0, 2.0]": var("f")(X, np.array([1.0, 2.0])),
        "p.1 + 2.0": add(proj(1, var("p")), const(2.0)),
        "case inl[R + Bool] x of inl a -> a | inr b -> 0.0": case_(
            inj(0, end, X), fn("a", lambda a: a), fn("b", lambda b: 0.0)
        ),
    }
    assert {text: str(term) for text, term in built.items()} == {text: text for text in built}
    assert all(parse(text) == term for text, term in built.items())


def test_a_builder_refuses_to_hide_a_variable_where_it_is_needed() -> None:
    with pytest.raises(TermError, match="two variables named x"):
        fn("x", lambda x: fn("x", lambda y: add(x, y)))
    with pytest.raises(TermError, match="two variables named x"):
        fn("x", lambda x: let("x", 2.0, lambda y: add(x, y)))
    closed = fn("x", lambda x: add(x, 1.0))
    assert str(fn("x", lambda x: closed(closed(x)))) == r"\x. (\x. x + 1.0) ((\x. x + 1.0) x)"


# Depth


def long_let(n: int) -> Term:
    names = tuple(f"v{i}" for i in range(n))
    values = tuple(Prim(add, (Var(f"v{i - 1}") if i else X, X)) for i in range(n))
    return Let(names, values, Var(names[-1]))


def deep(n: int) -> Term:
    term: Term = X
    for i in range(n):
        term = (Lam("x", None, term), App(Var("f"), term), Tuple((term,)))[i % 3]
    return term


SIZES = [5_000, pytest.param(100_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("make", [long_let, deep])
@pytest.mark.parametrize("n", SIZES)
def test_neither_length_nor_depth_is_a_limit(make: Callable[[int], Term], n: int) -> None:
    term, same = make(n), make(n)
    assert hash(term) == hash(same) and term == same
    assert pickle.loads(pickle.dumps(term)) == term
    assert parse(str(term)) == term
    assert len(repr(term)) > n


@pytest.mark.slow
@pytest.mark.parametrize(
    "work",
    [
        hash,
        lambda term: term == long_let(len(term.names)),
        lambda term: pickle.loads(pickle.dumps(term)),
        str,
        repr,
        lambda term: parse(str(term)),
        lambda term: infer(term, {"x": R}),
        lambda term: program_of(term, {"x": R}),
    ],
    ids=["hash", "equality", "pickle", "str", "repr", "parse", "infer", "program"],
)
def test_time_is_linear(work: Callable[[Term], object]) -> None:
    """Four times the length takes four times as long, not sixteen; the best of three runs."""
    times = {}
    for n in (3_000, 12_000):
        runs = []
        for _ in range(3):
            term = long_let(n)
            start = process_time()
            work(term)
            runs.append(process_time() - start)
        times[n] = min(runs)
    assert times[12_000] < 10 * times[3_000] + 0.01


def test_numpy_and_comparisons_build_terms() -> None:
    assert str(fn("x", lambda x: np.sin(x) * np.multiply(x, 2.0))) == r"\x. sin x * (x * 2.0)"
    term = fn("x", lambda x: if_(x > 1.0, np.maximum(x, 2.0), x))
    assert term == parse(r"\x. if x > 1.0 then maximum x 2.0 else x")
    assert str(fn("x", lambda x: (x <= 1.0, x < 2.0, x >= 3.0)[1])) == r"\x. x < 2.0"
    unknown: Any = Var("x")
    refused: list[tuple[Callable[[], Any], str]] = [
        (lambda: np.sum(unknown), "np.sum is no operation on terms"),
        (lambda: np.add.reduce(unknown), r"np.add.reduce is no operation on terms"),
        (lambda: fn("x", Var("x") * 2.0), "is a term, not a Python function of x"),
    ]
    for wrong, said in refused:
        with pytest.raises(TermError, match=said):
            wrong()


OPERATORS: dict[str, Callable[[Any], Any]] = {
    "x ** 2": lambda x: x**2, "x ** -1": lambda x: x**-1, "x ** 0.5": lambda x: x**0.5,
    "2.0 ** x": lambda x: 2.0**x, "x ** x": lambda x: x**x, "x // 2.0": lambda x: x // 2.0,
    "7.0 // x": lambda x: 7.0 // x, "x % 2.0": lambda x: x % 2.0, "7.0 % x": lambda x: 7.0 % x,
    "(x // 2.0, x % 2.0)": lambda x: tuple_(*divmod(x, 2.0)),
    "(7.0 // x, 7.0 % x)": lambda x: tuple_(*divmod(7.0, x)),
    "abs x": lambda x: abs(x), "x": lambda x: +x, "-x": lambda x: -x,
    "x < 1.0": lambda x: x < 1.0, "x >= 1.0": lambda x: x >= 1.0, "x > 1.0": lambda x: x > 1.0,
}  # fmt: skip


@pytest.mark.parametrize("text", OPERATORS)
def test_pythons_operators_are_those_of_texts(text: str) -> None:
    term = OPERATORS[text](Var("x"))
    assert term == parse(text)
    (found, *_) = OnNumpy().compile(program_of(Lam("x", R, term)).program)(1.5)
    expected = {"(x": 1.5 // 2.0, "(7.0": 7.0 // 1.5}.get(text.split(" ")[0])
    assert found == (OPERATORS[text](1.5) if expected is None else expected)


UNHAD: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "contract(a, b, spec='ij,j->i')": (lambda x: x @ x, lambda x: 2.0 @ x),
    "proj(i, term)": (lambda x: x[0], lambda x: x[1:], lambda x: list(x)),
    "logical_and": (
        lambda x: x & x, lambda x: True | x, lambda x: x ^ x, lambda x: ~x,
        lambda x: x << 2, lambda x: 2 >> x,
    ),
    "program_of(term).program": (
        float, int, complex, round, np.array, np.asarray, lambda x: np.array([x, x]),
        lambda x: math.sqrt(x),
    ),
}  # fmt: skip


@pytest.mark.parametrize("remedy", UNHAD)
def test_the_other_operators_say_what_to_write(remedy: str) -> None:
    for ask in UNHAD[remedy]:
        with pytest.raises(TermError) as caught:
            ask(Var("x"))
        assert caught.value.message.startswith("`x` is a term: ")
        assert remedy in (caught.value.remedy or "")
