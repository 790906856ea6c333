"""compile, trace and count: the function itself, without a derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cats.backends.backend import Backend
from cats.cost import Ledger
from cats.cost import count as counted
from cats.engine import NUMPY, Answer, answered
from cats.ir.program import Program
from cats.prepared import Call, Function, Traceable, prepare, traced
from cats.signs import finished
from cats.transformed import Transformed


@dataclass(frozen=True)
class Compiled(Transformed):
    """What `compile` returns: the function, traced and compiled once for each kind of argument."""

    f: Function
    backend: Backend

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = prepare(self.f, args, kwargs)
        return answered(self.f, call, (), "value", _itself, self.backend)

    def answer(self, lifted: Traceable, call: Call) -> Answer:
        """The program behind the call."""
        return _itself(lifted)


def _itself(lifted: Traceable) -> Answer:
    return Answer(lifted.program, lifted.out)


def compile(f: Function, backend: Backend = NUMPY) -> Compiled:
    """f, traced and compiled once for each structure, shape and dtype of its arguments.

    >>> import numpy as np
    >>> compile(lambda x: np.sin(x) + np.sin(x))(0.0)
    np.float64(0.0)
    """
    return Compiled(f, backend)


def base_of(f: Any) -> Function:
    """The function a transformed function was made of; any other function itself."""
    return f.f if hasattr(f, "answer") else f  # type: ignore[no-any-return]


def behind(f: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Call, Traceable, Answer]:
    """The call, the traced function, and the program that answers; f may be transformed."""
    inner = getattr(f, "answer", None)
    base = base_of(f)
    call = prepare(base, args, kwargs)
    seen = getattr(f, "seen", None)
    lifted = traced(base, call if seen is None else seen(call)).closed()
    return call, lifted, _itself(lifted) if inner is None else inner(lifted, call)


def trace(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Program:
    """The program of f for arguments like these; `cats.Spec` stands for an array without data.

    A transformed function (grad(g), jacobian(g), ...) gives the program of its answer.

    >>> from cats.trace import Spec
    >>> import numpy as np
    >>> print(trace(lambda x: np.sum(x * x), Spec((3,))))
    (x: R[3]) ->
      x1 = mul x x
      x2 = sum[axes=(0,)] x1
    in (x2)
    """
    return behind(f, args, kwargs)[2].program


def count(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Ledger:
    """The scalar operations one call of f takes after partial evaluation, by name.

    >>> from cats.gradients import value_and_grad
    >>> count(value_and_grad(lambda a, b: a * a + b * b, (0, 1)), 1.0, 2.0).total
    5
    """
    program = f if isinstance(f, Program) else finished(trace(f, *args, **kwargs))
    return counted(program)
