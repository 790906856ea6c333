"""Windows that slide along an axis: their view, the sum where they lie, and convolution.

A convolution sums products over pairs of places: in its spec the letters x, y and z name axes
whose places are bound by z = x + y, all other letters are those of a contraction. "x,y->z" is the
full convolution of two vectors and "z,y->x" the correlation of a long one with a short one, so
that transposing is swapping letters: one operation in three forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cats.ir.errors import SpaceError
from cats.ir.kinds import Natural
from cats.ir.linear import Join, Leaf, Linear
from cats.ir.primitive import Example, Linearity, Primitive, free, leaf_of
from cats.ir.prims.algebra import ANY
from cats.ir.prims.contraction import parts_of, spare
from cats.ir.prims.layout import (
    added_mask,
    extend,
    moved_mask,
    reals,
    relabel,
    same_map,
    with_shape,
)
from cats.ir.spaces import Ground, Shape, Space, Value, size, space_of

# The view of all windows, and its transpose


def _windows_space(x: Ground, *, axis: int, at: Natural, length: int) -> Ground:
    if at > len(x.shape):
        raise SpaceError(f"the entries of windows of {x} have no place {at}")
    if not 0 <= axis < len(x.shape) or not 0 <= length <= x.shape[axis]:
        raise SpaceError(f"there are no windows of length {length} along axis {axis} of {x}")
    shape = list(x.shape)
    shape[axis] += 1 - length
    shape.insert(at, length)
    return with_shape(x, tuple(shape))


def _overlapped_space(w: Ground, *, axis: int, at: int) -> Ground:
    if not 0 <= axis < len(w.shape) - 1 or not 0 <= at < len(w.shape):
        raise SpaceError(f"{axis} and {at} are not the places and the entries of windows in {w}")
    shape = list(w.shape)
    length = shape.pop(at)
    if not shape[axis]:
        raise SpaceError(f"there is no window along axis {axis} in {w}")
    shape[axis] += length - 1
    return with_shape(w, tuple(shape))


windows: Primitive = Primitive(
    "windows",
    lambda x, *, axis, at, length: f"windows({x}, {axis}, {at}, {length})",
    _windows_space,
    work=free,
    linear=Linearity(
        (0,),
        lambda f: leaf_of(overlapped, 0, (), f.cod, f.dom, **_places(f)),
        same_map,
        masked=moved_mask,
    ),
    linearise=lambda x, *, out, axis, at, length: leaf_of(
        windows, 0, (), space_of(x), space_of(out), axis=axis, at=at, length=length
    ),
    batch=lambda x, *, batched, axis, at, length: windows(
        x, axis=axis + 1, at=at + 1, length=length
    ),
    examples=(
        Example(reals((4,)), (("at", 1), ("axis", 0), ("length", 2))),
        Example(reals((4, 2)), (("at", 2), ("axis", 0), ("length", 3))),
        Example(reals((2, 4)), (("at", 0), ("axis", 1), ("length", 4))),
        Example(reals((3,)), (("at", 1), ("axis", 0), ("length", 0))),
    ),
    helpers='''
def windows(x, axis, at, length):
    """All windows of a length along an axis, their entries along the axis `at`: a view."""
    found = np.lib.stride_tricks.sliding_window_view(x, length, axis)
    return np.moveaxis(found, -1, at)
''',
)


def _places(leaf: Leaf) -> dict[str, int]:
    params = dict(leaf.params)
    return {"axis": params["axis"], "at": params["at"]}


overlapped: Primitive = Primitive(
    "overlapped",
    lambda w, *, axis, at: f"overlapped({w}, {axis}, {at})",
    _overlapped_space,
    work=lambda spaces, out, params: size(spaces[0]),
    linear=Linearity(
        (0,),
        lambda f: leaf_of(
            windows,
            0,
            (),
            f.cod,
            f.dom,
            **_places(f),
            length=f.dom.shape[_places(f)["at"]],  # type: ignore[union-attr]
        ),
        same_map,
        masked=added_mask,
    ),
    linearise=lambda w, *, out, axis, at: leaf_of(
        overlapped, 0, (), space_of(w), space_of(out), axis=axis, at=at
    ),
    batch=lambda w, *, batched, axis, at: overlapped(w, axis=axis + 1, at=at + 1),
    examples=(
        Example(reals((3, 2)), (("at", 1), ("axis", 0))),
        Example(reals((2, 2, 3)), (("at", 2), ("axis", 0))),
        Example(reals((4, 2, 1)), (("at", 0), ("axis", 1))),
    ),
    helpers='''
def overlapped(w, axis, at):
    """The sum of windows where they lie: out[i + j] += w[i, j]."""
    rows = np.moveaxis(w, (axis + (at <= axis), at), (0, 1))
    lines = rows if rows.shape[0] >= rows.shape[1] else np.swapaxes(rows, 0, 1)
    long, short = lines.shape[:2]
    out = np.zeros((long + short - 1, *lines.shape[2:]), w.dtype)
    for k in range(short):
        np.add(out[k : k + long], lines[:, k], out=out[k : k + long])
    return np.moveaxis(out, 0, axis)
''',
)

# Convolution


def _lengths(spec: str, spaces: Sequence[Ground]) -> dict[str, int]:
    """The length of every axis that a letter names."""
    operands, _ = parts_of(spec)
    if len(operands) != len(spaces):
        raise SpaceError(f"'{spec}' convolves {len(operands)} operands, got {len(spaces)}")
    found: dict[str, int] = {}
    for letters, space in zip(operands, spaces, strict=True):
        if len(letters) != len(space.shape) or len(set(letters)) != len(letters):
            raise SpaceError(f"'{letters}' does not name the axes of {space} one by one")
        for letter, n in zip(letters, space.shape, strict=True):
            if found.setdefault(letter, n) != n:
                raise SpaceError(f"axis {letter} of '{spec}' has lengths {found[letter]} and {n}")
    return _bound(spec, found)


def _bound(spec: str, found: dict[str, int]) -> dict[str, int]:
    """The lengths, and that of the axis which z = x + y binds to two others."""
    missing = set("xyz") - set(found)
    match "".join(sorted(missing)):
        case "z":
            found["z"] = found["x"] + found["y"] - 1
        case "x" | "y" as short:
            (other,) = {"x", "y"} - {short}
            found[short] = found["z"] - found[other] + 1
        case _:
            raise SpaceError(f"'{spec}' does not name two of x, y and z in its operands")
    if any(found[c] < 1 for c in "xyz") or not set(parts_of(spec)[1]) <= set(found):
        raise SpaceError(f"'{spec}' of axes of lengths {found} has no meaning")
    return found


def _convolve_space(*xs: Ground, spec: str) -> Ground:
    if any(x.dtype != xs[0].dtype for x in xs):
        raise SpaceError(f"convolution of different widths: {', '.join(map(str, xs))}")
    found = _lengths(spec, xs)
    return with_shape(xs[0], tuple(found[c] for c in parts_of(spec)[1]))


def _convolve_text(a: str, b: str, *, spec: str) -> str:
    match spec:
        case "x,y->z" | "y,x->z":
            return f"np.convolve({a}, {b})"
        case "z,y->x" | "z,x->y":
            return f"np.correlate({a}, {b})"
        case "y,z->x" | "x,z->y":
            return f"np.correlate({b}, {a})"
        case _:
            return f"convolved({spec!r}, {a}, {b})"


def _convolve_rule(x: Value, y: Value, *, out: Value, spec: str) -> Linear:
    end = space_of(out)
    return Join(
        (
            leaf_of(convolve, 0, (y,), space_of(x), end, spec=spec),
            leaf_of(convolve, 1, (x,), space_of(y), end, spec=spec),
        )
    )


def _convolve_adjoint(leaf: Leaf) -> Leaf:
    operands, out = parts_of(dict(leaf.params)["spec"])
    swapped = [out if i == leaf.slot else o for i, o in enumerate(operands)]
    return relabel(leaf, leaf.cod, leaf.dom, spec=f"{','.join(swapped)}->{operands[leaf.slot]}")


def _convolve_lift(leaf: Leaf, extra: Shape) -> Leaf:
    spec = dict(leaf.params)["spec"]
    operands, out = parts_of(spec)
    fresh = spare(len(extra), f"{spec}xyz")
    widened = [o + fresh if i == leaf.slot else o for i, o in enumerate(operands)]
    wide = f"{','.join(widened)}->{out}{fresh}"
    return relabel(leaf, extend(leaf.dom, extra), extend(leaf.cod, extra), spec=wide)


def _convolve_batch(x: Value, y: Value, *, batched: Sequence[bool], spec: str) -> Value:
    operands, out = parts_of(spec)
    fresh = spare(1, f"{spec}xyz")
    widened = [fresh + o if b else o for o, b in zip(operands, batched, strict=True)]
    return convolve(x, y, spec=f"{','.join(widened)}->{fresh}{out}")


def _convolve_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    """A product for every pair of places, and a sum for all but one of each result.

    Where other axes come along, a full convolution also goes over the zeros around its ends.
    """
    spec = params["spec"]
    found = _lengths(spec, spaces)
    pairs, around = 1, "z" in parts_of(spec)[1] and len(found) > 3
    for letter, n in found.items():
        pairs *= 1 if letter == ("x" if around else "z") else n
    return pairs + max(pairs - size(out), 0)


convolve: Primitive = Primitive(
    "convolve",
    _convolve_text,
    _convolve_space,
    work=_convolve_work,
    linear=Linearity((0, 1), _convolve_adjoint, _convolve_lift),
    linearise=_convolve_rule,
    batch=_convolve_batch,
    domain=(ANY, ANY),
    examples=(
        Example(reals((4,), (2,)), (("spec", "x,y->z"),)),
        Example(reals((4,), (2,)), (("spec", "z,y->x"),)),
        Example(reals((3,), (3,)), (("spec", "x,z->y"),)),
        Example(reals((3, 2), (2,)), (("spec", "xa,y->za"),)),
        Example(reals((2, 3), (2, 4)), (("spec", "ay,az->xa"),)),
    ),
    helpers='''
def convolved(spec, a, b):
    """Products summed over all places with z = x + y; the other letters are those of einsum."""
    s, t, out = spec.replace("->", ",").split(",")
    if "z" in t or ("y" in s and "z" not in s):
        return convolved(f"{t},{s}->{out}", b, a)
    full, short = "z" in out, "x" if "x" in t else "y"
    axis, length = s.index("x" if full else "z"), b.shape[t.index(short)]
    around = [(length - 1,) * 2 if i == axis else (0, 0) for i in range(a.ndim)]
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(a, around) if full else a, length, axis)
    kernel = np.flip(b, t.index(short)) if full else b
    places = "z" if full else "y" if short == "x" else "x"
    return np.einsum(f"{s[:axis]}{places}{s[axis + 1 :]}{short},{t}->{out}", wide, kernel)
''',
)

FAMILY = (windows, overlapped, convolve)
