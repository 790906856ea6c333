"""The traced value: what the user's function sees in place of an array or a number.

Whatever Python or NumPy asks of it either has a meaning that is written down, or is a decision
that is taken on its value in this call and guarded, or is refused with a sentence.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from cats.accessors import Flags, Flat
from cats.attributes import absent, seen_by_kind
from cats.calls import called
from cats.decided import NotOne, as_bool, as_float, as_index, as_int, as_text, rounded, single
from cats.ir.errors import Asked
from cats.ir.prims.layout import convert
from cats.ir.spaces import Discrete
from cats.operators import (
    arithmetic,
    both,
    comparison,
    divided,
    division,
    inplace,
    method,
    operator_of,
    powers,
    unary,
)
from cats.places import asking_library, reads_by_name, users_place
from cats.recorder import Recorder, newest_recorder
from cats.refusals import Refusal, refusal_of
from cats.tracked import Tracked, refuse, sample


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
            refuse(
                self,
                asking,
                refusal.why if refusal else "its own code asks for the entries, and cuts them off",
                (refusal or Refusal("")).instead,
            )
        if known is None:
            refuse(
                self,
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
        refuse(
            self,
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
        refuse(
            self,
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
    def flags(self) -> Flags:
        """What NumPy says of memory, as far as it is known: whether one may write."""
        return Flags(self)

    def setflags(self, write: Any = None, align: Any = None, uic: Any = None) -> None:
        """As of an array: whether one may write into it."""
        if write is not None and self.is_array:
            self.switch(bool(write))

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

    # Decisions

    __bool__, __int__, __index__, __float__ = as_bool, as_int, as_index, as_float
    __round__, __trunc__ = rounded, as_int

    def __floor__(self) -> int:
        return int(called(self.recorder, np.floor, (self,), {}))

    def __ceil__(self) -> int:
        return int(called(self.recorder, np.ceil, (self,), {}))

    def is_integer(self) -> bool:
        """As of a number."""
        return bool(self == called(self.recorder, np.floor, (self,), {}))

    def __repr__(self) -> str:
        return as_text(self, repr)

    def __str__(self) -> str:
        return as_text(self, str)

    def __format__(self, spec: str) -> str:
        return as_text(self, lambda value: format(value, spec))

    def hex(self) -> str:
        """As of a number: the text of its value in this call."""
        return as_text(self, lambda value: float(value).hex())

    # What it cannot be

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and not reads_by_name(sys._getframe(1)):
            raise AttributeError(name)
        return absent(self, name)

    def __copy__(self) -> Traced:
        return self.copy() if self.is_array else self

    def __deepcopy__(self, memo: Any) -> Traced:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        refuse(
            self,
            "pickling",
            "it has no meaning outside of its trace",
            "Pickle arrays or grad(f) itself.",
        )

    def __hash__(self) -> int:
        if isinstance(self.space, Discrete) and not self.space.shape:
            return hash(int(self))
        refuse(
            self,
            "a key of a dict, or a member of a set,",
            "a real number is looked up by its last bit, and found in one call only",
            "Use the position in a list, or a whole number, as int(x).",
        )

    def __complex__(self) -> NoReturn:
        refuse(self, "complex(x)", "cats differentiates real functions", "Use real numbers.")

    def tobytes(self, *args: Any) -> NoReturn:
        """Refused: it would cut the values off from their derivatives."""
        refuse(
            self,
            "x.tobytes()",
            "the result would be cut off from x and its derivative lost",
            "Use x itself.",
        )

    # Numbers out of it

    def item(self, *args: Any) -> Any:
        """One entry, as a Python number that still depends on x."""
        if not args:
            found = single(self, "x.item()", NotOne)
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

    # Operators and methods: NumPy's own functions

    __iadd__, __isub__, __imul__ = inplace("add"), inplace("sub"), inplace("mul")
    __itruediv__, __ifloordiv__ = inplace("truediv"), inplace("floordiv")
    __imod__, __ipow__, __imatmul__ = inplace("mod"), inplace("pow"), inplace("matmul")
    __iand__, __ior__, __ixor__ = inplace("and"), inplace("or"), inplace("xor")
    __ilshift__, __irshift__ = inplace("lshift"), inplace("rshift")

    __add__, __radd__ = both("add", arithmetic)
    __sub__, __rsub__ = both("sub", arithmetic)
    __mul__, __rmul__ = both("mul", arithmetic)
    __truediv__, __rtruediv__ = both("truediv", division)
    __floordiv__, __rfloordiv__ = both("floordiv", division)
    __mod__, __rmod__ = both("mod", division)
    __divmod__, __rdivmod__ = both("divmod", divided)
    __pow__, __rpow__ = powers()
    __matmul__, __rmatmul__ = both("matmul", operator_of)
    __lshift__, __rlshift__ = both("lshift", operator_of)
    __rshift__, __rrshift__ = both("rshift", operator_of)
    __and__, __rand__ = both("and", operator_of)
    __or__, __ror__ = both("or", operator_of)
    __xor__, __rxor__ = both("xor", operator_of)
    __lt__, __le__ = comparison("lt"), comparison("le")
    __gt__, __ge__ = comparison("gt"), comparison("ge")
    __eq__, __ne__ = comparison("eq"), comparison("ne")
    __neg__, __abs__, __invert__ = unary(np.negative), unary(np.absolute), unary(np.invert)
    __pos__ = unary(np.positive)

    sum, prod, mean = method(np.sum), method(np.prod), method(np.mean)
    max, min, var, std = method(np.max), method(np.min), method(np.var), method(np.std)
    cumsum, cumprod = method(np.cumsum), method(np.cumprod)
    dot, clip, squeeze = method(np.dot), method(np.clip), method(np.squeeze)
    ravel, flatten, repeat = method(np.ravel), method("flatten"), method(np.repeat)
    swapaxes, take, round = method(np.swapaxes), method(np.take), method(np.round)
    trace, diagonal, astype = method(np.trace), method(np.diagonal), method("astype")
    any, all = method(np.any), method(np.all)
    argmax, argmin, nonzero = method(np.argmax), method(np.argmin), method(np.nonzero)
    argsort, searchsorted = method(np.argsort), method(np.searchsorted)
    argpartition, compress = method(np.argpartition), method("compress")
    conj, conjugate = method(np.conjugate), method(np.conjugate)
    choose, put, fill = method(np.choose), method(np.put), method("fill")
    sort, partition, view = method("sort"), method("partition"), method("view")

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
