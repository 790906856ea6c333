"""Derivatives that are said: in both modes, at all orders, through every word; and what they are
checked for.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir.errors import DerivativeError, LinearityError, TraceError
from tests.agreement import agree, all_refused, near

Function = Callable[..., Any]
V = np.array([0.1, 0.2, -0.3])
X = np.stack([V, 2.0 * V, -V])


def plain(x: Any) -> Any:
    return np.log(np.sum(np.exp(x)))


@cats.custom_jvp
def forward(x: Any) -> Any:
    return np.log(np.sum(np.exp(x)))


@forward.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (x,), (dx,) = primals, tangents
    y = forward(x)  # its own derivative is said by the same rule
    return y, np.sum(np.exp(x - y) * dx)


@cats.custom_jvp
def by_argument(x: Any) -> Any:
    return np.log(np.sum(np.exp(x)))


by_argument.defjvps(lambda t, y, x: np.sum(np.exp(x - y) * t))


@cats.custom_vjp
def backward(x: Any) -> Any:
    return np.log(np.sum(np.exp(x)))


def saved(x: Any) -> Any:
    y = backward(x)
    return y, {"x": x, "y": y, "n": 3}


backward.defvjp(saved, lambda kept, ct: (ct * np.exp(kept["x"] - kept["y"]),))

SAID = [forward, by_argument, backward]


@pytest.mark.parametrize("f", SAID, ids=lambda f: f.f.__name__)
def test_what_is_said_is_the_derivative_in_every_mode_and_word(f: Function) -> None:
    """A rule that says the true derivative: every use of it agrees with the function itself."""
    uses: list[Callable[[Function], Function]] = [
        lambda f: f,
        lambda f: lambda x: f(np.sin(x)) * f(x * x),
        lambda f: lambda x: np.sum(cats.vmap(f)(np.outer(V, x)) ** 2),
        lambda f: lambda x: np.sum(cats.vmap(lambda a: f(a * x), chunk=2)(V)),
        lambda f: lambda x: cats.scan(lambda c, r: (c * f(r * x) + f(x * c), None), 1.0, X)[0],
        lambda f: lambda x: cats.fori_loop(0, 3, lambda i, c: f(x + c) + i, 0.0),
        lambda f: lambda x: cats.while_loop(lambda c: c < 9.0, lambda c: f(x + c) + c, 0.5),
        lambda f: lambda x: cats.cond(f(x) > 0.0, lambda x: f(x) ** 2, lambda x: x[0], x),
        lambda f: lambda x: cats.checkpoint(lambda z: f(z) ** 2)(x) + f(x),
        lambda f: lambda x: np.sum(cats.map(lambda r: f(r + x), X) ** 3),
        lambda f: lambda x: np.sum(cats.grad(f)(x) ** 2) + cats.jvp(f, (x,), (V,))[1],
        lambda f: lambda x: np.sum(cats.vmap(cats.grad(lambda r: f(r * x)))(X) ** 2),
    ]
    for use in uses:
        agree(use(f), use(plain), V)
    near(cats.vmap(cats.hessian(f))(X), np.stack([cats.hessian(plain)(x) for x in X]))
    near(cats.jacobian(cats.hessian(f))(V), cats.jacobian(cats.hessian(plain))(V), 11)
    one: Function = lambda t: f(np.array([1.0, 2.0]) * t)  # noqa: E731
    other: Function = lambda t: plain(np.array([1.0, 2.0]) * t)  # noqa: E731
    for order in range(1, 6):
        one, other = cats.grad(one), cats.grad(other)
        near(one(0.3), other(0.3), 10 if order < 5 else 9)


def test_what_is_said_counts() -> None:
    """A rule that says something else than the truth is what is used, in both modes, everywhere."""
    wrong = cats.custom_jvp(lambda x: x * x)
    wrong.defjvp(lambda p, t: (p[0] ** 2, 5.0 * t[0]))
    uses: list[Function] = [
        wrong,
        lambda x: cats.fori_loop(0, 1, lambda i, c: wrong(c), x),
        lambda x: cats.checkpoint(wrong)(x),
        lambda x: np.sum(cats.vmap(wrong)(np.stack([x]))),
        lambda x: cats.cond(True, wrong, np.sin, x),
    ]
    for f in uses:
        assert f(3.0) == 9.0
        assert [slope(f)(3.0) for slope in (cats.grad, cats.jacfwd, cats.jacrev)] == [5.0] * 3
        assert cats.jvp(f, (3.0,), (2.0,)) == (9.0, 10.0)
        assert cats.grad(cats.grad(f))(3.0) == 0.0


def test_a_rule_that_is_said_anew_is_seen() -> None:
    f = cats.custom_jvp(lambda x: x * x)
    f.defjvp(lambda p, t: (p[0] ** 2, 5.0 * t[0]))
    g: Function = lambda x: f(x) + x  # noqa: E731
    assert cats.grad(g)(1.0) == 6.0
    f.defjvp(lambda p, t: (p[0] ** 2, 7.0 * t[0]))
    assert cats.grad(g)(1.0) == 8.0
    h = cats.custom_vjp(lambda x: x * x)
    for factor in (2.0, 3.0):
        h.defvjp(lambda x: (x * x, ()), lambda kept, ct: (factor * ct,))  # noqa: B023
        assert cats.grad(lambda x: h(x))(1.0) == factor


@dataclass(frozen=True)
class Point:
    """A container of a user."""

    a: Any
    n: Any


@dataclass(frozen=True)
class Pair:
    """Another one of the same fields."""

    a: Any
    n: Any


def test_cotangents_go_by_key_and_not_by_place() -> None:
    def f(d: Any) -> Any:
        return d["a"] ** 2 * d["in"]["b"] + d["in"]["c"] * d["a"]

    def slopes(d: Any, ct: Any) -> Any:
        a, b, c = d["a"], d["in"]["b"], d["in"]["c"]
        inner = {"c": ct * a, "b": ct * a**2}
        return ({"in": inner, "a": ct * (2 * a * b + c)},)

    said = cats.custom_vjp(f)
    said.defvjp(lambda d: (said(d), d), slopes)
    d = {"a": 2.0, "in": {"b": 5.0, "c": 7.0}}
    near(cats.grad(said)(d), cats.grad(f)(d))
    near(cats.jvp(said, (d,), (d,)), cats.jvp(f, (d,), (d,)))

    def hooked(x: Any) -> Any:
        d = {"a": x, "b": x * x}
        made = cats.on_gradient(d, lambda ct: {"b": 10.0 * ct["b"], "a": 100.0 * ct["a"]})
        return made["a"] + made["b"]

    near(cats.grad(hooked)(3.0), 160.0)


def test_rules_made_where_they_are_used_take_containers_of_users() -> None:
    def f(x: Any) -> Any:
        times = cats.custom_vjp(lambda p: p.a * p.n)
        times.defvjp(lambda p: (times(p), p), lambda p, ct: (Point(p.n * ct, None),))
        return times(Point(x, 3))

    near(cats.grad(f)(2.0), 3.0)
    near(cats.jvp(f, (2.0,), (1.0,)), (6.0, 3.0))


def test_values_and_tangents_go_by_key() -> None:
    def f(x: Any) -> Any:
        return {"a": x, "b": np.sum(x * x)}

    ahead = cats.custom_jvp(f)
    ahead.defjvp(
        lambda p, t: (
            {"b": np.sum(p[0] ** 2), "a": p[0]},
            {"b": np.sum(2 * p[0] * t[0]), "a": t[0]},
        )
    )
    back = cats.custom_vjp(f)
    back.defvjp(
        lambda x: ({"b": np.sum(x**2), "a": x}, x), lambda x, ct: (ct["a"] + 2 * x * ct["b"],)
    )
    for said in (ahead, back):
        near(cats.jvp(said, (V,), (V,)), cats.jvp(f, (V,), (V,)))
        near(cats.jacobian(said)(V), cats.jacobian(f)(V))


POWER = cats.custom_jvp(lambda n, x: x ** n["of"], nondiff_argnums=0)
POWER.defjvp(lambda n, p, t: (POWER(n, p[0]), n["of"] * POWER({"of": n["of"] - 1}, p[0]) * t[0]))
REWOP = cats.custom_vjp(lambda x, n: x ** n["of"], nondiff_argnums=(-1,))
REWOP.defvjp(
    lambda x, n: (REWOP(x, n), x),
    lambda n, x, ct: (n["of"] * REWOP(x, {"of": n["of"] - 1.0, "why": "slope"}) * ct,),
)


@pytest.mark.parametrize(
    "f",
    [lambda n, x: POWER({"of": n}, x), lambda n, x: REWOP(x, {"of": n, "why": np.sin})],
    ids=["ahead", "back"],
)
def test_what_does_not_vary_may_be_traced(f: Function) -> None:
    """The rule is given it, and gives it to the function again."""
    n, x = np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.5, 2.5])
    near(cats.vmap(f)(n, x), x**n)
    near(cats.compile(f)(3.0, 2.0), 8.0)
    near(cats.vmap(cats.grad(f, 1))(n, x), n * x ** (n - 1))
    near(cats.vmap(cats.grad(cats.grad(f, 1), 1))(n, x), n * (n - 1) * x ** (n - 2))
    near(cats.vmap(lambda n: cats.grad(f, 1)(n, 2.0))(n), n * 2.0 ** (n - 1))
    near(cats.grad(lambda x: f(cats.stop_gradient(x), x))(3.0), 27.0)
    near(cats.grad(lambda x: cats.fori_loop(0, 2, lambda i, c: f(i + 2.0, c), x))(1.5), 6 * 1.5**5)
    near(cats.jvp(lambda n, x: f(n, x), (3.0, 2.0), (0.0, 1.0)), (8.0, 12.0))
    near(
        cats.taylor(lambda x: cats.vmap(f)(n, x * np.ones(3)), 2.0, 2)[2], np.array([0.0, 1.0, 6.0])
    )
    with pytest.raises(DerivativeError, match="or takes as one of nondiff_argnums"):
        cats.grad(f)(3.0, 2.0)


def test_what_does_not_vary_is_known_where_it_was_made() -> None:
    f = cats.custom_jvp(lambda n, x: x ** len(n) if n[0] == 0 else x, nondiff_argnums=(0, -2))
    f.defjvp(lambda n, p, t: (f(n, p[0]), 7.0 * t[0] if n[0] == 0 else t[0]))
    for n in (np.arange(3), [0, 1, 2], (0, 1, 2)):
        near(cats.jvp(lambda x, n=n: f(n, x), (2.0,), (1.0,)), (8.0, 7.0))
    near(cats.jvp(lambda x: f(np.arange(3), x), (2.0,), (1.0,)), (8.0, 7.0))


def test_containers_integers_and_arguments_that_do_not_vary() -> None:
    clamp = cats.custom_vjp(lambda x, low, high: np.clip(x, low, high))
    clamp.defvjp(
        lambda x, low, high: (np.clip(x, low, high), x > low), lambda kept, ct: (ct, None, None)
    )
    near(cats.grad(lambda x: np.sum(clamp(x, 0.0, 0.15) * x))(V), np.clip(V, 0.0, 0.15) + V)
    near(cats.jvp(lambda x: clamp(x, 0.0, 0.15), (V,), (V,))[1], V)
    near(cats.grad(lambda low: np.sum(clamp(V, low, 0.15)))(0.0), 0.0)
    power = cats.custom_vjp(
        lambda d, n: {"y": d["a"] ** n, "k": np.argmax(d["b"])}, nondiff_argnums=(1,)
    )
    power.defvjp(
        lambda d, n: ({"y": d["a"] ** n, "k": np.argmax(d["b"])}, d),
        lambda n, d, ct: ({"a": n * d["a"] ** (n - 1) * ct["y"], "b": d["b"] * 0.0},),
    )
    found = cats.grad(lambda d: power(d, 3)["y"] * (power(d, 2)["k"] + 1))({"a": 2.0, "b": V})
    near(found, {"a": 24.0, "b": np.zeros(3)})
    moved = cats.custom_jvp(lambda p: Point(p.a * p.n, p.n))
    moved.defjvp(lambda p, t: (Point(p[0].a * p[0].n, p[0].n), Point(t[0].a * p[0].n, None)))
    near(cats.grad(lambda x: moved(Point(x, 3)).a)(2.0), 3.0)
    two = cats.custom_jvp(lambda x, y: np.sin(x) * y)
    two.defjvps(lambda t, z, x, y: np.cos(x) * y * t, None)
    near(cats.grad(two, (0, 1))(0.3, 2.0), (np.cos(0.3) * 2.0, 0.0))
    still = cats.custom_jvp(lambda x: np.sign(x))
    still.defjvps(None)
    near(cats.grad(lambda x: still(x) * x)(2.0), 1.0)


def test_hooks_on_gradients() -> None:
    def surgery(a: Any) -> Any:
        b = cats.on_gradient(a * a, lambda ct: 0.9 * ct)
        return b * a

    near([surgery(2.0), cats.grad(surgery)(2.0)], [8.0, 2.8 * 4.0])
    near(cats.grad(cats.grad(surgery))(2.0), cats.grad(lambda a: 2.8 * a * a)(2.0))

    def hooked(x: Any) -> Any:
        return cats.on_gradient({"a": x, "b": x * 2.0}, lambda ct: {**ct, "a": -ct["a"]})

    near(cats.grad(lambda x: hooked(x)["a"] + hooked(x)["b"])(1.0), 1.0)
    step: Function = lambda c, r: (cats.on_gradient(np.sin(c) * r, lambda ct: ct * 0.5), None)  # noqa: E731
    halved = cats.grad(lambda x: cats.scan(step, x, V)[0])(0.4)
    free = cats.grad(lambda x: cats.scan(lambda c, r: (np.sin(c) * r, None), x, V)[0])(0.4)
    near(halved, free / 8.0)


# Errors


def said(rule: Function) -> Function:
    """x |-> x * x with a rule forward, differentiated."""
    f = cats.custom_jvp(lambda x: x * x)
    f.defjvp(rule)
    return lambda: cats.grad(f)(1.0)


def pulled(bwd: Function, fwd: Function = lambda x, y: (x * y, x)) -> Function:
    """(x, y) |-> x * y with rules in reverse, differentiated."""
    f = cats.custom_vjp(lambda x, y: x * y)
    f.defvjp(fwd, bwd)
    return lambda: cats.grad(lambda x: f(x, 2.0))(1.0)


def shared(bwd: Function) -> Function:
    """{a, b} |-> a * b with a rule in reverse, differentiated."""
    f = cats.custom_vjp(lambda d: d["a"] * d["b"])
    f.defvjp(lambda d: (f(d), d), lambda d, ct: (bwd(d, ct),))
    return lambda: cats.grad(f)({"a": 1.0, "b": 2.0})


def captured(s: Any) -> Any:
    inner = cats.custom_jvp(lambda x: x * s)
    inner.defjvp(lambda p, t: (p[0] * s, t[0] * s))
    return inner(2.0)  # what varies is read from around


def twofold(x: Any, by: Any = 2.0) -> Any:
    return by * x


def tagged(x: Any, *, tag: str = "plain") -> Any:
    return x * len(tag)


def said_of(f: Any, rule: Any) -> Any:
    custom = cats.custom_jvp(f)
    custom.defjvp(rule)
    return custom


TWOFOLD = said_of(twofold, lambda p, t: (p[1] * p[0], p[1] * t[0] + p[0] * t[1]))
TAGGED = said_of(tagged, lambda p, t: (5 * p[0], 5 * t[0]))
SINE = said_of(np.sin, lambda p, t: (np.sin(p[0]), np.cos(p[0]) * t[0]))


def test_arguments_go_by_name_too_and_rules_get_the_defaults() -> None:
    assert cats.grad(lambda x: TWOFOLD(x))(3.0) == 2.0
    assert cats.grad(lambda x: TWOFOLD(by=x, x=4.0))(3.0) == 4.0
    assert cats.grad(lambda x: TAGGED(x))(3.0) == 5.0
    assert cats.grad(lambda x: SINE(x))(3.0) == np.cos(3.0)


@pytest.mark.parametrize("size", [3, 300])
@pytest.mark.parametrize("make", [cats.custom_vjp, cats.primitive])
def test_a_rule_that_calls_its_function_reads_more_than_that(make: Any, size: int) -> None:
    """Arrays of any size, and what it makes of them, also in words and in a trace around it."""
    read = np.ones(size)

    def said(s: Any) -> Any:
        f = make(lambda x: x**3)
        f.defvjp(
            lambda x: (f(x) * read[0], (x, np.mean(read) + s)),
            lambda kept, ct: (3.0 * kept[0] ** 2 * ct * kept[1] / np.mean(2.0 * read),),
        )
        return f

    uses: list[Callable[[Function], Function]] = [
        lambda f: lambda x: f(np.sin(x)) * f(x),
        lambda f: lambda x: np.sum(cats.vmap(f)(np.stack([x, 2.0 * x]))),
        lambda f: lambda x: cats.fori_loop(0, 2, lambda i, c: f(x + c), 0.0),
        lambda f: lambda x: cats.cond(x > 0.0, cats.checkpoint(f), np.sin, x),
    ]
    for use in uses:
        slope = cats.compile(lambda s, x, use=use: cats.grad(use(said(s)))(x))
        expected = cats.grad(use(lambda x: x**3))
        near(cats.jvp(slope, (1.0, 0.7), (0.0, 1.0)), cats.jvp(expected, (0.7,), (1.0,)))


PICKLED = pickle.dumps(np.ones(300))


def reading_anew(x: Any) -> Any:
    """x with a rule that calls it, and reads another array each time it is traced."""
    f = cats.custom_jvp(lambda x: x)
    f.defjvp(lambda p, t: (f(*p), np.mean(t[0] * pickle.loads(PICKLED))))
    return f(x)


def asking(ask: Function) -> Function:
    """x |-> x * x with a rule that asks for what it is to say, differentiated."""
    f = cats.custom_jvp(lambda x: x * x)
    f.defjvp(lambda p, t: (f(p[0]), ask(f, p[0]) * t[0]))
    return lambda: cats.grad(f)(2.0)


def fixing(numbers: Any, f: Any = lambda x, y: x * y) -> Any:
    """A function of which arguments do not vary, called."""
    fixed = cats.custom_jvp(f, nondiff_argnums=numbers)
    fixed.defjvp(lambda y, p, t: (fixed(p[0], y), y * t[0]))
    return fixed(2.0, 3.0)


def by_arguments(*rules: Any) -> Any:
    """x * y with a rule for each argument, differentiated."""
    f = cats.custom_jvp(lambda x, y: x * y)
    f.defjvps(*rules)
    return cats.grad(f)(2.0, 3.0)


NO: Any = cats
OWN = "the rule of <lambda> asks for the derivative of <lambda>, or for a batch of it"

REFUSED: list[tuple[Any, ...]] = [
    (asking(lambda f, x: cats.grad(f)(x)), DerivativeError, OWN, "by another function"),
    (asking(lambda f, x: cats.jvp(f, (x,), (1.0,))[1]), DerivativeError, OWN, "by another"),
    (asking(lambda f, x: cats.taylor(f, x, 1)[1]), DerivativeError, OWN, "by another function"),
    (asking(lambda f, x: np.sum(cats.vmap(f)(np.ones(2)))), DerivativeError, OWN, "by another"),
    (lambda: POWER({"of": 2.0}, 3.0), TraceError, "or in its rule with ever other values",
     "let a rule pass on the nondiff_argnums"),
    (lambda: fixing((5,)), DerivativeError,
     "nondiff_argnums=(5,), but <lambda> was called with 2 arguments", "from 0"),
    (lambda: fixing((-3,)), DerivativeError, "nondiff_argnums=(-3,), but <lambda>", "from 0"),
    (lambda: fixing("x"), DerivativeError, "nondiff_argnums='x' is neither", "from 0"),
    (lambda: fixing((0.5,)), DerivativeError, "nondiff_argnums=(0.5,) is neither", "from 0"),
    (lambda: fixing(None), DerivativeError, "nondiff_argnums=None is neither", "from 0"),
    (lambda: fixing((), 3), DerivativeError, "what has a derivative said is 3", "Python function"),
    (lambda: NO.custom_vjp("f"), DerivativeError, "what has a derivative said is 'f'", "Python"),
    (lambda: NO.custom_jvp(np.sin).defjvp("f"), DerivativeError, "rule of defjvp is 'f'", "Python"),
    (lambda: NO.custom_vjp(np.sin).defvjp(1, np.sin), DerivativeError,
     "the forward rule of defvjp is 1, and no function", "Python function"),
    (lambda: NO.custom_vjp(np.sin).defvjp(np.sin, 1), DerivativeError,
     "the backward rule of defvjp is 1, and no function", "Python function"),
    (lambda: NO.on_gradient(1.0, 3), DerivativeError, "the hook of on_gradient is 3", "Python"),
    (lambda: by_arguments(lambda t, v, x, y: y * t), DerivativeError,
     "defjvps of <lambda> says 1 rules for 2 arguments", "None where the value does not vary"),
    (lambda: by_arguments(None, 3), DerivativeError, "rule 1 of defjvps is 3", "Python function"),
    (lambda: NO.custom_jvp(np.power, 1).defjvps(None), DerivativeError,
     "defjvps says nothing of arguments that do not vary, as nondiff_argnums of power", "defjvp"),
    (said(lambda p, t: (p[0] ** 2, t[0] * 2 + 1)), LinearityError,
     "the rule of <lambda> is not linear: it does not map 0 to 0", "linear in tangents", "* 2 + 1"),
    (said(lambda p, t: (p[0] ** 2, t[0] * t[0])), LinearityError,
     "not linear: its derivative depends on the argument", "linear in tangents", "t[0] * t[0]"),
    (said(lambda p, t: (p[0] ** 2, np.abs(t[0]))), LinearityError, "is not linear", "linear in",
     "np.abs(t[0])"),
    (said(lambda p, t: (p[0] ** 2, cats.cond(t[0] > 0, lambda: t[0], lambda: 2 * t[0]))),
     LinearityError, "is not linear", "linear in"),
    (said(lambda p, t: (p[0] ** 2, cats.fori_loop(0, 3, lambda i, c: c * t[0], 1.0))),
     LinearityError, "is not linear", "linear in"),
    (said(lambda p, t: (p[0] ** 2 + t[0], t[0])), DerivativeError,
     "the value that the rule of <lambda> gives depends on a tangent", "from the arguments only"),
    (said(lambda p, t: p[0]), TraceError, "a value in R, and not a pair (value, tangent)",
     "Return a tuple (value, tangent)"),
    (said(lambda p, t: (p[0] ** 2, np.ones(3) * t[0])), TraceError,
     "the tangent that the rule of <lambda> gives lies in R[3], and is asked for in R", "Give it"),
    (said(lambda p, t: (np.float32(1) * 3, t[0])), TraceError,
     "the value that the rule of <lambda> gives lies in R32, and is asked for in R", "Give it"),
    (said(lambda p, t: ((p[0] ** 2, 1.0), t[0])), TraceError, "lies in R, R, and is asked for in R",
     "Give it the structure"),
    (lambda: cats.grad(cats.custom_jvp(lambda x: x))(1.0), DerivativeError,
     "<lambda> was called before its derivative was said", "with defjvp or defvjp"),
    (lambda: cats.grad(captured)(1.0), DerivativeError,
     "a custom derivative says nothing of a value that its function reads from around", "Pass",
     "what varies is read from around"),
    (lambda: cats.grad(reading_anew)(1.0), DerivativeError,
     "the rule of <lambda> calls it, and reads other arrays from around each time", "outside, once",
     "return f(x)"),
    (lambda: cats.grad(lambda x: TAGGED(x, tag="b"))(1.0), DerivativeError,
     "tagged has no place for the argument tag, and a rule takes all arguments by place", "Let",
     'tag="b"'),
    (lambda: cats.grad(lambda x: SINE(x, where=True))(1.0), DerivativeError,
     "sin has no place for the argument where", "Let", "where=True"),
    (pulled(lambda kept, ct: ct), TraceError, "and not a tuple of 2 cotangents", "Return a tuple"),
    (pulled(lambda kept, ct: (ct,)), TraceError, "gives tuple, and not a tuple of 2 cotangents",
     "with None for what has cotangent zero"),
    (pulled(lambda kept, ct: (np.ones(2) * ct, ct)), TraceError,
     "the backward rule of <lambda> gives does not fit: the cotangent of x lies in R[2], but x",
     "the shape ()"),
    (pulled(lambda kept, ct: (np.clip(ct, -1, 1), ct)), LinearityError,
     "the backward rule of <lambda> is not linear", "linear in tangents and cotangents", "np.clip"),
    (pulled(lambda kept, ct: (ct + kept, ct)), LinearityError, "does not map 0 to 0", "linear in"),
    (pulled(lambda kept, ct: (ct, ct), lambda x, y: x * y), TraceError,
     "the forward rule of <lambda> gives a value in R, and not a pair (value, residuals)",
     "Return a tuple (value, residuals)"),
    (pulled(lambda kept, ct: (ct, ct), lambda x, y: (np.ones(2) * x, x)), TraceError,
     "the value that the forward rule of <lambda> gives lies in R[2]", "Give it the structure"),
    (lambda: cats.grad(lambda x: cats.on_gradient(x, lambda ct: ct * ct))(1.0), LinearityError,
     "is not linear", "linear in tangents and cotangents"),
    (lambda: cats.grad(lambda x: cats.on_gradient(x, lambda ct: np.ones(3)))(1.0), TraceError,
     "the cotangent of x lies in R[3], but x lies in R", "the shape ()"),
    (shared(lambda d, ct: [ct, ct]), TraceError,
     "a list of 2 instead of a dict with the keys 'a', 'b'", "in the same containers"),
    (shared(lambda d, ct: {"a": ct}), TraceError, "a dict with the keys 'a' instead", "the same"),
    (shared(lambda d, ct: {"a": ct, "c": ct}), TraceError, "the keys 'a', 'c' instead", "the same"),
    (shared(lambda d, ct: {"a": ct, "b": None}), TraceError, "the cotangent of d_1 is missing",
     "lies in R"),
    (shared(lambda d, ct: {"a": {"b": ct}, "b": ct}), TraceError, "the cotangent of d_0 is dict",
     "Pass arrays"),
    (lambda: cats.grad(lambda x: cats.on_gradient(Point(x, x), lambda ct: Pair(ct.a, ct.n)).a)(1.0),
     TraceError, "a Pair of 2 instead of a Point of 2", "in the same containers"),
]  # fmt: skip


def test_what_is_refused() -> None:
    all_refused(REFUSED)


def test_values_from_around_that_do_not_vary_are_read() -> None:
    assert cats.compile(captured)(1.5) == 3.0

    def scaled(x: Any, s: Any) -> Any:
        inner = cats.custom_jvp(lambda x: x * s)
        inner.defjvp(lambda p, t: (p[0] * s, t[0] * s))
        return inner(x)

    assert cats.grad(scaled)(2.0, 3.0) == 3.0
    with pytest.raises(DerivativeError):
        cats.grad(scaled, (0, 1))(2.0, 3.0)
