"""Writing into arrays: local ones as NumPy writes them, those from outside not at all."""

import collections
import copy
import dataclasses

import numpy as np

import cats
from tests.spec.gallery.trap import Room

ROOM = Room()
right, refused, story = ROOM.right, ROOM.refused, ROOM.story

X = np.array([0.4, -0.7, 1.2])
Y = np.array([1.5, 0.2, -0.3])

# What other systems drop


@right("concatenate of lists", "autograd: zero last row", X, Y)
def f(x):
    return np.concatenate([x, [x @ x], [x[0], 2.0]])


@right("an item of a new array", "MyGrad: silent zero", X, Y)
def f(x):
    out = np.zeros(3)
    out[0] = x[0] ** 2
    out[1:] = x[1:] * x[0]
    return out


@right("the old value is still needed", "pytorch#31258", X, Y)
def f(x):
    a = x * 2.0
    y = a * a
    a[0] = 0.0
    a[1] = x[2]
    return np.sum(y) + np.prod(a + 1.0)


@right(
    "x in an array of integers is cut off",
    "tangent#66",
    2.7,
    -1.2,
    slope=lambda x: np.array([0.0, 1.0]),
)
def f(x):
    a = np.array([1, 2, 3])
    a[0] = x
    return np.array([a[0] * 1.0, x])


# Every kind of place


@right("places of every kind", "autograd#58", X, Y)
def f(x):
    a = np.zeros((3, 4))
    a[0] = x[0]
    a[1, 1:] = x
    a[:, 0] += x * x
    a[-1, ::-2] = x[:2]
    a[..., 3] *= x[1]
    a[[0, 2], [1, 2]] = x[1:]
    a[np.array([True, False, True]), 2] -= x[0]
    a[a > 0.5] *= 0.1
    a[None, 1] += 1.0
    return np.sum(a * a, axis=0)


@right("repeated places: the last write stays", "numpy: assigning to indices", X, Y)
def f(x):
    a = np.zeros(3)
    a[[0, 1, 0, 0]] = np.array([x[0], x[1], x[2], x[0] * x[1]])
    b = np.zeros(3)
    b[[1, 1, 2]] += x
    c = np.zeros(3)
    np.add.at(c, [1, 1, 2], x)
    np.subtract.at(c, [0, 0], x[0] ** 2)
    return np.concatenate([a, b, c])


@right("a mask keeps its shape", "numpy: boolean arrays", X, Y)
def f(x):
    a = x.copy()
    a[a < 0] = 0.0
    a[x > 1.0] = a[x > 1.0] ** 2
    a[np.array([True, False, True])] += x[:2]
    return np.sum(a**2)


@right("shifting within one array", "numpy: overlapping memory", X, Y)
def f(x):
    a, b, c = x.copy(), x.copy(), x.copy()
    a[1:] = a[:-1]
    b[::-1] = b
    c[1:] += c[:-1]
    return np.concatenate([a * x, b * x, c * x])


@right("a running sum in place", "autograd#177", X, Y)
def f(x):
    a = x * x
    for i in range(1, len(a)):
        a[i] += a[i - 1] * x[0]
        a[i - 1] /= 1.0 + x[i] ** 2
    return a[-1] * a[0]


@right("swapping entries", "language", X, Y)
def f(x):
    a = x * x
    a[0], a[2] = a[2], a[0]
    a[[0, 1]] = a[[1, 0]]
    return a * np.arange(3.0)


@right("swapping rows the wrong way", "numpy: rows are views", np.array([[1.0, 2.0], [3.0, 5.0]]))
def f(m):
    a = m.copy()
    a[0], a[1] = a[1], a[0]
    return a * np.array([[1.0, 2.0], [3.0, 4.0]])


@right("out=", "autograd 1.9.1", X, Y)
def f(x):
    a = np.empty(3)
    np.multiply(x, x, out=a)
    np.add(a, x[0], out=a)
    np.sin(a, a)
    total = np.zeros(())
    np.sum(a * x, out=total)
    return a * total


@right("functions that write", "users: B", X, Y)
def f(x):
    a = np.zeros((3, 3))
    np.fill_diagonal(a, x)
    np.put(a, [1, 5], x[:2] ** 2)
    np.copyto(a[2], x, where=np.array([True, True, False]))
    np.place(a, a == 0.0, [x[2]])
    b = np.empty(3)
    b.fill(x[0] * x[1])
    a.flat[3] = b[1]
    return a @ x + b


@right("the loop variable is a view", "language", np.array([[1.0, 2.0], [3.0, 5.0]]))
def f(m):
    a = m * 1.0
    for k, row in enumerate(a):
        row *= row[0] + k
        row[1] -= 1.0
    return a


@right("augmented names", "language", (X, 2.0), (Y, -1.0))
def f(x, s):
    total = 0
    a = np.zeros(3)
    b = a
    s += 1.0
    for v in x:
        total += v * s
        s *= 1.1
        a += v
        a = a * 2.0
        b -= s
    return total * a + b


@right("an array of no axes", "numpy: 0-d arrays", X, Y)
def f(x):
    total = np.array(0.0)
    alias = total
    for v in x:
        total += v * v
    total[...] = total * x[0]
    alias[()] += 1.0
    return total * x[1]


@right(
    "a triangular solve by hand",
    "jax: sharp bits",
    (np.array([[2.0, 0.0, 0.0], [1.0, 3.0, 0.0], [0.5, -1.0, 1.5]]), X),
)
def f(a, b):
    y = np.zeros_like(b)
    for i in range(len(b)):
        y[i] = (b[i] - a[i, :i] @ y[:i]) / a[i, i]
    return y


@right("a history of states", "autograd#375", 0.3, 0.9)
def f(r):
    u = np.empty((6, 2))
    u[0] = 1.0, 0.0
    for n in range(5):
        u[n + 1, 0] = u[n, 0] + r * u[n, 1]
        u[n + 1, 1] = u[n, 1] - r * u[n, 0]
    return u[-1]


@right("appending in every way", "users: A", X, Y)
def f(x):
    rows = []
    stack = np.array([])
    for v in x:
        rows.append(v * v)
        rows += [v, 1.0]
        stack = np.append(stack, v**3)
        stack = np.r_[stack, v]
    table = np.vstack([np.hstack((x, 1.0)), np.array(rows[:4])])
    return np.concatenate([np.array(rows), stack, table.ravel()])


@right("mutation in a helper", "warp#1350", X, Y)
def f(x):
    def scale(a, by):
        a *= by
        a[0] = by

    a = x.copy()
    half = a[1:]
    scale(half, x[0])
    return np.sum(a**2) + half[0]


@right("a record of arrays", "language", X, Y)
def f(x):
    state = {"p": np.zeros(3), "v": [np.ones(3), 0.0]}
    for i in range(3):
        state["p"][i] += state["v"][0] @ x
        state["v"][0] = state["v"][0] * x[i]
        state["v"][1] += state["p"][i]
        state["v"][0][i] -= 0.5
    return state["p"] * state["v"][1]


# What belongs to others


@refused(
    "an argument in place",
    "users: B",
    X.copy(),
    "writing into an argument: it would be seen outside",
    "x.copy()",
)
def f(x):
    x[0] = 1.0  # HERE
    return np.sum(x)


@refused("an argument by a sign", "users: B", X.copy(), "writing into an argument", "x.copy()")
def f(x):
    x += 1.0  # HERE
    return np.sum(x)


@refused(
    "an argument in a helper", "pytorch#81417", X.copy(), "writing into an argument", "x.copy()"
)
def f(x):
    def normalised(a):
        a /= np.sum(a)  # HERE
        return a

    return normalised(x)[0]


@refused(
    "an argument through views", "autograd#515", X.copy(), "writing into an argument", "x.copy()"
)
def f(x):
    a = np.asarray(x)[::-1].reshape(3, 1).T
    a[0, 1] = 7.0  # HERE
    return np.sum(x)


@refused("an argument as out=", "numpy: out", X.copy(), "writing into an argument", "x.copy()")
def f(x):
    np.exp(x, out=x)  # HERE
    return np.sum(x)


WORK = np.zeros(3)
LARGE = np.zeros(1000)


@refused(
    "a work array of the module", "JAX: purity", X, "writing into an array from outside", "x.copy()"
)
def f(x):
    WORK[0] = x[0]  # HERE
    return np.sum(WORK)


@refused("a large work array", "JAX: purity", X, "writing into an array from outside", "x.copy()")
def f(x):
    LARGE[:3] = x  # HERE
    return np.sum(LARGE)


@right("ndenumerate reads what was just written", "numpy.ndenumerate", X, Y)
def f(x):
    y = np.outer(x, x[:2]) + 1.0
    for (i, j), v in np.ndenumerate(y):
        if j < 1:
            y[i, j + 1] += v
        y[i, j] = v * v
    for v in y.T.flat:
        y[...] = 0.5 * y + v
    return y


@right("nditer and broadcast read what was just written", "numpy.nditer", X, Y)
def f(x):
    y, out = x * 1.0, []
    for v in np.nditer(y, order="C"):
        y *= 2.0
        out.append(v * x[0])
    for a, b in np.broadcast(y, y[:1]):
        y[...] = 0.5 * y
        out.append(a * b)
    for a, b in np.nditer([y, y[::-1]], order="C"):
        y[1] += x[2]
        out.append(a - b * b)
    return np.array(out)


@right("an entry repeated is a view", "numpy.broadcast_to", X, Y)
def f(x):
    y = x * 1.0
    row = np.broadcast_to(y[:1], (3,))
    y[0] = x[1] * x[2]
    return row * x


@right("an entry without axes is a view of an array of constants", "numpy: views", X, Y)
def f(x):
    y = np.ones(3)
    y[1, ...][...] = 5.0
    np.squeeze(y[:1])[...] = 7.0
    return x**2 * y


@refused(
    "flags that say read-only", "numpy: flags", X, "flags say that it is read-only", "x.copy()"
)
def f(x):
    y = x * 2.0
    y.flags.writeable = False
    y[1:][0] = 1.0  # HERE
    return np.sum(y)


@refused(
    "a default that is an array", "language", X, "writing into an array from outside", "x.copy()"
)
def f(x, work=np.zeros(3)):
    work += x  # HERE
    return np.sum(work)


@refused(
    "a read-only view", "numpy.broadcast_to", X, "a view that NumPy makes read-only", "x.copy()"
)
def f(x):
    a = np.broadcast_to(x * 2.0, (2, 3))
    a[0, 0] = 1.0  # HERE
    return np.sum(a)


@refused(
    "a value of the wrong shape",
    "numpy: broadcasting",
    X,
    "cannot be written to a place of shape (2,)",
    "broadcasts",
)
def f(x):
    a = np.zeros(2)
    a[:] = x  # HERE
    return np.sum(a)


@refused(
    "a float into integers, in place",
    "numpy: casting",
    X,
    "cannot write float64 into an array of int64",
    "dtype=float",
)
def f(x):
    a = np.zeros(3, dtype=int)
    a += x  # HERE
    return np.sum(a)


@story("arguments are as they were", "users: B")
def f():
    import cats

    def inner(x):
        y = x.copy()
        y[0] = 5.0
        y *= x
        return np.sum(y)

    given = X.copy()
    cats.grad(inner)(given)
    yield given, X
    given.flags.writeable = False
    yield cats.grad(inner)(given), np.array([5.0, 2 * X[1], 2 * X[2]])


# What is not the function's own


@dataclasses.dataclass
class State:
    at: object
    past: list


class Holder:
    value = 1.0
    table = None


HOLDER = Holder()
HOLDER.table = {"a": [1.0]}
ORDERED, COUNTED = collections.OrderedDict(), collections.Counter()
ARGUMENT = "it is an argument, and the change would not be seen outside of the traced function"
LATER = "it is outside of the traced function, and the change would not be made in later calls"


@refused("an item of an argument", "a review: dict", {"a": 0.4}, ARGUMENT, "Change a copy of it")
def f(p):
    p["a"] = p["a"] * 2.0  # HERE
    return p["a"]


@refused("an ordered dict", "a review: dict", collections.OrderedDict(a=0.4), ARGUMENT, "a copy")
def f(p):
    p.move_to_end("a")  # HERE
    return p["a"]


@refused("an item within an argument", "a review: dict", {"a": ([0.4], 1.0)}, ARGUMENT, "a copy")
def f(p):
    p["a"][0][0] = 1.0  # HERE
    return p["a"][0][0] * p["a"][1]


@refused("a list argument grows", "a review: list", [0.4], ARGUMENT, "Change a copy of it")
def f(p):
    p.append(1.0)  # HERE
    return p[0]


@refused("an attribute of an argument", "a review: dataclass", State(0.4, []), LATER, "Return")
def f(p):
    p.at = p.at * 2.0  # HERE
    return p.at


@refused("a list in an argument", "a review: dataclass", State(0.4, []), ARGUMENT, "a copy")
def f(p):
    p.past.append(p.at)  # HERE
    return p.at


@refused("an attribute of the function", "a review: functions", 0.4, LATER, "Return the value")
def f(x):
    count.calls = getattr(count, "calls", 0) + 1  # HERE
    return x * count.calls


@refused("a list on the function", "a review: functions", 0.4, "list.append", "Return the value")
def f(x):
    count.seen.append(1.0)  # HERE
    return x


def count(x):
    return x


count.seen = []


@refused("the __dict__ of an object", "a review: objects", 0.4, LATER, "Return the value")
def f(x):
    HOLDER.__dict__["value"] = x  # HERE
    return x


@refused("vars of an object", "a review: objects", 0.4, LATER, "Return the value")
def f(x):
    vars(HOLDER).update(value=x)  # HERE
    return x


@right("copies are changed", "a review: copies", 0.4)
def f(x):
    plain, deep = copy.copy(HOLDER), copy.deepcopy(HOLDER)
    plain.value = x
    deep.table["a"].append(x)
    table = copy.deepcopy(HOLDER.table) | {"b": x**2}
    table["a"][0] = x
    return plain.value * deep.table["a"][1] * table["a"][0] * table["b"] * len(vars(HOLDER))


@right("copies of arguments are changed", "a review: copies", {"a": 0.4, "b": [0.7]})
def f(p):
    deep, flat = copy.deepcopy(p), {**p}
    deep["b"].append(flat.pop("a") ** 2)
    more = copy.copy(p["b"])
    more += [flat["b"][0] ** 2]
    return deep["b"][1] * more[1] * deep["a"]


def _says(f, argument, text):
    try:
        cats.grad(f)(argument)
    except cats.TraceError as error:
        return text in error.message and error.where is not None and error.remedy is not None
    return False


@story("what is changed past all watching is found at the end", "a review: objects, mappings")
def f():
    set_ = object.__setattr__
    yield (
        _says(lambda x: (set_(HOLDER, "value", x), x)[1], 1.0, "the attribute value of a Holder"),
        1,
    )
    yield _says(lambda x: (ORDERED.update(a=x), x)[1], 1.0, "OrderedDict.update"), 1
    yield _says(lambda x: (dict.update(COUNTED, a=x), x)[1], 1.0, "changing a Counter"), 1
    yield (len(ORDERED), len(COUNTED), HOLDER.value), (0, 0, 1.0)


HELD = [X, 3.0 * X]


@right("NumPy takes lists that may not be changed", "a review: lists", ([X, Y], {"a": [0.4, 0.7]}))
def f(rows, p):
    joined = np.concatenate(rows) ** 2
    stacked = np.sum(np.stack(rows) * np.array(HELD)) + np.sum(np.block(rows + HELD) ** 3)
    return np.sum(joined) * stacked + np.sum(p["a"]) ** 2 * np.linalg.norm(p["a"])


@right("rolled words and inner gradients take them too", "a review: lists", {"a": [0.4, 0.7]})
def f(p):
    inner = cats.grad(lambda q: q["a"][0] ** 3 * q["a"][1])(p)["a"][0]
    rolled = cats.fori_loop(0, 3, lambda i, s: {"a": [s["a"][0] * 2.0, s["a"][1]]}, p)["a"][0]
    return inner * rolled + cats.cond(rolled > 0.0, lambda q: q["a"][1] ** 2, lambda q: 0.0, p)
