"""One operation on a batch: each argument may have one more leading axis, or not.

What is the same for all of the batch stays as it is: it is repeated only where an entrywise
operation meets it. An operation that does not say what it is on a batch is done entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence

from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims.indexing import index
from cats.ir.prims.joining import concatenate
from cats.ir.prims.layout import all_led, count_of, reshape
from cats.ir.spaces import Value, space_of


def on_batch(
    op: Primitive, args: Sequence[Value], batched: Sequence[bool], params: Params
) -> Value:
    """The results for all of a batch, a leading axis first; at least one argument is batched.

    >>> import numpy as np
    >>> from cats.ir.prims.algebra import mul
    >>> on_batch(mul, (np.ones((2, 3)), np.arange(3.0)), (True, False), ())
    array([[0., 1., 2.],
           [0., 1., 2.]])
    """
    if op.batch is not None:
        return op.batch(*args, batched=tuple(batched), **dict(params))
    if op.elementwise:
        return op(*all_led(args, batched), **dict(params))
    return one_by_one(op, args, batched, params)


def one_by_one(
    op: Primitive, args: Sequence[Value], batched: Sequence[bool], params: Params
) -> Value:
    """The operation on each of the batch, and the results stacked."""
    rows: list[Sequence[Value]] = []
    for i in range(count_of(args, batched)):
        chosen = [index(a, key=(i,)) if has else a for a, has in zip(args, batched, strict=True)]
        made = op(*chosen, **dict(params))
        rows.append(made if isinstance(made, tuple) else (made,))
    columns = tuple([_stacked(column) for column in zip(*rows, strict=True)])
    return columns if len(columns) > 1 else columns[0]


def _stacked(values: Sequence[Value]) -> Value:
    wide = [reshape(v, shape=(1, *space_of(v).shape)) for v in values]
    return concatenate(*wide, axis=0) if len(wide) > 1 else wide[0]
