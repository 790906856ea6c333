"""grad and value_and_grad: reverse mode for functions with one real result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cats.backends.backend import Backend
from cats.engine import NUMPY, Answer, Transform, answered, pair, real_leaves, selected
from cats.ir.errors import DerivativeError
from cats.ir.program import Program
from cats.ir.spaces import Real
from cats.pipeline import gradient
from cats.prepared import Call, Chosen, Function, Traceable, chosen_arguments, prepare, wanted
from cats.transformed import Transformed
from cats.tree import Branch, Static, Tree, count


@dataclass(frozen=True)
class Gradient(Transformed):
    """What `grad` and `value_and_grad` return: a function of the arguments of f."""

    f: Function
    argnums: int | tuple[int, ...]
    argnames: str | tuple[str, ...] | None
    has_aux: bool
    with_value: bool
    backend: Backend

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = prepare(self.f, args, kwargs)
        chosen = chosen_arguments(self.f, call, self.argnums, self.argnames)
        options = ("grad", chosen, self.has_aux, self.with_value)
        transform = self.transform(call, chosen)
        return answered(self.f, call, (), options, transform, self.backend)

    def answer(self, lifted: Traceable, call: Call) -> Answer:
        """The program behind the call."""
        chosen = chosen_arguments(self.f, call, self.argnums, self.argnames)
        return self.transform(call, chosen)(lifted)

    def transform(self, call: Call, chosen: Chosen) -> Transform:
        """Which program answers, and the structure of its results."""

        def make(lifted: Traceable) -> Answer:
            self._check(lifted)
            program = gradient(lifted.program, chosen.active)
            values = len(lifted.program.outputs)
            found = list(range(values, len(program.outputs)))
            place = {leaf: i for i, leaf in enumerate(chosen.active)}
            wanted = [found[place[i]] for span in chosen.owned for i in span if i in place]
            trees = [
                real_leaves(tree, [call.spaces[i] for i in span])
                for tree, span in zip(chosen.trees, chosen.owned, strict=True)
            ]
            slopes: Tree = trees[0] if chosen.single else pair(*trees)
            return self._results(lifted, program, list(range(values)), wanted, slopes)

        return make

    def _results(
        self,
        lifted: Traceable,
        program: Program,
        values: list[int],
        wanted: list[int],
        slopes: Tree,
    ) -> Answer:
        if self.with_value:
            return Answer(selected(program, [*values, *wanted]), pair(lifted.out, slopes))
        if self.has_aux:
            aux = lifted.out.parts[1]  # type: ignore[union-attr]
            return Answer(selected(program, [*wanted, *values[1:]]), pair(slopes, aux))
        return Answer(selected(program, wanted), slopes)

    def _check(self, lifted: Traceable) -> None:
        out, _ = parted(lifted.out, self.has_aux)
        ends = lifted.program.ends[: count(out)]
        if (
            isinstance(out, Branch)
            or len(ends) != 1
            or ends[0] not in (Real(), Real((), "float32"))
        ):
            shown = ", ".join(map(str, ends)) or "nothing real"
            if isinstance(out, Static):
                shown = f"{out.value!r} of type {out.kind.__name__}"
            remedy = "Use cats.jacobian for arrays, or reduce the result, as np.sum does."
            if isinstance(out, Branch):
                shown = f"a {out.kind.__name__} of {shown}"
                remedy = "Return the number itself, or use cats.jacobian, which takes containers."
            raise DerivativeError(
                f"grad needs a function with one real number as its result; this one gives {shown}",
                remedy=remedy,
            )


def parted(out: Tree, has_aux: bool) -> tuple[Tree, Tree | None]:
    """The structure of the value, and that of what comes along. Raises DerivativeError."""
    if not has_aux:
        return out, None
    if isinstance(out, Branch) and out.kind is tuple and len(out.parts) == 2:
        return out.parts
    raise DerivativeError(
        "has_aux=True, but the function did not return a pair (value, aux)",
        remedy="Return a tuple of the value and the auxiliary data.",
    )


def grad(
    f: Function,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
    backend: Backend = NUMPY,
) -> Gradient:
    """The gradient function of f: x |-> f'(x)^T 1, in the shape of x.

    argnums, argnames   which arguments to differentiate, the first if nothing is said; a tuple, or
                        both, gives a tuple of gradients
    has_aux             f returns (value, aux); the result is (gradient, aux)
    backend             where the compiled program runs
    Gradients have the shapes and dtypes of the arguments; ints and None in containers give None.
    Raises DerivativeError if f's result is not one real number, or the argument is discrete.
    Source: Elliott 2018, section 13 (reverse mode is the dual of a linear map).

    >>> import numpy as np
    >>> grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return Gradient(f, *wanted(argnums, argnames), has_aux, False, backend)


def value_and_grad(
    f: Function,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
    backend: Backend = NUMPY,
) -> Gradient:
    """x |-> (f(x), gradient of f at x), the work shared; otherwise as `grad`.

    >>> value_and_grad(lambda x: x**3)(2.0)
    (np.float64(8.0), np.float64(12.0))
    """
    return Gradient(f, *wanted(argnums, argnames), has_aux, True, backend)
