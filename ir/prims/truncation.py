"""How pinv varies where singular values are cut off, and to every order.

Its transpose is the gradient of sum(log s) over the singular values s that are kept. Those cut off
have their part in the derivatives unless they are 0: the vectors that are kept turn towards theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cats.ir.literals import literal
from cats.ir.primitive import Example, Primitive
from cats.ir.prims.families import SYMMETRIC, Wide, gradient_rule, gradient_space, gradient_text
from cats.ir.prims.layout import reals
from cats.ir.prims.stacks import matrices, stack_of, together
from cats.ir.spaces import Ground, Space

_fits = gradient_space("the pseudoinverse", stack_of)


def _along_space(a: Ground, *directions: Ground, rcond: float, wide: Wide) -> Ground:
    return _fits(a, *directions, wide=wide)


def _along_text(*args: str, rcond: float, wide: Wide) -> str:
    return gradient_text(f"truncated({literal(rcond)}, {{}})")(*args, wide=wide)


def _along_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    m, n = spaces[0].shape[-2:]
    return int(matrices(out) * (9 * (m + n) ** 3 + (m + n) ** len(spaces)))


pinv_along: Primitive = Primitive(
    "pinv_along",
    _along_text,
    _along_space,
    linearise=lambda *args, **params: gradient_rule(pinv_along)(*args, **params),
    linear=SYMMETRIC,
    batch=lambda *args, batched, **params: together(pinv_along, args, batched, **params),
    work=_along_work,
    examples=(
        *(
            Example(reals(shape, shape), (("rcond", 0.3), ("wide", ())))
            for shape in ((3, 3), (3, 2), (2, 2, 3), (1, 1), (5, 2), (0, 2))
        ),
        Example(reals((3, 2), (3, 2, 3)), (("rcond", 0.3), ("wide", (1, 1)))),
        Example(reals((2, 2), (2, 2), (2, 2)), (("rcond", 0.3), ("wide", ()))),
    ),
    modules=("functools", "itertools"),
    helpers='''
def truncated(rcond, a, *directions):
    """The derivative of the transposed pseudoinverse along the directions.

    It is a corner of h of the symmetric matrix [[0, a], [a', 0]], whose eigenvalues are those of a
    and their negatives: h is 1 / x of those kept and 0 of the others. (Daleckii and Krein 1965.)
    A long side is first brought to the number of columns that there are in all.
    """
    m, n = a.shape[-2:]
    if m < n:
        return truncated(rcond, a.mT, *[e.mT for e in directions]).mT
    if m > n * (1 + len(directions)):
        basis, rest = np.linalg.qr(np.concatenate(np.broadcast_arrays(a, *directions), -1))
        return basis @ truncated(rcond, *np.split(rest, 1 + len(directions), -1))
    x, v = np.linalg.eigh(doubled(a))
    size = np.abs(x)
    kept = size > rcond * np.max(size, -1, keepdims=True, initial=0)
    turned = [v.mT @ doubled(e) @ v for e in directions]
    names = "abcdefgh"[: len(directions) + 1]
    pairs = ",".join(f"...{i}{j}" for i, j in itertools.pairwise(names))
    spec = f"...{names},{pairs}->...{names[0]}{names[-1]}"
    gaps = differences(x, kept, len(names))
    terms = [np.einsum(spec, gaps, *each) for each in itertools.permutations(turned)]
    return (v @ functools.reduce(np.add, terms) @ v.mT)[..., :m, m:]


def doubled(a):
    """[[0, a], [a', 0]]."""
    m, n = a.shape[-2:]
    found = np.zeros((*a.shape[:-2], m + n, m + n), a.dtype)
    np.copyto(found[..., :m, m:], a)
    np.copyto(found[..., m:, :m], a.mT)
    return found


def differences(x, kept, count):
    """The divided differences h[x, y, ...] of so many of the x; h is 1 / x if kept, 0 if not.

    Of some that are kept and some that are not they are those of 1 / x / (x - c) / (x - d) ... at
    the ones that are kept, c, d, ... being the others: factor by factor, by Leibniz's rule.
    """
    along = [(..., *[slice(None) if j == i else None for j in range(count)]) for i in range(count)]
    each, inside = [x[at] for at in along], [kept[at] for at in along]
    found = np.zeros((*x.shape[:-1], *x.shape[-1:] * count), x.dtype)
    for stay in itertools.product((True, False), repeat=count):
        here = functools.reduce(np.logical_and, map(np.equal, inside, stay))
        poles = [0, *[c for c, keep in zip(each, stay) if not keep]]
        parts = [1, *[0] * (sum(stay) - 1)]
        for pole in poles if any(stay) else ():
            gaps = [np.where(here, y - pole, 1) for y, keep in zip(each, stay) if keep]
            sums = itertools.accumulate(zip(parts, gaps), lambda t, p: (t + p[0]) / p[1], initial=0)
            parts = list(sums)[1:]
        np.copyto(found, (-1) ** (sum(stay) - 1) * parts[-1] if any(stay) else 0, where=here)
    return found
''',
)

FAMILY = (pinv_along,)
