"""Linear equations: solve, solve_triangular, inv. Their rules differentiate the equation.

a x = b   =>   a dx = db - da x
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cats.ir.errors import SpaceError
from cats.ir.kinds import Natural
from cats.ir.linear import Id, Join, Leaf, Linear, Then
from cats.ir.primitive import Example, Linearity, Primitive, leaf_of
from cats.ir.prims.layout import extend, reals, relabel, reshape, transpose
from cats.ir.prims.stacks import (
    chain,
    columns_of,
    count,
    dominant,
    left,
    matrices,
    product,
    right,
    scaled,
    square,
    together,
    turned,
)
from cats.ir.prims.stacks import lower as lower_triangle
from cats.ir.prims.stacks import upper as upper_triangle
from cats.ir.spaces import Ground, Shape, Space, Value, space_of


def elimination(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    """Work of Gaussian elimination: for each matrix n**3 * 2 / 3, and n**2 * 2 for each column."""
    n = spaces[0].shape[-1]
    columns = count(spaces[1].shape) * 2 * n if len(spaces) > 1 else n
    return int(matrices(spaces[0]) * (2 * n**3 // 3) + columns)


def _solve_space(a: Ground, b: Ground, *, columns: Natural, transposed: bool) -> Ground:
    stack = square("a system of equations", a)
    rank = len(b.shape) - columns - 1
    if (
        b.dtype != a.dtype
        or b.shape[: rank + 1] != (*stack, a.shape[-1])
        or (stack and not columns)
    ):
        raise SpaceError(f"the matrix in {a} does not fit the right side in {b}")
    return b


def _by_columns(call: str, b: str, columns: int) -> str:
    """The call, written for one axis of columns, with `{b}` in it, for any number of them."""
    if columns <= 1:
        return call.format(b=b)
    flat = f"{b}.reshape(*{b}.shape[:-{columns}], np.prod({b}.shape[-{columns}:], dtype=int))"
    return f"{call.format(b=flat)}.reshape({b}.shape)"


def _solve_text(a: str, b: str, *, columns: int, transposed: bool) -> str:
    matrix = f"{a}.mT" if transposed else a
    return _by_columns(f"np.linalg.solve({matrix}, {{b}})", b, columns)


def _solve_rule(a: Value, b: Value, *, out: Value, columns: int, transposed: bool) -> Linear:
    more = columns_of(columns)
    names = "ji" if transposed else "ij"
    change = chain(space_of(a), product(f"{names},j{more}->i{more}", None, out), scaled(-1))
    return Then(
        Join((change, Id(change.cod))),
        leaf_of(solve, 1, (a,), change.cod, change.cod, columns=columns, transposed=transposed),
    )


def _more_columns(leaf: Leaf, extra: Shape) -> Leaf:
    total = dict(leaf.params)["columns"] + len(extra)
    return relabel(leaf, extend(leaf.dom, extra), extend(leaf.cod, extra), columns=total)


SOLUTION = Linearity((1,), turned, _more_columns)


def _solutions(
    op: Primitive, a: Value, b: Value, batched: Sequence[bool], columns: int, **params: Any
) -> Value:
    """A stack of right sides for one matrix is more columns; a vector in a stack is a column."""
    shape = space_of(b).shape
    if not batched[0]:
        last = (*range(1, len(shape)), 0)
        x = op(a, transpose(b, axes=last), columns=columns + 1, **params)
        return transpose(x, axes=(len(shape) - 1, *range(len(shape) - 1)))
    if columns:
        return together(op, (a, b), batched, columns=columns, **params)
    x = together(op, (a, reshape(b, shape=(*shape, 1))), batched, columns=1, **params)
    return reshape(x, shape=space_of(x).shape[:-1])


def _systems(**more: Any) -> tuple[Example, ...]:
    """Shapes of systems, with both ways to read the matrix."""
    shapes: tuple[tuple[Shape, Shape, int, bool], ...] = (
        ((3, 3), (3,), 0, False), ((3, 3), (3, 2), 1, False), ((3, 3), (3, 2), 1, True),
        ((2, 2, 2), (2, 2, 3), 1, False), ((2, 2), (2, 3, 2), 2, True), ((0, 0), (0, 2), 1, False),
    )  # fmt: skip
    return tuple(
        Example(
            reals(a, b),
            tuple(sorted({"columns": columns, "transposed": turned, **more}.items())),
            dominant,
        )
        for a, b, columns, turned in shapes
    )


solve: Primitive = Primitive(
    "solve",
    _solve_text,
    _solve_space,
    linearise=_solve_rule,
    linear=SOLUTION,
    batch=lambda a, b, *, batched, **params: _solutions(solve, a, b, batched, **params),
    work=elimination,
    examples=_systems(),
)


def _triangular_text(
    a: str, b: str, *, columns: int, lower: bool, transposed: bool, unit: bool
) -> str:
    matrix = f"{a}.mT" if transposed else a
    right = "{b}" if columns else "{b}[:, None]"
    call = f"substituted({matrix}, {right}, {lower != transposed}, {unit})"
    return _by_columns(call if columns else f"{call}[:, 0]", b, columns)


def _triangular_space(
    a: Ground, b: Ground, *, columns: Natural, lower: bool, transposed: bool, unit: bool
) -> Ground:
    return _solve_space(a, b, columns=columns, transposed=transposed)


def _triangular_rule(
    a: Value, b: Value, *, out: Value, columns: int, lower: bool, transposed: bool, unit: bool
) -> Linear:
    more = columns_of(columns)
    names = "ji" if transposed else "ij"
    read = lower_triangle(-unit) if lower else upper_triangle(+unit)
    times = product(f"{names},j{more}->i{more}", None, out)
    change = chain(space_of(a), read, times, scaled(-1))
    params = {"columns": columns, "lower": lower, "transposed": transposed, "unit": unit}
    solution = leaf_of(solve_triangular, 1, (a,), change.cod, change.cod, **params)
    return Then(Join((change, Id(change.cod))), solution)


def _triangular_work(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    n = spaces[0].shape[-1]
    return matrices(spaces[0]) * 2 * n * min(n, 32) ** 2 // 3 + count(spaces[1].shape) * 2 * n


solve_triangular: Primitive = Primitive(
    "solve_triangular",
    _triangular_text,
    _triangular_space,
    linearise=_triangular_rule,
    linear=SOLUTION,
    batch=lambda a, b, *, batched, **params: _solutions(solve_triangular, a, b, batched, **params),
    work=_triangular_work,
    examples=(*_systems(lower=True, unit=False), *_systems(lower=False, unit=True)[:3]),
    helpers='''
def substituted(a, b, lower, unit):
    """x with a x = b for a triangular a: 32 rows at a time, which are then taken off the rest."""
    x, n = np.array(b), a.shape[-1]
    starts = range(0, n, 32)
    for i in starts if lower else reversed(starts):
        here, rest = slice(i, i + 32), slice(i + 32, n) if lower else slice(0, i)
        square = a[..., here, here]
        triangle = np.tril(square, -unit) if lower else np.triu(square, unit)
        block = triangle + np.eye(square.shape[-1], dtype=a.dtype) if unit else triangle
        np.copyto(x[..., here, :], np.linalg.solve(block, x[..., here, :]))
        np.subtract(x[..., rest, :], a[..., rest, here] @ x[..., here, :], out=x[..., rest, :])
    return x
''',
)


def _inv_space(a: Ground) -> Ground:
    square("the inverse", a)
    return a


def _inv_rule(a: Value, *, out: Value) -> Linear:
    return chain(space_of(a), left(out), right(out), scaled(-1))


inv: Primitive = Primitive(
    "inv",
    "np.linalg.inv({0})",
    _inv_space,
    linearise=_inv_rule,
    batch=lambda a, *, batched: inv(a),
    work=lambda spaces, out, params: elimination((spaces[0], out), out, params),
    examples=tuple(
        Example(reals(shape), (), dominant) for shape in ((3, 3), (2, 2, 2), (1, 1), (0, 0))
    ),
)

FAMILY = (solve, solve_triangular, inv)
