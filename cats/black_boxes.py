"""primitive and linear_primitive: Python functions that are called as they are, never traced.

The function sees arrays when the compiled program runs: it may call compiled code, files or the
network, as long as equal arguments give equal results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cats.custom import CustomFunction, a_function
from cats.ir.constant import read_only
from cats.ir.errors import LinearityError, SpaceError
from cats.ir.linear import Leaf
from cats.ir.primitive import Linearity, Primitive, leaf_of
from cats.ir.spaces import Ground, Real, Shape, Value, ground, size, space_of
from cats.places import placed, users_place
from cats.trace import Spec
from cats.transformed import Transformed

Function = Callable[..., Any]
Like = Callable[..., Spec]


@placed
def primitive(f: Function, like: Like | None = None) -> CustomFunction:
    """f as one operation that is called, not traced; its derivative is said as of `custom_jvp`.

    like   from the arguments' shapes and dtypes (`cats.Spec`) that of the result; without it the
           result is as the first argument
    To be completed with `defjvp` or `defvjp`, whose rules are traced. A result in another space
    than said raises SpaceError when it is computed.

    f gets arrays that cannot be written into, and what it returns is copied. Its defaults hold, and
    arguments go by name too. Raises DerivativeError for what is no function.

    >>> from cats.gradients import grad
    >>> cube = primitive(lambda x: x**3)
    >>> cube.defvjp(lambda x: (cube(x), x), lambda x, ct: (3.0 * x * x * ct,))
    >>> grad(cube)(2.0)
    np.float64(12.0)
    """
    _functions(f, like)
    op = Primitive(_name(f), None, _Space(like), function=_Checked(f, _name(f), like))
    return CustomFunction(_Calling(op, f), ())


def _functions(f: Function, like: Like | None) -> None:
    """Raises DerivativeError if they are none."""
    a_function("what is called", f)
    if like is not None:
        a_function("like", like)


def _name(f: Any) -> str:
    return "".join(c if c.isalnum() else "_" for c in getattr(f, "__name__", type(f).__name__))


@dataclass(frozen=True, eq=False)
class _Space:
    """The space of a result from those of the arguments."""

    like: Like | None

    def __call__(self, *spaces: Ground) -> Ground:
        if self.like is None:
            if not spaces:
                raise SpaceError(
                    "a primitive without arguments says not where its result lies",
                    where=users_place(),
                    remedy="Say its shape and dtype with like=.",
                )
            return spaces[0]
        found = self.like(*[Spec(s.shape, s.dtype) for s in spaces])
        if isinstance(found, Spec):
            return found.space
        raise SpaceError(
            f"like gave {type(found).__name__}: the result of a primitive is one array",
            remedy="Return one cats.Spec; make a primitive for each of several results.",
        )


@dataclass(frozen=True, eq=False)
class _Checked:
    """The function, whose results are in the space that was said."""

    f: Function
    name: str
    like: Like | None

    def __call__(self, *args: Value) -> Value:
        found = np.array(self.f(*map(read_only, args)))
        asked = _Space(self.like)(*map(space_of, args))
        if ground(found.shape, found.dtype) != asked:
            raise SpaceError(
                f"{self.name} gave {ground(found.shape, found.dtype)}, and {asked} was said",
                remedy="Say the result's shape and dtype with like=.",
            )
        return found[()]


@dataclass(frozen=True, eq=False)
class _Calling(Transformed):
    """The operation as a function of what users pass, with the signature of theirs."""

    op: Primitive
    f: Function

    @property
    def __name__(self) -> str:  # type: ignore[override]
        return getattr(self.f, "__name__", self.op.name)

    def __call__(self, *args: Value) -> Value:
        given = [a if hasattr(a, "recorder") else np.asarray(a)[()] for a in args]
        return self.op(*given)


@dataclass(eq=False)
class LinearPrimitive(Transformed):
    """What `linear_primitive` returns: a linear function of one array, with its transpose."""

    f: Function
    transpose: Function
    like: Like | None
    seen: set[Ground] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self.name = _name(self.f)
        ahead, back = _Along(self, False), _Along(self, True)
        self.ahead = Primitive(
            self.name, None, _said, function=ahead, linear=Linearity((0,), self._turned, _wider)
        )
        self.back = Primitive(
            f"{self.name}_transposed",
            None,
            _said,
            function=back,
            linear=Linearity((0,), self._turned, _wider),
        )

    def _turned(self, leaf: Leaf) -> Leaf:
        """The leaf of the transpose."""
        op = self.back if leaf.op is self.ahead else self.ahead
        dom: Any = leaf.dom
        more = dict(leaf.params)["more"]
        return _leaf(op, leaf.cod, dom, more)

    def __call__(self, x: Value) -> Value:
        given = x if hasattr(x, "recorder") else np.asarray(x)[()]
        space = space_of(given)
        end = _Space(self.like)(space)
        if not (isinstance(space, Real) and isinstance(end, Real)):
            raise SpaceError(
                f"{self.name} is a linear map from real numbers to such, not from {space} to {end}",
                where=users_place(),
                remedy="Pass floats, and say a dtype of floats with like=.",
            )
        if space not in self.seen:
            self._check(space, end)
            self.seen.add(space)
        return self.ahead(given, shape=end.shape, dtype=end.dtype, more=0)

    def fitted(self, found: Value, shape: Shape, dtype: str) -> Value:
        """A result as it was said. Raises SpaceError if it has another shape."""
        array = np.asarray(found)
        if array.shape != tuple(shape):
            raise SpaceError(
                f"{self.name} gave an array of shape {array.shape}, and {shape} was said",
                remedy="Say the result's shape and dtype with like=.",
            )
        return array.astype(dtype)[()]

    def _check(self, space: Ground, end: Ground) -> None:
        """Raises LinearityError unless f is linear, and `transpose` its transpose, on samples."""
        draw = np.random.default_rng(0)
        x, y = [draw.normal(size=space.shape).astype(space.dtype)[()] for _ in range(2)]
        w = draw.normal(size=end.shape).astype(end.dtype)[()]
        given = map(read_only, (x, y, x - 2 * y))
        fx, fy, both = [self.fitted(self.f(v), end.shape, end.dtype) for v in given]
        tight = 1e3 * float(np.finfo(end.dtype).eps) * (1 + float(np.max(np.abs(fx), initial=0.0)))
        if not np.allclose(both, fx - 2 * fy, rtol=tight, atol=tight):
            raise LinearityError(
                f"{self.name} is not linear: f(x - 2 y) is not f(x) - 2 f(y)",
                where=users_place(),
                remedy="Use cats.primitive, and say its derivative.",
            )
        back = self.transpose(read_only(w))
        sides = np.sum(fx * w), np.sum(x * self.fitted(back, space.shape, space.dtype))
        if not np.allclose(*sides, rtol=tight, atol=tight * (1 + size(end))):
            raise LinearityError(
                f"the transpose that was given is not that of {self.name}: <f(x), w> is "
                f"{sides[0]:.6g}, and <x, f'(w)> is {sides[1]:.6g}",
                where=users_place(),
                remedy="Check the transpose, sign and scale included.",
            )


def _said(x: Ground, *, shape: Shape, dtype: str, more: int) -> Ground:
    """The space of the result is said; `more` axes of many right sides stand last."""
    return ground(shape, np.dtype(dtype))


def _wider(leaf: Leaf, extra: Shape) -> Leaf:
    """The leaf on each entry of more trailing axes."""
    dom, cod = [_with(s, extra) for s in (leaf.dom, leaf.cod)]
    op: Any = leaf.op
    return _leaf(op, dom, cod, dict(leaf.params)["more"] + len(extra))


def _with(space: Any, extra: Shape) -> Ground:
    return ground((*space.shape, *extra), np.dtype(space.dtype))


def _leaf(op: Primitive, dom: Any, cod: Ground, more: int) -> Leaf:
    found: Leaf = leaf_of(op, 0, (), dom, cod, shape=cod.shape, dtype=cod.dtype, more=more)
    return found


@dataclass(frozen=True, eq=False)
class _Along:
    """A linear primitive, or its transpose, on arrays with `more` trailing axes."""

    of: LinearPrimitive
    back: bool

    def __call__(self, x: Value, *, shape: Shape, dtype: str, more: int) -> Value:
        f = self.of.transpose if self.back else self.of.f
        if not more:
            return self.of.fitted(f(read_only(x)), shape, dtype)
        own, extra = np.shape(x)[:-more], shape[len(shape) - more :]
        columns = np.reshape(x, (*own, -1))
        end = shape[: len(shape) - more]
        each = [read_only(columns[..., j]) for j in range(columns.shape[-1])]
        found = [self.of.fitted(f(column), end, dtype) for column in each]
        return np.stack(found, -1).reshape((*end, *extra)) if found else np.zeros(shape, dtype)


@placed
def linear_primitive(f: Function, transpose: Function, like: Like | None = None) -> LinearPrimitive:
    """A linear function of one array that is called, not traced, with its transpose.

    like   from the argument's shape and dtype (`cats.Spec`) that of the result; without it they
           are the same
    Its derivative is itself, in reverse mode the transpose; to any order, in every mode. Raises
    LinearityError, where it is first used on a space, if samples show that f is not linear or
    that the transpose is not that of f.

    >>> from cats.gradients import grad
    >>> blur = linear_primitive(lambda x: x + np.roll(x, 1), lambda w: w + np.roll(w, -1))
    >>> grad(lambda x: np.sum(blur(x) * np.array([1.0, 0.0, 0.0])))(np.zeros(3))
    array([1., 0., 1.])
    """
    _functions(f, like)
    return LinearPrimitive(f, a_function("the transpose", transpose), like)
