"""The record of one operation: its code, its space, its meaning, its linearisation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from cats.ir.arity import Takes, takes_of
from cats.ir.errors import LinearityError, SpaceError, TermError, kind_of
from cats.ir.kinds import Numbers
from cats.ir.linear import Leaf, Linear, Params
from cats.ir.literals import literal
from cats.ir.objects import ObjectNumpy, holds_objects
from cats.ir.spaces import Discrete, Ground, Real, Shape, Space, Value, size, space_of

Text = str | Callable[..., str]


class Emits(Protocol):
    """What a primitive meets when it is called on something that is not a number.

    Wires append a step, traced values a binding, symbols a formula: each value that records
    answers `emit`; of several recorders in one call the newest (`stamp`) takes it.
    """

    @property
    def stamp(self) -> int:
        """Later recorders have greater ones."""
        ...

    def emit(self, op: Primitive, args: tuple[Value, ...], params: Params) -> Value:
        """Records `op(*args, **params)` and returns its result."""
        ...


@dataclass(frozen=True)
class Domain:
    """An open interval that tests draw an argument from."""

    low: float = -3.0
    high: float = 3.0


@dataclass(frozen=True)
class Example:
    """Argument spaces and parameters that a law about a primitive is tested at.

    arrange  makes arguments out of arrays drawn from the domain, where not every array will do
    """

    spaces: tuple[Ground, ...]
    params: tuple[tuple[str, Any], ...] = ()
    arrange: Callable[..., tuple[Value, ...]] | None = None


def _entrywise_lift(leaf: Leaf, extra: Shape) -> Leaf:
    raise LinearityError(f"{leaf.op.name} does not say how it acts on trailing axes")


@dataclass(frozen=True)
class Linearity:
    """How a primitive is linear: separately in each of `slots`.

    adjoint    the leaf of <A x, y> = <x, A' y>, an involution
    lift       the leaf acting on every entry of more trailing axes
    structure  of its matrix: "diagonal", "permutation" (of entries) or "dense"
    total      sum of many leaves of this operation, and of a value if one is given, in one pass
               (for those that scatter)
    masked     (leaf, where its argument may be other than zero) -> the leaf without what meets
               zeros only, and where its result may be other than zero; None: it may be anywhere.
               A diagonal one is not asked
    """

    slots: tuple[int, ...]
    adjoint: Callable[[Leaf], Leaf]
    lift: Callable[[Leaf, Shape], Leaf] = _entrywise_lift
    structure: str = "dense"
    total: Callable[[Sequence[Leaf], Sequence[Value], Value | None], Value] | None = None
    masked: Callable[[Leaf, Value], tuple[Leaf, Value]] | None = None


Work = Callable[..., int]


def _per_entry(spaces: Sequence[Ground], out: Any, params: dict[str, Any]) -> int:
    return sum(map(size, out)) if isinstance(out, tuple) else size(out)


def free(spaces: Sequence[Ground], out: Space, params: dict[str, Any]) -> int:
    """The work of an operation that only renames or moves entries: none."""
    return 0


@dataclass(frozen=True, eq=False, repr=False)
class Primitive:
    """One operation. Calling it performs it: on arrays, wires, traced values or symbols.

    name       as written in terms
    code       NumPy text, "np.sin({0})", or a function of (argument texts, **params) giving it;
               None when only `function` is given
    space      the space of the result(s) from the spaces of the arguments; raises SpaceError.
               Its annotations, and those of `code`, say of what kind the parameters are
    meaning    the same as a sympy formula in x, y, z, ... ; empty when it is not entrywise
    linearise  (*args, out=..., **params) -> the derivative there, a term of leaves;
               None: the value is discrete or locally constant, and the derivative Zero
    linear     for an operation linear in some slots: its adjoint and shape
    domain     where tests draw each argument from
    examples   spaces and parameters tests use when "one real argument each" does not fit
    work       scalar operations one evaluation takes
    helpers    definitions the code text needs besides NumPy
    modules    modules the code text speaks of besides np: ("math",), ("scipy.special",)
    refused    arguments in which no derivative is known, and why not
    kinks      (*args, **params) -> where, entry by entry of the result or of an argument, there
               are one-sided derivatives only; None: nowhere
    batch      (*args, batched=(True, False, ...), **params) -> the results with one more leading
               axis, which the arguments marked have too; None: entrywise, or one entry at a time
    effect     a step of it is kept although nobody reads what it gives
    inplace    (out, *arguments, **params) -> a statement that turns `out`, a copy of argument 0
               or argument 0 itself where nobody reads that again, into the result
    function   for users' operations: a Python function instead of code

    >>> from cats.ir.prims.smooth import sin
    >>> float(sin(0.0)), sin
    (0.0, sin)
    """

    name: str
    code: Text | None
    space: Callable[..., Any]
    meaning: str = ""
    linearise: Callable[..., Linear] | None = None
    linear: Linearity | None = None
    domain: tuple[Domain, ...] = (Domain(),)
    examples: tuple[Example, ...] = ()
    elementwise: bool = False
    work: Work = _per_entry
    helpers: str = ""
    modules: tuple[str, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()
    kinks: Callable[..., Value] | None = None
    batch: Callable[..., Any] | None = None
    effect: bool = False
    inplace: Callable[..., str] | None = None
    function: Callable[..., Value] | None = None
    home: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.home:
            object.__setattr__(self, "home", sys._getframe(2).f_globals.get("__name__", ""))

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        if getattr(sys.modules.get(self.home), self.name, None) is self:
            return (_named, (self.home, self.name))
        return (Primitive, tuple(getattr(self, f) for f in self.__dataclass_fields__))

    @cached_property
    def takes(self) -> Takes:
        """How many arguments it takes, and parameters of which kinds.

        >>> from cats.ir.prims.layout import sum
        >>> sum.takes.count, sum.takes.kinds
        (1, {'axes': tuple[int, ...]})
        """
        examples = [dict(example.params) for example in self.examples]
        unsaid = Numbers if callable(self.code) else object
        found = takes_of(self.code or self.function, self.space, examples, unsaid)
        return found if self.code is not None else replace(found, least=0)

    def __call__(self, *args: Value, **params: Any) -> Value:
        """Performs the operation on whatever the arguments are.

        Raises TermError for a wrong number of arguments, and for parameters that it does not take.
        """
        wrong = self.takes.misuse(self.name, len(args), params)
        if wrong is not None:
            raise TermError(wrong)
        newest: Emits | None = None
        for arg in args:
            recorder = getattr(arg, "recorder", None)
            if recorder is not None and (newest is None or recorder.stamp > newest.stamp):
                newest = recorder
        if newest is not None:
            return newest.emit(self, args, tuple(sorted(params.items())))
        return self.evaluate(*args, **params)

    def result(self, spaces: Sequence[Space], params: dict[str, Any]) -> Any:
        """The space of the result, or those of several. Raises SpaceError for what is none."""
        found = self.space(*spaces, **params)
        for each in found if type(found) is tuple else (found,):
            if type(each) is not Real and type(each) is not Discrete:
                raise SpaceError(
                    f"the space of {self.name} gives {kind_of(each)}, "
                    "which is no space of numbers or arrays",
                    remedy="Let the `space` of the record return Real(shape) or Discrete(shape).",
                )
        return found

    def check_code(self, count: int, params: dict[str, Any]) -> None:
        """Raises TermError unless the code text, for so many arguments, is Python."""
        names = [f"x{i}" for i in range(count)]
        try:
            compile(self.text(names, params) or "0", self.name, "eval")
            compile(self.helpers, self.name, "exec")
        except SyntaxError as error:
            raise TermError(
                f"the code of {self.name} is no Python: {error.msg}",
                remedy="Give NumPy text of the arguments {0}, {1}, ..., as in 'np.sin({0})'.",
            ) from None

    def text(self, args: Sequence[str], params: dict[str, Any]) -> str | None:
        """The NumPy expression for these argument texts, or None for an opaque function."""
        match self.code:
            case None:
                return None
            case str():
                return self.code.format(*args, **{k: literal(v) for k, v in params.items()})
            case _:
                return self.code(*args, **params)

    def evaluate(self, *args: Value, **params: Any) -> Value:
        """The value on arrays, NumPy's own: the code text run once. Objects stay what they are."""
        if self.function is not None:
            return self.function(*args, **params)
        names = [f"x{i}" for i in range(len(args))]
        text = self.text(names, params)
        whole = f"lambda {', '.join(names)}: {text}"
        exact = any(map(holds_objects, args))
        try:
            run = _compiled(whole, self.helpers, self.modules, exact)
        except SyntaxError:
            self.check_code(len(args), params)
            raise
        return run(*args)

    @property
    def ours(self) -> bool:
        """Whether it is one of the vocabulary."""
        return self.home.startswith("cats.ir.")

    # The answers to LinearOp.

    def linear_in(self, slot: int) -> Linearity:
        """How it is linear in an argument. Raises LinearityError if it is not."""
        if self.linear is None or slot not in self.linear.slots:
            raise LinearityError(
                f"{self.name} is not linear in argument {slot}, so it has no transpose",
                remedy="Linearise it first: only linear operations can be transposed.",
            )
        return self.linear

    def apply(self, leaf: Leaf, v: Value) -> Value:
        """The leaf as a function of v."""
        return self(*leaf.arguments(v), **dict(leaf.params))

    def adjoint(self, leaf: Leaf) -> Leaf:
        """The transposed leaf. Raises LinearityError, naming the operation, if not linear.

        So it does where what the record gives does not lead back.
        """
        found = self.linear_in(leaf.slot).adjoint(leaf)
        if not isinstance(found, Leaf):
            raise LinearityError(
                f"the adjoint of {self.name} gives {kind_of(found)}, which is no leaf",
                remedy="Let the `adjoint` of its record return a leaf, made by leaf_of.",
            )
        if found.dom != leaf.cod or found.cod != leaf.dom:
            raise LinearityError(
                f"the adjoint of {self.name} in argument {leaf.slot}, {leaf.dom} -o {leaf.cod} "
                f"there, is a map {found.dom} -o {found.cod}",
                remedy=f"Let the `adjoint` of its record return a leaf {leaf.cod} -o {leaf.dom}.",
            )
        return found

    def lift(self, leaf: Leaf, extra: Shape) -> Leaf:
        """The leaf on every entry of more trailing axes."""
        return self.linear_in(leaf.slot).lift(leaf, extra) if extra else leaf

    def structure(self, leaf: Leaf) -> str:
        """The zero pattern of the leaf's matrix."""
        return self.linear_in(leaf.slot).structure

    def cost(self, leaf: Leaf) -> int:
        """Scalar operations of one application."""
        spaces = [space_of(v) for v in leaf.fixed]
        spaces.insert(leaf.slot, leaf.dom)  # type: ignore[arg-type]
        return self.work(spaces, leaf.cod, dict(leaf.params))

    def total(
        self, leaves: Sequence[Leaf], values: Sequence[Value], base: Value | None = None
    ) -> Value | None:
        """The sum of the leaves at the values, and of a base, in one pass, if there is one."""
        rule = self.linear.total if self.linear is not None else None
        return rule(leaves, values, base) if rule is not None else None

    def masked(self, leaf: Leaf, mask: Value) -> tuple[Leaf, Value] | None:
        """How the leaf takes an argument that is zero outside the mask, if the record says."""
        rule = self.linear_in(leaf.slot).masked
        return rule(leaf, mask) if rule is not None else None


def _named(home: str, name: str) -> Primitive:
    found = getattr(import_module(home), name)
    if not isinstance(found, Primitive):
        raise LinearityError(f"{home}.{name} is no longer a primitive")
    return found


@lru_cache(maxsize=4096)
def _compiled(
    text: str, helpers: str, modules: tuple[str, ...], exact: bool
) -> Callable[..., Value]:
    namespace = imported(modules)
    if exact:
        namespace["np"] = ObjectNumpy()
    if helpers:
        exec(helpers, namespace)
    return eval(text, namespace)  # type: ignore[no-any-return]


def imported(modules: Iterable[str]) -> dict[str, Any]:
    """The names code text speaks of: np, and the first name of each module, which is loaded.

    >>> sorted(imported(["math"]))
    ['math', 'np']
    """
    for name in modules:
        import_module(name)
    roots = {name.partition(".")[0] for name in modules}
    return {"np": np, **{root: sys.modules[root] for root in roots}}


def leaf_of(
    op: Primitive, slot: int, fixed: tuple[Value, ...], dom: Space, cod: Space, **params: Any
) -> Leaf:
    """The leaf `v |-> op(..., v in slot, ...)`. Raises LinearityError if it is not linear."""
    op.linear_in(slot)
    return Leaf(op, slot, fixed, tuple(sorted(params.items())), dom, cod)
