"""Products summed over shared axes: dot, matmul, einsum are one primitive, `contract`."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from cats.ir.errors import SpaceError
from cats.ir.linear import Join, Leaf, Linear
from cats.ir.primitive import Example, Linearity, Primitive, leaf_of
from cats.ir.prims.algebra import ANY
from cats.ir.prims.choice import keep
from cats.ir.prims.layout import (
    broadcast,
    convert,
    extend,
    reals,
    relabel,
    sum,
    transpose,
    with_shape,
)
from cats.ir.spaces import Ground, Shape, Space, Value, space_of


def spare(count: int, used: str = "") -> str:
    """Letters for so many axes, none of those used. Raises SpaceError if there are not so many.

    >>> spare(3, "ab")
    'cde'
    """
    found = "".join([c for c in string.ascii_letters if c not in used])[:count]
    if len(found) == count:
        return found
    raise SpaceError(
        f"a contraction of {count + len(set(used) & set(string.ascii_letters))} axes: each has a "
        f"letter, and there are {len(string.ascii_letters)}",
        remedy="Use arrays of fewer axes: np.squeeze and np.reshape put axes together.",
    )


def parts_of(spec: str) -> tuple[list[str], str]:
    """The letters of each operand, and of the result."""
    left, right = spec.split("->")
    return left.split(","), right


def sizes_of(spec: str, spaces: Sequence[Ground]) -> dict[str, int]:
    """The length of every axis; raises SpaceError for operands that do not fit."""
    operands, out = parts_of(spec)
    if len(operands) != len(spaces):
        raise SpaceError(f"'{spec}' contracts {len(operands)} operands, got {len(spaces)}")
    sizes: dict[str, int] = {}
    for letters, space in zip(operands, spaces, strict=True):
        if len(letters) != len(space.shape) or len(set(letters)) != len(letters):
            raise SpaceError(f"'{letters}' does not name the axes of {space} one by one")
        for letter, n in zip(letters, space.shape, strict=True):
            if sizes.setdefault(letter, n) != n:
                raise SpaceError(f"axis {letter} of '{spec}' has lengths {sizes[letter]} and {n}")
    if not set(out) <= set(sizes):
        raise SpaceError(f"the result of '{spec}' has an axis that no operand has")
    return sizes


def _contract_space(*spaces: Ground, spec: str) -> Ground:
    sizes = sizes_of(spec, spaces)
    if any(s.dtype != spaces[0].dtype for s in spaces):
        raise SpaceError(f"contraction of different widths: {', '.join(map(str, spaces))}")
    return with_shape(spaces[0], tuple(sizes[c] for c in parts_of(spec)[1]))


def canonical(spec: str) -> str:
    """The same contraction with letters a, b, c, ... in order of appearance."""
    names = dict.fromkeys(c for c in spec if c.isalpha())
    table = dict(zip(names, string.ascii_letters, strict=False))
    return "".join(table.get(c, c) for c in spec)


_BLAS = {
    "a,a->": "{0} @ {1}",
    "ab,b->a": "{0} @ {1}",
    "a,ab->b": "{0} @ {1}",
    "ab,a->b": "{1} @ {0}",
    "a,ba->b": "{1} @ {0}",
    "ab,bc->ac": "{0} @ {1}",
    "ab,cb->ac": "{0} @ {1}.T",
    "ab,ac->bc": "{0}.T @ {1}",
    "ab,ca->bc": "{0}.T @ {1}.T",
    "ab,bc->ca": "({0} @ {1}).T",
    "ab,cb->ca": "{1} @ {0}.T",
    "ab,ac->cb": "{1}.T @ {0}",
    "ab,ca->cb": "{1} @ {0}",
    "a,b->ab": "np.multiply.outer({0}, {1})",
    "a,b->ba": "np.multiply.outer({1}, {0})",
}


def _contract_text(*xs: str, spec: str) -> str:
    direct = _BLAS.get(canonical(spec)) or _stacked(spec) or _with_vector(spec) or _joined(spec)
    if direct is not None:
        return direct.format(*xs)
    return f"np.einsum({canonical(spec)!r}, {', '.join(xs)}, optimize=True)"


def _stacked(spec: str) -> str | None:
    """The product of two stacks of matrices, their leading axes in common; None for others."""
    operands, out = parts_of(spec)
    stack, both = out[:-2], (*operands, out)
    if len(both) != 3 or not all(o.startswith(stack) and len(o) == len(stack) + 2 for o in both):
        return None
    x, y, z = [names[-2:] for names in both]
    direct = _BLAS.get(canonical(f"{x},{y}->{z}"))
    return None if direct is None else direct.replace(".T", ".mT")


def _with_vector(spec: str) -> str | None:
    """The product of a stack of matrices and a vector, on either side; None for others."""
    operands, out = parts_of(spec)
    match operands:
        case [x, y] if len(y) == 1 and out + y == x:
            return "{0} @ {1}"
        case [x, y] if len(x) == 1 and y[-2:-1] == x and out == y[:-2] + y[-1]:
            return "{0} @ {1}"
        case _:
            return None


def _joined(spec: str) -> str | None:
    """Two operands summed over all axes they share, the others left in order; None for others."""
    operands, out = parts_of(spec)
    if len(operands) != 2:
        return None
    x, y = operands
    shared = [c for c in x if c in y]
    if not shared or out != "".join(c for c in x + y if c not in shared):
        return None
    axes = tuple([letters.index(c) for c in shared] for letters in operands)
    return f"np.tensordot({{0}}, {{1}}, {axes})"


def _slot_leaf(slot: int, xs: Sequence[Value], out: Value, spec: str) -> Leaf:
    fixed = (*xs[:slot], *xs[slot + 1 :])
    return leaf_of(contract, slot, fixed, space_of(xs[slot]), space_of(out), spec=spec)


def _contract_rule(*xs: Value, out: Value, spec: str) -> Linear:
    leaves = tuple(_slot_leaf(i, xs, out, spec) for i in range(len(xs)))
    return Join(leaves) if len(leaves) > 1 else leaves[0]


def _contract_adjoint(leaf: Leaf) -> Leaf:
    operands, out = parts_of(dict(leaf.params)["spec"])
    swapped = [out if i == leaf.slot else o for i, o in enumerate(operands)]
    spec = f"{','.join(swapped)}->{operands[leaf.slot]}"
    return relabel(leaf, leaf.cod, leaf.dom, spec=spec)


def _contract_lift(leaf: Leaf, extra: Shape) -> Leaf:
    spec = dict(leaf.params)["spec"]
    operands, out = parts_of(spec)
    fresh = spare(len(extra), spec)
    widened = [o + fresh if i == leaf.slot else o for i, o in enumerate(operands)]
    wide = f"{','.join(widened)}->{out}{fresh}"
    return relabel(leaf, extend(leaf.dom, extra), extend(leaf.cod, extra), spec=wide)


def masked_contraction(leaf: Leaf, mask: Value) -> tuple[Leaf, Value]:
    """The mask told on the axes of each other operand, and on those of the result."""
    operands, out = parts_of(dict(leaf.params)["spec"])
    inner = operands.pop(leaf.slot)
    spared = [
        keep(_told(mask, inner, o, space_of(x).shape), x)
        for o, x in zip(operands, leaf.fixed, strict=True)
    ]
    return leaf.with_fixed(tuple(spared)), _told(mask, inner, out, leaf.cod.shape)  # type: ignore[union-attr]


def _told(mask: Value, inner: str, letters: str, shape: Shape) -> Value:
    """The mask on the axes `letters`: any along those that are gone, repeated along new ones."""
    gone = tuple(i for i, c in enumerate(inner) if c not in letters)
    if gone:
        mask = convert(sum(convert(mask, dtype="float64"), axes=gone), dtype="bool")
    kept = [c for c in inner if c in letters]
    order = tuple(sorted(range(len(kept)), key=lambda i: letters.index(kept[i])))
    if order != tuple(range(len(kept))):
        mask = transpose(mask, axes=order)
    axes = tuple(i for i, c in enumerate(letters) if c in kept)
    return mask if len(axes) == len(letters) else broadcast(mask, shape=shape, axes=axes)


def _contract_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    spec = params["spec"]
    sizes, kept = sizes_of(spec, spaces), parts_of(spec)[1]
    terms = results = 1
    for letter, n in sizes.items():
        terms *= n
        results *= n if letter in kept else 1
    return terms * (len(spaces) - 1) + max(terms - results, 0)


def _contract_batch(*xs: Value, batched: Sequence[bool], spec: str) -> Value:
    """A letter more, of the operands that have the axis and of the result."""
    operands, out = parts_of(spec)
    letter = spare(1, spec)
    wide = [letter + o if has else o for o, has in zip(operands, batched, strict=True)]
    return contract(*xs, spec=f"{','.join(wide)}->{letter}{out}")


contract: Primitive = Primitive(
    "contract",
    _contract_text,
    _contract_space,
    linearise=_contract_rule,
    batch=_contract_batch,
    work=_contract_work,
    linear=Linearity(
        tuple(range(26)), _contract_adjoint, _contract_lift, masked=masked_contraction
    ),
    domain=(ANY, ANY),
    examples=(
        Example(reals((3,), (3,)), (("spec", "i,i->"),)),
        Example(reals((2, 3), (3,)), (("spec", "ij,j->i"),)),
        Example(reals((2, 3), (3, 4)), (("spec", "ij,jk->ik"),)),
        Example(reals((2, 3), (4, 3)), (("spec", "ij,kj->ki"),)),
        Example(reals((2,), (3,)), (("spec", "i,j->ij"),)),
        Example(reals((2, 3), (2, 3)), (("spec", "ij,ij->j"),)),
        Example(reals((2, 2, 3), (2, 3, 2)), (("spec", "aij,ajk->aik"),)),
        Example(reals((2, 3), (3, 4), (4,)), (("spec", "ij,jk,k->i"),)),
        Example(reals((0,), (0,)), (("spec", "i,i->"),)),
    ),
)

FAMILY = (contract,)
