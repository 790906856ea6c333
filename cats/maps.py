"""jvp, vjp, linearize and linear_transpose: the derivative as a linear map, run or kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.backends.backend import Compiled
from cats.engine import (
    NUMPY,
    Answer,
    answered,
    execute,
    fitted,
    followed,
    moved,
    newest,
    pair,
    real_leaves,
)
from cats.ir.constant import read_only
from cats.ir.errors import DerivativeError, LinearityError, SpaceError
from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, Value
from cats.linearity import check_linear_function
from cats.pipeline import forward_half, halves, pushforward, reverse_half
from cats.places import placed, users_place
from cats.policies import Policy, known
from cats.prepared import Call, Function, Traceable, prepare, traced
from cats.tree import Tree, build, count, unflatten


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """(f(x), f'(x) dx): the forward functor, run once.

    primals, tangents   sequences of arguments and of their tangents, of the same structure
    has_aux             f returns (value, aux); the result is (value, tangent, aux)
    What is given tangent 0 does not vary: 0 times a slope that is infinite is 0. Raises SpaceError
    if a tangent does not lie in the space of its primal.
    Source: Elliott 2018, section 4.

    >>> import numpy as np
    >>> jvp(np.sin, (0.0,), (2.0,))
    (np.float64(0.0), np.float64(2.0))
    """
    check_primals("jvp", primals)
    call = _whole(f, primals)
    real = _real(call)
    tangents = fitted(tuple(tangents), _positional(call), _named(call), "tangent")
    active, given = _varied(real, tangents)

    def make(lifted: Traceable) -> Answer:
        program = pushforward(lifted.program, active)
        out = real_leaves(lifted.out, lifted.program.ends)
        return Answer(program, pair(lifted.out, out))

    value, tangent = answered(f, call, given, ("jvp", tuple(active)), make)
    if has_aux:
        _check_pair(value)
    return (value[0], tangent[0], value[1]) if has_aux else (value, tangent)


def _varied(real: Sequence[int], tangents: Sequence[Value]) -> tuple[list[int], list[Value]]:
    """The leaves whose tangents are not zeros, and their tangents."""
    rows = [(i, t) for i, t in zip(real, tangents, strict=True) if moved([t])]
    return [i for i, _ in rows], [t for _, t in rows]


def _check_pair(value: Any) -> None:
    """Raises DerivativeError if a result is not (value, aux)."""
    if not (type(value) is tuple and len(value) == 2):
        raise DerivativeError(
            "has_aux=True, but the function did not return a pair (value, aux)",
            where=users_place(),
            remedy="Return a tuple of the value and the auxiliary data.",
        )


@placed
def _whole(f: Function, primals: Sequence[Any]) -> Call:
    return prepare(f, tuple(primals), {})


@placed
def check_primals(word: str, primals: Any) -> None:
    """Raises SpaceError unless the primals that a function is given are several arguments."""
    if not isinstance(primals, tuple | list):
        raise SpaceError(
            f"primals must be a tuple of arguments, got {type(primals).__name__}",
            remedy=f"Write {word}(f, (x,), (dx,)) for a function of one argument.",
        )


def _positional(call: Call) -> Tree:
    return call.tree.parts[0]  # type: ignore[union-attr]


def _named(call: Call) -> tuple[tuple[Ground, str], ...]:
    return tuple(zip(call.spaces, call.names, strict=True))


@placed
def _real(call: Call) -> list[int]:
    found = [i for i, s in enumerate(call.spaces) if isinstance(s, Real)]
    if not found:
        spaces = ", ".join(map(str, call.spaces)) or "nothing but constants"
        raise DerivativeError(
            f"there is nothing real to differentiate: the arguments lie in {spaces}",
            remedy="Pass floats: integers and truth values do not vary infinitesimally.",
        )
    return found


@dataclass(frozen=True)
class LinearFunction:
    """A linear map with its residuals: the primal never runs again.

    `residuals` are snapshots of what was computed, read-only; the map is immutable and picklable.
    """

    target: Program | Compiled
    residuals: tuple[Value, ...]
    source: Tree
    expected: tuple[tuple[Ground, str], ...]
    out: Tree
    what: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "residuals", tuple(map(read_only, self.residuals)))

    def __reduce__(self) -> tuple[Any, ...]:
        return LinearFunction, tuple(getattr(self, name) for name in self.__dataclass_fields__)

    @placed
    def __call__(self, *given: Any) -> Any:
        if self.what == "cotangent":
            if len(given) != 1:
                raise SpaceError(
                    f"a cotangent is one value of the structure of the result, got {len(given)}",
                    remedy="Put the parts into one tuple.",
                )
            (given,) = given
        values = fitted(given, self.source, self.expected, self.what)
        return unflatten(self.out, execute(self.target, [*self.residuals, *values]))


def _split(
    f: Function, primals: Sequence[Any], policy: Policy | None, reverse: bool
) -> tuple[Any, LinearFunction]:
    call = _whole(f, primals)
    active, policy = _real(call), known(policy)

    def make(lifted: Traceable) -> tuple[Any, Any]:
        split = halves(lifted.program, active, policy)
        half = (reverse_half if reverse else forward_half)(split.half)
        if newest(call.leaves) is not None or newest(lifted.extra) is not None:
            return half, split.primal
        return NUMPY.compile(half), NUMPY.compile(split.primal)

    taken, leaves = followed(f, call, (), ("linearize", reverse, policy), make)
    lifted, half = taken.lifted, taken.made
    n = len(lifted.program.outputs)
    value = unflatten(lifted.out, leaves[:n])
    ends = tuple((s, "the result") for s in lifted.program.ends)
    rest = tuple(leaves[n:])
    if reverse:
        out = real_leaves(_positional(call), call.spaces)
        return value, LinearFunction(half, rest, lifted.out, ends, out, "cotangent")
    out = real_leaves(lifted.out, lifted.program.ends)
    return value, LinearFunction(half, rest, _positional(call), _named(call), out, "tangent")


def linearize(
    f: Function, *primals: Any, has_aux: bool = False, policy: Policy | None = None
) -> tuple[Any, ...]:
    """(f(x), dx |-> f'(x) dx): the primal runs once, the linear part as often as one likes.

    has_aux  f returns (value, aux); the result is (value, linear part, aux)
    policy   which residuals to save, as in `checkpoint`; cats.SaveAll() by default
    Source: Radul et al. 2023, "You Only Linearize Once".

    >>> y, push = linearize(lambda x: x**3, 2.0)
    >>> y, push(1.0), push(10.0)
    (np.float64(8.0), np.float64(12.0), np.float64(120.0))
    """
    value, push = _split(f, primals, policy, False)
    if not has_aux:
        return value, push
    _check_pair(value)
    return value[0], FirstOf(push), value[1]


def vjp(
    f: Function, *primals: Any, has_aux: bool = False, policy: Policy | None = None
) -> tuple[Any, ...]:
    """(f(x), w |-> f'(x)^T w): the same linear map read backwards; gives a tuple of cotangents.

    has_aux   f returns (value, aux); the result is (value, pullback, aux)
    policy    as for `linearize`
    Raises SpaceError if w does not lie in the space of the result.

    >>> y, pull = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> pull(1.0)
    (np.float64(3.0), np.float64(2.0))
    """
    value, pull = _split(f, primals, policy, True)
    if not has_aux:
        return value, pull
    _check_pair(value)
    return value[0], WithoutAux(pull), value[1]


@dataclass(frozen=True)
class FirstOf:
    """The linear part of the first part of a pair (value, aux)."""

    push: LinearFunction

    def __call__(self, *given: Any) -> Any:
        return self.push(*given)[0]


@dataclass(frozen=True)
class WithoutAux:
    """The pullback of the first part of a pair (value, aux)."""

    pull: LinearFunction

    def __call__(self, w: Any) -> Any:
        source: Any = self.pull.source
        zeros = [np.zeros(s.shape, s.dtype) for s, _ in self.pull.expected]
        first, second = source.parts
        rest = iter(zeros[count(first) :])
        return self.pull((w, build(second, rest, lambda static: None)))


@placed
def linear_transpose(f: Function, *primals: Any) -> Callable[[Any], Any]:
    """w |-> f^T w for a linear f; the primals only say in which spaces its arguments lie.

    Raises LinearityError if f is not linear, naming the line where it is not.

    >>> import numpy as np
    >>> linear_transpose(lambda x: (x, 2.0 * x), np.float64(0))((1.0, 3.0))
    (np.float64(7.0),)
    """
    call = _whole(f, primals)
    active = _real(call)
    try:
        check_linear_function(traced(f, call).program, active)
    except LinearityError as error:
        raise error.advised("Use cats.vjp, which linearises first.") from None
    origin = [
        np.zeros(s.shape, s.dtype) if i in active else call.leaves[i]
        for i, s in enumerate(call.spaces)
    ]
    pull: Callable[[Any], Any] = vjp(f, *unflatten(_positional(call), origin))[1]
    return pull
