"""Every proof is run; a wrong proof, and a wrong rule, would be seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cats.ir.letters import letters
from cats.ir.linear import Fork, Linear, Proj, Then
from cats.ir.prims import BY_NAME, contraction, factors, math_functions, smooth
from cats.ir.prims.algebra import mul, slope
from cats.ir.prims.smooth import sqrt
from cats.ir.prims.stacks import chain, flip, left, lower, plus
from cats.ir.prims.stacks import scaled as multiple
from cats.ir.rules.biproduct import assoc, fork_proj
from cats.ir.rules.smoothing import root_times, scaled
from cats.ir.rules.structure import then_fork
from cats.ir.rules.tails import logistic
from cats.ir.smoothing import Smoothing
from cats.ir.spaces import space_of
from proofs import addition, arrays, biproduct, closed, derivatives, matrices, smoothing
from proofs.calculation import Calculation, NotAProof
from proofs.index import Axiom, Unproved, index, missing, stale, unproved_count

ENTRIES = {name: e for name, e in index().items() if not isinstance(e, Axiom | Unproved)}


@pytest.mark.parametrize("name", ENTRIES)
def test_proof(name: str) -> None:
    assert ENTRIES[name]()


def test_nothing_is_missing_and_nothing_stale() -> None:
    assert missing() == set()
    assert stale() == set()


def test_what_is_unproved_is_counted_and_says_why() -> None:
    open_ = [e for e in index().values() if isinstance(e, Unproved)]
    assert unproved_count() == len(open_) == 25
    assert all(len(e.why) > 10 for e in open_)


@pytest.mark.parametrize("family", [biproduct, addition, closed])
def test_theorems_rest_on_axioms_and_on_theorems_before_them(family: object) -> None:
    known = set(family.AXIOMS)  # type: ignore[attr-defined]
    for law, calculation in family.THEOREMS.items():  # type: ignore[attr-defined]
        assert {used for used, _ in calculation.rows} <= known, law.name
        known.add(law)


def test_a_row_that_does_not_follow_is_seen() -> None:
    f, g = letters("f: A -o B, g: A -o B").values()
    first = Then(Fork((f, g)), Proj((f.cod, g.cod), 0))
    Calculation(first, ((fork_proj, f),)).check()
    for law, end in ((fork_proj, g), (assoc, f)):
        with pytest.raises(NotAProof, match="row 1"):
            Calculation(first, ((law, end),)).check()
    with pytest.raises(NotAProof, match="says"):
        Calculation(first, ((fork_proj, f),)).proves(
            then_fork, tuple(letters(then_fork.letters).values())
        )


def test_wrong_derivatives_are_seen() -> None:
    wrong = replace(smooth.sin, linearise=lambda x, *, out: slope(out, x))
    with pytest.raises(derivatives.Wrong, match="sin"):
        derivatives.prove_formula(wrong)
    signed = replace(smooth.tanh, linearise=lambda x, *, out: slope(mul(out, out), x))
    with pytest.raises(derivatives.Wrong):
        derivatives.prove_formula(signed)
    rule = contraction.contract.linearise
    assert rule is not None

    def doubled(*xs: Any, out: Any, spec: str) -> Linear:
        term = rule(*xs, out=out, spec=spec)
        return term + term

    with pytest.raises(derivatives.Wrong):
        arrays.prove_exactly(replace(contraction.contract, linearise=doubled))
    parts: Any = math_functions.sumprod.linearise
    once = replace(math_functions.sumprod, linearise=lambda x, y, *, out: parts(x, x, out=out))
    with pytest.raises(derivatives.Wrong, match="sumprod"):
        arrays.prove_bilinear(once)


def test_wrong_smoothings_are_seen() -> None:
    factor = replace(root_times, flow=lambda x, op: scaled(x, op(x)))
    signed = replace(logistic, flow=lambda n, x, c: replace(logistic.flow(n, x, c), at=(x, n)))
    halved = replace(logistic, left=lambda n, x, c: mul(0.5, n))
    other = replace(root_times, statics=((sqrt,), (smooth.exp,)))
    for wrong in (factor, signed, halved, other):
        assert isinstance(wrong, Smoothing)
        with pytest.raises(NotAProof, match=wrong.name):
            smoothing.prove(wrong)


@pytest.mark.parametrize("name", matrices.POINTS)
def test_a_rule_of_matrices_with_the_wrong_sign_is_seen(name: str) -> None:
    op = BY_NAME[name]
    rule: Any = op.linearise
    wrong = replace(op, linearise=lambda *args, **params: -rule(*args, **params))
    with pytest.raises(derivatives.Wrong, match=f"{name}.*equation"):
        matrices.prove(wrong)


def test_a_rule_for_symmetric_changes_is_seen() -> None:
    """The Cholesky rule of textbooks, which does not mirror the triangle that is read."""

    def rule(a: Any, *, out: Any) -> Linear:
        inside = factors.divided(out, lower=True)
        half = plus((lower(),), (lower(-1),))
        return chain(space_of(a), inside, flip, inside, half, multiple(0.5), left(out))

    with pytest.raises(derivatives.Wrong, match="cholesky"):
        matrices.prove(replace(factors.cholesky, linearise=rule))


def test_equations_that_do_not_determine_the_result_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without its triangle l l' = a has other solutions."""
    (make,) = matrices.POINTS["cholesky"]

    def less(rng: Any) -> matrices.Case:
        case = make(rng)
        return replace(case, vanish=lambda args, outs: case.vanish(args, outs)[:1])

    monkeypatch.setitem(matrices.POINTS, "cholesky", (less,))
    with pytest.raises(derivatives.Wrong, match="do not determine"):
        matrices.prove(factors.cholesky)
