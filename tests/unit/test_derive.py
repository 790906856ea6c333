"""D: the chain rule on programs, in the inputs that vary; residuals numbered as they are read."""

import numpy as np
import pytest

from cats.derive import Derivative, derive
from cats.forward import materialise
from cats.forward import run as run_linear
from cats.functor import by_position
from cats.ir.errors import DerivativeError, Where
from cats.ir.linear_control import LinCase
from cats.ir.linear_program import ZERO
from cats.ir.primitive import Primitive
from cats.ir.prims.choice import less
from cats.ir.prims.layout import stop
from cats.ir.prims.smooth import exp, sin
from cats.ir.spaces import BOOL, INT, UNIT, R
from cats.ir.transpose import transposed
from cats.ir.wire import Builder
from tests.linear_programs import run

opaque = Primitive("opaque", None, lambda x: x, function=float)


def slopes(d: Derivative, *args: float) -> list[float]:
    """The gradient of output 0 at these arguments."""
    fixed = run(d.primal, args)[d.count :]
    seed = [1.0] + [0.0] * (d.count - 1)
    return [
        float(materialise(v)) for v in run_linear(transposed(d.linear), by_position(fixed), seed)
    ]


def test_the_worked_example() -> None:
    """z = x y; (sin z) : D is y dx + x dy, times cos z; the residuals are those three."""
    builder = Builder([R, R])
    x, y = builder.wires
    d = derive(builder.finish([sin(x * y)]))
    assert slopes(d, 2.0, 3.0) == pytest.approx([3.0 * np.cos(6.0), 2.0 * np.cos(6.0)])
    assert (d.count, len(d.primal.outputs), len(d.linear.steps)) == (1, 4, 2)
    assert [r.position for r in d.linear.references()] == [0, 1, 2]


def test_only_the_inputs_that_vary() -> None:
    builder = Builder([R, INT, R])
    x, _, y = builder.wires
    program = builder.finish([x * y, less(x, y)])
    assert derive(program).active == (0, 2)
    d = derive(program, (2,))
    assert (d.linear.inputs, d.linear.ends) == ((R,), (R, UNIT))
    assert d.linear.outputs[1] == ZERO
    assert slopes(d, 5.0, 1, 2.0) == [5.0]


def test_what_does_not_vary_costs_nothing() -> None:
    builder = Builder([R, R])
    x, y = builder.wires
    d = derive(builder.finish([exp(sin(y)) + stop(x)]), (0,))
    assert d.linear.steps == ()
    assert d.linear.outputs == (ZERO,)
    assert len(d.primal.outputs) == 1


def test_a_tangent_is_shared_as_its_value_is() -> None:
    """x ** (2 ** n) by squaring: n steps, not 2 ** n."""
    builder = Builder([R])
    (value,) = builder.wires
    for _ in range(60):
        value = value * value
    d = derive(builder.finish([value]))
    assert len(d.linear.steps) == 60
    assert slopes(d, 1.0) == [2.0**60]


def test_a_choice_becomes_a_choice_of_derivatives() -> None:
    outer = Builder([BOOL, R, R])
    branches = []
    for swap in (False, True):
        inner = Builder([R, R])
        a, b = inner.wires
        branches.append(inner.finish([exp(b) if swap else sin(a) * a]))
    d = derive(outer.finish(outer.case((branches[0], branches[1]), *_split(outer))))
    (step,) = d.linear.steps
    assert isinstance(step, LinCase)
    assert slopes(d, False, 2.0, 3.0) == pytest.approx([np.sin(2.0) + 2.0 * np.cos(2.0), 0.0])
    assert slopes(d, True, 2.0, 3.0) == pytest.approx([0.0, np.exp(3.0)])


def _split(builder: Builder):  # type: ignore[no-untyped-def]
    tag, *rest = builder.wires
    return tag, rest


def test_an_operation_without_a_derivative_is_named_with_its_line() -> None:
    builder = Builder([R])
    builder.where = Where("model.py", 3)
    program = builder.finish([opaque(builder.wires[0])])
    with pytest.raises(DerivativeError, match="opaque has no derivative") as caught:
        derive(program)
    assert caught.value.where == Where("model.py", 3)
    assert derive(program, ()).linear.outputs == (ZERO,)
