"""Random lambda terms, well typed and not, and two interpreters that know nothing of each other.

`samples` draws closed functions of first-order type with higher-order insides, and says what each
contains, so that a test can measure it. `evaluate` runs a term with Python closures, recursively;
`run` runs a program step by step. Both perform operations by the same table of exact numbers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cats.ir.constant import Constant
from cats.ir.lam import App, Const, Control, Lam, Let, Prim, Proj, Term, Tuple, Var
from cats.ir.node import postorder
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME, VOCABULARY
from cats.ir.prims.algebra import add, ipow, mul, neg, sub
from cats.ir.prims.choice import less, less_equal, logical_and, logical_not, maximum
from cats.ir.program import Program, nested
from cats.ir.spaces import BOOL, Discrete, Function, Ground, Product, R, Real, Space, Sum
from cats.ir.words import INFIX

# Spaces and values

PAIR = Product((R, R))
EITHER = Sum((R, PAIR))
ARROW = Function(R, R)
PREDICATE = Function(R, BOOL)
SPACES: tuple[Space, ...] = (
    R,
    BOOL,
    PAIR,
    ARROW,
    EITHER,
    PREDICATE,
    Product((ARROW, R)),
    Product((ARROW, ARROW)),
    Function(R, ARROW),
    Function(ARROW, R),
    Function(ARROW, ARROW),
    Sum((ARROW, R)),
    Sum((R, BOOL)),
)
GROUND: tuple[Space, ...] = (R, BOOL, PAIR, EITHER, Product((PAIR, BOOL)), Sum((R, Sum((R, BOOL)))))


def has_function(space: Space) -> bool:
    """Whether a value of the space holds a function."""
    if isinstance(space, Product | Sum):
        return any(map(has_function, space.parts))
    return isinstance(space, Function)


# Operations on exact numbers

OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
    "ipow": lambda x, n: x**n,
    "less": operator.lt,
    "less_equal": operator.le,
    "maximum": max,
    "logical_and": lambda x, y: x and y,
    "logical_not": operator.not_,
    "convert": lambda x, dtype: int(x),
    "gather": lambda table, i: table[i],
}


def exact(constant: Constant) -> Any:
    """A constant as an exact number; an array of integers as a list."""
    array = constant.array
    if array.dtype == bool:
        return bool(array)
    if array.dtype == np.int64:
        return [int(n) for n in array] if array.ndim else int(array)
    return Fraction(array.item())


def perform(op: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """The operation on exact numbers."""
    if op.name == "const":
        return exact(params["value"])
    return OPERATIONS[op.name](*args, **params)


def in_floats(op: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """The operation on NumPy's numbers."""
    return op.evaluate(*args, **params)


Perform = Callable[[Primitive, Sequence[Any], dict[str, Any]], Any]

# The two interpreters


def evaluate(
    term: Term,
    env: dict[str, Any],
    perform: Perform = perform,
    constant: Callable[[Constant], Any] = exact,
) -> Any:
    """The value of a term: numbers, tuples, Python functions, and (index, value) in sums."""

    def go(t: Term, env: dict[str, Any]) -> Any:
        match t:
            case Var(name):
                return env[name]
            case Const(value):
                return constant(value)
            case Lam(param, _, body):
                return lambda x: go(body, {**env, param: x})
            case App(fun, arg):
                return go(fun, env)(go(arg, env))
            case Let(names, values, body):
                for name, value in zip(names, values, strict=True):
                    env = {**env, name: go(value, env)}
                return go(body, env)
            case Tuple(parts):
                return tuple([go(p, env) for p in parts])
            case Proj(index, whole):
                return go(whole, env)[index]
            case Prim(op, args, params):
                return perform(op, [go(a, env) for a in args], dict(params))
            case Control("if", (condition, then, other)):
                return go(then if go(condition, env) else other, env)
            case Control("inj", (value,)):
                return (t.injection[0], go(value, env))
            case Control("case", (scrutinee, *branches)):
                index, value = go(scrutinee, env)
                return go(branches[index], env)(value)
        raise AssertionError(t)

    return go(term, env)


def run(program: Program, args: Sequence[Any], perform: Perform = perform) -> list[Any]:
    """The outputs of a program."""
    at = list(args)
    for step in program.steps:
        found = [at[a] for a in step.args]
        if isinstance(step.op, Primitive):
            at.append(perform(step.op, found, dict(step.params)))
        else:
            at += step.op.run(lambda program, given: run(program, given, perform), found)
    return [at[o] for o in program.outputs]


def size(program: Program) -> int:
    """How many steps the program holds, those of distinct nested programs included."""
    seen: dict[int, Program] = {}
    stack = [program]
    while stack:
        top = stack.pop()
        if id(top) not in seen:
            seen[id(top)] = top
            stack.extend(inner for step in top.steps for inner in nested(step))
    return sum(len(p.steps) for p in seen.values())


def flat(value: Any, space: Space) -> list[Any]:
    """A value as ground positions, zeros for the summands it is not in."""
    if isinstance(space, Product):
        return [v for x, s in zip(value, space.parts, strict=True) for v in flat(x, s)]
    if isinstance(space, Sum):
        index, inner = value
        parts = [flat(inner, s) if i == index else zeros(s) for i, s in enumerate(space.parts)]
        return [index, *[v for part in parts for v in part]]
    return [value]


def zeros(space: Space) -> list[Any]:
    """Zeros for the ground positions of a space."""
    if isinstance(space, Product):
        return [v for s in space.parts for v in zeros(s)]
    if isinstance(space, Sum):
        return [0, *[v for s in space.parts for v in zeros(s)]]
    return [False] if space == BOOL else [Fraction(0)]


def meant(values: Sequence[Any], space: Space) -> Any:
    """The positions as a value: what the summands hold that a member is not in means nothing."""
    rest = list(values)

    def take(space: Space) -> Any:
        if isinstance(space, Product):
            return tuple([take(s) for s in space.parts])
        if isinstance(space, Sum):
            index = rest.pop(0)
            return (index, [take(s) for s in space.parts][index])
        return rest.pop(0)

    return take(space)


# Well-typed terms

NUMBERS = (0.0, 1.0, -1.0, 2.0, 0.5, -3.0)
NAMES = ("x", "y", "f", "g", "p", "s")


@dataclass
class Drawing:
    """Draws terms of given spaces; `features` is what they contain."""

    draw: Callable[[Any], Any]
    higher: bool
    features: set[str] = field(default_factory=set)

    def among(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def space(self) -> Space:
        return self.among(SPACES if self.higher else GROUND)  # type: ignore[no-any-return]

    def term(self, space: Space, env: dict[str, Space], fuel: int) -> Term:
        """A term of the space, whose free variables are those of env."""
        known = [name for name, s in env.items() if s == space]
        if known and (fuel <= 0 or self.draw(st.integers(0, 3)) == 0):
            return Var(self.among(known))
        makers = [self.intro]
        if fuel > 0:
            makers += [self.let, self.choice, self.part, self.case]
            makers += [self.intro] * (4 if isinstance(space, Real | Discrete) else 1)
            makers += [self.apply] * (3 if self.higher else 0)
        return self.among(makers)(space, env, fuel - 1)  # type: ignore[no-any-return]

    def intro(self, space: Space, env: dict[str, Space], fuel: int) -> Term:
        """What makes a value of the space."""
        match space:
            case Product(parts):
                if any(map(has_function, parts)):
                    self.features.add("functions in a pair")
                return Tuple(tuple(self.term(part, env, fuel // 2) for part in parts))
            case Sum(parts):
                index = self.draw(st.integers(0, len(parts) - 1))
                params = (("index", index), ("sum", space))
                return Control("inj", (self.term(parts[index], env, fuel),), params)
            case Function(dom, cod):
                return self.function(dom, cod, env, fuel)
            case _:
                return self.number(space, env, fuel)

    def function(self, dom: Space, cod: Space, env: dict[str, Space], fuel: int) -> Term:
        name = self.among(NAMES)
        said = dom if dom not in (R, BOOL) or self.draw(st.booleans()) else None
        body = self.term(cod, {**env, name: dom}, fuel)
        free = {n.name for n in postorder(body) if isinstance(n, Var)} - {name}
        if free & set(env):
            self.features.add("closures that capture")
        if isinstance(cod, Function):
            self.features.add("functions that give functions")
        if has_function(dom):
            self.features.add("functions that take functions")
        return Lam(name, said, body)

    def number(self, space: Ground, env: dict[str, Space], fuel: int) -> Term:
        if fuel <= 0:
            return Const(Constant(self.among(NUMBERS if space == R else (True, False))))
        if space == R:
            op, n = self.among([(add, 2), (sub, 2), (mul, 2), (maximum, 2), (neg, 1), (ipow, 1)])
            params = (("n", self.among((0, 2, 3))),) if op is ipow else ()
            args = tuple(self.term(R, env, fuel // n) for _ in range(n))
            return Prim(op, args, params)
        op, n, dom = self.among([(less, 2, R), (less_equal, 2, R), (logical_and, 2, BOOL)])
        if self.draw(st.integers(0, 3)) == 0:
            op, n, dom = logical_not, 1, BOOL
        return Prim(op, tuple(self.term(dom, env, fuel // n) for _ in range(n)))

    def let(self, space: Space, env: dict[str, Space], fuel: int) -> Term:
        names, values, inner = [], [], dict(env)
        for _ in range(self.draw(st.integers(1, 3))):
            bound = self.space()
            values.append(self.term(bound, inner, fuel // 3))
            names.append(self.among(NAMES))
            inner[names[-1]] = bound
        self.features.add("let")
        return Let(tuple(names), tuple(values), self.term(space, inner, fuel // 2))

    def choice(self, space: Space, env: dict[str, Space], fuel: int) -> Term:
        condition = self.term(BOOL, env, fuel // 3)
        then, other = (self.term(space, env, fuel // 2) for _ in range(2))
        self.features.add("if")
        by_data = any(isinstance(n, Var) for n in postorder(condition))
        if has_function(space) and by_data:
            self.features.add("functions chosen by data")
        if isinstance(space, Sum) and by_data:
            self.features.add("sums chosen by data")
        return Control("if", (condition, then, other))

    def part(self, space: Space, env: dict[str, Space], fuel: int) -> Term:
        other = self.among((R, BOOL))
        first = self.draw(st.booleans())
        pair = Product((space, other) if first else (other, space))
        return Proj(0 if first else 1, self.term(pair, env, fuel))

    def case(self, space: Space, env: dict[str, Space], fuel: int) -> Term:
        end = self.among((EITHER, Sum((R, BOOL)), *([Sum((ARROW, R))] if self.higher else [])))
        scrutinee = self.term(end, env, fuel // 2)
        branches = []
        for part in end.parts:
            name = self.among(NAMES)
            body = self.term(space, {**env, name: part}, fuel // 3)
            branches.append(Lam(name, part if isinstance(part, Product) else None, body))
        self.features.add("case")
        return Control("case", (scrutinee, *branches))

    def apply(self, space: Space, env: dict[str, Space], fuel: int) -> Term:
        if space == R and self.draw(st.integers(0, 2)) == 0:
            return self.combinator(env, fuel)
        dom = self.space()
        self.features.add("application")
        fun = self.term(Function(dom, space), env, fuel // 2)
        return App(fun, self.term(dom, env, fuel // 2))

    def combinator(self, env: dict[str, Space], fuel: int) -> Term:
        """Something to do with functions that people write: twice, compose, a numeral."""
        f, x = Var("f"), Var("x")
        n = self.draw(st.integers(0, 4))
        body: Term = x
        for _ in range(n):
            body = App(f, body)
        self.features.add("twice, compose and numerals")
        if self.draw(st.booleans()):
            made = Lam("f", None, Lam("x", None, body))
            fun = App(made, self.term(ARROW, env, fuel // 2))
            return App(fun, self.term(R, env, fuel // 2))
        made = Lam("f", None, Lam("g", None, Lam("x", None, App(f, App(Var("g"), x)))))
        fun = App(App(made, self.term(ARROW, env, fuel // 3)), self.term(ARROW, env, fuel // 3))
        return App(fun, self.term(R, env, fuel // 3))


@dataclass(frozen=True)
class Sample:
    """A closed function of first-order type, its ends, arguments for it, and what it contains."""

    term: Term
    inputs: tuple[Space, ...]
    output: Space
    args: tuple[Any, ...]
    features: frozenset[str]


@st.composite
def values(draw: Callable[[Any], Any], space: Space) -> Any:
    """A value of a ground space, a product or a sum."""
    if isinstance(space, Product):
        return tuple([draw(values(part)) for part in space.parts])
    if isinstance(space, Sum):
        index = draw(st.integers(0, len(space.parts) - 1))
        return (index, draw(values(space.parts[index])))
    if space == BOOL:
        return draw(st.booleans())
    return Fraction(draw(st.integers(-4, 4)), draw(st.sampled_from((1, 2, 3))))


@st.composite
def samples(draw: Callable[[Any], Any], fuel: int = 14, higher: bool = True) -> Sample:
    """Closed functions of first-order type, with higher-order insides."""
    drawing = Drawing(draw, higher)
    inputs = (R, BOOL, draw(st.sampled_from(GROUND)))
    names = ("x", "y", "p")
    output = draw(st.sampled_from(GROUND))
    term = drawing.term(output, dict(zip(names, inputs, strict=True)), fuel)
    for name, space in zip(reversed(names), reversed(inputs), strict=True):
        term = Lam(name, space, term)
    args = tuple(draw(values(space)) for space in inputs)
    return Sample(term, inputs, output, args, frozenset(drawing.features))


# Any terms at all, to be printed and read

ANY_NAMES = st.sampled_from(["x", "y'", "_z", "sin", "if", "s0", "let", "nan", "a b", "", '"', "é"])
ANY_SPACES = st.sampled_from(
    [
        *SPACES,
        Real((2, 3), "float32"),
        Discrete((2,), "int32"),
        Product(),
        Product((R,)),
        Function(Function(R, R), Product((R, Sum((R, Product()))))),
    ]
)
ANY_CONSTANTS = st.sampled_from(
    [
        *[0.0, -0.0, 1.5, -2.0, 1e300, 5e-324, np.inf, -np.inf, np.nan, 3, -7, 0, True, False],
        *[2**63 - 1, -(2**63), np.float32(0.1), np.float32(-2.5), np.int8(-3), np.uint64(2**63)],
        *[Fraction(-1, 3), np.array(2.0, ">f8"), np.zeros((0, 2)), np.array([True, False])],
        *[np.array([1.0, -0.0, np.nan, -np.inf]), np.ones((2, 1), "f4"), np.array([[1], [-2]])],
        -np.float64(np.nan),
    ]
).map(Constant)

ANY_HEADS = st.sampled_from(
    [(op, op.takes.count or 2, ()) for op in VOCABULARY if op.name not in ("const", "ipow", "sum")]
    + [(BY_NAME[name], 2, ()) for name in (*INFIX, *INFIX)]
    + [(neg, 1, ())] * 6
    + [(ipow, 1, (("n", n),)) for n in (-2, 0, 3)]
    + [
        (BY_NAME["const"], 0, (("value", Constant(np.array([1.0, -0.0]))),)),
        (BY_NAME["sum"], 1, (("axes", (0,)),)),
        (BY_NAME["contract"], 2, (("spec", "i,i->"),)),
        (BY_NAME["index"], 1, (("key", ((None, None, 2), -1)),)),
        (BY_NAME["convert"], 1, (("dtype", "float32"),)),
        (BY_NAME["shift"], 1, (("axis", 0), ("fill", -0.5), ("reverse", True))),
    ]
)


def any_terms() -> st.SearchStrategy[Term]:
    """Terms of any form, most of them ill typed."""
    leaves = st.one_of(ANY_NAMES.map(Var), ANY_CONSTANTS.map(Const))

    def larger(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
        few = st.lists(inner, min_size=1, max_size=4)
        lambdas = st.builds(Lam, ANY_NAMES, st.none() | ANY_SPACES, inner)
        sums = st.sampled_from([EITHER, Sum((R, R, BOOL)), Sum((EITHER, R))])
        return st.one_of(
            lambdas,
            st.builds(App, inner, inner),
            st.lists(inner, max_size=3).map(lambda parts: Tuple(tuple(parts))),
            st.builds(Proj, st.integers(0, 11), inner),
            st.builds(
                lambda values, names, body: Let(tuple(names[: len(values)]), tuple(values), body),
                few,
                st.lists(ANY_NAMES, min_size=4, max_size=4),
                inner,
            ),
            ANY_HEADS.flatmap(
                lambda head: st.tuples(*[inner] * head[1]).map(
                    lambda args: Prim(head[0], args, head[2])
                )
            ),
            st.builds(lambda c, s, t: Control("if", (c, s, t)), inner, inner, inner),
            st.builds(
                lambda s, i, t: Control("inj", (t,), (("index", i % len(s.parts)), ("sum", s))),
                sums,
                st.integers(0, 2),
                inner,
            ),
            st.builds(
                lambda s, branches: Control("case", (s, *branches)),
                inner,
                st.lists(lambdas, min_size=2, max_size=3),
            ),
            st.builds(
                lambda parts, length, reverse: Control(
                    "scan",
                    tuple(parts[: 3 + (length is None)]),
                    (("length", length), ("reverse", reverse)),
                ),
                st.lists(inner, min_size=4, max_size=4),
                st.none() | st.integers(0, 9),
                st.booleans(),
            ),
            st.builds(lambda t, b, c: Control("while", (t, b, c)), inner, inner, inner),
        )

    return st.recursive(leaves, larger, max_leaves=25)
