"""Pruning linear programs: what is zero, what is a copy and what nobody reads is taken out.

Of a loop that is decided by going round: a carry is zero if it begins as zero and every round
leaves it so, and needed if it is asked for or something needed reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, assert_never

from cats.ir.linear import Ref
from cats.ir.linear_control import LinCall, LinCase, LinLoop, LinSolve, States
from cats.ir.linear_program import (
    ZERO,
    LinearProgram,
    LinearStep,
    SumStep,
    Term,
    args_of,
    inputs_read,
    moved,
    renamed,
    selected,
    taking,
)
from cats.ir.trampoline import Asking, outcome


def prune(program: LinearProgram, pruned: Collection[int] = ()) -> LinearProgram:
    """Without what nobody reads: steps, and the results, arguments and residuals of words.

    Copies (a single +identity) and zeros are read through, so that afterwards every position is
    read, every argument of a word by some program in it, and some program gives each of its
    results. A carry that every round hands on as it is becomes a captured value.

    pruned   of linear programs inside, by identity, those that are pruned already: what nobody
             outside changes in them is not looked through again
    """
    return outcome(_pruned(program, (), pruned))


def _pruned(
    program: LinearProgram, absent: Collection[int], pruned: Collection[int]
) -> Asking[LinearProgram]:
    """The program pruned, some of its inputs being zero."""
    if id(program) in pruned and not absent:
        return program
    direct: LinearProgram = yield _direct(program, absent, pruned)
    found: LinearProgram = yield _live(direct)
    return found


# What is meant


def _direct(
    program: LinearProgram, absent: Collection[int], pruned: Collection[int]
) -> Asking[LinearProgram]:
    """Every reader reads the position that is meant: no copies, no zeros."""
    meant = [ZERO if i in absent else i for i in range(len(program.inputs))]
    steps: list[LinearStep] = []
    for position, step in program.numbered():
        match step:
            case SumStep(terms, space, where):
                kept = [Term(t.sign, t.leaf, meant[t.arg]) for t in terms if meant[t.arg] != ZERO]
                steps.append(SumStep(tuple(kept), space, where))
                match kept:
                    case []:
                        meant.append(ZERO)
                    case [Term(1, None, arg)]:
                        meant.append(arg)
                    case _:
                        meant.append(position)
            case LinCase(args=args):
                gone = [i for i, a in enumerate(args) if meant[a] == ZERO]
                branches: list[LinearProgram] = []
                for b in step.branches:
                    branches.append((yield _pruned(b, gone, pruned)))
                given = tuple([a if meant[a] == ZERO else meant[a] for a in args])
                steps.append(replace(step, branches=tuple(branches), args=given))
                for k in range(len(step.spaces)):
                    vanishes = all(b.outputs[k] == ZERO for b in branches)
                    meant.append(ZERO if vanishes else position + k)
            case LinSolve(args=args):
                given = tuple([a if a == ZERO else meant[a] for a in args])
                body = yield _pruned(step.body, (), pruned)
                steps.append(replace(step, body=body, args=given))
                none = all(a == ZERO for a in given)
                meant.extend(ZERO if none else position + k for k in range(len(step.spaces)))
            case LinCall(args=args):
                gone = [i for i, a in enumerate(args) if meant[a] == ZERO]
                body = yield _pruned(step.body, gone, pruned)
                given = tuple([a if meant[a] == ZERO else meant[a] for a in args])
                steps.append(replace(step, body=body, args=given))
                for k, output in enumerate(body.outputs):
                    meant.append(ZERO if output == ZERO else position + k)
            case LinLoop(args=args):
                given = tuple([a if a == ZERO else meant[a] for a in args])
                loop, idle = yield _direct_loop(step, given, pruned)
                steps.append(loop)
                meant.extend(_meant(loop, position, idle))
            case _:
                assert_never(step)
    outputs = tuple([o if o == ZERO else meant[o] for o in program.outputs])
    return LinearProgram(program.inputs, tuple(steps), outputs, program.ends)


def _direct_loop(
    step: LinLoop[LinearProgram], given: tuple[int, ...], pruned: Collection[int]
) -> Asking[tuple[LinLoop[LinearProgram], set[int]]]:
    """The loop on these arguments, and which carries are zero in every round."""
    first = step.captured
    idle = {k for k in range(step.carries) if given[first + k] == ZERO}
    apart = {i for i, a in enumerate(given) if a == ZERO and not first <= i < first + step.carries}
    while True:
        body: LinearProgram = yield _pruned(step.body, apart | {first + k for k in idle}, pruned)
        moving = {k for k in idle if body.outputs[k] != ZERO}
        if not moving:
            return replace(step, body=body, args=given), idle
        idle -= moving


def _meant(loop: LinLoop[LinearProgram], position: int, idle: Collection[int]) -> list[int]:
    """What is meant by the results of a loop at this position."""
    found: list[int] = []
    for k, output in enumerate(loop.body.outputs):
        if k in idle or (output == ZERO and k >= loop.carries):
            found.append(ZERO)
        elif k < loop.carries and output == loop.captured + k:
            found.append(loop.args[loop.captured + k])
        else:
            found.append(position + k)
    return found


# What is needed


def _live(program: LinearProgram) -> Asking[LinearProgram]:
    """Only what the outputs depend on; the inputs all stay. What is inside is pruned already."""
    read = {o for o in program.outputs if o != ZERO}
    kept: list[tuple[int, LinearStep, list[int]]] = []
    for position, step in reversed(list(program.numbered())):
        wanted = [k for k in range(len(step.spaces)) if position + k in read]
        if wanted:
            if isinstance(step, LinCase):
                step = yield _narrowed(step, wanted)
            elif isinstance(step, LinLoop):
                step, wanted = yield _narrowed_loop(step, wanted)
            elif isinstance(step, LinCall):
                step = yield _narrowed_call(step, wanted)
            elif isinstance(step, LinSolve):
                wanted = list(range(len(step.spaces)))
            read.update(args_of(step))
            kept.append((position, step, wanted))
    new = {i: i for i in range(len(program.inputs))}
    steps: list[LinearStep] = []
    for position, step, wanted in reversed(kept):
        steps.append(moved(step, new.__getitem__))
        new.update({position + k: len(new) + i for i, k in enumerate(wanted)})
    outputs = tuple([o if o == ZERO else new[o] for o in program.outputs])
    return LinearProgram(program.inputs, tuple(steps), outputs, program.ends)


def _narrowed(
    step: LinCase[LinearProgram], wanted: Sequence[int]
) -> Asking[LinCase[LinearProgram]]:
    """The case with these results only, and with what its branches need for them."""
    branches = list(step.branches)
    if len(wanted) < len(step.spaces):
        for i, branch in enumerate(branches):
            branches[i] = yield _live(selected(branch, wanted))
    needed = sorted({p for b in branches for p in inputs_read(b)})
    count = len(step.residuals)
    refs = sorted({r.position for b in branches for r in b.references() if r.position < count})
    number = {old: new for new, old in enumerate((*refs, count))}
    narrow = [renamed(b, lambda r: Ref(number[r.position], r.space)) for b in branches]
    return replace(
        step,
        residuals=tuple([step.residuals[r] for r in refs]),
        branches=tuple([taking(b, needed) for b in narrow]),
        args=tuple([step.args[i] for i in needed]),
    )


def _narrowed_call(
    step: LinCall[LinearProgram], wanted: Sequence[int]
) -> Asking[LinCall[LinearProgram]]:
    """The call with these results only, computing again what it needs for them."""
    body: LinearProgram = yield _live(selected(step.body, wanted))
    needed = sorted(set(inputs_read(body)))
    refs = sorted({r.position for r in body.references()})
    number = {old: new for new, old in enumerate(refs)}
    whole: Any = step.prepare
    prepare = replace(whole, outputs=tuple([whole.outputs[r] for r in refs])).pruned()
    read = prepare.inputs_read()
    return replace(
        step,
        body=taking(renamed(body, lambda r: Ref(number[r.position], r.space)), needed),
        prepare=prepare.taking(read),
        residuals=tuple([step.residuals[i] for i in read]),
        args=tuple([step.args[i] for i in needed]),
    )


def _narrowed_loop(
    step: LinLoop[LinearProgram], wanted: Sequence[int]
) -> Asking[tuple[LinLoop[LinearProgram], list[int]]]:
    """The loop with what these results need, and the numbers of the results that it still has."""
    first, start = step.captured, step.captured + step.carries
    needed, more = set[int](), set(wanted)
    while more:
        needed |= more
        outputs = sorted(needed)
        body: LinearProgram = yield _live(selected(step.body, outputs))
        read = set(inputs_read(body))
        more = {k for k in range(step.carries) if first + k in read} - needed
    still = {k for k, o in zip(outputs, body.outputs, strict=True) if k < step.carries}
    still &= {k for k, o in zip(outputs, body.outputs, strict=True) if o == first + k}
    captured = [i for i in range(first) if i in read]
    captured += [first + k for k in sorted(still)]
    carries = [first + k for k in outputs if k < step.carries and k not in still]
    stacks = [i for i in range(start, len(body.inputs)) if i in read]
    results = [k for k in outputs if k not in still]
    body = selected(body, [outputs.index(k) for k in results])
    order = [*captured, *carries, *stacks]
    loop = replace(
        step,
        body=taking(body, order),
        args=tuple([step.args[i] for i in order]),
        captured=len(captured),
        carries=len(carries),
        like=step.like_at([*captured, *carries]),
    )
    return _reading_less(loop), results


def _reading_less(loop: LinLoop[LinearProgram]) -> LinLoop[LinearProgram]:
    """The loop with only the residuals that its body reads."""
    count, last = len(loop.fixed), len(loop.fixed) + len(loop.stacked)
    read = sorted({r.position for r in loop.body.references()})
    number = {old: new for new, old in enumerate(read)}
    return replace(
        loop,
        body=renamed(loop.body, lambda r: Ref(number[r.position], r.space)),
        fixed=tuple([loop.fixed[r] for r in read if r < count]),
        stacked=tuple([loop.stacked[r - count] for r in read if count <= r < last]),
        states=_preparing_less(loop.states, [r - last for r in read if r >= last]),
    )


def _preparing_less(states: States | None, read: Sequence[int]) -> States | None:
    """States that only these residuals are computed from; None if there are none of them."""
    if states is None or not read:
        return None
    whole: Any = states.prepare
    return replace(
        states, prepare=replace(whole, outputs=tuple([whole.outputs[r] for r in read])).pruned()
    )
