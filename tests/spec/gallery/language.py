"""The language: whatever Python can say between numbers must mean what it means."""

import collections
import contextlib
import copy
import dataclasses
import enum
import fractions
import functools
import itertools
import json
import math
import numbers
import operator
import statistics
import struct
import typing
import warnings

import numpy as np

from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

X = np.array([0.4, -0.7, 1.2])
Y = np.array([1.5, 0.2, -0.3])

# Exceptions


@right("exceptions as control flow", "language", 2.0, -2.0, 0.5)
def f(x):
    class TooSmall(ValueError):
        pass

    def checked(v):
        if v < 0:
            raise TooSmall("negative")
        return np.sqrt(v)

    try:
        y = checked(x)
    except TooSmall:
        y = x * x
    else:
        y = y + 1.0
    finally:
        z = x * 2.0
    return y * z


@right(
    "division by zero, caught",
    "language: ZeroDivisionError",
    2.0,
    0.0,
    5.0,
    second=False,
    slope=lambda x: -1 / x**2 if x else 3.0,
)
def f(x):
    try:
        return 1.0 / x
    except ZeroDivisionError:
        return 3.0 * x


@right(
    "a domain error, caught",
    "language: math domain error",
    2.0,
    -2.0,
    0.0,
    second=False,
    slope=lambda x: 1 / x if x > 0 else 2 * x - 1,
)
def f(x):
    try:
        return math.log(x)
    except ValueError:
        return x * x - x


@right(
    "a root of a negative number, caught",
    "language: math domain error",
    4.0,
    -2.0,
    slope=lambda x: 0.5 / math.sqrt(x) if x > 0 else -1.0,
)
def f(x):
    try:
        return math.sqrt(x)
    except ValueError:
        return -x


@right(
    "an overflow, caught",
    "language: OverflowError",
    2.0,
    2000.0,
    second=False,
    slope=lambda x: math.exp(x) if x < 709 else 5.0,
)
def f(x):
    try:
        return math.exp(x)
    except OverflowError:
        return 5.0 * x


@right("an index out of range, caught", "language: IndexError", X, np.array([1.5, 0.2, 2.9, 1.0]))
def f(x):
    total, i = 0.0, 0
    while True:
        try:
            total = total + x[i] ** 2 * (i + 1)
        except IndexError:
            return total
        i += 1


@right("a missing key, caught", "language: KeyError", X)
def f(x):
    params = {"a": x[0]}
    try:
        b = params["b"]
    except KeyError:
        b = params.setdefault("b", x[1] * 2.0)
    return params["a"] * b + params.get("c", x[2])


@refused(
    "swallowed: except Exception",
    "users: never silently wrong",
    X,
    "complex(x) of a traced value",
    "real numbers",
)
def f(x):
    try:
        y = complex(x[0]).real  # HERE
    except Exception:
        y = 0.0
    return np.sum(x) * y


@refused(
    "swallowed: contextlib.suppress",
    "users: never silently wrong",
    X,
    "writing into an argument",
    "x.copy()",
)
def f(x):
    with contextlib.suppress(Exception):
        x[0] = 2.0  # HERE
    return np.sum(x)


@right("assertions and warnings", "language", 0.5, 3.0)
def f(x):
    assert x > 0, f"{x} is not positive"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn(f"{x}", stacklevel=1)
    with np.errstate(all="ignore"):
        return np.log(x)


# Numbers out of values


@right("float keeps the derivative", "users: float(x)", X, Y)
def f(x):
    a = float(x[0]) * float(x[1] ** 2)
    b = np.float64(x[2]) * x.item(0) * x[1].item()
    c, d, e = x.tolist()
    return a + b * c + d * e * float(np.array([x[0]])[0])


@right(
    "formatting decides, and keeps nothing",
    "language",
    1.25,
    2.0,
    10.5,
    slope=lambda x: len(f"{x:.2f}") * (len(str(int(x))) + 1.0),
)
def f(x):
    return x * len(f"{x:.2f}") * (len(str(int(x))) + 1)


@refused("a number read back from text", "never cut off", 0.5, "", "")
def f(x):
    return float(f"{x:.17g}") * 2.0  # HERE


@refused("a number evaluated from text", "never cut off", 0.5, "", "")
def f(x):
    return eval(repr(x)) * 2.0  # HERE


@refused("a number through json", "never cut off", 0.5, "", "")
def f(x):
    return json.loads(json.dumps(x)) * 2.0  # HERE


@refused("a number through struct", "never cut off", 0.5, "struct.pack of a traced value", "")
def f(x):
    return struct.unpack("d", struct.pack("d", x))[0]  # HERE


@refused("a number through Fraction", "never cut off", 0.5, "", "")
def f(x):
    return float(fractions.Fraction(x) * 2)  # HERE


@right("numbers through statistics", "never cut off", X, Y)
def f(x):
    return statistics.mean(list(x)) * statistics.stdev(x)


@refused("a mode of numbers", "never cut off", X, "statistics.mode of a traced value", "NumPy")
def f(x):
    return statistics.mode(list(x))  # HERE


@refused(
    "an entry by .tobytes()", "never cut off", X, "x.tobytes() of a traced value", "Use x itself"
)
def f(x):
    return np.frombuffer(x.tobytes())[0]  # HERE


@refused("a complex detour", "users: O", 0.5, "complex numbers are not supported", "real")
def f(x):
    return np.real((x + 0j) ** 2)  # HERE


# Builtins and the standard library


@right("sums and extremes of everything", "users: A", X, Y)
def f(x):
    total = sum(x) + sum([x[0], 1, x[1]]) + sum(v * v for v in x) + sum(x, 0.5) + sum([x, x])[1]
    total = total + max(x) * min(x) + max(x[0], 0.1, x[2]) + min(0.3, x[0]) + abs(x[1])
    total = (
        total + max([x[0], x[1]], key=lambda v: -v) + max((v * v, k) for k, v in enumerate(x))[0]
    )
    low, *_, high = sorted(x)
    total = total + high * low + sorted([x[1], 0.0, x[0]], reverse=True)[0]
    return total + sorted(range(3), key=lambda i: x[i])[0] * x[1]


@right("itertools", "language", X, Y)
def f(x):
    total = list(itertools.accumulate(x))[-1] + list(itertools.accumulate(x, operator.mul))[-1]
    for a, b in itertools.combinations(x, 2):
        total = total + a * b
    for a, b in itertools.product(x, repeat=2):
        total = total + a * a * b
    total = total + sum(itertools.chain(x, [x[0] * 2.0])) + sum(itertools.islice(x, 1, None))
    total = total + sum(itertools.starmap(operator.mul, zip(x, x[1:], strict=False)))
    total = total + sum(itertools.takewhile(lambda v: v > 0, x)) + sum(itertools.repeat(x[1], 3))
    return total + sum(v for k, g in itertools.groupby(x, lambda v: v > 0) if k for v in g)


@right("functools and operator", "language", X, Y)
def f(x):
    first = operator.itemgetter(0)
    total = functools.reduce(lambda a, b: a * 0.5 + b, x) + functools.reduce(operator.mul, x, 2.0)
    total = total + functools.partial(operator.pow, x[0] ** 2)(1.5) + first(x) * operator.neg(x[1])
    total = (
        total + operator.truediv(x[2], 1.0 + x[0] ** 2) + math.sumprod(x, x)
        if hasattr(math, "sumprod")
        else total
    )
    return total + sum(map(lambda a, b: a * b, x, reversed(x))) + sum(filter(lambda v: v > 0, x))


@right("generators and their state", "language", X, Y)
def f(x):
    def smooth(values):
        state = np.zeros(2)
        for v in values:
            state[0] += 0.5 * (v - state[0])
            sent = yield state[0] * v
            if sent:
                state[1] += sent

    def flat(*parts):
        for part in parts:
            yield from part

    g = smooth(flat(x, [x[0] ** 2]))
    total = next(g)
    total = total + g.send(2.0)
    return total + sum(v * k for k, v in enumerate(g))


@right("containers of the library", "language", X, Y)
def f(x):
    window = collections.deque(maxlen=2)
    groups = collections.defaultdict(list)
    for i, v in enumerate(x):
        window.append(v * v)
        groups[i % 2].append(v)
    Pair = collections.namedtuple("Pair", "a b")
    pair = Pair(*window)._replace(a=x[0])
    ordered = collections.OrderedDict(z=x[2], y=x[1])
    ordered.move_to_end("z")
    chained = collections.ChainMap({"q": x[0]}, ordered)
    total = sum(window) + pair.a * pair.b + groups[0][1] * groups[1][0] + list(ordered.values())[1]
    return total + chained["q"] * chained["z"]


@right("unpacking, walrus, slices, stars", "Tangent#62", X, Y)
def f(x):
    a, *rest = x
    b, c = rest
    if (d := a * b) > 0:
        c = c * d

    def inner(first, *others, scale=1.0, **more):
        return first * scale + sum(others) * more.get("by", 2.0)

    window = slice(1, None)
    args, kwargs = [a, b, c], {"scale": x[0], "by": x[1] ** 2}
    return inner(*args, **kwargs) + np.sum(x[window] ** 2) + np.sum(x[..., ::-1][:2]) * c


@right("comprehensions of every kind", "language", X, Y)
def f(x):
    table = [[v * w for w in x] for v in x if v > -5.0]
    by_name = {name: v for name, v in zip("abc", x, strict=True)}
    nested = [v for row in table for v in row]
    return (
        sum(nested)
        + by_name["a"] * by_name["c"]
        + np.array([v**2 for v in x])[1]
        + sum({k: v for k, v in enumerate(x)}.values())
    )


@right("strings choose", "language", X)
def f(x):
    kinds = {"linear": lambda v: v, "square": lambda v: v * v}
    total = 0.0
    for kind in ("linear", "square"):
        total = total + getattr(np, "sum")(kinds[kind](x))
        total = total * 2.0 if kind.startswith("l") else total
    return total


@right("identity and None", "language", (X, None), (Y, None), second=False)
def f(x, w):
    y = x if w is None else x * w
    same = y is x
    return np.sum(y**2) if same and y is not None and y is not False else np.sum(y)


# Classes


@dataclasses.dataclass
class Body:
    """A body with a mass."""

    mass: typing.Any
    at: typing.Any = 0.0
    path: list = dataclasses.field(default_factory=list)

    def moved(self, by):
        self.path.append(self.at)
        return dataclasses.replace(self, at=self.at + by)

    @property
    def moment(self):
        return self.mass * self.at**2


class Shape:
    """A class with everything."""

    __slots__ = ("_size", "tags")
    unit = 2.0

    def __init__(self, size):
        self._size = size
        self.tags = []

    def __add__(self, other):
        return type(self)(self._size + other._size)

    def __mul__(self, k):
        return type(self)(self._size * k)

    __rmul__ = __mul__

    def __getitem__(self, i):
        return self._size * i

    def __len__(self):
        return 3

    def __iter__(self):
        yield self._size
        yield self._size**2

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._size = self._size * 0.5

    def __call__(self, y):
        return self.area() * y

    def area(self):
        return self._size**2 * self.unit

    @classmethod
    def unit_of(cls, x):
        return cls(x * cls.unit)

    @staticmethod
    def double(x):
        return 2.0 * x


class Circle(Shape):
    """A subclass."""

    __slots__ = ()
    unit = math.pi

    def area(self):
        return super().area() + Shape.area(self) * self.double(0.5)


class Kind(enum.Enum):
    """An enumeration."""

    SOFT = 1.5
    HARD = 3.0


@right("a dataclass that moves", "language", (0.5, 2.0), (1.5, -0.3))
def f(x, m):
    body = Body(m)
    for _ in range(3):
        body = body.moved(x * body.mass)
    return body.moment + sum(body.path) + dataclasses.astuple(Body(x, m))[0]


@right("operators, slots, inheritance, super", "language", 0.5, 1.5)
def f(x):
    shape = Circle(x) + Circle(x * x) * 2.0 + 3.0 * Circle(1.0)
    with shape as s:
        total = s(x) + s[2] + sum(s) + len(s)
    return total + shape.area() + Circle.unit_of(x).area() + isinstance(shape, Shape)


@right("classes made inside, closures, enums", "language", 0.5, 1.5)
def f(x):
    class Local:
        count = 0

        def __init__(self):
            Local.count += 1
            self.value = x * Local.count

        def __getattr__(self, name):
            return self.value * len(name)

    local = [Local(), Local()]
    return local[0].value * local[1].abc + Kind.SOFT.value * x + (Kind(3.0) is Kind.HARD) * x


def traced_calls(g):
    """A decorator with state of its own, made anew for each call."""

    @functools.wraps(g)
    def call(*args, **kwargs):
        calls = []
        calls.append(args)
        return g(*args, **kwargs) * len(calls) + call.offset

    call.offset = 1.0
    return call


@traced_calls
@functools.partial(functools.partial, k=2.0)
def decorated(x, k=1.0):
    """Decorated twice."""
    return x**k


@right("decorators", "language", 0.5, 1.5)
def f(x):
    return decorated(x) * decorated.__wrapped__(x)


@right("context managers", "language", 0.5, 1.5)
def f(x):
    @contextlib.contextmanager
    def scaled(v):
        box = [v * 2.0]
        yield box
        box.append(box[0] ** 2)

    with scaled(x) as box, contextlib.nullcontext(x) as y:
        box[0] = box[0] * y
    return sum(box)


@right("imports inside", "language", X)
def f(x):
    import math as m
    from math import cos

    import numpy
    import numpy as np_
    from numpy import zeros as nothing

    out = nothing(2)
    out[0] = cos(x[0]) * m.exp(x[1])
    return np_.sum(out) * numpy.linalg.norm(x)


@right("classes and text that look names up", "language", 0.5, 1.5)
def f(x):
    class Table:
        weights = np.zeros(2)
        scale = math.pi

        def total(self):
            self.weights[0] = x
            return np.sum(self.weights) * self.scale

    def again():
        return eval("np.sin(x) * math.e", globals(), {"x": x})

    space = {"np": np, "x": x}
    exec("out = np.zeros(2)\nout[1] = x * x", space)
    return Table().total() + again() * eval("x + 1") + space["out"][1] * globals()["math"].tau


@right("copying", "language", X, Y)
def f(x):
    a, b = copy.copy(x), copy.deepcopy([x, {"k": x[0]}])
    a[0] = x[1] ** 2
    b[0][1] = 5.0
    return np.sum(a) * np.sum(b[0]) + b[1]["k"] + np.sum(x.copy())


@right("questions about types", "language", X, Y)
def f(x):
    y = x[0]
    ok = (
        isinstance(x, np.ndarray)
        and isinstance(y, float | np.floating)
        and isinstance(y, numbers.Real)
    )
    ok = ok and type(x) is np.ndarray and type(y) is np.float64 and not isinstance(x, list)
    ok = ok and np.isscalar(y) and np.ndim(x) == 1 and x.dtype == float and x.shape == (3,)
    ok = ok and hasattr(x, "__len__") and np.iterable(x) and not callable(x) and x.size == len(x)
    return np.sum(x**2) if ok else np.sum(x)


@right("math is NumPy is Python", "language", 0.4, 0.85)
def f(x):
    a = math.sin(x) - np.sin(x) + math.hypot(x, 1.0) + pow(x, 3) + x.__pow__(2) + math.pow(x, 2.5)
    b = math.fsum([x, x * x]) + math.prod([x, 2.0, x]) + math.dist([x, 0.0], [1.0, x])
    c = math.log(x, 10) + math.log2(x) + math.floor(x * 9) * x + math.copysign(x, -1.0)
    q, r = divmod(x, 0.25)
    return a * b + c + q * r + math.fmod(x, 0.3) + math.atan2(x, 2.0) + abs(-x) ** 2


@right(
    "large integers and truth values",
    "jax#4490",
    0.5,
    -3.0,
    slope=lambda x: 2.0**53 + 3.0 + 2.0 * (x > 0),
)
def f(x):
    big = 2**53 + 1
    huge = 10**30
    return x * big + x * (huge * 1e-30) + True * x + (x > 0) * x * 2 + -x * False + x * (3 // 2)


@right("booleans count", "language", X, Y)
def f(x):
    positive = x > 0
    count = positive.sum() + (x > 1).astype(int).sum() + sum(bool(v) for v in positive)
    mean = np.mean(positive)
    return np.sum(x**2) * count + mean * x[0] + int(positive[0]) * x[1]


@right("a fixed point until nothing changes", "language", 0.5, 0.9, second=False)
def f(x):
    y, old = 1.0, None
    while y != old:
        y, old = np.float64(0.5) * np.cos(y * x) + 0.1 * x, y
    return y


@right(
    "numbers print while they are made",
    "Tangent#86",
    0.5,
    0.7,
    second=False,
    slope=lambda x: 1.0 if x == 0.5 else 1.4,
)
def f(x):
    lines = []
    print(
        f"x = {x:.3f}", x, [x], file=type("Sink", (), {"write": lambda self, s: lines.append(s)})()
    )
    return x if "0.500" in "".join(lines) else x * x
