"""The traced value: what the user's function sees in place of an array or a number.

Whatever Python or NumPy asks of it either has a meaning that is written down, or is a decision
that is taken on its value in this call and guarded, or is refused with a sentence.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from cats.attributes import has, names_of, seen_by_kind
from cats.calls import called
from cats.ir.constant import Constant
from cats.ir.errors import Asked
from cats.ir.prims.choice import isfinite
from cats.ir.prims.layout import convert
from cats.ir.spaces import Discrete, Real
from cats.operands import UFUNCS, answered, listed, outranks, strange
from cats.places import asking_library, formats, may_be_caught, reads_by_name, users_place
from cats.recorder import Recorder, newest_recorder
from cats.refusals import Refusal, refusal_of
from cats.tracked import Tracked, named, sample

SAID = {"pow": "**", "eq": "==", "ne": "!="}
"""Operators that do more than their functions: what a recorder calls them."""


class MissingAttribute(Asked, AttributeError):
    """A traced value was asked for an attribute that it does not have."""


class Ambiguous(Asked, ValueError):
    """The truth value of several entries was asked, which NumPy does not give either."""


class NotOne(Asked, ValueError):
    """An array of several entries was asked for its one, which NumPy refuses too."""


class OutOfBounds(Asked, IndexError):
    """A place was asked that an array does not have: how Python's code finds out that it ends."""


def _operator(sign: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    """A sign between two values: of two Python numbers the result is a Python number."""
    ufunc = SAID.get(sign, UFUNCS[sign])

    def call(self: Traced, other: Any) -> Any:
        pair = (other, self) if swapped else (self, other)
        recorder = newest_recorder(pair) or self.recorder
        found = called(recorder, ufunc, pair, {})
        if self.weak and isinstance(found, Traced) and _is_weak(other):
            found.weak = True
        return found

    return call


def _arithmetic(sign: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    """Arithmetic, in which Python's truth values are the numbers 0 and 1."""
    plain = _operator(sign, swapped)

    def call(self: Traced, other: Any) -> Any:
        return plain(_number(self), _number(other))

    return call


def _division(sign: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    """Division: of Python numbers by zero it raises, where somebody may be there to catch that."""
    plain = _arithmetic(sign, swapped)

    def call(self: Traced, other: Any) -> Any:
        if self.weak and _is_weak(other) and may_be_caught():
            divisor = self if swapped else other
            if told(divisor) and not divisor:
                raise ZeroDivisionError("division by zero")
        return plain(self, other)

    return call


def _divmod(sign: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    def call(self: Traced, other: Any) -> tuple[Any, Any]:
        pair = (other, self) if swapped else (self, other)
        return operator.floordiv(*pair), operator.mod(*pair)

    return call


def _comparison(sign: str) -> Callable[[Any, Any], Any]:
    """A comparison: of Python numbers a truth value at once, where the code asks `is True`."""
    plain = _operator(sign)

    def call(self: Traced, other: Any) -> Any:
        return truth(plain(self, other))

    return _meeting(call, sign)


def _meeting(
    plain: Callable[[Any, Any], Any], sign: str, swapped: bool = False
) -> Callable[[Any, Any], Any]:
    """An operator in which objects of users' classes have their turn."""

    def call(self: Traced, other: Any) -> Any:
        if isinstance(other, Traced) or not strange(self, other, sign, swapped):
            return plain(self, other)
        found = answered(self, other, sign, swapped)
        return plain(self, listed(other)) if found is NotImplemented else found

    return call


def _both(sign: str, make: Callable[[str, bool], Any]) -> tuple[Any, Any]:
    """An operator, and the one that is asked where the left side has no answer."""
    return _meeting(make(sign, False), sign), _meeting(make(sign, True), sign, True)


def truth(value: Any) -> Any:
    """A traced truth value of Python as one of Python's two, where the code tells them apart."""
    if isinstance(value, Traced) and value.weak and value.recorder.world.asks_identity:
        return bool(value)
    return value


def told(value: Any) -> bool:
    """Whether it can be known what a value is in this call."""
    return not isinstance(value, Traced) or value.recorder.concrete.told(value)


def _number(value: Any) -> Any:
    """A Python truth value as the number it is in arithmetic."""
    if not (isinstance(value, Traced) and value.weak and value.dtype == np.bool_):
        return value
    made = convert(value, dtype="int64")
    made.weak = True
    return made


def _is_weak(value: Any) -> bool:
    return value.weak if isinstance(value, Traced) else type(value) in (int, float, bool)


def _unary(ufunc: Any) -> Callable[[Any], Any]:
    def call(self: Traced) -> Any:
        found = called(self.recorder, ufunc, (self,), {})
        if self.weak and isinstance(found, Traced):
            found.weak = True
        return found

    return call


def _method(function: Any) -> Callable[..., Any]:
    def call(self: Traced, *args: Any, **kwargs: Any) -> Any:
        recorder = newest_recorder((self, args, kwargs)) or self.recorder
        return called(recorder, function, (self, *args), kwargs)

    call.__dict__["stands_for"] = function
    return call


def _inplace(sign: str) -> Callable[[Any, Any], Any]:
    """`a += b` writes into an array; a number has another name for the result."""

    def call(self: Traced, other: Any) -> Any:
        found = getattr(self, f"__{sign}__")(other)
        if not self.is_array or (strange(self, other, sign, False) and outranks(self, other)):
            return found
        recorder = newest_recorder((self, found)) or self.recorder
        return called(recorder, "write", (self, found), {})

    return call


@seen_by_kind
class Traced(Tracked):
    """An array or a number of known space, whose entries are names of a term."""

    __slots__ = ()
    __array_priority__ = 1000
    recorder: Recorder

    # What NumPy asks

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        function = ufunc if method == "__call__" else (ufunc, method)
        recorder = newest_recorder((args, kwargs)) or self.recorder
        return called(recorder, function, args, kwargs)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        recorder = newest_recorder((args, kwargs)) or self.recorder
        return called(recorder, func, args, kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        known = self.known
        asking = asking_library() if known is None else ""
        if asking:
            refusal = refusal_of(asking, self.recorder.speech.refused)
            self._refuse(
                asking,
                refusal.why if refusal else "its own code asks for the entries, and cuts them off",
                (refusal or Refusal("")).instead,
            )
        if known is None:
            self._refuse(
                "a plain array made",
                "compiled code asks for its entries, and would cut them off",
                "Call functions of NumPy by their names, and write into plain arrays of numbers.",
            )
        return np.array(known, dtype=dtype)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return self.recorder.namespace

    # What one can know about it

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The class of what it stands for, by which compiled code and patterns tell values apart.

        Where traced code asks by name, as it would be asked of the value, it is the door of that.
        """
        asking = sys._getframe(1)
        if str(asking.f_globals.get("__name__")).partition(".")[0] == "cats":
            return Traced
        kind = type(sample(self))
        return self.recorder.world.door(kind) if reads_by_name(asking) else kind

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self.space.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        self._refuse(
            "assigning the shape",
            "what it is a view of would be seen in two shapes",
            "Use y = x.reshape(...).",
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of an array."""
        return np.dtype(self.space.dtype)

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        self._refuse(
            "assigning the dtype",
            "it would read the bits of numbers as something else",
            "Use y = x.astype(dtype).",
        )

    @property
    def size(self) -> int:
        """As of an array."""
        return int(np.prod(self.space.shape))

    @property
    def itemsize(self) -> int:
        """As of an array."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """As of an array."""
        return self.size * self.itemsize

    @property
    def T(self) -> Traced:
        """The transpose."""
        return called(self.recorder, np.transpose, (self,), {})  # type: ignore[no-any-return]

    @property
    def mT(self) -> Traced:
        """The transpose of the last two axes."""
        return called(self.recorder, np.matrix_transpose, (self,), {})  # type: ignore[no-any-return]

    @property
    def flat(self) -> Flat:
        """The entries one after the other, to read and to write."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        self.flat[:] = value

    @property
    def real(self) -> Traced:
        """Itself: everything here is real."""
        return self

    @property
    def imag(self) -> Any:
        """Zeros: everything here is real."""
        return self.recorder.local(np.zeros(self.shape, self.dtype))[()]

    @property
    def flags(self) -> Any:
        """What NumPy says of memory, as far as it is known: whether one may write."""
        return _Flags(self)

    def __len__(self) -> int:
        if not self.space.shape:
            raise Asked(
                f"len(x) of a traced value in {self.space}: it has no axes",
                where=users_place(),
                remedy="Use x.size, or np.atleast_1d(x).",
            )
        return self.space.shape[0]

    def __iter__(self) -> Iterator[Any]:
        count = len(self)
        return (self[i] for i in range(count))

    def __getitem__(self, key: Any) -> Any:
        if self.weak:
            self._no_container("subscripting")
        recorder = newest_recorder((self, key)) or self.recorder
        return called(recorder, "getitem", (self, key), {})

    def __setitem__(self, key: Any, value: Any) -> None:
        recorder = newest_recorder((self, key, value)) or self.recorder
        called(recorder, "setitem", (self, key, value), {})

    def __contains__(self, value: Any) -> bool:
        if not self.is_array:
            self._no_container("looking for a value in")
        return bool(called(self.recorder, np.any, (self == value,), {}))

    def _no_container(self, what: str) -> NoReturn:
        """Raises as Python does, where a number is taken for a container."""
        raise Asked(
            f"{what} a traced value in {self.space}: it is a number",
            where=users_place(),
            remedy="Use x itself, or np.atleast_1d(x).",
        )

    def __repr__(self) -> str:
        return self._text(lambda value: repr(value)) or f"Traced<{self.space}>"

    def __str__(self) -> str:
        return self._text(lambda value: str(value)) or f"Traced<{self.space}>"

    def __format__(self, spec: str) -> str:
        return self._text(lambda value: format(value, spec)) or f"Traced<{self.space}>"

    def _text(self, write: Callable[[Any], str]) -> str:
        """The text of its value in this call, which is guarded to the last bit."""
        if self.recorder.closed or not self.recorder.concrete.told(self):
            return ""
        value = self._now()
        text = write(value if self.is_array else value.item() if self.weak else value[()])
        if isinstance(self.space, Real):
            self.recorder.world.texts.add(text)
        return text

    def _now(self) -> np.ndarray[Any, Any]:
        """What it is in this call, to the last bit: a guard says so."""
        found = self.recorder.observe(self, exact=True)
        return found.array if isinstance(found, Constant) else np.asarray(found)

    # Decisions

    def __bool__(self) -> bool:
        if self.size != 1:
            raise Ambiguous(
                f"the truth value of a traced value in {self.space}: it has {self.size} entries",
                where=users_place(),
                remedy="Use x.any() or x.all().",
            )
        x = self if not self.space.shape else called(self.recorder, np.reshape, (self, ()), {})
        if not isinstance(x, Traced):
            return bool(x)
        if x.dtype != np.bool_:
            x = called(self.recorder, np.not_equal, (x, 0), {})
        return bool(x.recorder.observe(x)) if isinstance(x, Traced) else bool(x)

    def __int__(self) -> int:
        x = self._single("int(x)")
        if isinstance(x.space, Real):
            if not x.recorder.observe(isfinite(x)):
                return int(float(x.recorder.concrete.value(x.term)))
            x = convert(x, dtype="int64")
        return int(x.recorder.observe(x))  # type: ignore[arg-type]

    def __index__(self) -> int:
        x = self._single("an index made")
        if isinstance(x.space, Real):
            raise Asked(
                f"an index made of a traced value in {self.space}: it is a real number",
                where=users_place(),
                remedy="Use int(x) or np.rint(x).",
            )
        return int(x.recorder.observe(x))  # type: ignore[arg-type]

    def __round__(self, digits: int | None = None) -> Any:
        if digits is None:
            return int(called(self.recorder, np.round, (self,), {}))
        if self.weak and isinstance(self.space, Real) and self._is_doubtful(digits):
            return round(float(self._now()), digits)
        found = called(self.recorder, np.round, (self, digits), {})
        if isinstance(found, Traced):
            found.weak = self.weak
        return found

    def _is_doubtful(self, digits: int) -> bool:
        """Whether Python, which rounds the number as it is, may round otherwise than NumPy."""
        if not told(self):
            return False
        scaled = abs(self * 10.0**digits if digits >= 0 else self / 10.0**-digits)
        if digits > 22 or not bool(isfinite(scaled)):
            return True
        return bool(abs(scaled % 1.0 - 0.5) <= 1e-15 * scaled)

    def __trunc__(self) -> int:
        return int(self)

    def __floor__(self) -> int:
        return int(called(self.recorder, np.floor, (self,), {}))

    def __ceil__(self) -> int:
        return int(called(self.recorder, np.ceil, (self,), {}))

    def _single(self, what: str, kind: type[Asked] = Asked) -> Traced:
        """The one entry, as a value without axes; of more, NumPy gives none either."""
        if self.size != 1:
            raise kind(
                f"{what} of a traced value in {self.space}: it has {self.size} entries",
                where=users_place(),
                remedy="Choose one, as x[0].",
            )
        return called(self.recorder, np.reshape, (self, ()), {}) if self.space.shape else self

    def __float__(self) -> float:
        known = self.known
        if known is not None:
            return float(known)
        if isinstance(self.space, Discrete):
            return float(int(self))
        if formats(sys._getframe(1)):
            number = float(self._single("a text % x")._now())
            self.recorder.world.written.add(number)
            return number
        self._refuse(
            "float(x)",
            "code that cats cannot see into asks for the number, and its derivative would be lost",
            "Use x itself, and np.sin or math.sin within the function.",
        )

    # What it cannot be

    def _refuse(self, what: str, why: str, remedy: str) -> NoReturn:
        self.recorder.refuse(f"{what} of a traced value in {self.space}", why, remedy)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and not reads_by_name(sys._getframe(1)):
            raise AttributeError(name)
        return self.absent(name)

    def absent(self, name: str) -> Any:
        """What is under a name that this class has not: of whole numbers what theirs is.

        Raises MissingAttribute where what it stands for has none either, and else TraceError.
        """
        if not has(self, name):
            raise self.missing(name)
        if isinstance(self.space, Discrete) and not self.is_array:
            return getattr(type(sample(self))(int(self)), name)
        refusal = refusal_of(f"numpy.ndarray.{name}", self.recorder.speech.refused)
        self._refuse(
            f"x.{name}",
            refusal.why if refusal else "it takes the number out, and its derivative would be lost",
            refusal.instead if refusal else "Use x itself.",
        )

    def missing(self, name: str) -> MissingAttribute:
        """The error for an attribute that what it stands for does not have."""
        kind = type(sample(self))
        refusal = refusal_of(f"numpy.ndarray.{name}", self.recorder.speech.refused)
        boxed = kind is not np.ndarray and name in names_of(np.ndarray)
        remedy = f"Use np.asarray(x).{name}, of an array."
        if not boxed:
            remedy = f"Use the NumPy function that does the same, or compute {name} another way."
        return MissingAttribute(
            f"a traced value in {self.space}, of type {named(self)}, has no attribute {name!r}"
            + (f": {refusal.why}" if refusal and not boxed else ""),
            where=users_place(),
            remedy=refusal.instead if refusal and not boxed else remedy,
        )

    def __copy__(self) -> Traced:
        return self.copy() if self.is_array else self

    def __deepcopy__(self, memo: Any) -> Traced:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        self._refuse(
            "pickling", "it has no meaning outside of its trace", "Pickle arrays or grad(f) itself."
        )

    def __hash__(self) -> int:
        if isinstance(self.space, Discrete) and not self.space.shape:
            return hash(int(self))
        self._refuse(
            "a key of a dict, or a member of a set,",
            "a real number is looked up by its last bit, and found in one call only",
            "Use the position in a list, or a whole number, as int(x).",
        )

    def __complex__(self) -> NoReturn:
        self._refuse("complex(x)", "cats differentiates real functions", "Use real numbers.")

    def tobytes(self, *args: Any) -> NoReturn:
        """Refused: it would cut the values off from their derivatives."""
        self._refuse(
            "x.tobytes()",
            "the result would be cut off from x and its derivative lost",
            "Use x itself.",
        )

    # Numbers out of it

    def item(self, *args: Any) -> Any:
        """One entry, as a Python number that still depends on x."""
        if not args:
            found = self._single("x.item()", NotOne)
        else:
            several = isinstance(args[0], tuple) or len(args) > 1
            found = self[args[0] if len(args) == 1 else args] if several else self.flat[args[0]]
        if not isinstance(found, Traced):
            return found.item()
        wide = {"f": "float64", "b": "bool"}.get(found.dtype.kind, "int64")
        if found.dtype == wide:
            made = found.recorder.make(found.recorder, found.state, found.space)
        else:
            made = convert(found, dtype=wide)
        made.weak = True
        return made

    def tolist(self) -> Any:
        """The entries in nested lists, each still depending on x."""
        if not self.space.shape:
            return self.item()
        return [row.tolist() for row in self]

    def is_integer(self) -> bool:
        """As of a number."""
        return bool(self == called(self.recorder, np.floor, (self,), {}))

    def hex(self) -> str:
        """As of a number: the text of its value in this call."""
        return self._text(lambda value: float(value).hex()) or f"Traced<{self.space}>"

    # Operators and methods: NumPy's own functions

    __iadd__, __isub__, __imul__ = _inplace("add"), _inplace("sub"), _inplace("mul")
    __itruediv__, __ifloordiv__ = _inplace("truediv"), _inplace("floordiv")
    __imod__, __ipow__, __imatmul__ = _inplace("mod"), _inplace("pow"), _inplace("matmul")
    __iand__, __ior__, __ixor__ = _inplace("and"), _inplace("or"), _inplace("xor")
    __ilshift__, __irshift__ = _inplace("lshift"), _inplace("rshift")

    __add__, __radd__ = _both("add", _arithmetic)
    __sub__, __rsub__ = _both("sub", _arithmetic)
    __mul__, __rmul__ = _both("mul", _arithmetic)
    __truediv__, __rtruediv__ = _both("truediv", _division)
    __floordiv__, __rfloordiv__ = _both("floordiv", _division)
    __mod__, __rmod__ = _both("mod", _division)
    __divmod__, __rdivmod__ = _both("divmod", _divmod)
    __pow__, __rpow__ = _both("pow", _arithmetic)
    __matmul__, __rmatmul__ = _both("matmul", _operator)
    __lshift__, __rlshift__ = _both("lshift", _operator)
    __rshift__, __rrshift__ = _both("rshift", _operator)
    __and__, __rand__ = _both("and", _operator)
    __or__, __ror__ = _both("or", _operator)
    __xor__, __rxor__ = _both("xor", _operator)
    __lt__, __le__ = _comparison("lt"), _comparison("le")
    __gt__, __ge__ = _comparison("gt"), _comparison("ge")
    __eq__, __ne__ = _comparison("eq"), _comparison("ne")
    __neg__, __abs__, __invert__ = _unary(np.negative), _unary(np.absolute), _unary(np.invert)
    __pos__ = _unary(np.positive)

    sum, prod, mean = _method(np.sum), _method(np.prod), _method(np.mean)
    max, min, var, std = _method(np.max), _method(np.min), _method(np.var), _method(np.std)
    cumsum, cumprod = _method(np.cumsum), _method(np.cumprod)
    dot, clip, squeeze = _method(np.dot), _method(np.clip), _method(np.squeeze)
    ravel, flatten, repeat = _method(np.ravel), _method("flatten"), _method(np.repeat)
    swapaxes, take, round = _method(np.swapaxes), _method(np.take), _method(np.round)
    trace, diagonal, astype = _method(np.trace), _method(np.diagonal), _method("astype")
    any, all = _method(np.any), _method(np.all)
    argmax, argmin, nonzero = _method(np.argmax), _method(np.argmin), _method(np.nonzero)
    argsort, searchsorted = _method(np.argsort), _method(np.searchsorted)
    argpartition, compress = _method(np.argpartition), _method("compress")
    conj, conjugate = _method(np.conjugate), _method(np.conjugate)
    choose, put, fill = _method(np.choose), _method(np.put), _method("fill")
    sort, partition, view = _method("sort"), _method("partition"), _method("view")

    def copy(self, order: str = "C") -> Traced:
        """As of an array: a copy whose entries lie in C order."""
        made: Traced = self.recorder.fresh(self, order == "C")  # type: ignore[assignment]
        made.boxed = self.boxed
        return made

    def reshape(self, *shape: Any, **kwargs: Any) -> Traced:
        """As of an array."""
        target = shape[0] if len(shape) == 1 else shape
        return called(self.recorder, np.reshape, (self, target), kwargs)  # type: ignore[no-any-return]

    def transpose(self, *axes: Any) -> Traced:
        """As of an array."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else (axes or None)
        return called(self.recorder, np.transpose, (self, order), {})  # type: ignore[no-any-return]


class _Flags:
    """What `x.flags` tells."""

    __slots__ = ("_array",)

    def __init__(self, array: Traced) -> None:
        self._array = array

    @property
    def writeable(self) -> bool:
        """Whether NumPy would let one write; cats does not let one write into an argument."""
        return not self._array.read_only

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name.lower())

    def __getattr__(self, name: str) -> NoReturn:
        self._array._refuse(
            f"x.flags.{name}",
            "it looks at memory, and a traced value has none to look at",
            "Ask it of an array, outside of the function.",
        )


class Flat:
    """`x.flat`: the entries of an array one after the other."""

    __slots__ = ("array",)

    def __init__(self, array: Traced) -> None:
        self.array = array

    def _line(self) -> Any:
        return called(self.array.recorder, np.ravel, (self.array,), {})

    def __len__(self) -> int:
        return self.array.size

    def __iter__(self) -> Iterator[Any]:
        return iter(self._line())

    def __getitem__(self, key: Any) -> Any:
        return self._line()[key].copy()

    def __setitem__(self, key: Any, value: Any) -> None:
        numbers = self.array.recorder.local(np.arange(len(self)))
        recorder = newest_recorder((self.array, key, value)) or self.array.recorder
        called(recorder, np.put, (self.array, numbers[key], value), {})
