"""One operation on a batch: each argument may have one more leading axis, or not.

What is the same for all of the batch stays as it is: it is repeated only where an entrywise
operation meets it. An operation that does not say what it is on a batch is done one by one, in a
loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from cats.ir.control import Loop
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims.layout import all_led, count_of
from cats.ir.program import Control
from cats.ir.spaces import Value, row_of, space_of
from cats.ir.wire import Builder


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
    op: Primitive | Control, args: Sequence[Value], batched: Sequence[bool], params: Params
) -> Value:
    """The operation on each of the batch in turn: a loop whose rows are the batched arguments."""
    count = count_of(args, batched)
    spaces = [space_of(a) for a in args]
    order = sorted(range(len(args)), key=lambda i: batched[i])
    builder = Builder([row_of(spaces[i]) if batched[i] else spaces[i] for i in order])
    given = [builder.wires[order.index(i)] for i in range(len(args))]
    made = builder.emit(op, tuple(given), params)
    body = builder.finish(made if isinstance(made, tuple) else [made])
    loop = Loop(body, len(args) - sum(batched), 0, count)
    chosen = tuple([args[i] for i in order])
    recorder = next((r for a in args if (r := getattr(a, "recorder", None))), None)
    found = loop(*chosen) if recorder is None else recorder.emit(loop, chosen)
    return found if len(found) > 1 else found[0]
