"""Linear programs as dense blocks: run on all unit vectors at once, as vmap does.

The way where structure is lost: a loop whose rounds are wires is one matrix, of all columns, or
of all rows of the transposed loop if those are fewer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cats.blocks import Block, Dense, swapped, transposed
from cats.chunks import in_chunks
from cats.forward import run
from cats.functor import At
from cats.ir import transpose
from cats.ir.linear_program import LinearProgram
from cats.ir.prims.choice import equal
from cats.ir.prims.layout import broadcast, convert, reshape
from cats.ir.program import Program
from cats.ir.spaces import INT, Ground, Product, Shape, Value, size, space_of
from cats.ir.wire import Builder, Wire
from cats.tables import Place, Table, grounds
from cats.zeros import Nothing


def by_columns(program: LinearProgram, at: At) -> Table:
    """The linear program, from ground spaces to ground spaces, as a table of dense blocks."""
    dom, cod = Product(program.inputs), Product(program.ends)
    if size(cod) >= size(dom):
        return images(program, at)
    back = images(transpose.transposed(program), at)
    return Table(dom, cod, {(j, i): transposed(block) for (i, j), block in back.at.items()})


def images(program: LinearProgram, at: At, chunk: int | None = None) -> Table:
    """The images of the unit vectors of each input as dense blocks; so many vectors at once."""
    refs = program.references()
    values = [at(ref) for ref in refs]
    number = {ref.position: i for i, ref in enumerate(refs)}
    found: dict[Place, Block] = {}
    for j, column in enumerate(grounds(Product(program.inputs))):
        inner = Builder([*[r.space for r in refs], INT])  # type: ignore[list-item]
        *residuals, place = list(inner.wires)
        v = _unit(place, column)
        tangents = [v if i == j else Nothing(s) for i, s in enumerate(program.inputs)]
        made = run(program, lambda r: residuals[number[r.position]], tangents)  # noqa: B023
        moved = [i for i, w in enumerate(made) if not isinstance(w, Nothing)]
        one = inner.finish([inner.lift(made[i]) for i in moved])
        ends = zip(moved, one.ends, _on_units(one, values, column, chunk), strict=True)
        for i, end, image in ends:
            if image is not None:
                found[i, j] = Dense(column, end, image)
    return Table(Product(program.inputs), Product(program.ends), found)


def _unit(place: Wire, space: Ground) -> Wire:
    """The unit vector of a place, counted through all axes."""
    here = broadcast(place, shape=(size(space),), axes=())
    ones = convert(equal(here, np.arange(size(space))), dtype=space.dtype)
    return reshape(ones, shape=space.shape)  # type: ignore[no-any-return]


def _on_units(
    one: Program, values: Sequence[Value], column: Ground, chunk: int | None
) -> list[Value | None]:
    """The linear program on every unit vector of a space, those axes last in the results.

    None is a result that does not depend on the vector.
    """
    count = size(column)
    wide, batched = in_chunks(one, (*[None] * len(values), 0), count, chunk)
    recorders: list[Builder] = [r for v in values if (r := getattr(v, "recorder", None))]
    newest = max(recorders, key=lambda r: r.stamp, default=None)
    args = [*values, np.arange(count)]
    images = wide.evaluated(args) if newest is None else newest.run(wide, args)
    return [
        _columns_last(image, column.shape) if moves else None
        for image, moves in zip(images, batched, strict=True)
    ]


def _columns_last(images: Value, column: Shape) -> Value:
    end = space_of(images).shape[1:]
    return swapped(reshape(images, shape=(*column, *end)), column, end)
