"""What a function reads from outside is read anew, however it reaches it; nothing else is."""

from __future__ import annotations

import abc
import collections
import copy
import dataclasses
import decimal
import enum
import functools
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats
from cats.capture import picture
from cats.prepared import traced

RATE = 1.0
MANY = np.ones(1000)


def set_rate(value: float) -> None:
    global RATE
    RATE = value


def set_many(value: float) -> None:
    MANY[:] = value


class Operators:
    """Globals that are read in methods which Python calls."""

    def __init__(self) -> None:
        self.made_at = RATE

    def __call__(self, x: Any) -> Any:
        return x * RATE

    def __add__(self, x: Any) -> Any:
        return x * RATE

    def __getitem__(self, x: Any) -> Any:
        return x * RATE

    def __enter__(self) -> float:
        return RATE

    def __exit__(self, *error: object) -> None:
        return None

    def __getattr__(self, name: str) -> float:
        if name != "anything":
            raise AttributeError(name)
        return RATE


@dataclasses.dataclass
class Filled:
    """A dataclass that computes a field."""

    a: float

    def __post_init__(self) -> None:
        self.b = self.a * RATE


class Descriptor:
    """A user's descriptor, with state."""

    factor = 1.0

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self.factor * RATE


DESCRIPTOR = Descriptor()


class Abstract(abc.ABC):
    """A base with a property."""

    @property
    @abc.abstractmethod
    def prop(self) -> float: ...

    @property
    def above(self) -> float:
        return RATE


class Attributes(Abstract):
    """Globals that are read where attributes are."""

    described = DESCRIPTOR
    large = np.ones(1000)
    changing: ClassVar[Any] = collections.ChainMap({"k": 1.0})

    @property
    def prop(self) -> float:
        return RATE

    @functools.cached_property
    def cached(self) -> float:
        return RATE

    @staticmethod
    def static(x: Any) -> Any:
        return x * RATE

    @classmethod
    def of_class(cls, x: Any) -> Any:
        return x * RATE

    @functools.singledispatchmethod
    def dispatched(self, x: Any) -> Any:
        return x * RATE

    partial = functools.partialmethod(lambda self, k, x: k * x * RATE, 1.0)


class Meta(type):
    """A metaclass with properties, one of a large array."""

    @property
    def rate(cls) -> float:
        return RATE

    @property
    def mean(cls) -> Any:
        return np.sum(MANY) / 1000


class WithMeta(metaclass=Meta):
    """A class whose properties are its metaclass's."""


class Point(NamedTuple):
    """A named tuple with a method."""

    a: float

    def f(self, x: Any) -> Any:
        return x * RATE * self.a


class Methods:
    """A method for subclasses of what is built in: it is called as it is."""

    def f(self, x: Any) -> Any:
        return x * RATE

    def average(self, x: Any) -> Any:
        return x * np.sum(MANY) / 1000


class OfDict(Methods, dict[Any, Any]):
    """A user's dict."""


class OfList(Methods, list[Any]):
    """A user's list."""


class OfFloat(Methods, float):
    """A user's number."""

    scale = 1.0


class OfText(Methods, str):
    """A user's text."""


class OfArray(Methods, np.ndarray[Any, Any]):
    """A user's array."""


class Kind(enum.Enum):
    """An enumeration with a method."""

    ONE = 1

    def f(self, x: Any) -> Any:
        return x * RATE


class Replaced:
    """A class whose methods and attributes are replaced."""

    level = 1.0

    def __call__(self, x: Any) -> Any:
        return x


def helper(x: Any) -> Any:
    return x * RATE


def entered(x: Any) -> Any:
    with OPERATORS as rate:
        return x * rate


def described(x: Any) -> Any:
    return x


described.__annotations__["factor"] = 1.0
OPERATORS, ATTRIBUTES, REPLACED = Operators(), Attributes(), Replaced()
TEXT, FLOAT, LIST, DICT = OfText("a"), OfFloat(2.0), OfList(), OfDict()
POINT, ARRAY = Point(1.0), np.ones(2).view(OfArray)
STATIC, EACH = staticmethod(helper), np.vectorize(helper)
KEYS: dict[Any, float] = {helper: 1.0}
FACTORY: Any = collections.defaultdict(lambda: RATE)
TABLE = {"k": 1.0}
GET, ITEM, DOT, TOTAL = TABLE.get, TABLE.__getitem__, MANY.dot, np.add.reduce
PLACES = [1.0, 7.0]
FIND = PLACES.index

GLOBALS: dict[str, Callable[[Any], Any]] = {
    "__call__": OPERATORS,
    "__init__": lambda x: x * Operators().made_at,
    "__post_init__": lambda x: x * Filled(1.0).b,
    "__add__": lambda x: OPERATORS + x,
    "__getitem__": lambda x: OPERATORS[x],
    "__enter__": entered,
    "__getattr__": lambda x: x * OPERATORS.anything,
    "property": lambda x: x * ATTRIBUTES.prop,
    "property of a base": lambda x: x * ATTRIBUTES.above,
    "cached_property": lambda x: x * Attributes().cached,
    "staticmethod": lambda x: ATTRIBUTES.static(x),
    "staticmethod of a class": lambda x: Attributes.static(x),
    "staticmethod in a module": lambda x: STATIC(x),
    "classmethod": lambda x: Attributes.of_class(x),
    "partialmethod": lambda x: ATTRIBUTES.partial(x),
    "singledispatchmethod": lambda x: ATTRIBUTES.dispatched(x),
    "descriptor": lambda x: x * ATTRIBUTES.described,
    "metaclass": lambda x: x * WithMeta.rate,
    "NamedTuple": lambda x: POINT.f(x),
    "dict": lambda x: DICT.f(x),
    "list": lambda x: LIST.f(x),
    "float": lambda x: FLOAT.f(x),
    "str": lambda x: TEXT.f(x),
    "ndarray": lambda x: ARRAY.f(x),
    "Enum": lambda x: Kind.ONE.f(x),
    "np.vectorize": lambda x: np.sum(EACH(np.array([x, 0 * x]))),
    "key of a dict": lambda x: sum(f(x) for f in KEYS),
    "default_factory": lambda x: x * FACTORY.default_factory(),
}
ARRAYS: dict[str, Any] = {
    "masked": np.ma.array(np.ones(4000)),
    "structured": np.ones(3000, [("a", "f8")]),
    "matrix": np.ones((1, 3000)).view(np.matrix),
    "recarray": np.ones(3000, [("a", "f8")]).view(np.recarray),
    "float16": np.ones(3000, np.float16),
    "complex128": np.ones(3000, complex),
    "longdouble": np.ones(3000, np.longdouble),
    "text": np.full(3000, "1.0"),
    "datetime64": np.ones(3000, "M8[s]"),
    "objects": np.ones(3000, object),
    "small and masked": np.ma.array([1.0, 2.0]),
}


def first(array: Any) -> float:
    """The first entry of any kind of array, as a number."""
    entry = array[(0,) * array.ndim]
    if array.dtype.names:
        entry = entry["a"]
    if array.dtype.kind == "M":
        entry = entry.astype("i8")
    return float(np.real(entry) if array.dtype.kind == "c" else entry)


def put(array: Any, value: float) -> None:
    """Writes the first entry."""
    flat = array["a"] if array.dtype.names else array
    kinds = {"U": str(value), "M": np.datetime64(int(value), "s")}
    flat[(0,) * flat.ndim] = kinds.get(array.dtype.kind, value)


def reading(array: Any) -> Callable[[Any], Any]:
    return lambda x: x * first(array)


def writing(array: Any) -> Callable[[float], None]:
    return lambda value: put(array, value)


def renewed(value: float) -> None:
    Replaced.__call__ = lambda self, x: x * value  # type: ignore[method-assign]


READS: dict[str, tuple[Callable[[Any], Any], Callable[[float], None]]] = {
    **{f"a global in {name}": (f, set_rate) for name, f in GLOBALS.items()},
    **{f"an array, {name}": (reading(a), writing(a)) for name, a in ARRAYS.items()},
    "a large array in a property of a metaclass": (lambda x: x * WithMeta.mean, set_many),
    "a large array in a method of a dict": (lambda x: DICT.average(x), set_many),
    "a large array of a class": (
        lambda x: x * np.sum(Attributes.large) / 1000,
        lambda v: Attributes.large.fill(v),
    ),
    "what a class hides": (
        lambda x: x * Attributes.changing["k"],
        lambda v: Attributes.changing.__setitem__("k", v),
    ),
    "the state of a descriptor": (
        lambda x: x * ATTRIBUTES.described / RATE,
        lambda v: setattr(DESCRIPTOR, "factor", v),
    ),
    "an attribute of a number": (lambda x: x * FLOAT.scale, lambda v: setattr(FLOAT, "scale", v)),
    "a replaced method": (lambda x: REPLACED(x), renewed),
    "a replaced attribute": (lambda x: x * Replaced.level, lambda v: setattr(Replaced, "level", v)),
    "dict.get": (lambda x: x * GET("k"), lambda v: TABLE.__setitem__("k", v)),
    "dict.__getitem__": (lambda x: x * ITEM("k"), lambda v: TABLE.__setitem__("k", v)),
    "list.index": (
        lambda x: x * (1.0, 3.0, 5.0)[FIND(7.0)],
        lambda v: PLACES.__setitem__(slice(None), [0.0] * ((int(v) - 1) // 2) + [7.0]),
    ),
    "ndarray.dot": (lambda x: x * DOT(np.ones(1000)) / 1000, set_many),
    "ndarray.dot of what varies": (lambda x: DOT(x * np.ones(1000)) / 1000, set_many),
    "ufunc.reduce": (lambda x: x * TOTAL(MANY) / 1000, set_many),
    "a docstring": (
        lambda x: x * float(described.__doc__ or ""),
        lambda v: setattr(described, "__doc__", str(v)),
    ),
    "an annotation": (
        lambda x: x * described.__annotations__["factor"],
        lambda v: described.__annotations__.__setitem__("factor", v),
    ),
    "printoptions": (
        lambda x: x * np.get_printoptions()["precision"],
        lambda v: np.set_printoptions(precision=int(v)),
    ),
    "the recursion limit": (
        lambda x: x * (sys.getrecursionlimit() - 2000),
        lambda v: sys.setrecursionlimit(2000 + int(v)),
    ),
    "the decimal context": (
        lambda x: x * decimal.getcontext().prec,
        lambda v: setattr(decimal.getcontext(), "prec", int(v)),
    ),
}
IN_NO_KEY = {
    "an array, objects", "what a class hides", "printoptions", "the recursion limit",
    "the decimal context", "a global in singledispatchmethod",
}  # fmt: skip
"""What no key holds: traced in every call."""


@pytest.fixture
def settings() -> Iterator[None]:
    """Puts back what the functions look at."""
    limit, options = sys.getrecursionlimit(), np.get_printoptions()
    with decimal.localcontext():
        yield
    sys.setrecursionlimit(limit)
    np.set_printoptions(**options)


def times_traced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of times that functions are traced from now on."""
    count = [0]

    def counting(*args: Any) -> Any:
        count[0] += 1
        return traced(*args)

    monkeypatch.setattr("cats.engine.traced", counting)
    return count


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("name", READS)
def test_what_is_outside_is_read_anew(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    f, change = READS[name]
    g, values = cats.grad(f), (1.0, 5.0, 3.0, 1.0)
    found = []
    for value in values:
        change(value)
        found.append(float(g(1.0)))
    assert found == pytest.approx(values, rel=1e-12)
    count = times_traced(monkeypatch)
    assert [float(g(1.0)) for _ in range(3)] == pytest.approx([1.0] * 3, rel=1e-12)
    assert count[0] == (3 if name in IN_NO_KEY else 0)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("name", READS)
def test_what_is_outside_is_read_anew_through_functions_within(name: str) -> None:
    f, change = READS[name]
    inner, slope = cats.compile(f), cats.vmap(cats.grad(f))
    nested: list[Callable[[float], Any]] = [
        cats.grad(inner),
        lambda x: slope(np.full(2, x))[1],
        cats.jacfwd(cats.checkpoint(inner)),
        cats.grad(lambda x: x * inner(1.0)),
    ]
    for value in (1.0, 5.0, 3.0):
        change(value)
        assert [float(g(1.0)) for g in nested] == pytest.approx([value] * 4, rel=1e-12)


@pytest.mark.parametrize(
    "given", [Operators(), Point(1.0), {"f": helper}], ids=["object", "tuple", "dict"]
)
def test_what_arguments_read_is_read_anew(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any, given: Any) -> Any:
        if isinstance(given, dict):
            return given["f"](x)
        return given.f(x) if isinstance(given, Point) else given + x

    g = cats.grad(f)
    for rate in (1.0, 5.0, 1.0):
        set_rate(rate)
        assert g(1.0, given) == rate
    count = times_traced(monkeypatch)
    assert g(1.0, given) == 1.0 and count == [0]


def scaled(by: Any, x: Any) -> Any:
    return abs(by) * x


def each(f: Callable[[Any, Any], Any], x: Any) -> Any:
    return np.sum(f(2.0, np.array([x])))


@pytest.mark.parametrize(
    "make",
    [
        lambda: functools.partial(scaled, 2.0),
        lambda: functools.partial(scaled, 2j),
        lambda: functools.partial(scaled, OfFloat(2.0)),
        lambda: functools.partial(scaled, np.complex128(2j)),
        lambda: functools.partial(each, np.vectorize(scaled)),
        lambda: lambda x, get={"a": 2.0}.get: get("a") * x,
        lambda: lambda x, cut=slice(0, 2): np.sum(np.ones(3)[cut]) * x,
    ],
)
def test_what_is_made_anew_alike_is_traced_once(
    make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = times_traced(monkeypatch)
    assert [cats.grad(make())(1.0) for _ in range(3)] == [2.0] * 3 and count == [1]


def test_a_hidden_function_of_python_is_asked_in_every_call() -> None:
    hidden = np.frompyfunc(helper, 1, 1)
    g = cats.grad(lambda x: x * hidden(2.0))
    for rate in (1.0, 4.0, 1.0):
        set_rate(rate)
        assert g(1.0) == 2.0 * rate


def test_a_change_by_a_method_with_a_name_is_refused() -> None:
    append = PLACES.append
    with pytest.raises(cats.TraceError, match=r"list\.append: it is outside") as caught:
        cats.grad(lambda x: (append(1.0), x)[1])(1.0)
    assert caught.value.where is not None and "Return the value" in (caught.value.remedy or "")
    assert 1.0 not in PLACES[2:]


# Pictures of plain things

ATOM = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf")])
    | st.sampled_from(["", "a", b"", b"a"])
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, max_size=3)
    return several | several.map(tuple) | st.dictionaries(ATOM, inner, max_size=2)


PLAIN = st.recursive(ATOM, containers, max_leaves=8)


def exact(value: Any) -> Any:
    """A plain thing spelt out, by the types and the bits in it."""
    if isinstance(value, dict):
        return (dict, exact(list(value)), exact(list(value.values())))
    if isinstance(value, list | tuple):
        return (type(value), *map(exact, value))
    return (type(value), struct.pack("d", value) if isinstance(value, float) else value)


@given(PLAIN, PLAIN)
def test_pictures_of_plain_things_are_equal_as_these_are(a: Any, b: Any) -> None:
    assert (picture(a) == picture(b)) == (exact(a) == exact(b))
    assert picture(a) == picture(copy.deepcopy(a))
    assert hash(picture(a)) == hash(picture(copy.deepcopy(a)))


@given(st.lists(st.lists(ATOM, max_size=3), max_size=4))
def test_one_row_twice_is_not_two_equal_rows(rows: list[Any]) -> None:
    once = [1.0]
    assert picture([*rows, once, once]) != picture([*rows, once, [1.0]])
    round_: list[Any] = [*rows]
    round_.append(round_)
    assert picture(round_) == picture(round_)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: [[1.0] * n for _ in range(20)],
        lambda n: [(float(i), i, str(i)) for i in range(n)],
        lambda n: {str(i): i for i in range(n)},
        lambda n: {i: [float(i), 2.0] for i in range(n)},
        lambda n: [i if i % 2 else 0.5 * i for i in range(n)],
        lambda n: set(range(n)),
    ],
)
def test_large_containers_of_plain_things_are_pictured_at_once(make: Callable[[int], Any]) -> None:
    def calls(value: Any) -> int:
        found = [0]

        def count(frame: Any, event: str, what: Any) -> None:
            found[0] += event == "call" and frame.f_globals["__name__"].startswith("cats.")

        sys.setprofile(count)
        try:
            picture(value)
        finally:
            sys.setprofile(None)
        return found[0]

    calls(make(10))
    assert 0 < calls(make(1000)) == calls(make(10))
