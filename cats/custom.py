"""custom_jvp, custom_vjp, on_gradient: derivatives that are said, not derived.

A rule for either mode gives both: it is traced, checked to be linear, and becomes the linear map
of the function's derivative, which is transposed as every other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from cats.doors.numpy import Door
from cats.fixed import held_apart
from cats.ir.control import Rule as IrRule
from cats.ir.errors import DerivativeError
from cats.ir.program import Program
from cats.places import placed, users_place
from cats.prepared import integers
from cats.ruled import Named, Rule, Ruled, name_of
from cats.transformed import Transformed
from cats.whole import compile

Function = Callable[..., Any]


@dataclass(eq=False)
class CustomFunction(Transformed):
    """A function with a derivative that is said: what `custom_jvp` and `custom_vjp` return.

    fixed   numbers of arguments that are handed to the rule as they are, and do not vary
    jvp     (primals, tangents) -> (value, tangent)
    vjp     args -> (value, residuals), and (residuals, cotangent) -> cotangents of args
    open    rules that are being traced, with what they read: one may call the function itself
    """

    f: Function
    fixed: tuple[int, ...]
    jvp: Rule | None = None
    vjp: tuple[Rule, Rule] | None = None
    open: dict[Any, tuple[IrRule[Program], Named]] = field(default_factory=dict, repr=False)

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
                f"{name_of(self.f)}",
                where=users_place(),
                remedy="Say the derivative with defjvp, whose rule is given them.",
            )

        self.jvp = _ByArgument(self, rules)

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
                f"{name_of(self.f)} was called before its derivative was said",
                where=users_place(),
                remedy="Say it with defjvp or defvjp.",
            )
        args = _in_order(self.f, args, kwargs)
        places = self._places(len(args))
        traced, fixed = held_apart([args[i] for i in places])
        moving = [a for i, a in enumerate(args) if i not in places]
        return compile(Ruled(self, places, fixed))(traced, *moving)

    def _places(self, count: int) -> tuple[int, ...]:
        """Which of so many arguments do not vary. Raises DerivativeError for one that is not."""
        for i in self.fixed:
            if not -count <= i < count:
                raise DerivativeError(
                    f"nondiff_argnums={self.fixed}, but {name_of(self.f)} was called with {count} "
                    "arguments",
                    where=users_place(),
                    remedy="nondiff_argnums counts arguments from 0.",
                )
        return tuple(dict.fromkeys([i % count for i in self.fixed]))


@dataclass(frozen=True, eq=False)
class _ByArgument:
    """The rule forward that rules for each argument say: tangents added up."""

    said: CustomFunction = field(repr=False)
    rules: tuple[Rule | None, ...]

    def __call__(self, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
        rules = self.rules
        if len(rules) != len(primals):
            raise DerivativeError(
                f"defjvps of {name_of(self.said.f)} says {len(rules)} rules for {len(primals)} "
                "arguments",
                where=users_place(),
                remedy="Give one for each argument, None where the value does not vary.",
            )
        value = self.said(*primals)
        parts = [r(t, value, *primals) for r, t in zip(rules, tangents, strict=True) if r]
        if not parts:
            return value, np.zeros_like(value)
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return value, total


def _in_order(f: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments by place, as rules take them; those left out are the function's defaults."""
    try:
        whole = inspect.unwrap(f)
        ufunc = isinstance(whole.real if isinstance(whole, Door) else whole, np.ufunc)
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
            f"{name_of(f)} has no place for the argument {next(iter(named))}, and a rule takes all "
            "arguments by place",
            where=users_place(),
            remedy="Let the function take its arguments by place.",
        )
    return placed


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
