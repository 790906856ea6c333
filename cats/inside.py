"""What a body does with values from around alone, done in the body and not around it.

An operation on values of outer traces is written down in the newest of those, also while the body
of a word is traced. Where the body may not be run at all, the operation must not be run either: it
is taken into the body, which then reads what was there before it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from cats.ir.lam import Let, Term, Tuple, Var
from cats.ir.program import Program
from cats.ir.spaces import Product, Value, space_of
from cats.ir.wire import Builder
from cats.pointfree import program_of
from cats.recorder import Recorder
from cats.trace import with_names
from cats.tracked import Tracked


def taken_in(
    program: Program, around: Sequence[Value], since: int
) -> tuple[Program, tuple[Value, ...]]:
    """The program, and what it reads from around: nothing that was made since the stamp.

    around   the values that the last inputs of the program stand for
    """
    around = [_behind(v) for v in around]
    while (recorder := _newest(around, since)) is not None:
        program, around = _without(program, around, recorder, since)
    own = len(program.inputs) - len(around)
    read = [i for i in program.inputs_read() if i >= own]
    return program.taking([*range(own), *read]), tuple([around[i - own] for i in read])


def identity(value: Value) -> Hashable:
    """What tells a value that is read from around apart from others."""
    if isinstance(value, Tracked):
        return value.recorder.stamp, value.term
    return id(value)


def _behind(value: Value) -> Value:
    """A value; in place of what an inner trace captured, the value of the outer one."""
    while isinstance(value, Tracked) and isinstance(value.term, Var):
        behind = value.recorder.named(value.term.name)
        if behind.recorder is value.recorder:
            return behind
        value = behind
    return value


def _newest(values: Iterable[Value], since: int) -> Recorder | None:
    """The newest trace in which one of the values was made since then."""
    found = [v.recorder for v in values if isinstance(v, Tracked) and _is_new(v, since)]
    return max(found, key=lambda recorder: recorder.stamp, default=None)


def _is_new(value: Tracked, since: int) -> bool:
    recorder: Recorder = value.recorder
    return recorder.bindings.made_since(value.term, since)


def _without(
    program: Program, around: Sequence[Value], recorder: Recorder, since: int
) -> tuple[Program, tuple[Value, ...]]:
    """The program, computing itself what was made in the trace since then."""
    new = [isinstance(v, Tracked) and v.recorder is recorder and _is_new(v, since) for v in around]
    pairs = list(zip(around, new, strict=True))
    made, reads = _slice(recorder, [v for v, is_new in pairs if is_new], since)
    before = [v for v, is_new in pairs if not is_new]
    values = {identity(v): v for v in (*before, *reads)}
    own = len(program.inputs) - len(around)
    builder = Builder((*program.inputs[:own], *[space_of(v) for v in values.values()]))
    wires = list(builder.wires)
    at = dict(zip(values, wires[own:], strict=True))
    found = iter(builder.run(made, [at[identity(v)] for v in reads]))
    given = [next(found) if is_new else at[identity(v)] for v, is_new in pairs]
    outputs = builder.run(program, [*wires[:own], *given])
    names = (*program.names[:own], *[f"c{i}" for i in range(len(values))])
    return builder.finish(outputs, names), tuple(values.values())


def _slice(
    recorder: Recorder, wanted: Sequence[Tracked], since: int
) -> tuple[Program, list[Tracked]]:
    """What was made in the trace since then for these values, as a program, and what it reads."""
    needed: set[int] = set()
    reads: dict[str, Tracked] = {}
    waiting: list[Term] = [v.term for v in wanted]
    while waiting:
        term = waiting.pop()
        if not isinstance(term, Var) or term.name in reads:
            continue
        if not recorder.bindings.made_since(term, since):
            reads[term.name] = _behind(recorder.named(term.name))
            continue
        place = recorder.concrete.place(term.name)
        if place not in needed:
            needed.add(place)
            waiting += recorder.concrete.parts(term.name)
    recorder.bindings.inner |= needed
    places = sorted(needed)
    values = with_names([recorder.bindings.terms[i] for i in places])
    body = Let(tuple([recorder.bindings.names[i] for i in places]), tuple(values), _tuple(wanted))
    spaces = {name: v.space for name, v in reads.items()}
    end = Product(tuple([v.space for v in wanted]))
    return program_of(body, spaces, end=end).program, list(reads.values())


def _tuple(values: Sequence[Tracked]) -> Term:
    return Tuple(tuple([v.term for v in values]))
