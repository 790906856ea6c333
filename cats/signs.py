"""Signs of factors taken into the sums that their products are added to: x + -y z = x - y z.

Exact in IEEE arithmetic, as the rules are, but no local rule: only where the product is read once
does the negation become free. It is done last, for what is differentiated again is shared better
as it was.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cats.ir.prims.algebra import add, mul, neg, sub
from cats.ir.program import Program, Step
from cats.simplify import simplify


def finished(program: Program) -> Program:
    """The program as it is run, counted and shown: simplified, and without negations to spare."""
    return signed(simplify(program))


def signed(program: Program) -> Program:
    """The program without the negations that are free.

    It is to share what it can before: of two equal products one might lose its sign.

    >>> from cats.ir.read import read_program
    >>> text = "(x: R, y: R, z: R) -> m = neg y  p = mul m z  s = add x p  in (s)"
    >>> print(signed(read_program(text)))
    (x: R, y: R, z: R) ->
      x3 = mul y z
      x4 = sub x x3
    in (x4)
    """
    uses = Counter([*[a for step in program.steps for a in step.args], *program.outputs])
    made = {first: i for i, (first, _) in enumerate(program.numbered())}
    steps, found = list(program.steps), False
    for i, step in enumerate(steps):
        if step.op is not add and step.op is not sub:
            continue
        for slot in (1, 0) if step.op is add else (1,):
            place = step.args[slot]
            product = _without_sign(steps, made, place) if uses[place] == 1 else None
            if product is not None:
                steps[made[place]] = product
                turned = sub if step.op is add else add
                steps[i] = replace(step, op=turned, args=(step.args[1 - slot], place))
                found = True
                break
    return replace(program, steps=tuple(steps)).pruned() if found else program


def _without_sign(steps: list[Step], made: dict[int, int], place: int) -> Step | None:
    """The step y z, if -y z or y -z is made at the place."""
    product = steps[made[place]] if place in made else None
    if product is None or product.op is not mul:
        return None
    for k, factor in enumerate(product.args):
        inner = steps[made[factor]] if factor in made else None
        if inner is not None and inner.op is neg:
            args = tuple([inner.args[0] if j == k else a for j, a in enumerate(product.args)])
            return replace(product, args=args)
    return None
