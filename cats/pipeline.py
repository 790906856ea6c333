"""The compiler: which program answers which question, each level with the validator of its result.

    function -> term -> program -> D (primal, linear) -> representation -> simplified -> backend

Every transformation here takes a program and gives a program, so orders nest by running them
again.
"""

from __future__ import annotations

from collections.abc import Sequence

from cats.blocks import swapped
from cats.columns import images
from cats.derive import derive
from cats.dual import Dual
from cats.forward import Nothing, materialise, run
from cats.functor import by_position, represent
from cats.ir.inline import uncalled
from cats.ir.linear_program import LinearProgram
from cats.ir.program import Program
from cats.ir.spaces import Real, Value, size
from cats.ir.transpose import transposed
from cats.ir.wire import Builder, Wire
from cats.matrix import Matrix
from cats.policies import Policy
from cats.simplify import simplify
from cats.tables import to_blocks
from cats.unzip import LinearHalf, Linearised, unzip
from cats.zeros import wide

REVERSE, FORWARD = "rev", "fwd"


def gradient(program: Program, active: Sequence[int]) -> Program:
    """x |-> (all outputs of the program at x, gradient of output 0 in each active input)."""
    derivative = derive(program, active)
    builder, made = _after(derivative.primal)
    outputs, residuals = made[: derivative.count], made[derivative.count :]
    seed = [builder.lift(1.0, s) if i == 0 else Nothing(s) for i, s in enumerate(program.ends)]
    backwards = transposed(derivative.linear)
    cotangents = run(backwards, by_position(residuals), seed)
    return builder.finish([*outputs, *_shown(builder, cotangents)], program.names)


def _after(program: Program) -> tuple[Builder, list[Wire]]:
    """A builder that goes on after the program, and the program's outputs in it."""
    builder = Builder.over(program)
    return builder, [builder.wires[o] for o in program.outputs]


def _shown(builder: Builder, values: Sequence[Value]) -> list[Wire]:
    """Values as wires, zeros written out."""
    return [builder.lift(materialise(v, builder)) for v in values]


def pushforward(program: Program, active: Sequence[int]) -> Program:
    """(x, dx of the active inputs) |-> (all outputs, tangents of the real outputs).

    Both run together, so nothing needs to be kept and policies have nothing to say.
    """
    derivative = derive(uncalled(program), active)
    builder = Builder([*program.inputs, *[program.inputs[i] for i in active]])
    count = len(program.inputs)
    made = builder.run(derivative.primal, builder.wires[:count])
    outputs, residuals = made[: derivative.count], made[derivative.count :]
    tangents = run(
        derivative.linear, by_position(residuals), builder.wires[count : len(builder.inputs)]
    )
    real = [t for t, s in zip(tangents, program.ends, strict=True) if isinstance(s, Real)]
    moved = tuple([f"d{program.input_names[i]}" for i in active])
    names = (*program.input_names, *moved)
    return builder.finish([*outputs, *_shown(builder, real)], names)


def jacobian(
    program: Program, active: Sequence[int], mode: str, chunk: int | None = None
) -> Program:
    """x |-> (all outputs, for each real output and active input the block of the Jacobian).

    A block has the shape of the output followed by that of the input, and the width of the input.
    Forward mode associates from the inputs, reverse mode from the outputs; the linear program is
    the same.

    chunk   so many unit vectors at once, one chunk after the other, and no structure is looked for
    """
    derivative = derive(program, active)
    builder, made = _after(derivative.primal)
    outputs, residuals = made[: derivative.count], made[derivative.count :]
    linear = _real_part(derivative.linear)
    at = by_position(residuals)
    if mode == REVERSE:
        table = (
            represent(linear, Dual(Matrix()), at)
            if chunk is None
            else images(transposed(linear), at, chunk)
        )
        rows = _turned(to_blocks(table), linear)
    else:
        table = represent(linear, Matrix(), at) if chunk is None else images(linear, at, chunk)
        rows = to_blocks(table)
    blocks = [wide(b, a) for row in rows for b, a in zip(row, linear.inputs, strict=True)]  # type: ignore[arg-type]
    return builder.finish([*outputs, *[builder.lift(b) for b in blocks]], program.names)


def _real_part(linear: LinearProgram) -> LinearProgram:
    """The outputs that have a tangent."""
    kept = [i for i, end in enumerate(linear.ends) if isinstance(end, Real)]
    outputs = tuple(linear.outputs[i] for i in kept)
    return LinearProgram(linear.inputs, linear.steps, outputs, tuple(linear.ends[i] for i in kept))


def _turned(columns: Value, linear: LinearProgram) -> list[list[Value]]:
    """Blocks of the transpose, input by output, as blocks output by input."""
    return [
        [swapped(columns[i][o], a.shape, b.shape) for i, a in enumerate(linear.inputs)]  # type: ignore[union-attr]
        for o, b in enumerate(linear.ends)
    ]


def best_mode(program: Program, active: Sequence[int]) -> str:
    """Forward when there are no more inputs than outputs to vary, else reverse."""
    columns = sum(size(program.inputs[i]) for i in active)
    rows = sum(size(s) for s in program.ends if isinstance(s, Real))
    return FORWARD if columns <= rows else REVERSE


def halves(program: Program, active: Sequence[int], policy: Policy | None) -> Linearised:
    """The primal with its residuals, simplified, and the linear half."""
    split = unzip(derive(program, active, policy), policy)
    return Linearised(simplify(split.primal), split.half, split.count)


def forward_half(half: LinearHalf) -> Program:
    """(residuals, tangents) |-> tangents of the real outputs."""
    return _half(half, half.linear)


def reverse_half(half: LinearHalf) -> Program:
    """(residuals, cotangents of the real outputs) |-> cotangents of the active inputs."""
    return _half(half, transposed(half.linear))


def adjoint(program: Program, active: Sequence[int]) -> Program:
    """(x, dy) |-> da: the transpose of a program that is linear in its active inputs a.

    >>> from cats.ir.read import read_program
    >>> print(adjoint(read_program("(x: R, a: R) -> y = mul x a  in (y, a)"), [1]))
    (x0: R, x1: R, x2: R) ->
      x3 = mul x0 x1
      x4 = add x2 x3
    in (x4)
    """
    derivative = derive(program, active)
    builder = Builder(
        [*[s for i, s in enumerate(program.inputs) if i not in active], *program.ends]
    )
    given = iter(list(builder.wires))
    at = [builder.zeros(s) if i in active else next(given) for i, s in enumerate(program.inputs)]
    residuals = builder.run(derivative.primal, at)[derivative.count :]
    found = run(transposed(derivative.linear), by_position(residuals), list(given))
    return builder.finish(_shown(builder, found))


def _half(half: LinearHalf, linear: LinearProgram) -> Program:
    reals = [s for s in linear.inputs if isinstance(s, Real)]
    builder = Builder([*half.recompute.inputs, *reals])
    count = len(half.recompute.inputs)
    fixed = builder.run(half.recompute, builder.wires[:count])
    given = iter(builder.wires[count : len(builder.inputs)])
    values = [next(given) if isinstance(s, Real) else Nothing(s) for s in linear.inputs]
    results = run(linear, by_position(fixed), values)
    real = [r for r, end in zip(results, linear.ends, strict=True) if isinstance(end, Real)]
    return simplify(builder.finish(_shown(builder, real)))
