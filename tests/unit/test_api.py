"""The public functions: what they take and give, what they remember, and what they never mix up."""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import types
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import cats
from cats import engine
from cats.ir.errors import SpaceError, TraceError
from cats.tree import flatten, unflatten

X = np.array([0.3, 0.7, 1.1])


def energy(x: Any, y: Any = 2.0) -> Any:
    return np.sum(np.sin(x) * y)


def cube(x: Any) -> Any:
    return x**3


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every function traced during a test."""
    module, seen = importlib.import_module("cats.prepared"), []
    original = module.trace_function

    def counting(f: Any, *args: Any) -> Any:
        seen.append(f)
        return original(f, *args)

    monkeypatch.setattr(module, "trace_function", counting)
    return seen


# What is differentiated


def three(a: Any, b: Any, c: Any) -> Any:
    return a * b * c**2 * 6


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 108.0), (1, 54.0), (-1, 72.0), ((0, 2), (108.0, 72.0)), ([-2], (54.0,)), ((), ())],
)
def test_argnums(argnums: Any, expected: Any) -> None:
    assert cats.grad(three, argnums)(1.0, 2.0, 3.0) == expected
    assert cats.value_and_grad(three, argnums)(1.0, 2.0, 3.0) == (108.0, expected)


def test_argnames_choose_keywords_and_positions() -> None:
    assert cats.grad(three, argnames="c")(1.0, 2.0, c=3.0) == 72.0
    assert cats.grad(three, argnames="b")(1.0, 2.0, c=3.0) == 54.0
    assert cats.grad(three, argnames=("c", "a"))(1.0, 2.0, c=3.0) == (72.0, 108.0)
    assert cats.value_and_grad(three, argnames="c")(1.0, 2.0, c=3.0) == (108.0, 72.0)
    assert cats.grad(three, 0, "b")(1.0, 2.0, c=3.0) == (108.0, 54.0)
    assert cats.grad(three, (0,), "b")(1.0, 2.0, c=3.0) == (108.0, 54.0)


def test_keywords_are_passed_on() -> None:
    np.testing.assert_allclose(cats.grad(energy)(X, y=3.0), 3 * np.cos(X))
    np.testing.assert_allclose(cats.jacobian(energy)(X, y=3.0), 3 * np.cos(X))


def test_has_aux() -> None:
    def f(x: Any) -> Any:
        return np.sum(x**2), {"residual": x - 1, "steps": 3}

    slope, aux = cats.grad(f, has_aux=True)(X)
    np.testing.assert_allclose(slope, 2 * X)
    np.testing.assert_array_equal(aux["residual"], X - 1)
    assert aux["steps"] == 3
    (value, aux), again = cats.value_and_grad(f, has_aux=True)(X)
    np.testing.assert_array_equal(again, slope)
    assert value == np.sum(X**2)
    value, pull, aux = cats.vjp(f, X, has_aux=True)
    np.testing.assert_allclose(pull(2.0)[0], 4 * X)
    value, moved, aux = cats.jvp(f, (X,), (X,), has_aux=True)
    np.testing.assert_allclose(moved, 2 * np.sum(X**2))


# Containers


class Pair(NamedTuple):
    weight: Any
    bias: Any


@dataclass(frozen=True)
class Layer:
    weight: Any
    size: int
    name: str = "layer"


def test_containers_come_back_as_they_were() -> None:
    def f(p: Any) -> Any:
        pair, layer = p["pair"], p["layer"]
        return np.sum(pair.weight * layer.weight * layer.size) + pair.bias + p["list"][1] ** 2

    given = {"pair": Pair(X, 2.0), "layer": Layer(X, 3), "list": [4, 5.0, None, "text", True]}
    found = cats.grad(f)(given)
    np.testing.assert_allclose(found["pair"].weight, 3 * X)
    np.testing.assert_allclose(found["layer"].weight, 3 * X)
    assert type(found["pair"]) is Pair
    assert type(found["layer"]) is Layer
    assert found["layer"].size is None
    assert found["layer"].name is None
    assert found["list"] == [None, 10.0, None, None, None]
    assert found["pair"].bias == 1.0


def test_ordered_dicts_keep_type_and_order() -> None:
    given = OrderedDict([("b", 1.0), ("a", 2.0)])
    found = cats.grad(lambda d: d["a"] * d["b"] ** 2)(given)
    assert type(found) is OrderedDict
    assert list(found.items()) == [("b", 4.0), ("a", 1.0)]


class Weights(dict[str, Any]):
    """A dict of a user's, made as a dict is."""

    def total(self) -> Any:
        return sum(self.values())


class Layers(list[Any]):
    """A list of a user's."""


def energy_of(d: Any) -> Any:
    return d["a"] ** 2 * d["b"]


@pytest.mark.parametrize(
    "given",
    [
        defaultdict(float, a=2.0, b=3.0), Counter({"a": 2.0, "b": 3.0}), Weights(a=2.0, b=3.0),
        OrderedDict(a=2.0, b=3.0),
    ],
    ids=lambda d: type(d).__name__,
)  # fmt: skip
def test_containers_keep_their_types(given: Any) -> None:
    """In gradients, values, tangents and cotangents; inside the function too."""
    kind, slopes = type(given), {"a": 12.0, "b": 4.0}
    found = cats.grad(energy_of)(given)
    value, pull = cats.vjp(lambda d: d, given)
    pushed = cats.jvp(lambda d: d, (given,), (given,))
    for made, expected in ((found, slopes), (value, given), (pull(given)[0], given)):
        assert type(made) is kind and dict(made) == dict(expected)
    assert [type(made) for made in pushed] == [kind, kind]
    if isinstance(given, defaultdict):
        assert found.default_factory is value.default_factory is float
    if isinstance(given, Weights):
        assert dict(cats.grad(lambda d: d.total() ** 2)(given)) == {"a": 10.0, "b": 10.0}


def test_what_is_missing_is_not_put_into_an_argument() -> None:
    """A default would be put in, which the caller would see."""
    with pytest.raises(TraceError, match=r"defaultdict\.setitem: it is an argument"):
        cats.grad(lambda d: d["a"] + d["c"])(defaultdict(float, a=2.0))


class Couple(dict[str, Any]):
    """A dict that is made of other things than it holds."""

    def __init__(self, a: Any, b: Any) -> None:
        super().__init__(a=a, b=b)


class Versioned(dict[str, Any]):
    """A dict that comes to hold more than it is given."""

    def __init__(self, given: Any) -> None:
        super().__init__(given, version=1.0)


class Two(list[Any]):
    """A list of two arguments."""

    def __init__(self, a: Any, b: Any) -> None:
        super().__init__([a, b])


def test_containers_that_cannot_be_made_again_are_refused() -> None:
    versioned = Versioned({"a": 1.0})
    del versioned["version"]
    cases = {
        r"Couple cannot be made again from what it holds \(TypeError: .*'b'": Couple(1.0, 2.0),
        r"Versioned cannot be made again .* \(it holds other things then\)": versioned,
        r"Two cannot be made again from what it holds \(TypeError: .*'b'": Two(1.0, 2.0),
    }
    for sentence, given in cases.items():
        with pytest.raises(SpaceError, match=sentence) as caught:
            cats.grad(lambda d: next(iter(d)) if isinstance(d, list) else d["a"])(given)
        assert "as its only argument" in (caught.value.remedy or "")
    assert type(cats.grad(lambda p: p[0] ** 2)(Layers([1.0]))) is Layers


def nested(depth: int) -> Any:
    """A number in so many lists."""
    value: Any = 2.0
    for _ in range(depth):
        value = [value]
    return value


def innermost(value: Any) -> Any:
    while isinstance(value, list):
        (value,) = value
    return value**2


def test_containers_nest_deep_but_not_for_ever() -> None:
    """Half of what Python allows its functions is theirs; what holds itself is refused as well."""
    found = cats.grad(innermost)(nested(200))
    for _ in range(200):
        (found,) = found
    assert found == 4.0
    cyclic: list[Any] = [2.0]
    cyclic.append(cyclic)
    named: dict[str, Any] = {"a": 2.0}
    named["self"] = named
    for given in (nested(5000), cyclic, named):
        for transform in (cats.grad, cats.compile, cats.hessian, cats.vmap):
            with pytest.raises(SpaceError) as caught:
                transform(lambda p: innermost(p))(given)
            assert caught.value.message == (
                f"containers nest more than {sys.getrecursionlimit() // 4} deep, "
                f"or a {type(given).__name__} holds itself"
            )
            assert caught.value.remedy == "Pass the values in one list, or in an array."


def test_integer_arrays_in_containers_have_no_gradient() -> None:
    found = cats.grad(lambda d: np.sum(d["x"][d["i"]]))({"x": X, "i": np.array([0, 0])})
    np.testing.assert_array_equal(found["x"], [2.0, 0.0, 0.0])
    assert found["i"] is None


def test_gradients_of_python_floats_are_numpy_scalars() -> None:
    assert type(cats.grad(cube)(2.0)) is np.float64
    assert type(cats.grad(cube)(np.float32(2.0))) is np.float32
    assert type(cats.value_and_grad(cube)(2.0)[0]) is np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept(dtype: Any) -> None:
    x = X.astype(dtype)
    for f in (np.sum, np.mean, np.std, np.linalg.norm, lambda x: np.sum(2.5 * x**2 + np.arange(3))):
        value, slope = cats.value_and_grad(f)(x)
        assert (value.dtype, slope.dtype) == (np.asarray(f(x)).dtype, dtype)
        assert cats.hessian(f)(x).dtype == slope.dtype
    for out in (
        cats.jacobian(np.sin)(x),
        cats.jvp(np.sin, (x,), (x,))[1],
        cats.vjp(np.sin, x)[1](x)[0],
    ):
        assert out.dtype == dtype


@pytest.mark.parametrize("f", [np.linalg.norm, np.std])
def test_lengths_and_deviations_have_derivative_zero_at_their_kink(f: Any) -> None:
    np.testing.assert_array_equal(cats.grad(f)(np.zeros(3)), np.zeros(3))
    np.testing.assert_array_equal(cats.hessian(f)(np.zeros(3)), np.zeros((3, 3)))
    np.testing.assert_array_equal(cats.jacfwd(f)(np.zeros(3)), np.zeros(3))


def test_sinc_has_all_its_derivatives_at_zero() -> None:
    second = cats.grad(cats.grad(np.sinc))
    assert second(0.0) == pytest.approx(-(np.pi**2) / 3)
    assert cats.grad(cats.grad(second))(0.0) == pytest.approx(np.pi**4 / 5)


# Orders and nesting


def test_orders_nest() -> None:
    g: Callable[..., Any] = np.sin
    for expected in (np.cos(0.4), -np.sin(0.4), -np.cos(0.4), np.sin(0.4), np.cos(0.4)):
        g = cats.grad(g)
        assert g(0.4) == pytest.approx(expected, rel=1e-12)


def test_no_perturbation_is_confused() -> None:
    assert cats.grad(lambda x: x * cats.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert cats.grad(lambda x: x * cats.grad(lambda y: x * y)(2.0))(3.0) == 6.0

    def shifted(x: Any) -> Any:
        return cats.jvp(lambda y: x * y**2, (x,), (1.0,))[1]

    assert cats.grad(shifted)(3.0) == 12.0

    def mixed(x: Any) -> Any:
        return cats.grad(lambda y: cats.grad(lambda z: x * y**2 * z**3)(y))(x)

    assert cats.grad(mixed)(2.0) == pytest.approx(48 * 2.0**3)  # d/dx 12 x**4


def test_transforms_inside_traced_functions() -> None:
    def inside(x: Any) -> Any:
        value, push = cats.linearize(np.sin, x)
        _, pull = cats.vjp(lambda y: y * x, x)
        return np.sum(value * push(x) + pull(x)[0] + np.sum(cats.jacobian(np.sin)(x), axis=1))

    def by_hand(x: Any) -> Any:
        return np.sum(np.sin(x) * np.cos(x) * x + x * x + np.cos(x))

    np.testing.assert_allclose(cats.grad(inside)(X), cats.grad(by_hand)(X), rtol=1e-12)


def test_compiled_functions_inside_traced_functions() -> None:
    fast = cats.compile(lambda x: np.sin(x) * 2)
    np.testing.assert_allclose(
        cats.grad(lambda x: np.sum(fast(x) * x))(X), 2 * (np.cos(X) * X + np.sin(X))
    )


# Memory


def test_one_trace_for_each_kind_of_argument(traces: list[Any]) -> None:
    def f(x: Any, n: int = 2) -> Any:
        return np.sum(x**n)

    g = cats.grad(f)
    for i in range(100):
        g(X + i)
    assert len(traces) == 1
    for args in [(X[:2],), (X.astype(np.float32),), (X, 3), (X[None],), (1.0,)]:
        before = len(traces)
        g(*args), g(*args), cats.grad(f)(*args)
        assert len(traces) == before + 1


def test_transformed_functions_are_remembered(traces: list[Any]) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x)

    calls: list[Callable[[], Any]] = [
        lambda: cats.hessian(f)(X), lambda: cats.jacobian(np.sin)(X),
        lambda: cats.hvp(f, (X,), (X,)), lambda: cats.vjp(f, X)[1](1.0),
        lambda: cats.linearize(f, X)[1](X), lambda: cats.jvp(f, (X,), (X,)),
    ]  # fmt: skip
    for call in calls:
        call()
        before = len(traces)
        call(), call()
        assert len(traces) == before


def test_memory_is_bounded() -> None:
    for n in range(600):
        cats.compile(lambda x, n=n: x * n)(1.0)
    assert len(engine._PATHS) <= 512


class Model:
    """A user's class with state."""

    def __init__(self) -> None:
        self.rate = 2.0
        self.table = np.array([1.0, 2.0, 3.0])

    def loss(self, x: Any) -> Any:
        return np.sum(self.rate * self.table * x)


def test_what_is_captured_never_goes_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    rate, table, settings = 2.0, np.ones(3), {"power": 2}

    def f(x: Any) -> Any:
        return np.sum(rate * table * x ** settings["power"])

    g = cats.grad(f)
    np.testing.assert_allclose(g(X), 4 * X)
    rate = 3.0
    np.testing.assert_allclose(g(X), 6 * X)
    table[0] = 0.0
    np.testing.assert_allclose(g(X), 6 * X * [0, 1, 1])
    settings["power"] = 3
    np.testing.assert_allclose(g(X), 9 * X**2 * [0, 1, 1])


def test_objects_and_classes_never_go_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model()
    g = cats.grad(model.loss)
    np.testing.assert_allclose(g(X), [2.0, 4.0, 6.0])
    model.rate = 1.0
    np.testing.assert_allclose(g(X), [1.0, 2.0, 3.0])
    model.table[1] = 0.0
    np.testing.assert_allclose(g(X), [1.0, 0.0, 3.0])
    h = cats.grad(lambda x: model.loss(x))
    np.testing.assert_allclose(h(X), [1.0, 0.0, 3.0])
    monkeypatch.setattr(Model, "loss", lambda self, x: np.sum(x**2))
    np.testing.assert_allclose(h(X), 2 * X)


SCALE = 2.0


def helper(x: Any) -> Any:
    return SCALE * x


def with_globals(x: Any) -> Any:
    return np.sum(helper(x))


def test_globals_and_helpers_never_go_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    here = with_globals.__globals__
    g = cats.grad(with_globals)
    np.testing.assert_array_equal(g(X), [2.0] * 3)
    monkeypatch.setitem(here, "SCALE", 5.0)
    np.testing.assert_array_equal(g(X), [5.0] * 3)
    monkeypatch.setitem(here, "helper", lambda x: 7.0 * x)
    np.testing.assert_array_equal(g(X), [7.0] * 3)


def test_attributes_of_modules_never_go_stale() -> None:
    config = types.ModuleType("config_of_a_user")
    inner = types.ModuleType("config_of_a_user.inner")
    vars(config).update(rate=2.0, inner=inner)
    vars(inner)["rate"] = 1.0
    space: dict[str, Any] = {"config": config, "np": np}
    exec("def f(x): return np.sum(x * config.rate * config.inner.rate)", space)
    g = cats.grad(space["f"])
    np.testing.assert_array_equal(g(X), [2.0] * 3)
    vars(config)["rate"] = 3.0
    np.testing.assert_array_equal(g(X), [3.0] * 3)
    vars(inner)["rate"] = 2.0
    np.testing.assert_array_equal(g(X), [6.0] * 3)


def test_mutual_recursion_among_captured_functions_ends() -> None:
    def even(n: int, x: Any) -> Any:
        return x if n == 0 else odd(n - 1, 2 * x)

    def odd(n: int, x: Any) -> Any:
        return even(n - 1, 3 * x)

    assert cats.grad(lambda x: even(4, x))(1.0) == 36.0


# Threads, processes, pickles


def test_eight_threads_agree() -> None:
    def work(n: int) -> Any:
        g = cats.grad(lambda x: np.sum(np.sin(x) ** (2 + n % 4)))
        return [g(X * k) for k in range(1, 6)]

    expected = [work(n) for n in range(4)]
    with ThreadPoolExecutor(8) as pool:
        for n, found in enumerate(pool.map(work, range(64))):
            np.testing.assert_array_equal(found, expected[n % 4])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork_everything_works() -> None:
    expected = cats.grad(energy)(X)
    child = os.fork()
    if child == 0:  # pragma: no cover
        same = np.array_equal(cats.grad(energy)(X), expected) and cats.grad(cube)(3.0) == 27.0
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    "g",
    [
        cats.grad(energy), cats.value_and_grad(energy), cats.jacobian(cube), cats.hessian(energy),
        cats.compile(cube), cats.jacfwd(np.sin), cats.grad(cats.parse(r"\x. x * sin x")),
    ],
)  # fmt: skip
def test_transformed_functions_pickle(g: Any) -> None:
    x = 0.7 if not isinstance(g, type(cats.jacobian(cube))) else X
    before = pickle.dumps(g)
    expected = g(x)
    for text in (before, pickle.dumps(g)):
        np.testing.assert_array_equal(np.asarray(pickle.loads(text)(x)), np.asarray(expected))


def test_linear_functions_cannot_be_changed() -> None:
    """Residuals are read-only, pickled ones too; they are neither the arguments nor the value."""
    for transform, given in ((cats.vjp, (np.zeros(3), 1.0)), (cats.linearize, np.ones(3))):
        x = np.arange(1.0, 4.0)
        value, linear = transform(lambda x: (np.exp(x), np.sum(np.exp(x) * x)), x)
        before = np.copy(linear(given)[-1])
        for each in (linear, pickle.loads(pickle.dumps(linear))):
            assert each.residuals
            for residual in each.residuals:
                with pytest.raises(ValueError, match="read-only"):
                    residual[...] = 99.0
        value[0][:] = x[:] = linear(given)[0][...] = 7.0
        np.testing.assert_array_equal(linear(given)[-1], before)


def test_linear_functions_and_programs_pickle() -> None:
    maps = [
        cats.linearize(cube, X)[1],
        cats.vjp(cube, X)[1],
        cats.vjp(lambda x: (x * x, x), X, has_aux=True)[1],
        cats.linear_transpose(lambda x: 2 * x, X),
    ]
    for linear in maps:
        again = pickle.loads(pickle.dumps(linear))
        np.testing.assert_array_equal(np.asarray(again(X)), np.asarray(linear(X)))
    program = cats.trace(cats.grad(energy), X)
    assert pickle.loads(pickle.dumps(program)) == program


# Snapshots and aliases


def test_linear_maps_keep_their_own_inputs() -> None:
    x = X.copy()
    _, push = cats.linearize(lambda x: x * x, x)
    _, pull = cats.vjp(lambda x: x * x, x)
    x[:] = 100.0
    np.testing.assert_allclose(push(np.ones(3)), 2 * X)
    np.testing.assert_allclose(pull(np.ones(3))[0], 2 * X)


TABLE = np.arange(3.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x, lambda x: (x, x), lambda x: x.reshape(1, 3), lambda x: (x[:2], x[1:]),
        lambda x: x.T, lambda x: TABLE, lambda x: (TABLE, x + TABLE), lambda x: [x[::-1], x],
        lambda x: np.broadcast_to(x, (2, 3)), lambda x: (2 * x, 2 * x),
    ],
)  # fmt: skip
def test_results_never_alias(f: Any) -> None:
    x = X.copy()
    leaves, tree = flatten(f(np.ones(3)))
    ones = unflatten(tree, leaves)
    calls: list[Any] = [
        cats.compile(f)(x), cats.jvp(f, (x,), (x,)), cats.vjp(f, x)[0], cats.vjp(f, x)[1](ones),
        cats.linearize(f, x)[1](x),
    ]  # fmt: skip
    for result in calls:
        arrays = [a for a in flatten(result)[0] if isinstance(a, np.ndarray)]
        for i, a in enumerate(arrays):
            assert a.flags.writeable
            for other in [x, TABLE, *flatten(ones)[0], *arrays[:i]]:
                assert not np.shares_memory(a, other)
    before = cats.compile(f)(x)
    for a in flatten(cats.compile(f)(x))[0]:
        a[...] = -1.0
    after = cats.compile(f)(x)
    for a, b in zip(flatten(before)[0], flatten(after)[0], strict=True):
        np.testing.assert_array_equal(a, b)


def test_gradients_never_alias() -> None:
    f = cats.grad(lambda x, y: np.sum(x) + np.sum(y), (0, 1))
    a, b = f(X, X)
    assert not np.shares_memory(a, b)
    a[:] = 9.0
    np.testing.assert_array_equal(f(X, X)[0], np.ones(3))


# Terms, policies, transposes


def test_terms_are_functions() -> None:
    assert cats.grad(cats.parse(r"\x. x * sin x"))(0.5) == pytest.approx(
        np.sin(0.5) + 0.5 * np.cos(0.5)
    )
    chosen = cats.parse(r"\x. (if x > 1 then \y. x * y else \y. y * y * x) (x * x)")
    assert cats.grad(chosen)(2.0) == pytest.approx(12.0)
    assert cats.grad(chosen)(0.5) == pytest.approx(5 * 0.5**4)
    assert cats.compile(chosen)(2.0) == 8.0
    assert cats.hessian(cats.parse(r"\x y. x * y * x"), (0, 1))(2.0, 3.0)[0][1] == 4.0


def test_specs_stand_for_arrays() -> None:
    program = cats.trace(lambda x, y: x @ y, cats.Spec((2, 3)), cats.Spec((3,), "float32"))
    assert [str(s) for s in program.inputs] == ["R[2, 3]", "R32[3]"]
    assert cats.count(energy, cats.Spec((3,))).total > 0


def test_stop_gradient() -> None:
    assert cats.grad(lambda x: x * cats.stop_gradient(x**2))(3.0) == 9.0
    assert cats.stop_gradient({"a": 1.0}) == {"a": 1.0}
    found = cats.grad(lambda x: x * cats.stop_gradient({"a": (x, 2)})["a"][0])(3.0)
    assert found == 3.0


@pytest.mark.parametrize("policy", [cats.SaveAll(), cats.Recompute()])
def test_policies_agree(policy: Any) -> None:
    def f(x: Any) -> Any:
        return np.sin(x) * np.exp(x) + np.sum(x**2)

    for found, goal in [
        (cats.vjp(f, X, policy=policy)[1](X)[0], cats.vjp(f, X)[1](X)[0]),
        (cats.linearize(f, X, policy=policy)[1](X), cats.linearize(f, X)[1](X)),
    ]:
        np.testing.assert_allclose(found, goal, rtol=1e-14)


def test_linear_transpose() -> None:
    matrix = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(
        cats.linear_transpose(lambda x: matrix @ x, X)(np.ones(2))[0], [3.0, 5.0, 7.0]
    )
    assert cats.linear_transpose(np.sum, cats.Spec((3,)))(2.0)[0].tolist() == [2.0] * 3


def test_linear_transpose_closes_over_outer_values() -> None:
    def twice(t: Any) -> Any:
        return cats.linear_transpose(lambda y: t * y, 1.0)(t)[0]

    assert cats.grad(twice)(0.5) == 1.0


def test_constant_functions_have_gradient_zero() -> None:
    np.testing.assert_array_equal(cats.grad(lambda x: 1.0)(X), np.zeros(3))
    np.testing.assert_array_equal(cats.jacobian(lambda x: TABLE)(X), np.zeros((3, 3)))


def test_a_term_takes_tuples_as_products_and_gives_products_as_tuples() -> None:
    product = cats.parse(r"\p: R * (R * R). p.0 * p.1.0 * p.1.1")
    assert cats.compile(product)((3.0, (4.0, 5.0))) == 60.0
    assert cats.grad(product)((3.0, (4.0, 5.0))) == (20.0, (15.0, 12.0))
    nested = cats.parse(r"\x: R y: R. (x, (y, x * y))")
    assert cats.compile(nested)(3.0, 4.0) == (3.0, (4.0, 12.0))
    with pytest.raises(cats.TermError, match=r"takes R, and an argument is in R \* R"):
        cats.compile(nested)((3.0, 4.0))


def test_what_comes_along_with_a_value() -> None:
    x = np.array([1.0, 2.0])

    def f(x: Any) -> Any:
        return np.sin(x) * x[0], {"twice": 2.0 * x, "name": "f", "n": 3}

    wanted = cats.jacobian(lambda x: f(x)[0])(x)
    for jacobian in (cats.jacobian, cats.jacfwd, cats.jacrev):
        for chunk in (None, 1):
            made, aux = jacobian(f, has_aux=True, chunk=chunk)(x)
            assert np.allclose(made, wanted, rtol=1e-15, atol=0)
            assert aux["twice"].tolist() == [2.0, 4.0] and (aux["name"], aux["n"]) == ("f", 3)
    made, aux = cats.hessian(lambda x: (np.sum(x**3), x), has_aux=True)(x)
    assert made.tolist() == [[6.0, 0.0], [0.0, 12.0]] and aux.tolist() == x.tolist()
    value, push, aux = cats.linearize(f, x, has_aux=True)
    assert np.array_equal(value, f(x)[0]) and np.allclose(push(x), wanted @ x, rtol=1e-15)
    assert np.array_equal(aux["twice"], 2.0 * x)
    for wrong in (cats.jacfwd(np.sin, has_aux=True), cats.hessian(np.sum, has_aux=True)):
        with pytest.raises(cats.DerivativeError, match="did not return a pair"):
            wrong(x)


def test_the_hessian_of_an_array() -> None:
    x = np.array([0.3, 0.7])
    found = cats.hessian(lambda x: {"a": np.outer(x, x), "b": np.sum(x**3)})(x)
    expected = np.zeros((2, 2, 2, 2))
    for i in range(2):
        for j in range(2):
            expected[i, j, i, j] += 1
            expected[i, j, j, i] += 1
    np.testing.assert_array_equal(found["a"], expected)
    np.testing.assert_allclose(found["b"], np.diag(6 * x))
    assert np.shape(cats.hessian(np.sin, chunk=1)(x)) == (2, 2, 2)


def test_what_does_not_vary_stays_as_it_is_in_a_transpose() -> None:
    assert cats.linear_transpose(lambda x, n: x * n, 1.0, np.array(3))(1.0) == (3.0, None)
    pull = cats.linear_transpose(lambda x, n: x if n > 2 else 2 * x, 1.0, np.array(3))
    assert pull(1.0) == (1.0, None)


def test_tangents_of_what_does_not_vary_are_none_or_zero() -> None:
    def f(d: dict[str, Any]) -> Any:
        return d["x"] * d["n"] if d["name"] == "times" else d["x"]

    point = {"x": 2.0, "n": 3, "name": "times"}
    for still in (None, 0, np.float64(0)):
        tangent = {"x": 1.0, "n": still, "name": "times"}
        assert cats.jvp(f, (point,), (tangent,)) == (6.0, 3.0)


def test_arguments_by_name_may_be_called_as_those_of_ours() -> None:
    def work(f: Any, /, **named: Any) -> Any:
        return f * named["f"] - named["f_2"]

    args, named = (2.0,), {"f": 3.0, "f_2": 5.0}
    assert cats.compile(work)(*args, **named) == 1.0
    assert cats.grad(work)(*args, **named) == 3.0
    assert cats.grad(work, argnames="f_2")(*args, **named) == -1.0
    assert len(set(cats.trace(work, *args, **named).names)) == 3
    assert cats.count(work, *args, **named).total == 2
    assert "def grad_work(" in str(cats.explain(work, *args, **named))


def test_terms_take_whole_numbers_and_truth_values_as_values() -> None:
    parse = cats.parse
    assert cats.compile(parse(r"\n: Int. n * n"))(3) == 9
    choice = parse(r"\b x y. if b then x else y")
    assert cats.compile(choice)(True, 1.0, 2.0) == 1.0
    assert cats.grad(choice, (1, 2))(False, 1.0, 2.0) == (0.0, 1.0)
    pair = parse(r"\p. p.1 * p.2")
    assert cats.grad(pair)((2, 3.0, 5.0)) == (None, 5.0, 3.0)
    assert cats.grad(lambda x: cats.compile(parse(r"\n x. x * x"))(2, x))(3.0) == 6.0
    for f, args in [
        (parse(r"\p. p.0 * p.1"), ((2, 3.0, 5.0),)),
        (parse(r"\x y. x - y"), (7.0, 2.0, 3.0)),
        (parse(r"\x y. x - y"), (None, 2.0, 3.0)),
        (parse(r"\x y. x - y"), (2.0, "abc")),
    ]:
        with pytest.raises(cats.CatsError):
            cats.compile(f)(*args)
