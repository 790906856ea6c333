"""The rewriter: it ends, it ends in one place, it ends where it began in meaning, and cheaper."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.functor import interpret
from cats.ir.chain import left_nested
from cats.ir.constant import Constant
from cats.ir.errors import DerivativeError, SpaceError, TermError
from cats.ir.letters import linear_letter
from cats.ir.linear import Fork, Id, Linear, Proj, Scale, Then
from cats.ir.node import Node, fold, postorder
from cats.ir.primitive import Primitive
from cats.ir.prims.algebra import neg
from cats.ir.prims.smooth import cos
from cats.ir.rewrite import Rule, Story, normalise, rule
from cats.ir.rules import EXACT as PROGRAM_EXACT
from cats.ir.rules.biproduct import SIMPLIFYING, assoc, fork_proj, id_then
from cats.ir.spaces import R
from tests.terms import Exact, random_space, random_term

SEEDS = st.integers(0, 2**32)
EXACT = tuple(r for r in SIMPLIFYING if r.exact)


def term_of(seed: int, depth: int = 5) -> Linear:
    rng = Random(seed)
    return random_term(rng, random_space(rng), random_space(rng), depth)


def same_meaning(f: Linear, g: Linear) -> bool:
    return (f.dom, f.cod) == (g.dom, g.cod) and np.array_equal(
        interpret(f, Exact()), interpret(g, Exact())
    )


def work(term: Linear) -> int:
    """Additions, scalings and leaves met when the term is run, without sharing."""

    def count(node: Node, below: tuple[int, ...]) -> int:
        return sum(below) + (type(node).__name__ in ("Scale", "Leaf", "Join"))

    return fold(term, count)


@given(SEEDS, st.booleans())
def test_the_normal_form_means_the_same_and_is_no_more_work(seed: int, exact: bool) -> None:
    term = term_of(seed)
    found = normalise(term, EXACT if exact else SIMPLIFYING)
    assert isinstance(found, Linear)
    assert same_meaning(term, found)
    assert work(found) <= work(term)


@given(SEEDS, st.booleans())
def test_a_normal_form_stays(seed: int, exact: bool) -> None:
    rules = EXACT if exact else SIMPLIFYING
    once = normalise(term_of(seed), rules)
    assert normalise(once, rules) == once
    assert all(r.step(node) in (None, node) for node in postorder(once) for r in rules)


@given(SEEDS, st.permutations(SIMPLIFYING))
def test_the_order_of_the_rules_does_not_matter(seed: int, order: list[Rule]) -> None:
    term = term_of(seed)
    assert normalise(term, order) == normalise(term, SIMPLIFYING)


@given(SEEDS, st.permutations(EXACT))
def test_nor_that_of_the_exact_ones(seed: int, order: list[Rule]) -> None:
    term = term_of(seed)
    assert normalise(term, order) == normalise(term, EXACT)


@given(SEEDS)
def test_brackets_to_the_left_first_changes_nothing(seed: int) -> None:
    term = term_of(seed)
    assert same_meaning(term, left_nested(term))
    assert normalise(left_nested(term), (assoc,)) == left_nested(term)
    assert normalise(left_nested(term), SIMPLIFYING) == normalise(term, SIMPLIFYING)


def test_rules_that_go_round_end_with_their_fuel() -> None:
    f, g = linear_letter("f", R, R), linear_letter("g", R, R)

    @rule("", lambda: (f, g))
    def there(t: Linear) -> Linear | None:
        return g if t == f else None

    @rule("", lambda: (g, f))
    def back(t: Linear) -> Linear | None:
        return f if t == g else None

    with pytest.raises(RecursionError, match="no normal form"):
        normalise(f, (there, back), fuel=100)


def test_the_story_tells_each_use_once() -> None:
    story = Story()
    pair = Fork((linear_letter("f", R, R), linear_letter("g", R, R)))
    term = Then(Then(Id(R), pair), Proj((R, R), 0))
    assert str(normalise(term, (id_then, fork_proj), story)) == "f"
    assert story.counts() == {"fork_proj": 1, "id_then": 1}
    assert str(story) == "fork_proj x1, id_then x1"


def test_a_deep_term_and_a_shared_term_take_linear_time() -> None:
    deep: Linear = Scale(R, 3)
    for _ in range(30_000):
        deep = Then(deep, Id(R))
    assert normalise(deep, SIMPLIFYING) == Scale(R, 3)
    right: Linear = Scale(R, 3)
    for _ in range(30_000):
        right = Then(Id(R), right)
    assert normalise(left_nested(right), SIMPLIFYING) == Scale(R, 3)
    shared: Linear = linear_letter("f", R, R)
    for _ in range(200):
        shared = Then(Id(R), shared + shared)
    assert len(list(postorder(normalise(shared, SIMPLIFYING)))) < 1000


def wrong_rule(head: Primitive, step: Any) -> Rule:
    def sides(x: Any) -> tuple[Any, Any]:
        return head(x), step(x)

    def astray(x: Any) -> Any:
        return step(x)

    return rule("x: R[s]", sides, head=head)(astray)


@pytest.mark.parametrize("made", [np.zeros(5), np.float32(0.0), True], ids=["R[5]", "R32", "Bool"])
def test_a_rule_stays_in_the_space_of_what_it_replaces(made: Any) -> None:
    program = cats.trace(np.cos, 1.0)
    strays = wrong_rule(cos, lambda x: Constant(made).value)
    with pytest.raises(SpaceError, match=r"the rule astray makes of cos, in R, something in "):
        cats.simplify(program, (strays,))


@pytest.mark.parametrize("rules", [(), PROGRAM_EXACT], ids=["alone", "among others"])
def test_rules_that_go_round_say_so(rules: tuple[Rule, ...]) -> None:
    program = cats.trace(np.cos, 1.0)
    with pytest.raises(TermError, match="the rules reached no normal form: astray, at cos, makes"):
        cats.simplify(program, (*rules, wrong_rule(cos, lambda x: cos(neg(x)))))


def test_what_is_simplified_and_derived_is_a_program() -> None:
    for change in (cats.simplify, cats.derive):
        with pytest.raises(TermError, match="int is no program"):
            change(3)  # type: ignore[arg-type]
    for place in (5, -1, 0.5):
        with pytest.raises(DerivativeError, match=f"there is no input {place} of a program of 1 "):
            cats.derive(cats.trace(np.sin, 1.0), [place])  # type: ignore[list-item]
