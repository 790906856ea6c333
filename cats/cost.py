"""Cost: a linear map is the count of its operations; and the operations a program takes.

In a linear program dup = uses - 1 of a position, drop = a position nobody uses, add = terms - 1 of
a sum, zero = an output or a sum that is empty, scale = an applied leaf. Transposing exchanges dup
with add and drop with zero, and keeps scale. (Radul et al. 2023, section 7.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from cats.functor import At
from cats.ir.control import Call, Case, Custom, Loop, Replay, Solve, While
from cats.ir.linear import Leaf
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve
from cats.ir.linear_program import ZERO, LinearProgram, LinearStep, SumStep, args_of, inputs_read
from cats.ir.nesting import inner_first
from cats.ir.primitive import Primitive
from cats.ir.program import Program, Step
from cats.ir.snapshots import advances
from cats.ir.spaces import Ground, Space, Value, size, tangent


@dataclass(frozen=True, slots=True)
class Count:
    """How often a linear map does what; `work` in scalar operations, leaves and sums together.

    `out` is the number of entries of its result, not compared.
    """

    scale: int = 0
    add: int = 0
    dup: int = 0
    drop: int = 0
    zero: int = 0
    work: int = 0
    out: int = field(default=0, compare=False)

    def __add__(self, other: Count) -> Count:
        """One after the other."""
        pairs = zip(self._numbers(), other._numbers(), strict=True)
        return replace(Count(*(a + b for a, b in pairs)), out=other.out)

    def _numbers(self) -> tuple[int, ...]:
        return self.scale, self.add, self.dup, self.drop, self.zero, self.work


def dearest(counts: Iterable[Count]) -> Count:
    """Of each operation the most that any of them does: what a case counts."""
    columns = zip(*(c._numbers() for c in counts), strict=True)
    return Count(*(max(column) for column in columns))


@dataclass(frozen=True, slots=True)
class Cost:
    """Linear maps as counts. Composition adds; of the laws only those of a category hold.

    >>> from cats.functor import interpret
    >>> from cats.ir.linear import Fork, Id, Join, Then
    >>> from cats.ir.spaces import R
    >>> interpret(Then(Fork((Id(R), Id(R))), Join((Id(R), Id(R)))), Cost())
    Count(scale=0, add=1, dup=1, drop=0, zero=0, work=1, out=1)
    """

    keeps = frozenset({"category"})

    def identity(self, a: Space, /) -> Count:
        """Nothing is done."""
        return Count(out=_entries(a))

    def zero(self, a: Space, b: Space, /) -> Count:
        """What comes in is dropped, what goes out is zero."""
        return Count(drop=1, zero=1, out=_entries(b))

    def then(self, f: Count, g: Count, /) -> Count:
        """Both."""
        return f + g

    def fork(self, fs: tuple[Count, ...], /) -> Count:
        """All, on copies."""
        out = sum(f.out for f in fs)
        return sum(fs, Count()) + Count(dup=len(fs) - 1, out=out)

    def join(self, fs: tuple[Count, ...], /) -> Count:
        """All, and their sum."""
        adds, out = len(fs) - 1, fs[0].out
        return sum(fs, Count()) + Count(add=adds, work=adds * out, out=out)

    def proj(self, spaces: tuple[Space, ...], i: int, /) -> Count:
        """All but one are dropped."""
        return Count(drop=len(spaces) - 1, out=_entries(spaces[i]))

    def inj(self, spaces: tuple[Space, ...], i: int, /) -> Count:
        """All but one are zero."""
        return Count(zero=len(spaces) - 1, out=sum(map(_entries, spaces)))

    def scale(self, a: Space, by: Value, /) -> Count:
        """One product for each entry."""
        return Count(scale=1, work=_entries(a), out=_entries(a))

    def leaf(self, leaf: Leaf, /) -> Count:
        """What its operation declares."""
        return Count(scale=1, work=leaf.op.cost(leaf), out=_entries(leaf.cod))

    def straight_line(self, program: LinearProgram, at: At, /) -> Count:
        """Exactly what the program does; residuals are not looked at, a case counts its dearest."""
        return tally(program)


def tally(program: LinearProgram) -> Count:
    """The operations of a linear program; a case counts, of each, the branch that has most."""
    found: dict[int, Count] = {}
    for each in inner_first(program):
        found[id(each)] = _tally(each, found)
    return found[id(program)]


def _tally(program: LinearProgram, inside: Mapping[int, Count]) -> Count:
    uses = Counter(o for o in program.outputs if o != ZERO)
    for step in program.steps:
        uses.update(args_of(step))
    unused = sum(uses[p] == 0 for p in range(len(program.spaces)))
    shared = sum(uses.values()) - (len(program.spaces) - unused)
    ends = Count(dup=shared, drop=unused, zero=program.outputs.count(ZERO))
    found = sum([_step(step, inside) for step in program.steps], ends)
    return found + Count(out=sum(map(_entries, program.ends)))


def _step(step: LinearStep, inside: Mapping[int, Count]) -> Count:
    match step:
        case SumStep(()):
            return Count(zero=1)
        case SumStep(terms, space):
            leaves = [t.leaf for t in terms if t.leaf is not None]
            signs = all(t.sign < 0 for t in terms)
            additions = (len(terms) - 1 + signs) * _entries(space)
            work = sum(leaf.op.cost(leaf) for leaf in leaves) + additions
            return Count(scale=len(leaves), add=len(terms) - 1, work=work)
        case LinCase(branches=branches):
            return dearest([inside[id(b)] for b in branches])
        case LinLoop():
            return _loop(step, inside[id(step.body)])
        case LinCall() | LinSolve():
            return inside[id(step.body)]
        case _:
            assert_never(step)


def _loop(step: LinLoop[LinearProgram], body: Count) -> Count:
    """Every round; captured values are doubled in each, and dropped after the last.

    One round counts of a loop that runs nobody knows how often.
    """
    count = step.length if isinstance(step.length, int) else 1
    captured = range(step.captured)
    read = set(inputs_read(step.body))
    unread = sum(i not in read for i in captured)
    once = body + Count(dup=len(captured) - unread, drop=-unread)
    every = Count(*(count * n for n in once._numbers()))
    return every + Count(drop=len(captured), zero=step.args.count(ZERO))


def _entries(space: Space) -> int:
    return size(tangent(space))


@dataclass(frozen=True, slots=True)
class Ledger:
    """Scalar operations by primitive, the dearest first."""

    entries: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All together."""
        return sum(n for _, n in self.entries)

    def __getitem__(self, name: str) -> int:
        return dict(self.entries).get(name, 0)

    def __str__(self) -> str:
        width = max([len(name) for name, _ in self.entries] + [len("total")])
        lines = [*self.entries, ("total", self.total)]
        return "\n".join(f"{name:<{width}}  {n}" for name, n in lines)


def count(program: Program) -> Ledger:
    """The scalar operations one run of the program takes, by primitive.

    Constants, views and copies take none. Of a case the dearer branch counts, of a loop every
    round, of one that runs nobody knows how often a single round.

    >>> from cats.ir.prims.smooth import sin
    >>> from cats.ir.spaces import Real
    >>> from cats.ir.wire import Builder
    >>> b = Builder([Real((100,))])
    >>> print(count(b.finish([sin(b.wires[0]) * b.wires[0]])))
    mul    100
    sin    100
    total  200
    """
    found = _counted(program)
    return Ledger(tuple(sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))))


def _counted(program: Program) -> Counter[str]:
    inside: dict[int, Counter[str]] = {}
    for each in inner_first(program):
        found: Counter[str] = Counter()
        for step in each.steps:
            match step.op:
                case Primitive():
                    found[step.op.name] += _work(step.op, step, each.spaces)
                case Case(branches):
                    found.update(max([inside[id(b)] for b in branches], key=_total))
                case Loop(body, length=length):
                    rounds = 1 if length is None else length
                    found.update({name: rounds * n for name, n in inside[id(body)].items()})
                case Call(body) | Custom(body) | Solve(body):
                    found.update(inside[id(body)])
                case Replay(advance, body, length=length):
                    rounds = 1 if length is None else length
                    every = step.op.every
                    again = (
                        advances(rounds, step.op.snapshots)
                        if every is None
                        else rounds - -(-rounds // every)
                    )
                    found.update({name: rounds * n for name, n in inside[id(body)].items()})
                    found.update({name: again * n for name, n in inside[id(advance)].items()})
                case While(test, body):
                    found.update(inside[id(test)])
                    found.update(inside[id(body)])
                case _:
                    assert_never(step.op)
        inside[id(each)] = +found
    return inside[id(program)]


def _again(rounds: int, word: Replay[Program]) -> int:
    """How many rounds a replay runs again to meet its states."""
    if word.every is None:
        return advances(rounds, word.snapshots)
    return rounds - -(-rounds // word.every)


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _work(op: Primitive, step: Step, spaces: Sequence[Ground]) -> int:
    out: Any = step.spaces[0] if len(step.spaces) == 1 else step.spaces
    return op.work([spaces[a] for a in step.args], out, dict(step.params))
