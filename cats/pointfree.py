"""From lambda terms to programs: normalisation by evaluation onto wires.

The term is run; what it computes with numbers becomes steps, what it does with functions, tuples
and injections happens now. A value is computed once, where its let stands; a function is applied
by running its body. Of a choice that depends on data each branch becomes a nested program, and
values that the branches choose, functions too, come out of it as ground results: a tag, and what
the chosen closures captured. Nothing recurses: evaluations that wait are in a list.
(Huot and Shaikhha 2022, the unary form; Reynolds 1972, functions chosen by data.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from cats.circuits import Rounds
from cats.closures import (
    Chosen,
    Closure,
    Member,
    Merge,
    Value,
    closure,
    many,
    member,
)
from cats.ends import arguments, enter, labels, leave, no_functions, parameters, positions
from cats.ir.constant import Constant
from cats.ir.errors import TermError, Where
from cats.ir.infer import infer
from cats.ir.lam import App, Const, Control, Lam, Let, Prim, Proj, Run, Term, Tuple, Var
from cats.ir.operations import agreed, is_bare
from cats.ir.prims.layout import broadcast, const
from cats.ir.program import Program
from cats.ir.scope import Scope, free_names, shared_terms
from cats.ir.spaces import ANY, Space
from cats.ir.trampoline import Asking, answer
from cats.ir.wire import Builder, Rewrites, Wire


@dataclass(frozen=True)
class Lowered:
    """A program, and what its inputs and outputs are the ground positions of.

    A tuple is its parts, left to right; a member of a sum an integer, saying of which summand,
    then a value for each summand, zeros for those it is not in: `cats.ends.positions`.
    """

    program: Program
    inputs: tuple[Space, ...]
    output: Space


def program_of(
    term: Term,
    inputs: Sequence[Space] | Mapping[str, Space] | None = None,
    rewrites: Rewrites | None = None,
    end: Space | None = None,
) -> Lowered:
    r"""The term as a program with no function value left.

    inputs     spaces of the arguments the term is applied to, by default all it takes as far as
               they are written or inferred; or spaces of its free variables, by name
    rewrites   local rules tried at every step
    end        the space of the result, for a term that was recorded operation by operation:
               its spaces are known, it holds no functions, and what it shares has a name
    Raises TermError where `infer` does, and if a function is an input or remains in the result.

    >>> from cats.ir.parse import parse
    >>> print(program_of(parse(r"\x y. let z = x * y in (cos z, sin z)")).program)
    (x: R, y: R) ->
      x2 = mul x y
      x3 = cos x2
      x4 = sin x2
    in (x3, x4)
    """
    env = inputs if isinstance(inputs, Mapping) else {}
    args = () if inputs is None or isinstance(inputs, Mapping) else tuple(inputs)
    recorded = end is not None
    if end is None:
        end = infer(term, env, args)
    if inputs is None:
        args, end = arguments(end)
    names = [*env, *parameters(term, len(args))]
    spaces = (*env.values(), *args)
    no_functions(term, (*spaces, end))
    machine = _Machine(term, rewrites, recorded)
    values = [enter(machine.builder, space) for space in spaces]
    free = dict(zip(env, values, strict=False))
    machine.scope = Scope(free, shared=machine.shared)
    result = answer(machine.all_of(term, values[len(env) :]), machine.begin)
    outputs = leave(machine.builder, result, end)
    named = labels(names, [positions(space) for space in spaces])
    return Lowered(machine.builder.finish(outputs, named), spaces, end)


class _Machine:
    """Runs a term: `builder` takes the steps, `scope` says what names mean."""

    def __init__(self, term: Term, rewrites: Rewrites | None, recorded: bool) -> None:
        """A recorded term shares by name only, and holds no functions: nothing to look for."""
        self.shared = frozenset[int]() if recorded else shared_terms(term)
        self.free = {} if recorded else free_names(term, self.shared)
        self.rewrites = rewrites
        self.builder = Builder((), rewrites)
        self.scope: Scope[Value] = Scope({})
        self.where: Where | None = None

    # One term

    def all_of(self, term: Term, args: Sequence[Value]) -> Asking[Value]:
        """The term applied to all arguments, one after the other."""
        value: Value = yield term
        for arg in args:
            value = yield self.apply(value, arg)
        return value

    def begin(self, term: Term) -> Any:
        """The value of the term, or an evaluation that gives it."""
        match term:
            case Var():
                return self.scope[term.name]
            case Lam():
                return closure(term, {name: self.scope[name] for name in self.free[id(term)]})
            case Const():
                return self.builder.emit(const, (), (("value", term.value),))
        known = self.scope.known(term)
        if known is not None:
            return known
        self.where = term.where or self.where
        match term:
            case App():
                return self.application(term)
            case Let():
                return self.let(term)
            case Tuple():
                return self.tuple(term)
            case Proj():
                return self.projection(term)
            case Prim():
                atoms = self.atoms(term)
                return self.operation(term) if atoms is None else self.performed(term, atoms)
            case Control():
                return self.control(term)
            case Run():
                return self.ran(term)
            case _:
                assert_never(term)

    def application(self, term: App) -> Asking[Value]:
        fun = yield term.fun
        arg = yield term.arg
        return self.scope.learn(term, (yield self.apply(fun, arg)))

    def let(self, term: Let) -> Asking[Value]:
        mark = self.scope.mark()
        for name, value in zip(term.names, term.values, strict=True):
            self.scope.bind(name, (yield value))
        body = yield term.body
        self.scope.release(mark)
        return self.scope.learn(term, body)

    def tuple(self, term: Tuple) -> Asking[Value]:
        parts: list[Value] = []
        for part in term.parts:
            parts.append((yield part))
        return self.scope.learn(term, many(parts))

    def projection(self, term: Proj) -> Asking[Value]:
        whole = yield term.term
        return self.scope.learn(term, whole.parts[term.index])

    def operation(self, term: Prim) -> Asking[Value]:
        args: list[Wire] = []
        for arg in term.args:
            args.append((yield arg))
        return self.performed(term, args)

    def ran(self, term: Run) -> Asking[Value]:
        args: list[Wire] = []
        for arg in term.args:
            args.append((yield arg))
        self.builder.where = self.where
        return self.scope.learn(term, many(self.builder.emit(term.word, tuple(args))))

    def atoms(self, term: Prim) -> list[Wire] | None:
        """The arguments, if all are names and constants: nothing to wait for."""
        args: list[Wire] = []
        for arg in term.args:
            if type(arg) is Var and isinstance(value := self.scope[arg.name], Wire):
                args.append(value)
            elif type(arg) is Const:
                args.append(self.builder.emit(const, (), (("value", arg.value),)))
            else:
                return None
        return args

    def performed(self, term: Prim, args: list[Wire]) -> Value:
        """The operation on wires."""
        if term.op.elementwise:
            args = self.brought(term, args)
        self.builder.where = self.where = term.where or self.where
        made = self.builder.emit(term.op, tuple(args), term.params)
        return self.scope.learn(term, many(made) if isinstance(made, tuple) else made)

    def brought(self, term: Prim, args: list[Wire]) -> list[Wire]:
        """The arguments in one space: numbers repeated, constants as wide as what they meet."""
        spaces = [wire.space for wire in args]
        if spaces.count(spaces[0]) == len(spaces):
            return args
        found: list[Wire] = []
        ends = agreed(spaces, [is_bare(arg) for arg in term.args])
        for wire, end, arg in zip(args, ends, term.args, strict=True):
            if wire.space == end:
                found.append(wire)
            elif isinstance(arg, Const):
                found.append(self.builder.full(Constant(arg.value.array.astype(end.dtype)), end))
            else:
                params = (("axes", ()), ("shape", end.shape))
                found.append(self.builder.emit(broadcast, (wire,), params))
        return found

    # Functions and choices

    def apply(self, fun: Value, arg: Value) -> Asking[Value]:
        """The value of the function at the argument."""
        if isinstance(fun, Chosen):
            branches = [lambda f=option: self.apply(f, arg) for option in fun.options]
            picked: Value = yield self.choose(fun.tag, branches)
            return picked
        if not isinstance(fun, Closure):
            raise TermError("a value that is no function is applied", where=self.where)
        outside, here = self.scope, self.where
        inner = {fun.function.param: arg}
        self.scope = Scope(inner, fun.captured, self.shared)
        result: Value = yield fun.function.body
        self.scope, self.where = outside, here
        return result

    def control(self, term: Control) -> Asking[Value]:
        if term.word == "inj":
            value = yield term.parts[0]
            return self.scope.learn(term, member(term.injection[0], value))
        if term.word in ("scan", "while"):
            return self.scope.learn(term, (yield self.repeated(term)))
        found = yield term.parts[0]
        if term.word == "if":
            _, then, other = term.parts
            known = found.constant
            if known is not None:
                result = yield then if known.array else other
            else:
                result = yield self.choose(found, [lambda: other, lambda: then])
            return self.scope.learn(term, result)
        return self.scope.learn(term, (yield self.case(found, term.parts[1:])))

    def case(self, value: Value, branches: Sequence[Term]) -> Asking[Value]:
        """The branch of the summand, at the value in it."""
        if isinstance(value, Chosen):
            options = [lambda o=option: self.case(o, branches) for option in value.options]
            picked: Value = yield self.choose(value.tag, options)
            return picked
        if not isinstance(value, Member):
            raise TermError("a case on a value that is in no sum", where=self.where)
        branch = yield branches[value.index]
        result: Value = yield self.apply(branch, value.value)
        return result

    def repeated(self, term: Control) -> Asking[Value]:
        """A loop: its rounds become programs, what they read from around them its arguments."""
        scans = term.word == "scan"
        functions, rest = term.parts[: 2 - scans], term.parts[2 - scans :]
        given: list[Value] = []
        for part in rest:
            given.append((yield part))
        params = dict(term.params)
        length = params.get("length", ANY)
        rounds = Rounds(self.builder, given[0], given[1] if scans else many(()), length)
        outer, here = self.builder, self.where
        for function in functions:
            self.builder, takes = rounds.opened(self.rewrites, scans)
            rounds.results.append((yield self.called(function, takes)))
            self.where = here
        self.builder, outer.where = outer, here
        if scans:
            return rounds.scan(params["reverse"], given[2:])
        return rounds.repeat()

    def called(self, term: Term, args: Sequence[Value]) -> Asking[Value]:
        """A function at arguments; the body of a lambda is run where it stands."""
        mark, left = self.scope.mark(), list(args)
        while left and isinstance(term, Lam):
            self.scope.bind(term.param, left.pop(0))
            term = term.body
        value: Value = yield term
        for arg in left:
            value = yield self.apply(value, arg)
        self.scope.release(mark)
        return value

    def choose(self, tag: Wire, branches: Sequence[Callable[[], Any]]) -> Asking[Value]:
        """What the branches give, each in a program of its own, the tag saying which is run."""
        outer, here = self.builder, self.where
        builders: list[Builder] = []
        results: list[Value] = []
        for branch in branches:
            self.builder = Builder((), self.rewrites)
            builders.append(self.builder)
            mark = self.scope.mark()
            results.append((yield branch()))
            self.scope.release(mark)
            self.where = here
        self.builder = outer
        outer.where = here
        return Merge(outer, tag, builders).value(results)
