"""Vectors beyond those that a matrix determines: what completes the factors of svd and qr.

Any basis of that space would do, and the one that LAPACK gives does not vary smoothly with the
matrix: they have a value and no derivative. What depends on the space alone has one, and can be
written with the vectors that are determined, as 1 - q q'.
"""

from __future__ import annotations

from collections.abc import Callable

from cats.ir.errors import SpaceError
from cats.ir.primitive import Example, Primitive
from cats.ir.prims.layout import reals, with_shape
from cats.ir.prims.spectra import svd_work
from cats.ir.prims.stacks import stack_of
from cats.ir.spaces import Ground, Shape


def _determined(a: Ground, first: int) -> Shape:
    """The shape of a matrix that determines so many vectors."""
    stack_of("a basis completed", a)
    if first != min(a.shape[-2:]):
        least = min(a.shape[-2:])
        raise SpaceError(f"a matrix of shape {a.shape} determines {least} vectors, not {first}")
    return a.shape


def _columns(a: Ground, *, first: int) -> Ground:
    *stack, rows, _ = _determined(a, first)
    return with_shape(a, (*stack, rows, rows - first))


def _rows(a: Ground, *, first: int) -> Ground:
    *stack, _, columns = _determined(a, first)
    return with_shape(a, (*stack, columns - first, columns))


def _completing(
    name: str, code: str, space: Callable[..., Ground], without: str, *shapes: Shape
) -> Primitive:
    found = Primitive(
        name,
        code,
        space,
        refused=((0, f"vectors beyond those determined are any basis; {without} leaves them out"),),
        batch=lambda a, *, batched, first: found(a, first=first),
        work=svd_work,
        examples=tuple(Example(reals(s), (("first", min(s[-2:])),)) for s in shapes),
        home=__name__,
    )
    return found


_TALL: tuple[Shape, ...] = ((4, 2), (3, 3), (2, 3, 2), (2, 0))
_WIDE: tuple[Shape, ...] = ((2, 4), (3, 3), (2, 2, 3), (0, 2))

svd_left = _completing(
    "svd_left",
    "np.linalg.svd({0})[0][..., {first}:]",
    _columns,
    "full_matrices=False",
    *_TALL,
)
svd_right = _completing(
    "svd_right",
    "np.linalg.svd({0})[2][..., {first}:, :]",
    _rows,
    "full_matrices=False",
    *_WIDE,
)
qr_left = _completing(
    "qr_left",
    "np.linalg.qr({0}, 'complete')[0][..., {first}:]",
    _columns,
    "the mode reduced, or economic,",
    *_TALL,
)

FAMILY = (svd_left, svd_right, qr_left)
