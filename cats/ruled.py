"""A function with a rule, traced: one step of a program, whose derivative is what the rule says.

The function, its rule and what both read from around become programs. A rule forward is taken
apart, into the value and a linear map; a rule in reverse says the adjoint of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import get_ident
from typing import Any, Protocol

from cats.bodies import Body, Closed, applied, body_of, closed
from cats.dependence import dependent
from cats.doors.objects import users_class
from cats.engine import real_leaves
from cats.fixed import Fixed, beside, in_places, pictured
from cats.inside import taken_in
from cats.ir.control import Custom
from cats.ir.control import Rule as IrRule
from cats.ir.errors import DerivativeError
from cats.ir.nesting import inner_first
from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, Value, space_of
from cats.ir.wire import STAMPS, Builder
from cats.places import users_place
from cats.rule_results import backward, check_linear, in_place, pair
from cats.trace import Spec, leaf_names
from cats.tree import Tree, count, flatten, of_kinds, unflatten

Rule = Callable[..., Any]
Named = tuple[tuple[Value, str], ...]
"""What is read from around, and how that is called."""


class Said(Protocol):
    """A function with a derivative that is said.

    jvp     (primals, tangents) -> (value, tangent)
    vjp     args -> (value, residuals), and (residuals, cotangent) -> cotangents of args
    open    rules that are being traced, with what they read: one may call the function itself
    """

    jvp: Rule | None
    vjp: tuple[Rule, Rule] | None
    open: dict[Any, tuple[IrRule[Program], Named]]

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
        since = next(STAMPS)
        like = tuple([Spec(s.shape, s.dtype) for s in map(space_of, held)])
        f = partial(beside, said.f, self.places, self.fixed)
        body = body_of(name_of(said.f), f, (like, *_like(tree, spaces)), numbers=False)
        seen = of_kinds(tree, users_class), tuple(spaces), like
        key = (get_ident(), *seen, pictured(self.fixed))
        if key in said.open:
            word, read = _again(body, since, len(held), *said.open[key])
        else:
            word, read = self._said(key, _Saying(self, like, body, tree, spaces, since))
        return unflatten(body.out, applied(word, [*[v for v, _ in read], *held, *leaves]))

    def _said(self, key: Any, saying: _Saying) -> tuple[Custom[Program], Named]:
        """The word with its rule, and what it reads from around.

        A rule that calls the function, and reads what that does not, is traced once more: then each
        call reads all of it.
        """
        said = self.said
        for _ in range(2):
            said.open[key] = saying.rule, saying.read
            try:
                word, read = saying.custom()
            finally:
                del said.open[key]
            if word is not None:
                return word, read
            saying = saying.reading(read)
        raise _other_each_time(saying.body.name)


def _again(
    body: Body, since: int, held: int, rule: IrRule[Program], read: Named
) -> tuple[Custom[Program], Named]:
    """The word within its own rule."""
    whole = closed([_alone(body, since) if read else body], read)
    if read and len(whole.named) > len(read):
        raise _other_each_time(body.name)
    return Custom(whole.programs[0], rule, len(whole.named) + held), whole.named


def _alone(body: Body, since: int) -> Body:
    """The body, which computes itself what was made of values from around since the stamp."""
    program, around = taken_in(body.program, body.around, since)
    return replace(body, program=program, around=around)


def _other_each_time(name: str) -> DerivativeError:
    return DerivativeError(
        f"the rule of {name} calls it, and reads other arrays from around each time it is traced",
        where=users_place(),
        remedy="Make such an array outside, once, or pass it as an argument.",
    )


def _ahead(rule: Rule, fixed: Fixed, held: tuple[Any, ...], primals: Any, tangents: Any) -> Any:
    """A rule forward, on the fixed arguments before the others."""
    return rule(*fixed(held), primals, tangents)


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
    """A rule being traced, for arguments of a structure and spaces.

    since  when the call of the function began
    read   what each call reads from around, once that is known to be more than the function does
    """

    of: Ruled
    held: tuple[Spec, ...]
    body: Body
    tree: Tree
    spaces: Sequence[Ground]
    since: int
    read: Named = ()
    rule: IrRule[Program] = field(init=False)

    def __post_init__(self) -> None:
        rule = IrRule[Program](self.body.name, adjoint=self.said.jvp is None)
        object.__setattr__(self, "rule", rule)

    def reading(self, read: Named) -> _Saying:
        """The same anew, where each call reads this from around."""
        return replace(self, body=_alone(self.body, self.since), read=read)

    def closed(self, *bodies: Body) -> Closed:
        """The bodies after the function's own, with what is read from around."""
        alone = [_alone(b, self.since) for b in bodies] if self.read else bodies
        return closed([self.body, *alone], self.read)

    @property
    def said(self) -> Said:
        """What was said."""
        return self.of.said

    def custom(self) -> tuple[Custom[Program] | None, Named]:
        """The word, or None if its rule calls one that reads less; and what is read from around."""
        return self.forward() if self.said.jvp is not None else self.reverse()

    def forward(self) -> tuple[Custom[Program] | None, Named]:
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
        whole = self.closed(said)
        program, start = whole.programs[1], self.around(whole) + len(self.spaces)
        tangents = range(start, len(program.inputs))
        check_linear(name, program, range(count_y, len(program.outputs)), tangents)
        rest = _at_rest(program, range(count_y), start, name)
        map = replace(program, outputs=program.outputs[count_y:]).pruned()
        return self.word([body, said], whole, rest, map)

    def reverse(self) -> tuple[Custom[Program] | None, Named]:
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
        whole = self.closed(first, second)
        around, program = self.around(whole), whole.programs[2]
        start = around + len(first.ends) - count_y
        cotangents = range(start, len(program.inputs))
        check_linear(back, program, range(len(program.outputs)), cotangents)
        forward = Builder(whole.programs[1].inputs)
        inputs = list(forward.wires)
        made = forward.run(whole.programs[1], inputs)
        outputs = [*made[:count_y], *inputs[:around], *made[count_y:]]
        return self.word([body, first, second], whole, forward.finish(outputs), program)

    def names(self) -> list[str]:
        """How the function calls the leaves of the arguments that may vary."""
        args = _like(self.tree, self.spaces)
        places = self.of.places
        return leaf_names(self.said.f, in_places(places, (None,) * len(places), args), {})

    def around(self, whole: Closed) -> int:
        """How many inputs come before the arguments that may vary."""
        return len(whole.named) + len(self.held)

    def word(
        self, bodies: Sequence[Body], whole: Closed, forward: Program, map: Program
    ) -> tuple[Custom[Program] | None, Named]:
        """The word of a rule that is complete now."""
        body, around = whole.programs[0], self.around(whole)
        known = len(self.read or self.body.around)
        if len(whole.named) > known and _holds(self.rule, (forward, map)):
            return None, closed([_alone(b, self.since) for b in bodies]).named
        self.rule.complete(body, around, forward, map)
        return Custom(body, self.rule, around), whole.named


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
