"""The steps of a finished program written down in a trace: how a transformed function is traced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cats.ir.primitive import Primitive
from cats.ir.prims.guards import guard
from cats.ir.program import Program, Step
from cats.ir.spaces import Value
from cats.phrases import phrase, results, valued
from cats.recorder import Recorder
from cats.tracked import Tracked


def replayed(program: Program, args: Sequence[Value], recorder: Recorder) -> list[Value]:
    """The results of the program, as values of the trace."""
    at: list[Value] = list(args)
    for step in program.steps:
        made = replayed_step(step, [at[a] for a in step.args], recorder)
        at.extend(made if isinstance(made, tuple) else (made,))
    return [_apart(at[o]) for o in program.outputs]


def replayed_step(step: Step, args: Sequence[Value], recorder: Recorder) -> Value:
    """A step as bindings of the trace; a case becomes an `if` on terms."""
    if step.op is guard:
        value = recorder.lift(args[0], None)
        recorder.guarded(value, dict(step.params)["outcome"])
        return value
    if isinstance(step.op, Primitive):
        return recorder.emit(step.op, tuple(args), step.params)
    lifted = [recorder.lift(a, None) for a in args]
    terms = [x.term for x in lifted]
    within = f"b{len(recorder.bindings)}_"
    whole = recorder.bind(phrase(step.op, terms, within, step.where), None).term
    parts = results(step.op, whole, len(step.spaces))
    recorder.concrete.calls[whole.name] = (partial(valued, step.op), terms)  # type: ignore[union-attr]
    return tuple(
        [recorder.bind(part, space) for part, space in zip(parts, step.spaces, strict=True)]
    )


def _apart(value: Value) -> Value:
    """A result as a value of its own: what is written into it is not written into an argument."""
    if not isinstance(value, Tracked):
        return value
    return value.recorder.make(value.recorder, value.state, value.space)
