"""Representations of linear maps: nine questions, and one fold from linear maps as data to any.

A representation is a category with biproducts: it says what identity, composition, fork, join,
projections, injections, zero, scaling and a leaf are. It also declares which structure it
`keeps`, so that it is tested by just those laws. (Elliott 2018, "The simple essence of AD".)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar, assert_never, runtime_checkable

from cats.ir.control import Call
from cats.ir.errors import DerivativeError, SpaceError, expected, kind_of
from cats.ir.linear import (
    Fork,
    Id,
    Inj,
    Join,
    Leaf,
    Linear,
    Proj,
    Ref,
    Scale,
    Then,
    Zero,
)
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve, States
from cats.ir.linear_program import ZERO, LinearProgram, LinearWord, SumStep, Term
from cats.ir.node import Node, fold
from cats.ir.primitive import leaf_of
from cats.ir.prims.indexing import index
from cats.ir.rows import row
from cats.ir.spaces import Product, Space, Value, lies_in, space_of, with_rows
from cats.ir.trampoline import Asking, outcome

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)

At = Callable[[Ref], Value]
"""What a residual stands for: an array at run time, a wire at compile time."""


class Biproducts(Protocol[M]):
    """What a representation of linear maps answers; M is its kind of map."""

    @property
    def keeps(self) -> frozenset[str]:
        """Which structure it preserves, and so the laws it is tested by."""
        ...

    def identity(self, a: Space, /) -> M:
        """id : A -o A."""
        ...

    def zero(self, a: Space, b: Space, /) -> M:
        """0 : A -o B."""
        ...

    def then(self, f: M, g: M, /) -> M:
        """f ; g, first f."""
        ...

    def fork(self, fs: tuple[M, ...], /) -> M:
        """<f, g, ...> : A -o B * C * ..."""
        ...

    def join(self, fs: tuple[M, ...], /) -> M:
        """[f | g | ...] : A * B * ... -o C."""
        ...

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> M:
        """p_i : A_0 * A_1 * ... -o A_i."""
        ...

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> M:
        """i_i : A_i -o A_0 * A_1 * ..."""
        ...

    def scale(self, a: Space, by: Value, /) -> M:
        """v |-> by * v : A -o A."""
        ...

    def leaf(self, leaf: Leaf, /) -> M:
        """A linear operation with its other arguments fixed."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Transformer(Generic[M]):
    """A map `dom -o cod` as what it does to the maps of another category composed with it.

    `run` is one function, or two transformers one after the other: calling a chain of any length
    does not recurse.
    """

    dom: Space
    cod: Space
    run: Callable[[M], M] | tuple[Transformer[M], Transformer[M]]

    def __call__(self, h: M) -> M:
        """The transformed map."""
        stack: list[Transformer[M]] = [self]
        while stack:
            match stack.pop().run:
                case (first, second):
                    stack.extend((second, first))
                case run:
                    h = run(h)
        return h


@runtime_checkable
class StraightLine(Protocol[M_co]):
    """An offer some representations make: to read a linear program as it stands.

    Those whose maps are functions or counts must, or what is shared would be done twice; those
    whose maps are data (matrices) need not: `represent` composes them step by step.
    """

    def straight_line(self, program: LinearProgram, at: At, /) -> M_co:
        """The whole linear program as one map."""
        ...


BIPRODUCTS = frozenset({"category", "products", "biproducts"})


_ASKED = tuple(name for name in vars(Biproducts) if not name.startswith("_"))


def a_representation(k: object) -> None:
    """Raises DerivativeError unless k answers what a representation is asked."""
    missing = [name for name in _ASKED if not hasattr(k, name)]
    if missing or isinstance(k, type):
        says = f": it does not say {', '.join(missing)}" if missing else ""
        raise DerivativeError(
            f"{kind_of(k)} is no representation{says}",
            remedy="Give an instance of one, for instance cats.Forward().",
        )


@dataclass(frozen=True, slots=True)
class Over(Generic[M]):
    """What is made of a representation k. Raises DerivativeError if k is none."""

    k: Biproducts[M]

    def __post_init__(self) -> None:
        """Raises DerivativeError if k is no representation."""
        a_representation(self.k)

    @property
    def keeps(self) -> frozenset[str]:
        """What k keeps, if it has biproducts; of any other k only that it is a category."""
        whole = self.k.keeps >= BIPRODUCTS
        return self.k.keeps if whole else self.k.keeps & {"category"}


def interpret(term: Linear, k: Biproducts[M]) -> M:
    """The linear term in the representation k: one bottom-up fold, no recursion.

    Raises DerivativeError for what is no linear map, and for what is no representation.
    """
    remedy = "Give a term of cats.ir.linear; cats.represent takes linear programs."
    expected(term, Node, "linear map", remedy, DerivativeError)
    a_representation(k)

    def answer(node: Node, parts: tuple[M, ...]) -> M:
        return _answer(node, parts, k)

    return fold(term, answer)


def _answer(node: Node, parts: tuple[M, ...], k: Biproducts[M]) -> M:
    match node:
        case Id(space):
            return k.identity(space)
        case Zero(dom, cod):
            return k.zero(dom, cod)
        case Then():
            return k.then(parts[0], parts[1])
        case Fork():
            return k.fork(parts)
        case Join():
            return k.join(parts)
        case Proj(spaces, index):
            return k.proj(spaces, index)
        case Inj(spaces, index):
            return k.inj(spaces, index)
        case Scale(space, by):
            return k.scale(space, by)
        case Leaf():
            return k.leaf(node)
        case _:
            raise DerivativeError(f"{type(node).__name__} is not a linear map cats knows")


def represent(program: LinearProgram, k: Biproducts[M], at: At) -> M:
    """The linear program in the representation k, its residuals looked up by `at`.

    Raises DerivativeError for what is no linear program, no representation, or does not look up,
    and SpaceError for residuals that do not lie in their spaces.
    """
    remedy = "Give cats.derive(program).linear."
    expected(program, LinearProgram, "linear program", remedy, DerivativeError)
    a_representation(k)
    remedy = "Give cats.functor.by_position(residuals)."
    expected(at, Callable, "function that looks residuals up", remedy, DerivativeError)
    for ref in program.references():
        lies(at(ref), ref.space, f"residual {ref.position}")
    if isinstance(k, StraightLine):
        return k.straight_line(program, at)  # type: ignore[no-any-return]
    return accumulate_forward(program, k, at)


def accumulate_forward(program: LinearProgram, k: Biproducts[M], at: At) -> M:
    """Every position as a map from the whole input, in order: composition associates forward."""
    return outcome(_accumulated(program, k, at))


def _accumulated(program: LinearProgram, k: Biproducts[M], at: At) -> Asking[M]:
    dom = Product(program.inputs)
    maps = [k.proj(program.inputs, i) for i in range(len(program.inputs))]
    for step in program.steps:
        match step:
            case SumStep(terms, space):
                maps.append(_sum(terms, maps, dom, space, k, at))
            case LinCase():
                maps.extend((yield _case(step, maps, k, at)))
            case LinLoop():
                maps.extend((yield _rounds(step, maps, dom, k, at)))
            case LinSolve():
                raise DerivativeError(
                    f"{type(k).__name__} cannot represent the solution of a linear system",
                    where=step.where,
                    remedy="Use Forward, Dual or Matrix.",
                )
            case LinCall():
                inner: M = yield _accumulated(step.body, k, prepared(step, at))
                whole = k.then(k.fork(tuple([maps[a] for a in step.args])), inner)
                maps.extend(k.then(whole, k.proj(step.spaces, i)) for i in range(len(step.spaces)))
            case _:
                assert_never(step)
    chosen = [
        k.zero(dom, end) if o == ZERO else maps[o]
        for o, end in zip(program.outputs, program.ends, strict=True)
    ]
    return k.fork(tuple(chosen))


def _sum(
    terms: Sequence[Term], maps: Sequence[M], dom: Space, space: Space, k: Biproducts[M], at: At
) -> M:
    found: list[M] = []
    for term in terms:
        f = maps[term.arg]
        if term.leaf is not None:
            f = k.then(f, k.leaf(resolve(term.leaf, at)))
        found.append(f if term.sign > 0 else k.then(f, k.scale(space, -1)))
    return added(k, found, dom, space)


def added(k: Biproducts[M], fs: Sequence[M], dom: Space, cod: Space) -> M:
    """f + g + ... = <f, g, ...> ; [id | id | ...] in k; the empty sum is zero."""
    if len(fs) < 2:
        return fs[0] if fs else k.zero(dom, cod)
    return k.then(k.fork(tuple(fs)), k.join((k.identity(cod),) * len(fs)))


def _case(
    step: LinCase[LinearProgram], maps: Sequence[M], k: Biproducts[M], at: At
) -> Asking[list[M]]:
    tag = at(step.tag)
    if hasattr(tag, "recorder"):
        raise DerivativeError(
            f"{type(k).__name__} cannot represent a choice whose branch is not known yet",
            where=step.where,
            remedy="Run it at values, or use Forward, Dual or Matrix.",
        )
    number, own = step.taken(int(tag))
    taken, residuals = step.branches[number], [*map(at, step.residuals), own]
    inner: M = yield _accumulated(taken, k, by_position(residuals))
    whole = k.then(k.fork(tuple(maps[a] for a in step.args)), inner)
    return [k.then(whole, k.proj(taken.ends, i)) for i in range(len(taken.ends))]


def _rounds(
    step: LinLoop[LinearProgram], maps: Sequence[M], dom: Space, k: Biproducts[M], at: At
) -> Asking[list[M]]:
    """A loop round by round: rows are taken from their stacks, and put into zeros."""
    length = step.length if isinstance(step.length, int) else at(step.length)
    residuals = [at(r) for r in (*step.fixed, *step.stacked)]
    if any(hasattr(v, "recorder") for v in (length, *residuals)):
        raise DerivativeError(
            f"{type(k).__name__} cannot represent a loop whose rounds are not known yet",
            where=step.where,
            remedy="Run it at values, or use Forward, Dual or Matrix.",
        )
    count, start, same = int(length), step.captured + step.carries, len(step.fixed)
    again = rows_again(step.states, at, count) if step.states is not None else [()] * count
    likes = step.likes
    takes = [space_of(at(likes[i])) if i in likes else s for i, s in enumerate(step.takes)]
    args = [k.zero(dom, s) if a == ZERO else maps[a] for a, s in zip(step.args, takes, strict=True)]
    carries, ends = args[step.captured : start], step.body.ends
    left: list[list[M]] = [[] for _ in ends[step.carries :]]
    for i in reversed(range(count)) if step.reverse else range(count):
        rows = [
            k.then(m, k.leaf(_row(s, count, i)))
            for m, s in zip(args[start:], step.body.inputs[start:], strict=True)
        ]
        here = [*residuals[:same], *[row(v, i) for v in residuals[same:]], *again[i]]
        inner: M = yield _accumulated(step.body, k, by_position(here))
        whole = k.then(k.fork((*args[: step.captured], *carries, *rows)), inner)
        made = [k.then(whole, k.proj(ends, j)) for j in range(len(ends))]
        carries = made[: step.carries]
        for column, m, end in zip(left, made[step.carries :], ends[step.carries :], strict=True):
            back = _row(end, count, i)
            column.append(k.then(m, k.leaf(back.op.adjoint(back))))
    stacks = [with_rows(end, count) for end in ends[step.carries :]]
    return [*carries, *[added(k, c, dom, s) for c, s in zip(left, stacks, strict=True)]]


def _row(space: Any, count: int, number: int) -> Leaf:
    """A row of a stack."""
    return leaf_of(index, 0, (), with_rows(space, count), space, key=(number,))


def rows_again(states: States, at: At, count: int) -> list[Sequence[Value]]:
    """The residuals of every round of a loop, computed again, on arrays."""
    captured, state = [at(r) for r in states.captured], [at(r) for r in states.first]
    stacks = [at(r) for r in states.stacks]
    advance: Any = states.advance
    prepare: Any = states.prepare
    found: list[Sequence[Value]] = [()] * count
    for i in reversed(range(count)) if states.reverse else range(count):
        given = [*captured, *state, *[row(s, i) for s in stacks]]
        found[i] = prepare.evaluated(given)
        state = list(advance.evaluated(given))
    return found


def prepared(step: LinCall[LinearProgram], at: At) -> At:
    """The residuals that a linear call reads, computed again."""
    values = [at(ref) for ref in step.residuals]
    recorders: list[Any] = [r for v in values if (r := getattr(v, "recorder", None))]
    prepare: Any = step.prepare
    if not recorders:
        return by_position(prepare.evaluated(values))
    newest = max(recorders, key=lambda r: r.stamp)
    return by_position(newest.emit(Call(prepare, step.policy), tuple(values)))


def alone(step: LinearWord, spaces: Sequence[Space]) -> LinearProgram:
    """The program of one word, on its own arguments; `spaces` are those of all positions."""
    given = [a for a in step.args if a != ZERO]
    inputs, place = tuple([spaces[a] for a in given]), iter(range(len(given)))
    count, ends = len(inputs), step.spaces
    moved = replace(step, args=tuple([a if a == ZERO else next(place) for a in step.args]))
    return LinearProgram(inputs, (moved,), tuple(range(count, count + len(ends))), ends)


def resolve(leaf: Leaf, at: At) -> Leaf:
    """The leaf with its residuals looked up."""
    if not leaf.fixed:
        return leaf
    return leaf.with_fixed(tuple([at(v) if isinstance(v, Ref) else v for v in leaf.fixed]))


def lies(value: Value, space: Space, name: str) -> None:
    """Raises SpaceError unless the value has the shape that values of the space have."""
    if not lies_in(value, space):
        raise SpaceError(
            f"{name} lies in {space_of(value)}, and is asked to lie in {space}",
            remedy=f"Give one of the shape {space.shape}.",  # type: ignore[union-attr]
        )


def by_position(residuals: Sequence[Any]) -> At:
    """Looks residuals up by position."""

    def at(ref: Ref) -> Value:
        try:
            return residuals[ref.position]
        except IndexError:
            raise SpaceError(
                f"residual {ref.position} is asked for, and {len(residuals)} are given",
                remedy="Give what the primal returns after the results: made[derivative.count :].",
            ) from None

    return at
