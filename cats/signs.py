"""Signs of factors taken into the sums that their products are added to: x + -y z = x - y z.

Exact in IEEE arithmetic, as the rules are, but no local rule: only where the product is read once
does the negation become free. It is done last, for what is differentiated again is shared better
as it was.
"""

from __future__ import annotations

from dataclasses import replace

from cats.ir.prims.algebra import add, mul, neg, sub
from cats.ir.program import Program, Step
from cats.simplify import simplify


def finished(program: Program) -> Program:
    """The program as it is run, counted and shown: simplified, and without negations to spare."""
    return signed(simplify(program))


def signed(program: Program) -> Program:
    """The program without the negations that are free: those that no reader needs.

    It is to share what it can before: of two equal products one might lose its sign.

    >>> from cats.ir.read import read_program
    >>> text = "(x: R, y: R, z: R) -> m = neg y  p = mul m z  s = add x p  in (s)"
    >>> print(signed(read_program(text)))
    (x: R, y: R, z: R) ->
      x3 = mul y z
      x4 = sub x x3
    in (x4)
    """
    steps = dict(program.numbered())
    readers = _readers(program)
    free = False
    for place, negation in program.numbered():
        for product, total in _takers(steps, readers, place) if negation.op is neg else ():
            steps[product] = _unsigned(steps[product], place, negation.args[0])
            steps[total] = _turned(steps[total], product)
            free = True
    return replace(program, steps=tuple(steps.values())).pruned() if free else program


def _readers(program: Program) -> dict[int, list[int]]:
    """The steps that read each place, once for each time; -1 is the end of the program."""
    found: dict[int, list[int]] = {place: [] for place in range(len(program.spaces))}
    for first, step in program.numbered():
        for place in step.args:
            found[place].append(first)
    for place in program.outputs:
        found[place].append(-1)
    return found


def _takers(
    steps: dict[int, Step], readers: dict[int, list[int]], place: int
) -> list[tuple[int, int]]:
    """The products that read the place, each with its sum; none if not all can do without it."""
    products = readers[place]
    if not all(_takes_sign(steps, readers, product) for product in products):
        return []
    sums = [readers[product][0] for product in products]
    return list(zip(products, sums, strict=True)) if len({*sums}) == len(sums) else []


def _takes_sign(steps: dict[int, Step], readers: dict[int, list[int]], product: int) -> bool:
    """Whether all that reads the product is a sum that can take its sign."""
    if product not in steps or steps[product].op is not mul or len(readers[product]) != 1:
        return False
    match steps.get(readers[product][0]):
        case Step(op=op, args=(_, right)):
            return op is add or (op is sub and right == product)
        case _:
            return False


def _unsigned(product: Step, negated: int, plain: int) -> Step:
    return replace(product, args=tuple([plain if a == negated else a for a in product.args]))


def _turned(total: Step, product: int) -> Step:
    """x - p for x + p, and x + p for x - p."""
    (other,) = [a for a in total.args if a != product]
    return replace(total, op=sub if total.op is add else add, args=(other, product))
