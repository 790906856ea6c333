"""Theorems of categories with biproducts, from the laws taken as axioms, in reading order.

Axioms: identity and associativity, projections of forks and surjective pairing, the same for
joins, what injections and projections do to each other, and that zero absorbs.
"""

from __future__ import annotations

from cats.ir.letters import letters
from cats.ir.linear import Fork, Id, Inj, Join, Linear, Proj, Then, Zero
from cats.ir.rewrite import Rule
from cats.ir.rules.biproduct import (
    add_forgotten,
    add_zero,
    assoc,
    copairing,
    copairing_id,
    fork_proj,
    fork_zero,
    id_then,
    inj_join,
    inj_other,
    inj_proj,
    join_zero,
    pairing,
    then_id,
    then_zero,
    zero_then,
)
from cats.ir.rules.structure import (
    exchange,
    inj_fork,
    join_then,
    proj_join,
    then_fork,
)
from proofs.calculation import Calculation

AXIOMS = (
    id_then, then_id, assoc, fork_proj, pairing, inj_join, copairing, inj_proj, inj_other,
    zero_then, then_zero,
)  # fmt: skip


def own_letters(law: Rule) -> tuple[Linear, ...]:
    """The letters of the law itself."""
    return tuple(letters(law.letters).values())


def _then_fork() -> Calculation:
    h, f, g = own_letters(then_fork)
    whole, spaces = Then(h, Fork((f, g))), (f.cod, g.cod)
    p0, p1 = Proj(spaces, 0), Proj(spaces, 1)
    return Calculation(
        whole,
        (
            (pairing, Fork((Then(whole, p0), Then(whole, p1)))),
            (fork_proj, Fork((Then(h, f), Then(whole, p1)))),
            (fork_proj, Fork((Then(h, f), Then(h, g)))),
        ),
    )


def _join_then() -> Calculation:
    f, g, h = own_letters(join_then)
    both, spaces = Join((f, g)), (f.dom, g.dom)
    i0, i1 = Inj(spaces, 0), Inj(spaces, 1)
    second = Then(Then(i1, both), h)
    return Calculation(
        Then(both, h),
        (
            (copairing, Join((Then(Then(i0, both), h), second))),
            (inj_join, Join((Then(f, h), second))),
            (inj_join, Join((Then(f, h), Then(g, h)))),
        ),
    )


def _exchange() -> Calculation:
    f, g, h, k = own_letters(exchange)
    rows, spaces = Fork((Join((f, g)), Join((h, k)))), (f.dom, g.dom)
    i0, i1 = Inj(spaces, 0), Inj(spaces, 1)
    fg, hk = Join((f, g)), Join((h, k))
    left, right = Fork((Then(i0, fg), Then(i0, hk))), Fork((Then(i1, fg), Then(i1, hk)))
    return Calculation(
        rows,
        (
            (copairing, Join((Then(i0, rows), Then(i1, rows)))),
            (then_fork, Join((left, Then(i1, rows)))),
            (then_fork, Join((left, right))),
            (inj_join, Join((Fork((f, Then(i0, hk))), right))),
            (inj_join, Join((Fork((f, h)), right))),
            (inj_join, Join((Fork((f, h)), Fork((g, Then(i1, hk)))))),
            (inj_join, Join((Fork((f, h)), Fork((g, k))))),
        ),
    )


def _fork_zero() -> Calculation:
    zero = fork_zero.sides(*own_letters(fork_zero))[1]
    a, b, c = own_letters(fork_zero)
    p0, p1 = Proj((b, c), 0), Proj((b, c), 1)  # type: ignore[arg-type]
    first = Then(zero, p0)
    return Calculation(
        zero,
        (
            (pairing, Fork((first, Then(zero, p1)))),
            (zero_then, Fork((Zero(a, b), Then(zero, p1)))),  # type: ignore[arg-type]
            (zero_then, Fork((Zero(a, b), Zero(a, c)))),  # type: ignore[arg-type]
        ),
    )


def _join_zero() -> Calculation:
    zero = join_zero.sides(*own_letters(join_zero))[1]
    a, b, c = own_letters(join_zero)
    i0, i1 = Inj((a, b), 0), Inj((a, b), 1)  # type: ignore[arg-type]
    return Calculation(
        zero,
        (
            (copairing, Join((Then(i0, zero), Then(i1, zero)))),
            (then_zero, Join((Zero(a, c), Then(i1, zero)))),  # type: ignore[arg-type]
            (then_zero, Join((Zero(a, c), Zero(b, c)))),  # type: ignore[arg-type]
        ),
    )


def _inj_fork() -> Calculation:
    a, b = own_letters(inj_fork)
    spaces = (a, b)
    i0, p0, p1 = Inj(spaces, 0), Proj(spaces, 0), Proj(spaces, 1)  # type: ignore[arg-type]
    return Calculation(
        i0,
        (
            (pairing, Fork((Then(i0, p0), Then(i0, p1)))),
            (inj_proj, Fork((Id(a), Then(i0, p1)))),  # type: ignore[arg-type]
            (inj_other, Fork((Id(a), Zero(a, b)))),  # type: ignore[arg-type]
        ),
    )


def _proj_join() -> Calculation:
    a, b = own_letters(proj_join)
    spaces = (a, b)
    p0, i0, i1 = Proj(spaces, 0), Inj(spaces, 0), Inj(spaces, 1)  # type: ignore[arg-type]
    return Calculation(
        p0,
        (
            (copairing, Join((Then(i0, p0), Then(i1, p0)))),
            (inj_proj, Join((Id(a), Then(i1, p0)))),  # type: ignore[arg-type]
            (inj_other, Join((Id(a), Zero(b, a)))),  # type: ignore[arg-type]
        ),
    )


def _copairing_id() -> Calculation:
    start, end = copairing_id.sides(*own_letters(copairing_id))
    i0, i1 = start.parts
    return Calculation(
        start,
        (
            (then_id, Join((Then(i0, end), i1))),
            (then_id, Join((Then(i0, end), Then(i1, end)))),
            (copairing, end),
        ),
    )


def _add_zero() -> Calculation:
    f, a, c, g, h = own_letters(add_zero)
    start, end = add_zero.sides(f, a, c, g, h)
    b, zero, join = f.cod, start.first.parts[1], start.second
    spaces = (b, zero.cod)
    i0, p0, p1 = Inj(spaces, 0), Proj(spaces, 0), Proj(spaces, 1)
    into = Then(Then(f, i0), p0)
    return Calculation(
        start,
        (
            (then_id, Then(Fork((Then(f, Id(b)), zero)), join)),
            (inj_proj, Then(Fork((Then(f, Then(i0, p0)), zero)), join)),
            (assoc, Then(Fork((into, zero)), join)),
            (then_zero, Then(Fork((into, Then(f, Zero(b, zero.cod)))), join)),
            (inj_other, Then(Fork((into, Then(f, Then(i0, p1)))), join)),
            (assoc, Then(Fork((into, Then(Then(f, i0), p1))), join)),
            (pairing, Then(Then(f, i0), join)),
            (inj_join, end),
        ),
    )


def _add_forgotten() -> Calculation:
    f, k, g, c, d = own_letters(add_forgotten)
    start, end = add_forgotten.sides(f, k, g, c, d)
    fork, zero = start.first, start.second.parts[1]
    spaces = (f.cod, k.cod)
    p0, i0, i1 = Proj(spaces, 0), Inj(spaces, 0), Inj(spaces, 1)
    out = Then(Then(i0, p0), g)
    first = Then(p0, g)
    return Calculation(
        start,
        (
            (id_then, Then(fork, Join((Then(Id(f.cod), g), zero)))),
            (inj_proj, Then(fork, Join((out, zero)))),
            (zero_then, Then(fork, Join((out, Then(Zero(k.cod, f.cod), g))))),
            (inj_other, Then(fork, Join((out, Then(Then(i1, p0), g))))),
            (copairing, Then(fork, first)),
            (assoc, Then(Then(fork, p0), g)),
            (fork_proj, end),
        ),
    )


THEOREMS: dict[Rule, Calculation] = {
    then_fork: _then_fork(),
    join_then: _join_then(),
    exchange: _exchange(),
    fork_zero: _fork_zero(),
    join_zero: _join_zero(),
    inj_fork: _inj_fork(),
    proj_join: _proj_join(),
    copairing_id: _copairing_id(),
    add_zero: _add_zero(),
    add_forgotten: _add_forgotten(),
}
"""Each uses only axioms and theorems before it."""
