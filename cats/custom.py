"""custom_jvp, custom_vjp, primitive, linear_primitive: derivatives that are said, not derived.

A rule for either mode gives both: it is traced, checked to be linear, and becomes the linear map
of the function's derivative, which is transposed as every other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from threading import get_ident
from typing import Any

import numpy as np

from cats.bodies import Body, Closed, applied, body_of, closed, described
from cats.dependence import dependent
from cats.doors.objects import users_class
from cats.engine import NONE, fitted, real_leaves
from cats.fixed import Fixed, beside, held_apart, in_places, pictured
from cats.ir.control import Custom
from cats.ir.control import Rule as IrRule
from cats.ir.errors import DerivativeError, LinearityError, SpaceError, TraceError
from cats.ir.nesting import inner_first
from cats.ir.prims.layout import convert
from cats.ir.program import Program
from cats.ir.spaces import Ground, Real, Value, space_of
from cats.ir.wire import Builder
from cats.linearity import check_linear_function
from cats.places import placed, users_place
from cats.prepared import integers
from cats.trace import Spec, leaf_names
from cats.tree import Branch, Static, Tree, count, flatten, of_kinds, order, unflatten
from cats.whole import compile

Function = Callable[..., Any]
Rule = Callable[..., Any]


@dataclass(eq=False)
class CustomFunction:
    """A function with a derivative that is said: what `custom_jvp` and `custom_vjp` return.

    fixed   numbers of arguments that are handed to the rule as they are, and do not vary
    jvp     (primals, tangents) -> (value, tangent)
    vjp     args -> (value, residuals), and (residuals, cotangent) -> cotangents of args
    open    rules that are being traced: a rule may call the function itself
    """

    f: Function
    fixed: tuple[int, ...]
    jvp: Rule | None = None
    vjp: tuple[Rule, Rule] | None = None
    open: dict[Any, IrRule[Program]] = field(default_factory=dict, repr=False)

    def defjvp(self, rule: Rule) -> Rule:
        """Says the derivative forward: rule(primals, tangents) gives (value, tangent).

        Tangents of what is not real are None. Arguments of `nondiff_argnums` come first. The
        tangent must be linear in the tangents: LinearityError, at the line of the rule.
        """
        self.jvp = a_function("the rule of defjvp", rule)
        return rule

    def defjvps(self, *rules: Rule | None) -> None:
        """Says the derivative argument by argument: rule(tangent, value, *primals) gives a tangent.

        None for an argument that the value does not vary with. Raises DerivativeError for a
        function with nondiff_argnums.
        """
        for number, each in enumerate(rules):
            if each is not None:
                a_function(f"rule {number} of defjvps", each)
        if self.fixed:
            raise DerivativeError(
                f"defjvps says nothing of arguments that do not vary, as nondiff_argnums of "
                f"{_name(self.f)}",
                where=users_place(),
                remedy="Say the derivative with defjvp, whose rule is given them.",
            )

        def rule(primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
            if len(rules) != len(primals):
                raise DerivativeError(
                    f"defjvps of {_name(self.f)} says {len(rules)} rules for {len(primals)} "
                    "arguments",
                    where=users_place(),
                    remedy="Give one for each argument, None where the value does not vary.",
                )
            value = self(*primals)
            parts = [r(t, value, *primals) for r, t in zip(rules, tangents, strict=True) if r]
            if not parts:
                return value, np.zeros_like(value)
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            return value, total

        self.jvp = rule

    def defvjp(self, fwd: Rule, bwd: Rule) -> None:
        """Says the derivative in reverse.

        fwd   args -> (value, residuals), residuals any container
        bwd   (residuals, cotangent) -> one cotangent for each argument, None for zero; arguments
              of `nondiff_argnums` come first. It must be linear in the cotangent: LinearityError
        """
        self.vjp = (
            a_function("the forward rule of defvjp", fwd),
            a_function("the backward rule of defvjp", bwd),
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.jvp is None and self.vjp is None:
            raise DerivativeError(
                f"{_name(self.f)} was called before its derivative was said",
                where=users_place(),
                remedy="Say it with defjvp or defvjp.",
            )
        args = _in_order(self.f, args, kwargs)
        places = self._places(len(args))
        traced, fixed = held_apart([args[i] for i in places])
        moving = [a for i, a in enumerate(args) if i not in places]
        return compile(_Ruled(self, places, fixed))(traced, *moving)

    def _places(self, count: int) -> tuple[int, ...]:
        """Which of so many arguments do not vary. Raises DerivativeError for one that is not."""
        for i in self.fixed:
            if not -count <= i < count:
                raise DerivativeError(
                    f"nondiff_argnums={self.fixed}, but {_name(self.f)} was called with {count} "
                    "arguments",
                    where=users_place(),
                    remedy="nondiff_argnums counts arguments from 0.",
                )
        return tuple(dict.fromkeys([i % count for i in self.fixed]))


def _in_order(f: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments by place, as rules take them; those left out are the function's defaults."""
    try:
        ufunc = isinstance(inspect.unwrap(f), np.ufunc)
        bound = None if ufunc else inspect.signature(f).bind(*args, **kwargs)
    except (TypeError, ValueError):
        bound = None
    if bound is None:
        placed, named = args, kwargs
    else:
        bound.apply_defaults()
        placed, named = bound.args, {n: v for n, v in bound.kwargs.items() if n in kwargs}
    if named:
        raise DerivativeError(
            f"{_name(f)} has no place for the argument {next(iter(named))}, and a rule takes all "
            "arguments by place",
            where=users_place(),
            remedy="Let the function take its arguments by place.",
        )
    return placed


@dataclass(frozen=True)
class _Ruled:
    """The function on what is traced, and on the arguments that may vary, as one custom step."""

    said: CustomFunction
    places: tuple[int, ...]
    fixed: Fixed

    def __call__(self, held: tuple[Any, ...], *args: Any) -> Any:
        said = self.said
        leaves, tree = flatten(args)
        spaces = [space_of(v) for v in leaves]
        like = tuple([Spec(s.shape, s.dtype) for s in map(space_of, held)])
        f = partial(beside, said.f, self.places, self.fixed)
        body = body_of(_name(said.f), f, (like, *_like(tree, spaces)), numbers=False)
        seen = of_kinds(tree, users_class), tuple(spaces), like
        key = (get_ident(), *seen, pictured(self.fixed))
        rule = said.open.get(key)
        if rule is not None:
            whole = closed([body])
            word = Custom(whole.programs[0], rule, len(whole.around) + len(held))
            return unflatten(body.out, applied(word, [*whole.around, *held, *leaves]))
        rule = said.open[key] = IrRule(_name(said.f), adjoint=said.jvp is None)
        try:
            word, around = _Saying(self, like, body, tree, spaces, rule).custom()
        finally:
            del said.open[key]
        return unflatten(body.out, applied(word, [*around, *held, *leaves]))


def _ahead(rule: Rule, fixed: Fixed, held: tuple[Any, ...], primals: Any, tangents: Any) -> Any:
    """A rule forward, on the fixed arguments before the others."""
    return rule(*fixed.with_traced(held), primals, tangents)


def _name(f: Any) -> str:
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

    of: _Ruled
    held: tuple[Spec, ...]
    body: Body
    tree: Tree
    spaces: Sequence[Ground]
    rule: IrRule[Program]

    @property
    def said(self) -> CustomFunction:
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
        value, moved = _pair(said, "(value, tangent)")
        count_y = count(value)
        places = _in_place(name, "value", value, said.ends[:count_y], body.out, body.ends)
        ends = [s for s in body.ends if isinstance(s, Real)]
        out = real_leaves(body.out, body.ends)
        after = _in_place(name, "tangent", moved, said.ends[count_y:], out, ends)
        said = said.rearranged([*places, *[count_y + i for i in after]])
        whole = closed([body, said])
        program, start = whole.programs[1], self.around(whole) + len(self.spaces)
        tangents = range(start, len(program.inputs))
        _check(name, program, range(count_y, len(program.outputs)), tangents)
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
        value, kept = _pair(first, "(value, residuals)")
        count_y = count(value)
        places = _in_place(name, "value", value, first.ends[:count_y], body.out, body.ends)
        first = first.rearranged([*places, *range(count_y, len(first.ends))])
        saved = unflatten(kept, [Spec(s.shape, s.dtype) for s in first.ends[count_y:]])
        back = f"the backward rule of {body.name}"
        expected = tuple(zip(self.spaces, self.names(), strict=True))
        b = partial(_backward, bwd, of.fixed, self.tree, expected, back)
        moved = _tangents(body.out, body.ends)
        second = body_of(back, b, (self.held, saved, moved), numbers=False)
        whole = closed([body, first, second])
        around, program = self.around(whole), whole.programs[2]
        start = around + len(first.ends) - count_y
        cotangents = range(start, len(program.inputs))
        _check(back, program, range(len(program.outputs)), cotangents)
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


def _backward(
    rule: Rule,
    fixed: Fixed,
    tree: Tree,
    expected: tuple[tuple[Ground, str], ...],
    name: str,
    held: tuple[Any, ...],
    saved: Any,
    ct: Any,
) -> tuple[Any, ...]:
    """What a backward rule gives, fitted to the real leaves of the arguments."""
    found = rule(*fixed.with_traced(held), saved, ct)
    parts: Any = tree
    if not isinstance(found, tuple) or len(found) != len(parts.parts):
        raise TraceError(
            f"{name} gives {type(found).__name__}, and not a tuple of {len(parts.parts)} "
            "cotangents, one for each argument",
            where=users_place(),
            remedy="Return a tuple, with None for what has cotangent zero.",
        )
    rest = iter(expected)
    rows = [(f, t, list(islice(rest, count(t)))) for f, t in zip(found, parts.parts, strict=True)]
    return tuple([_fitted(f, t, own, name) for f, t, own in rows])


def _fitted(
    found: Any, tree: Tree, expected: Sequence[tuple[Ground, str]], name: str
) -> tuple[Any, ...]:
    """A cotangent for each real leaf, zeros for None. Raises TraceError if one does not fit."""
    reals = [s for s, _ in expected if isinstance(s, Real)]
    if found is None:
        return tuple([np.zeros(s.shape, s.dtype) for s in reals])
    try:
        leaves = fitted(found, tree, expected, "cotangent")
    except SpaceError as error:
        raise TraceError(
            f"what {name} gives does not fit: {error.message}",
            where=users_place(),
            remedy=error.remedy,
        ) from None
    pairs = zip(leaves, reals, strict=True)
    return tuple([v if space_of(v) == s else convert(v, dtype=s.dtype) for v, s in pairs])


# What both ask of a rule


def _pair(body: Body, what: str) -> tuple[Tree, Tree]:
    out = body.out
    if isinstance(out, Branch) and issubclass(out.kind, tuple) and len(out.parts) == 2:
        first, second = out.parts
        return first, second
    raise TraceError(
        f"{body.name} gives {described(body)}, and not a pair {what}",
        where=users_place(),
        remedy=f"Return a tuple {what}.",
    )


def _in_place(
    name: str, what: str, tree: Tree, ends: Sequence[Ground], asked: Tree, spaces: Sequence[Ground]
) -> list[int]:
    """Which leaf of what a rule gives is which of what is asked for: dicts go by their keys.

    Raises TraceError if it has another structure or lies in other spaces.
    """
    found = order(_bare(tree), _bare(asked))
    if found is not None and [ends[i] for i in found] == list(spaces):
        return found
    raise TraceError(
        f"the {what} that {name} gives lies in {', '.join(map(str, ends)) or 'nothing'}, and is "
        f"asked for in {', '.join(map(str, spaces)) or 'nothing'}",
        where=users_place(),
        remedy="Give it the structure, shapes and dtypes that the function's own result has.",
    )


def _bare(tree: Tree) -> Tree:
    """The structure, whatever its statics are, and whichever trace its classes come from."""
    if isinstance(tree, Branch):
        return Branch(users_class(tree.kind), tree.keys, tuple(map(_bare, tree.parts)))
    return NONE if isinstance(tree, Static) else tree


def _check(name: str, program: Program, outputs: range, active: range) -> None:
    """Raises LinearityError if the outputs are not linear in the active inputs."""
    chosen = tuple([program.outputs[k] for k in outputs])
    part = Program(program.inputs, program.steps, chosen, program.names)
    try:
        check_linear_function(part, list(active))
    except LinearityError as error:
        raise LinearityError(
            f"{name} is not linear: {error.message.partition(': ')[2]}",
            where=error.where,
            remedy="A derivative is linear in tangents and cotangents; make it so.",
        ) from None


# What users write


def a_function(what: str, f: Any) -> Any:
    """f. Raises DerivativeError if it cannot be called."""
    if callable(f):
        return f
    raise DerivativeError(
        f"{what} is {f!r}, and no function",
        where=users_place(),
        remedy="Give a Python function.",
    )


def _numbers(nondiff_argnums: int | Sequence[int]) -> tuple[int, ...]:
    """Numbers of arguments. Raises DerivativeError for what is none."""
    found = integers("nondiff_argnums", nondiff_argnums, "Number the arguments from 0.")
    return (found,) if isinstance(found, int) else found


def custom_jvp(f: Function, nondiff_argnums: int | Sequence[int] = ()) -> CustomFunction:
    """f, with a derivative that a rule says: to be completed with `defjvp` or `defjvps`.

    nondiff_argnums   numbers of arguments that do not vary: handed on to the rule before the others
    Reverse mode is the transpose of what the rule says. Raises LinearityError if the tangent is not
    linear in the tangents, DerivativeError where f varies with a value it reads from around.
    Spelling: `jax.custom_jvp`.

    >>> from cats.gradients import grad
    >>> @custom_jvp
    ... def log1pexp(x):
    ...     return np.log1p(np.exp(x))
    >>> @log1pexp.defjvp
    ... def _(primals, tangents):
    ...     (x,), (dx,) = primals, tangents
    ...     return log1pexp(x), dx / (1.0 + np.exp(-x))
    >>> grad(log1pexp)(1000.0)
    np.float64(1.0)
    """
    return CustomFunction(a_function("what has a derivative said", f), _numbers(nondiff_argnums))


@placed
def custom_vjp(f: Function, nondiff_argnums: int | Sequence[int] = ()) -> CustomFunction:
    """f, with a derivative that rules say in reverse: to be completed with `defvjp`.

    Forward mode is the transpose of what the backward rule says. Otherwise as `custom_jvp`.
    Spelling: `jax.custom_vjp`.

    >>> from cats.maps import jvp
    >>> @custom_vjp
    ... def cube(x):
    ...     return x * x * x
    >>> cube.defvjp(lambda x: (cube(x), x), lambda x, ct: (3.0 * x * x * ct,))
    >>> jvp(cube, (2.0,), (1.0,))
    (np.float64(8.0), np.float64(12.0))
    """
    return CustomFunction(a_function("what has a derivative said", f), _numbers(nondiff_argnums))


@placed
def on_gradient(x: Any, hook: Callable[[Any], Any]) -> Any:
    """x itself; what flows back through it in reverse mode is hook(cotangent).

    hook   linear: scaling, reversing the sign, projecting; LinearityError if it is not

    >>> from cats.gradients import grad
    >>> grad(lambda x: on_gradient(x, lambda ct: -ct) * 3.0)(1.0)
    np.float64(-3.0)
    """
    edge = custom_vjp(_itself)
    edge.defvjp(_kept, partial(_hooked, a_function("the hook of on_gradient", hook)))
    return edge(x)


def _itself(x: Any) -> Any:
    return x


def _kept(x: Any) -> tuple[Any, tuple[()]]:
    return x, ()


def _hooked(hook: Callable[[Any], Any], saved: tuple[()], ct: Any) -> tuple[Any]:
    return (hook(ct),)
