"""Linear programs as dense blocks: run on all unit vectors at once, as vmap does.

The way where structure is lost: a loop whose rounds are wires is one matrix, of all columns, or
of all rows of the transposed loop if those are fewer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cats.blocks import Block, Dense, swapped, transposed
from cats.forward import run
from cats.functor import At
from cats.ir import transpose
from cats.ir.linear_program import LinearProgram
from cats.ir.prims.layout import reshape
from cats.ir.program import Program
from cats.ir.spaces import Ground, Product, Shape, Value, size, space_of
from cats.ir.wire import Builder
from cats.tables import Place, Table, grounds
from cats.vectorise import vectorised
from cats.zeros import Nothing


def by_columns(program: LinearProgram, at: At) -> Table:
    """The linear program, from ground spaces to ground spaces, as a table of dense blocks."""
    dom, cod = Product(program.inputs), Product(program.ends)
    if size(cod) >= size(dom):
        return Table(dom, cod, _images(program, at))
    back = _images(transpose.transposed(program), at)
    return Table(dom, cod, {(j, i): transposed(block) for (i, j), block in back.items()})


def _images(program: LinearProgram, at: At) -> dict[Place, Block]:
    """The images of the unit vectors of each input, by result and input."""
    refs = program.references()
    values = [at(ref) for ref in refs]
    number = {ref.position: i for i, ref in enumerate(refs)}
    found: dict[Place, Block] = {}
    for j, column in enumerate(grounds(Product(program.inputs))):
        inner = Builder([*[r.space for r in refs], column])  # type: ignore[list-item]
        *residuals, v = list(inner.wires)
        tangents = [v if i == j else Nothing(s) for i, s in enumerate(program.inputs)]
        made = run(program, lambda r: residuals[number[r.position]], tangents)  # noqa: B023
        moved = [i for i, w in enumerate(made) if not isinstance(w, Nothing)]
        one = inner.finish([inner.lift(made[i]) for i in moved])
        ends = zip(moved, one.ends, _on_units(one, values, column), strict=True)
        for i, end, image in ends:
            if image is not None:
                found[i, j] = Dense(column, end, image)
    return found


def _on_units(one: Program, values: Sequence[Value], column: Ground) -> list[Value | None]:
    """The linear program on every unit vector of its last input, those axes last in the results.

    None is a result that does not depend on the input.
    """
    count = size(column)
    wide, batched = vectorised(one, (*[None] * len(values), 0), count)
    units = np.eye(count, dtype=column.dtype).reshape(count, *column.shape)
    recorders: list[Builder] = [r for v in values if (r := getattr(v, "recorder", None))]
    newest = max(recorders, key=lambda r: r.stamp, default=None)
    args = [*values, units]
    images = wide.evaluated(args) if newest is None else newest.run(wide, args)
    return [
        _columns_last(image, column.shape) if moves else None
        for image, moves in zip(images, batched, strict=True)
    ]


def _columns_last(images: Value, column: Shape) -> Value:
    end = space_of(images).shape[1:]
    return swapped(reshape(images, shape=(*column, *end)), column, end)
