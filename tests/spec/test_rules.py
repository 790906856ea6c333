"""Every rule of every family: its step is its law, ends agree, both sides mean the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cats.ir.rules
from cats.dual import Dual
from cats.functor import interpret
from cats.ir.arrow import Letter
from cats.ir.letters import SHAPES, SPACES, letters
from cats.ir.linear import Leaf, Linear
from cats.ir.node import Node, postorder
from cats.ir.primitive import Primitive
from cats.ir.program import Program
from cats.ir.rewrite import Rule
from cats.ir.rules import biproduct, structure
from cats.ir.spaces import Discrete, Function, Ground, Product, Space, Sum, size
from cats.ir.wire import Builder, Wire
from cats.laws import laws, leaf_laws
from cats.machine import Tagged, evaluate
from cats.matrix import Matrix, to_array
from tests.plugins import Keyed, Modular, Rational
from tests.terms import Exact, random_space, random_term


def every_rule() -> Iterator[tuple[str, Rule]]:
    for module in iter_modules(cats.ir.rules.__path__):
        for law in getattr(import_module(f"cats.ir.rules.{module.name}"), "RULES", ()):
            yield f"{module.name}.{law.name}", law


RULES = dict(every_rule())
ON_TERMS = {name: law for name, law in RULES.items() if law.head is None}
SEEDS = st.integers(0, 2**32)


def sides(law: Rule, seed: int = 0) -> tuple[Any, Any]:
    """Both sides for letters between random spaces."""
    rng = Random(seed)
    spaces = {name: rng.choice(list(SPACES.values())) for name in "ABCD"} if seed else SPACES
    found = letters(law.letters, spaces, value=lambda name, space: rng.randint(-5, 5))
    left, right = law.sides(*found.values())
    return left, right


def test_there_are_rules_and_each_has_its_own_name() -> None:
    assert len(ON_TERMS) > 40
    assert all(name.endswith(law.name) for name, law in RULES.items())


@pytest.mark.parametrize("name", ON_TERMS)
def test_the_step_is_the_law(name: str) -> None:
    left, right = sides(RULES[name])
    assert RULES[name].step(left) == right
    assert (left.dom, left.cod) == (right.dom, right.cod)


@pytest.mark.parametrize("name", ON_TERMS)
@given(seed=SEEDS)
def test_both_sides_mean_the_same_for_all_letters(name: str, seed: int) -> None:
    left, right = sides(RULES[name], seed)
    assert RULES[name].step(left) == right
    if isinstance(left, Linear):
        k = Exact(seed)
        assert np.array_equal(interpret(left, k), interpret(right, k))
    else:
        value = random_value(Random(seed), left.dom)
        table = {n.name: function(n, seed) for n in letters_of(left, right)}
        seen = [told(evaluate(t, value, table), t.cod, seed, table) for t in (left, right)]
        assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "name", [n for n, r in ON_TERMS.items() if r in biproduct.RULES + structure.RULES]
)
@given(seed=SEEDS)
def test_wherever_the_step_applies_it_keeps_ends_and_meaning(name: str, seed: int) -> None:
    rng = Random(seed)
    term = random_term(rng, random_space(rng), random_space(rng), 4)
    k = Exact(seed)
    for node in postorder(term):
        found = RULES[name].step(node)
        if found is not None and isinstance(node, Linear):
            assert (found.dom, found.cod) == (node.dom, node.cod)
            assert np.array_equal(interpret(found, k), interpret(node, k))


PRINTED = {
    "biproduct.fork_proj": "<f, g> ; p1 = g",
    "biproduct.inj_other": "i0 ; p1 = 0",
    "biproduct.pairing": "<h ; p0, h ; p1> = h",
    "biproduct.add_zero": "<f, 0> ; [g | h] = f ; g",
    "structure.exchange": "<[f | g], [h | k]> = [<f, h> | <g, k>]",
    "structure.resolution": "id = <p0 ; i0, p1 ; i1> ; [id | id]",
    "closed.beta": "<f ; curry h, g> ; eval = <f, g> ; h",
    "closed.eta": "curry (<p0 ; g, p1 ; id> ; eval) = g",
    "closed.case_then": "[f | g] ; h = [f ; h | g ; h]",
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_law_prints_as_it_is_known(name: str) -> None:
    assert " = ".join(map(str, sides(RULES[name]))) == PRINTED[name]


@pytest.mark.parametrize("name", [n for n in ON_TERMS if n.startswith("biproduct")])
def test_a_law_says_in_its_first_line_what_it_is(name: str) -> None:
    step = RULES[name].step
    assert step.__doc__ and "`" in step.__doc__


@given(seed=SEEDS)
def test_exact_matrices_keep_every_law_for_users_categories(seed: int) -> None:
    k = Exact(seed)
    found = list(laws(k, k.random))
    assert len(found) > 30
    for name, left, right in found:
        assert np.array_equal(left, right), name


@pytest.mark.parametrize("question", ["then", "fork", "join", "proj", "inj", "scale", "zero"])
def test_a_category_with_one_wrong_answer_breaks_a_law(question: str) -> None:
    k = Exact()

    class Wrong(Exact):
        pass

    def spoiled(self: Exact, *args: Any) -> Any:
        answer = getattr(k, question)(*args)
        return answer + 1 if answer.size else answer

    setattr(Wrong, question, spoiled)
    wrong = Wrong()
    broken = [n for n, left, right in laws(wrong, k.random) if not np.array_equal(left, right)]
    assert broken, question


class NoLeaf(Exact):
    """Every leaf is zero."""

    def leaf(self, leaf: Leaf, /) -> Any:
        return self.zero(leaf.dom, leaf.cod)


class Turned(Exact):
    """Every leaf is its transpose."""

    def leaf(self, leaf: Leaf, /) -> Any:
        return super().leaf(leaf).T.reshape(size(leaf.cod), size(leaf.dom))


class Absolute(Exact):
    """The signs of leaves are lost."""

    def leaf(self, leaf: Leaf, /) -> Any:
        return abs(super().leaf(leaf))


class Once(Exact):
    """Of an entry that is read more than once, only the first reading is seen."""

    def leaf(self, leaf: Leaf, /) -> Any:
        found = super().leaf(leaf)
        return np.where(np.cumsum(found != 0, axis=0) > 1, 0, found)


class Forgets(Exact):
    """Products are scaled by 1, whatever the number."""

    def scale(self, a: Any, by: Any, /) -> Any:
        return super().scale(a, 1 if isinstance(a, Product) and by == 3 else by)


@pytest.mark.parametrize("wrong", [NoLeaf, Turned, Absolute, Once, Forgets])
def test_wrong_leaves_and_scalings_break_a_law_of_theirs(wrong: type[Exact]) -> None:
    """The laws of structure alone do not tell."""
    found = laws(wrong(), Exact().random)
    broken = [name for name, left, right in found if not np.array_equal(left, right)]
    theirs = ("= its entries", " ; ex[", "scale(3) = scale(3) x scale(3)")
    assert broken and all(any(part in name for part in theirs) for name in broken)


def test_the_laws_of_leaves_hold_for_matrices_and_for_dictionaries() -> None:
    for name, f, g in (*leaf_laws(Matrix()), *leaf_laws(Dual(Matrix()))):
        assert np.array_equal(to_array(f), to_array(g)), name
    for name, left, right in (*leaf_laws(Rational()), *leaf_laws(Modular())):
        assert np.array_equal(left, right), name
    for name, first, second in leaf_laws(Keyed()):
        assert all(first.get(at, 0) == second.get(at, 0) for at in {*first, *second}), name


def test_only_the_laws_of_what_is_kept_are_asked() -> None:
    class Plain(Exact):
        keeps = frozenset({"category"})

    assert len(list(laws(Plain(), Exact().random))) == 3


# Values and functions for letters of arrows


def letters_of(*terms: Node) -> list[Letter]:
    return [n for term in terms for n in postorder(term) if isinstance(n, Letter)]


def random_value(rng: Random, space: Space) -> Any:
    match space:
        case Product(parts):
            return tuple(random_value(rng, p) for p in parts)
        case Sum(parts):
            tag = rng.randrange(len(parts))
            return Tagged(tag, random_value(rng, parts[tag]))
        case Function():
            return function(Letter(f"v{rng.random()}", space.dom, space.cod), 0)
        case _:
            return np.array([rng.randint(-9, 9) for _ in range(size(space))]).reshape(space.shape)


def function(letter: Letter, seed: int) -> Callable[[Any], Any]:
    """A function of these ends: random, the same whenever it is called on the same value."""

    def run(value: Any) -> Any:
        key = told(value, letter.start, seed)
        return random_value(Random(f"{seed} {letter.name} {key}"), letter.end)

    return run


Table = Mapping[str, Callable[[Any], Any]]


def told(value: Any, space: Space, seed: int, table: Table | None = None) -> str:
    """All one can learn about a value: of a function what it does to some value."""
    match space:
        case Product(parts):
            return str([told(v, p, seed, table) for v, p in zip(value, parts, strict=True)])
        case Sum(parts):
            return f"{value.tag} {told(value.value, parts[value.tag], seed, table)}"
        case Function(dom, cod):
            argument = random_value(Random(seed), dom)
            if callable(value):
                return told(value(argument), cod, seed, table)
            result = evaluate(value.body, (value.captured, argument), table)
            return told(result, cod, seed, table)
        case _:
            return str(np.asarray(value).tolist())


# Rules on programs

ON_PROGRAMS = {name: law for name, law in RULES.items() if law.head is not None}
SPECIAL = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan, 1e-310, 1e300]


def on_wires(law: Rule, shape: tuple[int, ...]) -> tuple[Wire, Any, Builder]:
    """Both sides on the inputs of one program."""
    builder = Builder()
    shapes = {**SHAPES, "s": shape}
    found = letters(law.letters, shapes=shapes, value=lambda _, space: builder.input(space))  # type: ignore[arg-type]
    left, right = law.sides(*found.values())
    return left, builder.lift(right, left.space), builder


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("name", ON_PROGRAMS)
def test_a_rule_on_programs_steps_from_left_to_right(name: str, shape: tuple[int, ...]) -> None:
    law = ON_PROGRAMS[name]
    left, right, builder = on_wires(law, shape)
    assert left.space == right.space
    step = left.step
    assert step is not None and step.op is law.head
    made = law.step(*[builder.wires[a] for a in step.args], **dict(step.params))
    assert made is not None and builder.lift(made, left.space) is right


@pytest.mark.parametrize("name", [n for n, law in ON_PROGRAMS.items() if law.exact])
@given(seed=SEEDS)
def test_an_exact_rule_on_programs_keeps_every_bit(name: str, seed: int) -> None:
    left, right, builder = on_wires(ON_PROGRAMS[name], (3,))
    program = builder.finish([left, right])
    rng = Random(seed)
    inputs = [_drawn(rng, space) for space in program.inputs]
    with np.errstate(all="ignore"):
        first, second = _run(program, inputs)
    assert np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
    if first.dtype.kind == "f":
        signs = np.signbit(first) == np.signbit(second)
        assert np.all(signs | np.isnan(first))


def _drawn(rng: Random, space: Ground) -> Any:
    count = int(np.prod(space.shape))
    values = [rng.choice(SPECIAL) if rng.random() < 0.5 else rng.gauss(0, 2) for _ in range(count)]
    if isinstance(space, Discrete):
        values = [rng.randint(0, 1) for _ in range(count)]
    return np.array(values).astype(space.dtype).reshape(space.shape)[()]


def _run(program: Program, inputs: list[Any]) -> list[Any]:
    at = list(inputs)
    for step in program.steps:
        assert isinstance(step.op, Primitive)
        made = step.op(*[at[a] for a in step.args], **dict(step.params))
        at.extend(made if len(step.spaces) > 1 else (made,))
    return [np.asarray(at[o]) for o in program.outputs]
