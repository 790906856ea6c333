"""vmap: a function of one example as a function of a batch of them."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from cats.backends.backend import Backend
from cats.chunks import in_chunks
from cats.engine import NUMPY, Answer, answered
from cats.ir.errors import SpaceError
from cats.ir.prims.layout import led, transpose
from cats.ir.spaces import Ground
from cats.ir.wire import Builder, Wire
from cats.places import placed, users_place
from cats.prepared import Call, Function, Traceable, positive, prepare
from cats.trace import Spec
from cats.transformed import Transformed
from cats.tree import Branch, Static, Tree, count
from cats.whole_numbers import as_wires

Axes = tuple[int | None, ...]


@dataclass(frozen=True)
class Vectorised(Transformed):
    """What `vmap` returns: a function of a batch."""

    f: Function
    in_axes: Any
    out_axes: Any
    chunk: int | None
    axis_size: int | None
    backend: Backend

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = prepare(self.f, args, kwargs)
        axes = self.axes(call)
        options = ("vmap", axes, _kept(self.out_axes), self.chunk, self.axis_size)
        return answered(
            self.f,
            call,
            (),
            options,
            lambda lifted: self.answer(lifted, call),
            self.backend,
            self.seen(call),
        )

    @placed
    def axes(self, call: Call) -> Axes:
        """For each leaf the axis of the batch, from 0 on. Raises SpaceError where there is none."""
        parts: Any = call.tree.parts  # type: ignore[union-attr]
        positional, named = parts
        asked = self.in_axes
        if isinstance(asked, list | tuple):
            if len(asked) != len(positional.parts):
                raise SpaceError(
                    f"in_axes has {len(asked)} entries, and the function was called with "
                    f"{len(positional.parts)} positional arguments",
                    remedy="Give one axis for all, or one entry for each.",
                )
            found = [a for p, t in zip(asked, positional.parts, strict=True) for a in spread(p, t)]
        else:
            found = spread(asked, positional)
        found += spread(0, named)
        rows = zip(found, call.spaces, call.names, strict=True)
        return tuple([_axis(a, space, f"argument {name}") for a, space, name in rows])

    @placed
    def size(self, call: Call, axes: Axes) -> int:
        """How many examples there are. Raises SpaceError if arguments do not agree."""
        pairs = [(a, s, n) for a, s, n in zip(axes, call.spaces, call.names, strict=True)]
        lengths = {name: s.shape[a] for a, s, name in pairs if a is not None}
        if self.axis_size is not None:
            lengths["axis_size"] = self.axis_size
        if len(set(lengths.values())) == 1:
            return next(iter(lengths.values()))
        said = ", ".join(f"{n} along {name}" for name, n in lengths.items())
        raise SpaceError(
            f"vmap over batches of different sizes: {said}"
            if lengths
            else "vmap over no argument: in_axes is None for all of them",
            remedy="Give batches of one size, and None in in_axes for what has none.",
        )

    def seen(self, call: Call) -> Call:
        """The call on one example: of what is batched only the space is known."""
        axes = self.axes(call)
        self.size(call, axes)
        spaces = tuple([_without(s, a) for s, a in zip(call.spaces, axes, strict=True)])
        rows = zip(call.leaves, spaces, axes, strict=True)
        leaves = tuple([v if a is None else Spec(s.shape, s.dtype) for v, s, a in rows])
        kinds = [
            k if a is None or s.shape else "scalar"
            for k, s, a in zip(call.kinds, spaces, axes, strict=True)
        ]
        return replace(call, leaves=leaves, spaces=spaces, kinds=tuple(kinds))

    def answer(self, lifted: Traceable, call: Call) -> Answer:
        """The program behind the call."""
        axes = self.axes(call)
        number = self.size(call, axes)
        outside = [None] * len(lifted.extra)
        program, batched = in_chunks(lifted.program, (*axes, *outside), number, self.chunk)
        builder = Builder.over(program)
        ends = [builder.wires[o] for o in program.outputs]
        moving = {w.index for w, moves in zip(ends, batched, strict=True) if moves}
        out, wires = as_wires(builder, lifted.out, ends)
        rows = enumerate(zip(wires, spread(self.out_axes, out), strict=True))
        outputs = [_placed(w, w.index in moving, a, number, f"result {i}") for i, (w, a) in rows]
        return Answer(builder.finish(outputs, program.names), out)


def spread(prefix: Any, tree: Tree) -> list[int | None]:
    """An axis for each leaf: one for all below it, or one for each part of a container.

    >>> from cats.tree import flatten
    >>> spread({"w": None, "x": 0}, flatten({"w": [1.0, 2.0], "x": 3.0})[1])
    [None, None, 0]
    """
    if isinstance(tree, Static):
        return []
    if prefix is None:
        return [None] * count(tree)
    if hasattr(prefix, "__index__"):
        return [operator.index(prefix)] * count(tree)
    if isinstance(tree, Branch):
        parts = _parts(prefix, tree)
        if parts is not None:
            pairs = zip(parts, tree.parts, strict=True)
            return [axis for part, below in pairs for axis in spread(part, below)]
    kind = tree.kind.__name__ if isinstance(tree, Branch) else "an array"
    raise SpaceError(
        f"axes {prefix!r} do not fit {kind}",
        where=users_place(),
        remedy="Give an axis, None, or a container of those of the same structure.",
    )


def _parts(prefix: Any, tree: Branch) -> Sequence[Any] | None:
    """The axes for each part; the attributes that an object has besides are the same for all."""
    besides = [None] * len(tree.beside)
    if isinstance(prefix, dict) and issubclass(tree.kind, dict):
        same = set(prefix) == set(tree.keys)
        return [*[prefix[k] for k in tree.keys], *besides] if same else None
    if isinstance(prefix, list | tuple) and len(prefix) == len(tree.parts) - len(besides):
        return [*prefix, *besides]
    if not is_dataclass(prefix) or tuple(f.name for f in fields(prefix)) != tree.keys:
        return None
    return [*[getattr(prefix, name) for name in tree.keys], *besides]


def _axis(axis: int | None, space: Ground, what: str) -> int | None:
    rank = len(space.shape)
    if axis is None or -rank <= axis < rank:
        return axis if axis is None else axis % rank
    raise SpaceError(
        f"{what} lies in {space}, and has no axis {axis} to map over",
        remedy="Give None in in_axes for what is the same for all examples"
        + ("." if rank else ", and an array in place of a list of numbers."),
    )


def _without(space: Ground, axis: int | None) -> Ground:
    if axis is None:
        return space
    return type(space)((*space.shape[:axis], *space.shape[axis + 1 :]), space.dtype)


def _placed(wire: Wire, batched: bool, axis: int | None, number: int, what: str) -> Wire:
    """A result with its batch axis where it is asked for."""
    if axis is None:
        if not batched:
            return wire
        raise SpaceError(
            f"out_axes is None for {what}, which differs from example to example",
            where=users_place(),
            remedy="Give the axis along which the examples are to be stacked.",
        )
    whole: Wire = wire if batched else led(wire, number)
    rank = len(whole.space.shape)
    if not -rank <= axis < rank:
        raise SpaceError(
            f"out_axes is {axis} for {what}, which lies in {whole.space}",
            where=users_place(),
            remedy=f"Give an axis from {-rank} to {rank - 1}.",
        )
    if axis % rank == 0:
        return whole
    order = list(range(1, rank))
    order.insert(axis % rank, 0)
    return transpose(whole, axes=tuple(order))  # type: ignore[no-any-return]


def _kept(prefix: Any) -> Hashable:
    """Axes as something that can be looked up."""
    return repr(prefix)


def vmap(
    f: Function,
    in_axes: Any = 0,
    out_axes: Any = 0,
    chunk: int | None = None,
    axis_size: int | None = None,
    backend: Backend = NUMPY,
) -> Vectorised:
    """x |-> the results of f for each example of a batch, stacked: [f(x[0]), f(x[1]), ...].

    in_axes    for each argument the axis of the batch, None for what all examples share; one
               number for all, or containers like the arguments. Named arguments: axis 0
    out_axes   where the batch axis stands in the results, in the same way
    chunk      so many examples at once, one chunk after the other: less memory
    axis_size  how many examples there are, where no argument says so
    f is traced once, on one example; what does not vary is computed once and not repeated. Where
    examples choose differently, each branch runs on those that take it. Raises SpaceError for
    batches of different sizes, TraceError where f decides in Python what only an example knows.
    Source: Elliott 2017, section on indexed functors; spelling: `jax.vmap`.

    >>> import numpy as np
    >>> from cats.gradients import grad
    >>> vmap(grad(lambda w, x: np.sin(w * x)), in_axes=(None, 0))(2.0, np.array([0.0, 1.0]))
    array([ 0.        , -0.41614684])
    """
    return Vectorised(
        f, _listed(in_axes), out_axes, positive(chunk), _number_of(axis_size), backend
    )


def _number_of(axis_size: Any) -> int | None:
    """How many examples are asked for. Raises SpaceError for what is no such number."""
    if axis_size is None:
        return None
    number = operator.index(axis_size) if hasattr(axis_size, "__index__") else -1
    if number < 0:
        raise SpaceError(
            f"axis_size={axis_size!r} is no number of examples",
            where=users_place(),
            remedy="Give a whole number from 0 up, or None where an argument says it.",
        )
    return number


def _listed(axes: Any) -> Any:
    return tuple(axes) if isinstance(axes, list) else axes
