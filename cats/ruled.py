"""A function with a rule, traced: one step of a program, whose derivative is what the rule says.

The function, its rule and what both read from around become programs. A rule forward is taken
apart, into the value and a linear map; a rule in reverse says the adjoint of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import get_ident
from typing import Any, Protocol

from cats.bodies import Body, Closed, applied, body_of, closed
from cats.dependence import dependent
from cats.doors.objects import users_class
from cats.engine import real_leaves
from cats.fixed import Fixed, beside, in_places, pictured
from cats.ir.control import Custom
from cats.ir.control import Rule as IrRule
from cats.ir.errors import DerivativeError
from cats.ir.nesting import inner_first
from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, Value, space_of
from cats.ir.wire import Builder
from cats.places import users_place
from cats.rule_results import backward, check_linear, in_place, pair
from cats.trace import Spec, leaf_names
from cats.tree import Tree, count, flatten, of_kinds, unflatten

Rule = Callable[..., Any]


class Said(Protocol):
    """A function with a derivative that is said.

    jvp     (primals, tangents) -> (value, tangent)
    vjp     args -> (value, residuals), and (residuals, cotangent) -> cotangents of args
    open    rules that are being traced: a rule may call the function itself
    """

    jvp: Rule | None
    vjp: tuple[Rule, Rule] | None
    open: dict[Any, IrRule[Program]]

    @property
    def f(self) -> Callable[..., Any]:
        """The function."""
        ...


@dataclass(frozen=True)
class Ruled:
    """The function on what is traced, and on the arguments that may vary, as one custom step."""

    said: Said
    places: tuple[int, ...]
    fixed: Fixed

    def __call__(self, held: tuple[Any, ...], *args: Any) -> Any:
        said = self.said
        leaves, tree = flatten(args)
        spaces = [space_of(v) for v in leaves]
        like = tuple([Spec(s.shape, s.dtype) for s in map(space_of, held)])
        f = partial(beside, said.f, self.places, self.fixed)
        body = body_of(name_of(said.f), f, (like, *_like(tree, spaces)), numbers=False)
        seen = of_kinds(tree, users_class), tuple(spaces), like
        key = (get_ident(), *seen, pictured(self.fixed))
        rule = said.open.get(key)
        if rule is not None:
            whole = closed([body])
            word = Custom(whole.programs[0], rule, len(whole.around) + len(held))
            return unflatten(body.out, applied(word, [*whole.around, *held, *leaves]))
        rule = said.open[key] = IrRule(name_of(said.f), adjoint=said.jvp is None)
        try:
            word, around = _Saying(self, like, body, tree, spaces, rule).custom()
        finally:
            del said.open[key]
        return unflatten(body.out, applied(word, [*around, *held, *leaves]))


def _ahead(rule: Rule, fixed: Fixed, held: tuple[Any, ...], primals: Any, tangents: Any) -> Any:
    """A rule forward, on the fixed arguments before the others."""
    return rule(*fixed.with_traced(held), primals, tangents)


def name_of(f: Any) -> str:
    """What a function is called in messages."""
    return getattr(f, "__name__", type(f).__name__)


def _like(tree: Tree, spaces: Sequence[Ground]) -> Any:
    return unflatten(tree, [Spec(s.shape, s.dtype) for s in spaces])


def _tangents(tree: Tree, spaces: Sequence[Ground]) -> Any:
    """Tangents of the real leaves, None for the others."""
    moved = real_leaves(tree, spaces)
    return unflatten(moved, [Spec(s.shape, s.dtype) for s in spaces if isinstance(s, Real)])


@dataclass(frozen=True)
class _Saying:
    """A rule being traced, for arguments of a structure and spaces."""

    of: Ruled
    held: tuple[Spec, ...]
    body: Body
    tree: Tree
    spaces: Sequence[Ground]
    rule: IrRule[Program]

    @property
    def said(self) -> Said:
        """What was said."""
        return self.of.said

    def custom(self) -> tuple[Custom[Program], tuple[Value, ...]]:
        """The word, and what it reads from around."""
        return self.forward() if self.said.jvp is not None else self.reverse()

    def forward(self) -> tuple[Custom[Program], tuple[Value, ...]]:
        """(x, dx) -> (y, dy), taken apart: y without dx, and dy as a linear map."""
        body, name = self.body, f"the rule of {self.body.name}"
        given = self.held, _like(self.tree, self.spaces), _tangents(self.tree, self.spaces)
        rule: Any = self.said.jvp
        said = body_of(name, partial(_ahead, rule, self.of.fixed), given, numbers=False)
        value, moved = pair(said, "(value, tangent)")
        count_y = count(value)
        places = in_place(name, "value", value, said.ends[:count_y], body.out, body.ends)
        ends = [s for s in body.ends if isinstance(s, Real)]
        out = real_leaves(body.out, body.ends)
        after = in_place(name, "tangent", moved, said.ends[count_y:], out, ends)
        said = said.rearranged([*places, *[count_y + i for i in after]])
        whole = closed([body, said])
        program, start = whole.programs[1], self.around(whole) + len(self.spaces)
        tangents = range(start, len(program.inputs))
        check_linear(name, program, range(count_y, len(program.outputs)), tangents)
        rest = _at_rest(program, range(count_y), start, name)
        map = replace(program, outputs=program.outputs[count_y:]).pruned()
        return self.word(whole, rest, map)

    def reverse(self) -> tuple[Custom[Program], tuple[Value, ...]]:
        """x -> (y, residuals) and (residuals, dy) -> dx: the adjoint of a linear map."""
        body, of = self.body, self.of
        fwd, bwd = self.said.vjp  # type: ignore[misc]
        name = f"the forward rule of {body.name}"
        f = partial(beside, fwd, of.places, of.fixed)
        given = self.held, *_like(self.tree, self.spaces)
        first = body_of(name, f, given, numbers=False)
        value, kept = pair(first, "(value, residuals)")
        count_y = count(value)
        places = in_place(name, "value", value, first.ends[:count_y], body.out, body.ends)
        first = first.rearranged([*places, *range(count_y, len(first.ends))])
        saved = unflatten(kept, [Spec(s.shape, s.dtype) for s in first.ends[count_y:]])
        back = f"the backward rule of {body.name}"
        expected = tuple(zip(self.spaces, self.names(), strict=True))
        b = partial(backward, bwd, of.fixed, self.tree, expected, back)
        moved = _tangents(body.out, body.ends)
        second = body_of(back, b, (self.held, saved, moved), numbers=False)
        whole = closed([body, first, second])
        around, program = self.around(whole), whole.programs[2]
        start = around + len(first.ends) - count_y
        cotangents = range(start, len(program.inputs))
        check_linear(back, program, range(len(program.outputs)), cotangents)
        forward = Builder(whole.programs[1].inputs)
        inputs = list(forward.wires)
        made = forward.run(whole.programs[1], inputs)
        outputs = [*made[:count_y], *inputs[:around], *made[count_y:]]
        return self.word(whole, forward.finish(outputs), program)

    def names(self) -> list[str]:
        """How the function calls the leaves of the arguments that may vary."""
        args = _like(self.tree, self.spaces)
        places = self.of.places
        return leaf_names(self.said.f, in_places(places, (None,) * len(places), args), {})

    def around(self, whole: Closed) -> int:
        """How many inputs come before the arguments that may vary."""
        return len(whole.around) + len(self.held)

    def word(
        self, whole: Closed, forward: Program, map: Program
    ) -> tuple[Custom[Program], tuple[Value, ...]]:
        """The word of a rule that is complete now."""
        body, around = whole.programs[0], self.around(whole)
        if len(whole.around) > len(self.body.around) and _holds(self.rule, (forward, map)):
            raise DerivativeError(
                f"the rule of {self.body.name} calls it, and reads from around what it does not",
                where=users_place(),
                remedy="Pass that as an argument, or as one of nondiff_argnums.",
            )
        self.rule.complete(body, around, forward, map)
        return Custom(body, self.rule, around), whole.around


def _holds(rule: IrRule[Program], programs: Sequence[Program]) -> bool:
    """Whether a function is part of its own rule."""
    steps = (s for p in programs for each in inner_first(p) for s in each.steps)
    return any(isinstance(s.op, Custom) and s.op.rule is rule for s in steps)


def _at_rest(program: Program, outputs: range, start: int, name: str) -> Program:
    """These outputs, without the tangents from `start` on, then the inputs before: residuals.

    Raises DerivativeError if they read a tangent.
    """
    builder = Builder(program.inputs[:start])
    given = list(builder.wires)
    nothing = [builder.zeros(s) for s in program.inputs[start:]]
    varies = dependent(program, range(start, len(program.inputs)))
    for k in outputs:
        if varies[program.outputs[k]]:
            raise DerivativeError(
                f"the value that {name} gives depends on a tangent",
                where=users_place(),
                remedy="Compute the value from the arguments only.",
            )
    made = builder.run(program, [*given, *nothing])
    return builder.finish([*[made[k] for k in outputs], *given], program.names[:start])
