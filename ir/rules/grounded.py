"""Which values are nowhere negative, and at rest wherever they are 0: sums of squares, lengths.

At rest: their derivative is 0 there, as it must be at a minimum, or by the conventions at kinks.
So the derivative of what has a kink at 0, of a root or a power, is 0 there too. What is nowhere 0
is at rest wherever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cats.ir.primitive import Primitive
from cats.ir.prims import arrays, indexing, joining, layout, smooth
from cats.ir.prims.algebra import add, div, ipow, mul
from cats.ir.prims.choice import abs, keep, maximum, minimum, select
from cats.ir.prims.contraction import contract, parts_of
from cats.ir.prims.pairs import hypot, power, share
from cats.ir.program import Step
from cats.ir.wire import Wire

Asked = Sequence[Wire] | None
"""The values that must be grounded for this one to be; None: it is not."""


def _first(args: Sequence[Wire], step: Step) -> Asked:
    return args[:1]


def _values(args: Sequence[Wire], step: Step) -> Asked:
    """What is chosen from, without the mask."""
    return args[1:]


def _always(args: Sequence[Wire], step: Step) -> Asked:
    return ()


def _all(args: Sequence[Wire], step: Step) -> Asked:
    return args


def _sum(args: Sequence[Wire], step: Step) -> Asked:
    """x + y, neither a constant: beside a positive one it is never 0."""
    return args if all(a.constant is None for a in args) else None


def _product(args: Sequence[Wire], step: Step) -> Asked:
    return () if args[0] is args[1] else args


def _whole_power(args: Sequence[Wire], step: Step) -> Asked:
    n = dict(step.params)["n"]
    return None if n < 2 else () if n % 2 == 0 else args


def _power(args: Sequence[Wire], step: Step) -> Asked:
    exponent = args[1].constant
    return args[:1] if exponent is not None and (exponent.array > 0).all() else None


def _contraction(args: Sequence[Wire], step: Step) -> Asked:
    """x . x, entry by entry with itself; or of grounded arrays."""
    operands = parts_of(dict(step.params)["spec"])[0]
    same = len(args) == 2 and args[0] is args[1] and operands[0] == operands[1]
    return () if same else args


def _constant(args: Sequence[Wire], step: Step) -> Asked:
    return () if (step.params[0][1].array >= 0).all() else None


KINDS: dict[Primitive, Callable[[Sequence[Wire], Step], Asked]] = {
    mul: _product,
    add: _sum,
    div: _all,
    ipow: _whole_power,
    power: _power,
    contract: _contraction,
    layout.const: _constant,
    keep: _values,
    select: _values,
    **dict.fromkeys(
        (abs, hypot, share, smooth.exp, smooth.exp2, smooth.cosh, smooth.sech), _always
    ),
    **dict.fromkeys((maximum, minimum, joining.concatenate), _all),
    **dict.fromkeys(
        (
            *(layout.reshape, layout.transpose, layout.broadcast, layout.sum, layout.convert),
            *(indexing.index, indexing.gather, arrays.max, arrays.min, arrays.cumsum),
            *(smooth.sqrt, smooth.root, smooth.cbrt, smooth.log1p, smooth.expm1, smooth.sinh),
            *(smooth.tanh, smooth.arctan, smooth.arcsinh),
        ),
        _first,
    ),
}
"""For each operation of which values may be grounded: which arguments must be."""


def grounded(x: Wire) -> bool:
    """Whether the value is a sum of squares, a length, or made of such; asked once for each value.

    >>> from cats.ir.spaces import R
    >>> from cats.ir.wire import Builder
    >>> x = Builder([R]).wires[0]
    >>> grounded(x * x), grounded(x)
    (True, False)
    """
    known: dict[int, bool] = x.recorder.notes.setdefault(grounded, {})
    waiting = [x]
    while waiting:
        wire = waiting[-1]
        if wire.index in known:
            waiting.pop()
            continue
        asked = _asked(wire)
        missing = [w for w in asked or () if w.index not in known]
        if missing:
            waiting.extend(missing)
        else:
            known[wire.index] = asked is not None and all(known[w.index] for w in asked)
    return known[x.index]


def _asked(wire: Wire) -> Asked:
    step = wire.step
    kind = KINDS.get(step.op) if step is not None and type(step.op) is Primitive else None
    if step is None or kind is None:
        return None
    return kind([wire.recorder.wires[a] for a in step.args], step)
