"""The traced value: what the user's function sees in place of an array, and who records it.

Every operation on it is written down as one binding of a lambda term. NumPy's own functions come
here through `__array_ufunc__` and `__array_function__`; which of them are known is a table that
the recorder is given.
"""

from __future__ import annotations

import functools
import itertools
import operator
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from numbers import Number
from types import FrameType
from typing import Any, NoReturn, TypeVar

import numpy as np

from cats.ir.constant import Constant
from cats.ir.errors import CatsError, TraceError, Where
from cats.ir.lam import Const, Let, Prim, Proj, Term, Tuple, Var
from cats.ir.lam import Control as LamControl
from cats.ir.linear import Params
from cats.ir.primitive import Primitive
from cats.ir.prims.choice import equal
from cats.ir.prims.layout import broadcast, const, constant
from cats.ir.program import Case, Program, Step, constant_of
from cats.ir.spaces import Ground, Real, Value
from cats.ir.wire import STAMPS

Names = Mapping[Any, Callable[..., Value]]
"""NumPy's functions in terms of the vocabulary."""

_HERE, _NUMPY = (os.path.join(os.path.dirname(file), "") for file in (__file__, np.__file__))
_SKIPPED = (_HERE, _NUMPY, "<cats>")
_MODELS = os.path.join(_HERE, "data", "")
"""The functions the demo differentiates are a user's, though they are shipped with us."""

_PLAIN = (np.ndarray, np.memmap)
_MISTAKES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What a function of the table raises on arguments it cannot take."""


def users_place() -> Where:
    """The innermost line that is neither ours nor NumPy's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_SKIPPED) or file.startswith(_MODELS):
            return Where(file, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back
    return Where("<unknown>", 0)


F = TypeVar("F", bound=Callable[..., Any])


def placed(f: F) -> F:
    """f, whose errors name the user's line where they do not name one already."""

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return f(*args, **kwargs)
        except CatsError as error:
            raise error.at(users_place()) from error.__cause__

    return call  # type: ignore[return-value]


class Recorder:
    """Writes down a traced function as the bindings of a lambda term."""

    def __init__(self, names: Names) -> None:
        self.stamp = next(STAMPS)
        self.names = names
        self.bound: list[str] = []
        self.values: list[Term] = []
        self.captured: dict[Traced, Traced] = {}
        self.inputs: list[tuple[str, Ground]] = []
        self.closed = False
        self.refusal: CatsError | None = None

    def refused(self, error: CatsError) -> CatsError:
        """The error, remembered: user code that swallows it does not get past the trace's end."""
        if self.refusal is None and not self.closed:
            self.refusal = error.at(users_place())
        return error

    def input(self, name: str, space: Ground) -> Traced:
        """A parameter of the term."""
        self.inputs.append((name, space))
        return Traced(self, Var(name), space)

    def emit(self, op: Primitive, args: tuple[Value, ...], params: Params = ()) -> Value:
        """One more binding."""
        where = users_place()
        self.alive(op.name, where)
        if op is const:
            value = params[0][1]
            return Traced(self, Const(value), value.space)
        reals = (a.space for a in args if type(a) is Traced and type(a.space) is Real)
        like: Ground | None = next(reals, None)
        if like is None:
            like = next((a.space for a in args if type(a) is Traced), None)
        terms = [self.lift(a, like) for a in args]
        try:
            space = op.space(*[t.space for t in terms], **dict(params))
        except CatsError as error:
            raise error.at(where) from None
        term = Prim(op, tuple([t.term for t in terms]), params, where=where)
        if type(space) is not tuple:
            return self.bind(term, space)
        whole = self.bind(term, None).term
        return tuple([self.bind(Proj(i, whole), part) for i, part in enumerate(space)])

    def apply(self, step: Step, args: list[Value]) -> Value:
        """A step of a finished program as bindings here; a case becomes an `if` on terms."""
        if isinstance(step.op, Primitive):
            return self.emit(step.op, tuple(args), step.params)
        lifted = [self.lift(a, None) for a in args]
        term = choice_term(step.op, [t.term for t in lifted], len(self.bound))
        pair = self.bind(term, None)
        return tuple([self.bind(Proj(i, pair.term), space) for i, space in enumerate(step.spaces)])

    def alive(self, what: str, where: Where) -> None:
        """Raises TraceError when the trace is over."""
        if self.closed:
            raise TraceError(
                f"{what} has to do with a traced value after its trace had ended",
                where=where,
                remedy="Return values from the function instead of storing them outside.",
            )

    def bind(self, term: Term, space: Any) -> Value:
        """A name for the term's value."""
        name = f"v{len(self.bound)}"
        self.bound.append(name)
        self.values.append(term)
        return Traced(self, Var(name), space)

    def lift(self, value: Value, like: Ground | None) -> Traced:
        """A value as a term: captured from an outer trace, or a constant."""
        if type(value) is Traced:
            return value if value.recorder is self else self.capture(value)
        if (
            isinstance(value, int | float)
            and not isinstance(value, np.generic)
            and like is not None
        ):
            scalar = Constant(np.asarray(value, dtype=like.dtype))
            made = Traced(self, Const(scalar), scalar.space)
            if like.shape:
                return self.emit(broadcast, (made,), (("axes", ()), ("shape", like.shape)))  # type: ignore[no-any-return]
            return made
        _refuse_objects(value)
        kept = constant(value)
        return Traced(self, Const(kept), kept.space)

    def capture(self, value: Traced) -> Traced:
        """A value of an older trace: an extra parameter of this term."""
        value.recorder.alive("an operation", users_place())
        if value.recorder.stamp > self.stamp:
            raise TraceError(
                "a value of an inner traced function is used outside of it",
                where=users_place(),
                remedy="Return the value from the inner function.",
            )
        if value not in self.captured:
            self.captured[value] = self.input(f"c{len(self.captured)}", value.space)
        return self.captured[value]

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
        """A NumPy function on traced values. Raises TraceError, naming it, if cats has none."""
        known = self.names.get(function)
        if known is None:
            name = getattr(function, "__name__", str(function))
            module = getattr(function, "__module__", None) or "numpy"
            raise self.refused(
                TraceError(
                    f"{module}.{name} is not known to cats, so it cannot be differentiated",
                    where=users_place(),
                    remedy="Write it with functions cats knows, or give it as a Primitive.",
                )
            )
        try:
            return known(*args, **kwargs)
        except CatsError as error:
            raise self.refused(error.at(users_place())) from error.__cause__
        except _MISTAKES as error:
            name = shown(function)
            raise self.refused(
                TraceError(
                    f"{name} cannot take these arguments: {error}",
                    where=users_place(),
                    remedy=f"Check the arguments of {name}; cats takes those that NumPy takes.",
                )
            ) from error


def _refuse_objects(value: Value) -> None:
    """Raises TraceError for a constant that is not a plain array of numbers."""
    if isinstance(value, np.ndarray) and type(value) not in _PLAIN:
        raise TraceError(
            f"a {type(value).__name__} does not compute as an array does",
            remedy="Convert it with np.asarray, and a mask to np.where.",
        )
    array = np.asarray(value)
    if array.dtype != object:
        return
    for entry in array.flat:
        if not isinstance(entry, Number):
            raise TraceError(
                f"{entry!r} of type {type(entry).__name__} is not a number",
                remedy="Use arrays, numbers, and lists of those.",
            )


def shown(function: Any) -> str:
    """A function of the table as the user writes it."""
    if function == "getitem":
        return "x[...]"
    if isinstance(function, tuple):
        return f"np.{function[0].__name__}.{function[1]}"
    return str(function) if isinstance(function, str) else f"np.{function.__name__}"


def choice_term(case: Case, args: list[Term], fresh: int) -> Term:
    """A case step as a term: `if tag then ... else ...`, each branch a telescope."""
    tag, *captured = args
    branches = [_telescope(b, captured, f"b{fresh}_{i}_") for i, b in enumerate(case.branches)]
    term = branches[-1]
    for number, branch in reversed(list(enumerate(branches[:-1]))):
        if len(branches) == 2:
            return LamControl("if", (tag, branches[1], branches[0]))
        here = Prim(equal, (tag, Const(Constant(np.int64(number)))))
        term = LamControl("if", (here, branch, term))
    return term


def _telescope(program: Program, args: list[Term], prefix: str) -> Term:
    names: list[str] = []
    values: list[Term] = []
    at = list(args)
    for step in program.steps:
        parts = [at[a] for a in step.args]
        name = f"{prefix}{len(names)}"
        names.append(name)
        if isinstance(step.op, Primitive):
            values.append(_prim(step, parts))
            at.append(Var(name))
        else:
            values.append(choice_term(step.op, parts, len(names)))
            at.extend(Proj(i, Var(name)) for i in range(len(step.spaces)))
    body = Tuple(tuple(at[o] for o in program.outputs))
    return Let(tuple(names), tuple(values), body) if names else body


def _prim(step: Step, args: list[Term]) -> Term:
    found = constant_of(step)
    if found is not None:
        return Const(found)
    return Prim(step.op, tuple(args), step.params, where=step.where)  # type: ignore[arg-type]


def _operator(ufunc: Any, swapped: bool = False) -> Callable[[Any, Any], Any]:
    if swapped:
        return lambda self, other: self.recorder.call(ufunc, (other, self), {})
    return lambda self, other: self.recorder.call(ufunc, (self, other), {})


def _unary(ufunc: Any) -> Callable[[Any], Any]:
    return lambda self: self.recorder.call(ufunc, (self,), {})


def _method(function: Any) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: self.recorder.call(function, (self, *args), kwargs)


_INFIX: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow, "@": operator.matmul,
    "&": operator.and_, "|": operator.or_, "^": operator.xor,
}  # fmt: skip


def _inplace(sign: str) -> Callable[[Any, Any], Any]:
    """`x += y` names a new value; on an array with axes it would change other names of x too."""

    def call(self: Traced, other: Any) -> Any:
        if self.space.shape:
            self._refuse(
                f"x {sign}= y",
                "it changes an array in place, and a traced function is pure",
                f"Write x = x {sign} y.",
            )
        return _INFIX[sign](self, other)

    return call


class MissingAttribute(TraceError, AttributeError):
    """A traced value was asked for an attribute that it does not have."""


class Traced:
    """An array of known space and unknown entries."""

    __slots__ = ("recorder", "space", "term")
    __array_priority__ = 1000

    def __init__(self, recorder: Recorder, term: Term, space: Ground) -> None:
        self.recorder = recorder
        self.term = term
        self.space = space

    # What NumPy asks

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None:
            self._refuse("out=", "an array is written in place", "Use the returned value.")
        function = ufunc if method == "__call__" else (ufunc, method)
        newest = newest_recorder(args) or self.recorder
        if method != "__call__" and function not in newest.names:
            self._refuse(
                f"np.{ufunc.__name__}.{method}",
                "cats does not know it",
                "Use the corresponding function, such as np.sum for np.add.reduce.",
            )
        return newest.call(function, args, kwargs)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        newest = newest_recorder((*args, *kwargs.values())) or self.recorder
        return newest.call(func, args, kwargs)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse(
            "np.asarray(...) or np.array(...)",
            "a traced value has no entries while the function is compiled",
            "Put traced values together with np.stack, np.concatenate or np.where.",
        )

    # What one can know about it

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self.space.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of an array."""
        return np.dtype(self.space.dtype)

    @property
    def ndim(self) -> int:
        """As of an array."""
        return len(self.space.shape)

    @property
    def size(self) -> int:
        """As of an array."""
        return int(np.prod(self.space.shape))

    @property
    def T(self) -> Traced:
        """The transpose."""
        return self.recorder.call(np.transpose, (self,), {})  # type: ignore[no-any-return]

    @property
    def flat(self) -> Traced:
        """The entries one after the other."""
        return self.recorder.call(np.ravel, (self,), {})  # type: ignore[no-any-return]

    @property
    def real(self) -> Traced:
        """Itself: everything here is real."""
        return self

    def __len__(self) -> int:
        if not self.space.shape:
            self._refuse("len(x)", "it has no axes", "Use x.size, or np.atleast_1d(x).")
        return self.space.shape[0]

    def __iter__(self) -> Iterator[Traced]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Traced:
        return self.recorder.call("getitem", (self, key), {})  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Traced<{self.space}>"

    # What it cannot be

    def _refuse(self, what: str, why: str, remedy: str) -> NoReturn:
        raise self.recorder.refused(
            TraceError(
                f"{what} of a traced value in {self.space}: {why}",
                where=users_place(),
                remedy=remedy,
            )
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingAttribute(
            f"a traced value in {self.space} has no attribute {name!r}",
            where=users_place(),
            remedy=f"Use the NumPy function that does the same, or compute {name} another way.",
        )

    def __copy__(self) -> Traced:
        return self

    def __deepcopy__(self, memo: Any) -> Traced:
        return self

    def __reduce__(self) -> NoReturn:
        self._refuse(
            "pickling", "it has no meaning outside of its trace", "Pickle arrays or grad(f) itself."
        )

    def __bool__(self) -> NoReturn:
        self._refuse(
            "the truth value",
            "which branch to take is not known while the function is compiled",
            "Use np.where(condition, a, b), or decide by shapes and Python numbers.",
        )

    def __float__(self) -> NoReturn:
        self._refuse(
            "float(x)",
            "the result would be cut off from x and its derivative lost",
            "Use x itself, np.sin instead of math.sin, and np.stack instead of a[i] = x.",
        )

    def __int__(self) -> NoReturn:
        self._refuse(
            "int(x)",
            "the value is not known while the function is compiled",
            "Pass integers as ordinary Python arguments.",
        )

    def __index__(self) -> NoReturn:
        self._refuse(
            "an index made",
            "the value is not known while the function is compiled",
            "Pass integers as ordinary Python arguments, or index with an integer array.",
        )

    def __round__(self, digits: int | None = None) -> Traced:
        if digits is None:
            self._refuse(
                "round(x)",
                "it makes an int, which is not known while the function is compiled",
                "Use np.round(x).",
            )
        return self.recorder.call(np.round, (self, digits), {})  # type: ignore[no-any-return]

    def __divmod__(self, other: Any) -> tuple[Traced, Traced]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Traced, Traced]:
        return other // self, other % self

    def __format__(self, spec: str) -> str:
        if spec:
            self._refuse(
                f"the format {spec!r}",
                "the value is not known while the function is compiled",
                "Print after the call, or without a format to see the space.",
            )
        return repr(self)

    def __complex__(self) -> NoReturn:
        self._refuse("complex(x)", "cats differentiates real functions", "Use real numbers.")

    def item(self, *args: Any) -> NoReturn:
        """Refused: it would cut the value off from its derivative."""
        self._refuse(
            "x.item()",
            "the result would be cut off from x and its derivative lost",
            "Use x itself, or x[i].",
        )

    def tolist(self) -> NoReturn:
        """Refused: it would cut the values off from their derivatives."""
        self._refuse(
            "x.tolist()",
            "the results would be cut off from x and their derivatives lost",
            "Use list(x) to get the traced entries.",
        )

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        self._refuse(
            "item assignment x[...] = v",
            "a traced function is pure",
            "Build the array with np.where, np.stack or np.concatenate.",
        )

    # Operators and methods: NumPy's own functions

    __iadd__, __isub__, __imul__ = _inplace("+"), _inplace("-"), _inplace("*")
    __itruediv__, __ifloordiv__, __imod__ = _inplace("/"), _inplace("//"), _inplace("%")
    __ipow__, __imatmul__, __iand__ = _inplace("**"), _inplace("@"), _inplace("&")
    __ior__, __ixor__ = _inplace("|"), _inplace("^")

    __add__, __radd__ = _operator(np.add), _operator(np.add, True)
    __sub__, __rsub__ = _operator(np.subtract), _operator(np.subtract, True)
    __mul__, __rmul__ = _operator(np.multiply), _operator(np.multiply, True)
    __truediv__, __rtruediv__ = _operator(np.divide), _operator(np.divide, True)
    __floordiv__, __rfloordiv__ = _operator(np.floor_divide), _operator(np.floor_divide, True)
    __mod__, __rmod__ = _operator(np.remainder), _operator(np.remainder, True)
    __pow__, __rpow__ = _operator("**"), _operator("**", True)
    __matmul__, __rmatmul__ = _operator(np.matmul), _operator(np.matmul, True)
    __lshift__, __rlshift__ = _operator(np.left_shift), _operator(np.left_shift, True)
    __rshift__, __rrshift__ = _operator(np.right_shift), _operator(np.right_shift, True)
    __and__, __rand__ = _operator(np.bitwise_and), _operator(np.bitwise_and, True)
    __or__, __ror__ = _operator(np.bitwise_or), _operator(np.bitwise_or, True)
    __xor__, __rxor__ = _operator(np.bitwise_xor), _operator(np.bitwise_xor, True)
    __lt__, __le__ = _operator(np.less), _operator(np.less_equal)
    __gt__, __ge__ = _operator(np.greater), _operator(np.greater_equal)
    __eq__, __ne__ = _operator(np.equal), _operator(np.not_equal)
    __neg__, __abs__, __invert__ = _unary(np.negative), _unary(np.absolute), _unary(np.invert)
    __hash__ = object.__hash__

    def __pos__(self) -> Traced:
        return self

    sum, prod, mean = _method(np.sum), _method(np.prod), _method(np.mean)
    max, min, var, std = _method(np.max), _method(np.min), _method(np.var), _method(np.std)
    cumsum, cumprod = _method(np.cumsum), _method(np.cumprod)
    dot, clip, squeeze = _method(np.dot), _method(np.clip), _method(np.squeeze)
    ravel, flatten, repeat = _method(np.ravel), _method(np.ravel), _method(np.repeat)
    swapaxes, take, round = _method(np.swapaxes), _method(np.take), _method(np.round)
    trace, diagonal, astype = _method(np.trace), _method(np.diagonal), _method("astype")
    copy, any, all = _method(np.copy), _method(np.any), _method(np.all)
    argmax, argmin = _method(np.argmax), _method(np.argmin)

    def reshape(self, *shape: Any, **kwargs: Any) -> Traced:
        """As of an array."""
        target = shape[0] if len(shape) == 1 else shape
        return self.recorder.call(np.reshape, (self, target), kwargs)  # type: ignore[no-any-return]

    def transpose(self, *axes: Any) -> Traced:
        """As of an array."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else (axes or None)
        return self.recorder.call(np.transpose, (self, order), {})  # type: ignore[no-any-return]


def newest_recorder(values: Any) -> Recorder | None:
    """The newest recorder among values, looking one level into lists and tuples."""
    newest: Recorder | None = None
    for value in itertools.chain.from_iterable(
        v if isinstance(v, list | tuple) else (v,) for v in values
    ):
        recorder = value.recorder if type(value) is Traced else None
        if recorder is not None and (newest is None or recorder.stamp > newest.stamp):
            newest = recorder
    return newest
