"""Theorems about addition, f + g = <f, g> ; [id | id]: that it is one, and meets composition."""

from __future__ import annotations

from cats.ir.linear import Fork, Id, Inj, Join, Linear, Proj, Then, Zero
from cats.ir.rewrite import Rule
from cats.ir.rules.biproduct import (
    add_zero,
    assoc,
    copairing,
    copairing_id,
    fork_proj,
    fork_zero,
    id_then,
    inj_other,
    inj_proj,
    pairing,
    then_id,
    zero_then,
)
from cats.ir.rules.structure import (
    add_assoc,
    add_commutes,
    add_then,
    fork_join,
    join_then,
    resolution,
    then_add,
    then_fork,
)
from proofs import biproduct
from proofs.biproduct import own_letters
from proofs.calculation import Calculation, reduced

AXIOMS = (*biproduct.AXIOMS, *biproduct.THEOREMS)
"""What is proved before."""


def _both(f: Linear) -> Join:
    """[id | id], which adds two values of f."""
    return Join((Id(f.cod), Id(f.cod)))


def _then_add() -> Calculation:
    h, f, g = own_letters(then_add)
    add = _both(f)
    return Calculation(
        Then(h, f + g),
        (
            (assoc, Then(Then(h, Fork((f, g))), add)),
            (then_fork, Then(h, f) + Then(h, g)),
        ),
    )


def _fork_join() -> Calculation:
    """[h | k] = <p0 ; h, p1 ; k> ; [id | id], part by part; then <f, g> goes into the fork."""
    f, g, h, k = own_letters(fork_join)
    fork, join, add = Fork((f, g)), Join((h, k)), _both(h)
    spaces = (f.cod, g.cod)
    p0, p1, i0, i1 = Proj(spaces, 0), Proj(spaces, 1), Inj(spaces, 0), Inj(spaces, 1)
    cross = Fork((Then(p0, h), Then(p1, k)))
    zero0, zero1 = Zero(g.cod, h.cod), Zero(f.cod, k.cod)

    def row(left: Linear, right: Linear) -> Linear:
        return Then(fork, Join((left, right)))

    def padded(x: Linear, y: Linear) -> Linear:
        return Then(Fork((x, y)), add)

    into0, into1 = Then(Then(i0, p0), h), Then(Then(i1, p1), k)
    left = Then(Then(i0, cross), add)
    right = Then(Then(i1, cross), add)
    other0, other1 = Then(Then(i0, p1), k), Then(Then(i1, p0), h)
    null0, null1 = Then(Zero(f.cod, g.cod), k), Then(Zero(g.cod, f.cod), h)
    left1 = padded(Then(i0, Then(p0, h)), Then(i0, Then(p1, k)))
    right1 = padded(Then(i1, Then(p0, h)), Then(i1, Then(p1, k)))
    spread = Fork((Then(fork, Then(p0, h)), Then(fork, Then(p1, k))))
    return Calculation(
        Then(fork, join),
        (
            (then_id, row(Then(h, Id(h.cod)), k)),
            (add_zero, row(padded(h, zero1), k)),
            (id_then, row(padded(Then(Id(f.cod), h), zero1), k)),
            (inj_proj, row(padded(into0, zero1), k)),
            (zero_then, row(padded(into0, null0), k)),
            (inj_other, row(padded(into0, other0), k)),
            (assoc, row(padded(Then(i0, Then(p0, h)), other0), k)),
            (assoc, row(left1, k)),
            (then_fork, row(left, k)),
            (then_id, row(left, Then(k, Id(k.cod)))),
            (add_zero, row(left, padded(zero0, k))),
            (id_then, row(left, padded(zero0, Then(Id(g.cod), k)))),
            (inj_proj, row(left, padded(zero0, into1))),
            (zero_then, row(left, padded(null1, into1))),
            (inj_other, row(left, padded(other1, into1))),
            (assoc, row(left, padded(Then(i1, Then(p0, h)), into1))),
            (assoc, row(left, right1)),
            (then_fork, row(left, right)),
            (copairing, Then(fork, Then(cross, add))),
            (assoc, Then(Then(fork, cross), add)),
            (then_fork, Then(spread, add)),
            (assoc, Then(Fork((Then(Then(fork, p0), h), spread.parts[1])), add)),
            (fork_proj, Then(Fork((Then(f, h), spread.parts[1])), add)),
            (assoc, Then(Fork((Then(f, h), Then(Then(fork, p1), k))), add)),
            (fork_proj, Then(f, h) + Then(g, k)),
        ),
    )


def _add_then() -> Calculation:
    f, g, h = own_letters(add_then)
    fork, same = Fork((f, g)), Id(f.cod)
    return Calculation(
        Then(f + g, h),
        (
            (assoc, Then(fork, Then(_both(f), h))),
            (join_then, Then(fork, Join((Then(same, h), Then(same, h))))),
            (id_then, Then(fork, Join((h, Then(same, h))))),
            (id_then, Then(fork, Join((h, h)))),
            (fork_join, Then(f, h) + Then(g, h)),
        ),
    )


def _resolution() -> Calculation:
    start, end = resolution.sides(*own_letters(resolution))
    spaces = start.space.parts
    p0, p1, i0, i1 = Proj(spaces, 0), Proj(spaces, 1), Inj(spaces, 0), Inj(spaces, 1)
    return Calculation(
        start,
        (
            (id_then, Then(start, start)),
            (pairing, Then(Fork((p0, p1)), start)),
            (copairing_id, Then(Fork((p0, p1)), Join((i0, i1)))),
            (fork_join, end),
        ),
    )


def _add_commutes() -> Calculation:
    """<f, g> = <g, f> ; swap, and swap ; [id | id] = [id | id], part by part."""
    f, g = own_letters(add_commutes)
    a, fork, add = f.cod, Fork((g, f)), _both(f)
    spaces = (a, a)
    p0, p1, i0, i1 = Proj(spaces, 0), Proj(spaces, 1), Inj(spaces, 0), Inj(spaces, 1)
    swap, same, zero = Fork((p1, p0)), Id(a), Zero(a, a)
    in0, in1 = Then(Then(i0, swap), add), Then(Then(i1, swap), add)

    def parts(left: Linear, right: Linear) -> Linear:
        return Then(fork, Join((left, right)))

    def padded(x: Linear, y: Linear) -> Linear:
        return Then(Fork((x, y)), add)

    return Calculation(
        f + g,
        (
            (fork_proj, padded(Then(fork, p1), g)),
            (fork_proj, padded(Then(fork, p1), Then(fork, p0))),
            (then_fork, Then(Then(fork, swap), add)),
            (assoc, Then(fork, Then(swap, add))),
            (copairing, parts(in0, in1)),
            (then_fork, parts(padded(Then(i0, p1), Then(i0, p0)), in1)),
            (inj_other, parts(padded(zero, Then(i0, p0)), in1)),
            (inj_proj, parts(padded(zero, same), in1)),
            (add_zero, parts(Then(same, same), in1)),
            (id_then, parts(same, in1)),
            (then_fork, parts(same, padded(Then(i1, p1), Then(i1, p0)))),
            (inj_proj, parts(same, padded(same, Then(i1, p0)))),
            (inj_other, parts(same, padded(same, zero))),
            (add_zero, parts(same, Then(same, same))),
            (id_then, g + f),
        ),
    )


def _add_assoc() -> Calculation:
    """Both sides are <f, g, h> ; [id | id | id]: part by part, from the middle to the ends."""
    f, g, h = own_letters(add_assoc)
    add, three, spaces = _both(f), Fork((f, g, h)), (f.cod,) * 3
    p0, p1, p2 = (Proj(spaces, i) for i in range(3))
    right = Then(Fork((p0, Then(Fork((p1, p2)), add))), add)
    left = Then(Fork((Then(Fork((p0, p1)), add), p2)), add)
    laws = (
        assoc, then_fork, fork_proj, inj_proj, inj_other,
        add_zero, zero_then, fork_zero, then_id, id_then,
    )  # fmt: skip

    def to_middle(side: Linear) -> Calculation:
        out = reduced(Then(three, side), laws)
        parts = Join(tuple(Then(Inj(spaces, i), side) for i in range(3)))
        split = Calculation(Then(three, side), ((copairing, Then(three, parts)),))
        return out.backwards().then(split).then(reduced(Then(three, parts), laws))

    return to_middle(right).then(to_middle(left).backwards())


THEOREMS: dict[Rule, Calculation] = {
    then_add: _then_add(),
    fork_join: _fork_join(),
    add_then: _add_then(),
    resolution: _resolution(),
    add_commutes: _add_commutes(),
    add_assoc: _add_assoc(),
}
"""Each uses only what is proved before."""
