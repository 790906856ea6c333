"""The partial evaluator: a program is run on wires whose builder knows the rules.

What is static (constants, shapes, zeros) is computed now; what is dynamic is emitted once, under
a name, never copied. Rules are local and applied as steps are emitted, so one pass is enough and
its cost is linear. The default rules are exact in IEEE arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cats.ir.control import Call, Case, Loop, Solve, While
from cats.ir.errors import expected
from cats.ir.program import Program, Step, a_program
from cats.ir.rewrite import Rule, Story, by_head
from cats.ir.rules import EXACT
from cats.ir.trampoline import Asking, outcome
from cats.ir.wire import Builder, Rewrites, Wire
from cats.tighten import Rounds


def simplify(
    program: Program, rules: Sequence[Rule] = EXACT, story: Story | None = None
) -> Program:
    """The program with the rules applied; it computes the same, to the last bit by default.

    The rules are local and see what they speak of already simplified: one pass settles.
    Raises TermError for what is no program or no rules, for rules that go round for ever, and
    SpaceError for one that leaves the space of what it replaces.
    """
    a_program(program)
    remedy = "Give a sequence of them, as cats.ir.rules.EXACT is."
    expected(rules, Sequence, "sequence of rules", remedy)
    for each in rules:
        expected(each, Rule, "rule", remedy)
    rewrites = by_head(rules, story)
    builder = Builder(program.inputs, rewrites)
    return outcome(
        _run(program, builder, list(builder.wires), range(len(program.outputs)), rewrites)
    )


def _run(
    program: Program,
    builder: Builder,
    inputs: list[Wire],
    wanted: Sequence[int],
    rewrites: Rewrites,
) -> Asking[Program]:
    """The wanted outputs of the program, on these wires of the builder, as a program."""
    found: list[Wire] = yield _through(program, builder, inputs, wanted, rewrites)
    return builder.finish(found, program.names)


def _through(
    program: Program,
    builder: Builder,
    inputs: list[Wire],
    wanted: Sequence[int],
    rewrites: Rewrites,
) -> Asking[list[Wire]]:
    """The wanted outputs of the program on these wires of the builder."""
    outputs = [program.outputs[i] for i in wanted]
    read = _positions_read(program, outputs)
    at: list[Wire | None] = list(inputs)
    for step in program.steps:
        first = len(at)
        kept = [k for k in range(len(step.spaces)) if read[first + k]]
        if not kept and not step.op.effect:
            at.extend([None] * len(step.spaces))
            continue
        builder.where = step.where
        args = tuple([at[a] for a in step.args])
        match step.op:
            case Case():
                at.extend((yield _case(builder, step, step.op, args, kept, rewrites)))  # type: ignore[arg-type]
            case Loop() | While():
                repeat = Rounds(builder, step.op, args, kept)  # type: ignore[arg-type]
                at.extend((yield _repeated(repeat, rewrites)))
            case Call():
                at.extend((yield _call(builder, step, step.op, args, kept, rewrites)))  # type: ignore[arg-type]
            case Solve() as system:
                inner = Builder(system.body.inputs, rewrites)
                every = range(len(system.body.outputs))
                body: Program = yield _run(system.body, inner, list(inner.wires), every, rewrites)
                at.extend(builder.emit(replace(system, body=body), args))
            case _:
                made = builder.emit(step.op, args, step.params, step.spaces)
                at.extend(made if isinstance(made, tuple) else (made,))
    return [at[o] for o in outputs]  # type: ignore[misc]


def _call(
    builder: Builder,
    step: Step,
    call: Call[Program],
    args: Sequence[Wire],
    kept: Sequence[int],
    rewrites: Rewrites,
) -> Asking[list[Wire | None]]:
    """The call with the results that are read, on the arguments that these need."""
    inner = Builder(call.body.inputs, rewrites)
    body: Program = yield _run(call.body, inner, list(inner.wires), kept, rewrites)
    read = body.inputs_read()
    word = Call(body.taking(read), call.policy)
    made = builder.emit(word, tuple([args[i] for i in read]))
    found: list[Wire | None] = [None] * len(step.spaces)
    for k, wire in zip(kept, made, strict=True):
        found[k] = wire
    return found


def _positions_read(program: Program, outputs: Sequence[int]) -> list[bool]:
    """For each position whether an output, or an effect, depends on it."""
    read = [False] * len(program.spaces)
    for output in outputs:
        read[output] = True
    for first, step in reversed(list(program.numbered())):
        if True in read[first : first + len(step.spaces)] or step.op.effect:
            for a in step.args:
                read[a] = True
    return read


def _case(
    builder: Builder,
    step: Step,
    case: Case[Program],
    args: tuple[Wire, ...],
    kept: Sequence[int],
    rewrites: Rewrites,
) -> Asking[list[Wire | None]]:
    """The results that are read, of branches that know their constants and keep what they need."""
    results: list[Wire | None] = [None] * len(step.spaces)
    tag, *captured = args
    branches: list[Program] = []
    if tag.constant is not None:
        taken = case.branches[int(tag.constant.value)]
        found: Sequence[Wire] = yield _through(taken, builder, captured, kept, rewrites)
    else:
        for branch in case.branches:
            branches.append((yield _branch(branch, captured, kept, rewrites)))
    if branches and all(b == branches[0] for b in branches):
        every = range(len(kept))
        found = yield _through(branches[0], builder, captured, every, rewrites)
    elif branches:
        read = sorted({a for b in branches for a in _inputs_read(b)})
        narrowed = tuple([_narrowed(b, read) for b in branches])
        found = builder.case(narrowed, tag, [captured[i] for i in read])
    for k, wire in zip(kept, found, strict=True):
        results[k] = wire
    return results


def _branch(
    program: Program, captured: Sequence[Wire], kept: Sequence[int], rewrites: Rewrites
) -> Asking[Program]:
    """A branch simplified, told which of its inputs are constants and which are one wire."""
    inner = Builder(program.inputs, rewrites)
    first: dict[Wire, Wire] = {}
    inputs: list[Wire] = []
    for wire, own in zip(captured, list(inner.wires), strict=True):
        known = wire.constant
        if known is not None and not known.array.ndim:
            inputs.append(inner.full(known, wire.space))
        else:
            inputs.append(first.setdefault(wire, own))
    result: Program = yield _run(program, inner, inputs, kept, rewrites)
    return result


def _repeated(repeat: Rounds, rewrites: Rewrites) -> Asking[list[Wire | None]]:
    """The results that are read, of a loop whose body keeps what it needs."""
    if repeat.never:
        return repeat.unchanged()
    inner = Builder(repeat.body.inputs, rewrites)
    inputs = repeat.known(inner)
    body: Program = yield _run(repeat.body, inner, inputs, repeat.outputs, rewrites)
    return repeat.emitted(body)


def _inputs_read(program: Program) -> set[int]:
    count = len(program.inputs)
    found = {o for o in program.outputs if o < count}
    for step in program.steps:
        found.update(a for a in step.args if a < count)
    return found


def _narrowed(program: Program, kept: Sequence[int]) -> Program:
    """The program with only these inputs; it reads no others."""
    place = {old: new for new, old in enumerate(kept)}
    count, less = len(program.inputs), len(program.inputs) - len(kept)
    move = [place.get(i, -1) if i < count else i - less for i in range(len(program.spaces))]
    steps = tuple(
        [
            Step(s.op, tuple([move[a] for a in s.args]), s.params, s.spaces, s.where)
            for s in program.steps
        ]
    )
    inputs = tuple([program.inputs[i] for i in kept])
    return Program(inputs, steps, tuple([move[o] for o in program.outputs]))
