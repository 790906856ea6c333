"""source: a function, or its derivative, as readable NumPy text that stands alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from cats.backends.naming import identifier, is_name
from cats.backends.on_source import source_text
from cats.backends.python_numbers import differs
from cats.backends.text import spoken
from cats.gradients import Gradient
from cats.ir.errors import BackendError
from cats.ir.lam import TermNode
from cats.ir.primitive import Primitive
from cats.ir.program import Program
from cats.jacobians import Jacobian
from cats.mapping import Vectorised
from cats.places import users_place
from cats.prepared import Call
from cats.signs import finished
from cats.trace import leaf_names
from cats.tree import Tree
from cats.whole import Compiled, base_of, behind
from cats.wrapping import Wrapping


def source(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> str:
    """NumPy text of f for arguments like these; its last definition is the function itself.

    f may be transformed: source(grad(g), x) is the gradient. The text imports only numpy (and
    modules of Python and SciPy, for functions of theirs), runs in an empty namespace, uses the
    names of the user's variables, assigns each name once (in a loop, once a round), and has one
    comment for each line of the user's code. It takes the same arguments by position and by name.
    It holds for their shapes and for these static arguments: those at the end become defaults,
    others than these are refused. Named tuples come back as tuples, dataclasses as dicts.
    Raises BackendError for a primitive that has no NumPy text, for a function of traced values, and
    for static arguments, keys and results that no text can name.

    >>> from cats.gradients import grad
    >>> print(source(grad(lambda x: x**3), 2.0).splitlines()[0])
    import numpy as np
    """
    call, lifted, answer = behind(f, args, kwargs)
    if lifted.extra:
        raise BackendError(
            "the source of a function that uses traced values of another function",
            where=users_place(),
            remedy="Ask for the source of the outer function.",
        )
    program = finished(answer.program)
    name = name_of(f, program)
    spaces = zip(call.names, call.spaces, strict=True)
    about = f"{name}, for {', '.join(f'{n}: {s}' for n, s in spaces)}."
    meant = spoken(program)
    wrapping = _wrapping(base_of(f), call, answer.out, program, {name, *meant})
    if wrapping.is_plain:
        return source_text(program, name, about)
    outer, inner = wrapping.text(name, about, meant)
    said = "The leaves of the arguments, to those of the result."
    return f"{source_text(program, inner, said, frozenset({name}))}\n\n{outer}"


def _wrapping(f: Any, call: Call, out: Tree, program: Program, meant: set[str]) -> Wrapping:
    """How the function is called; arguments by name that might stand in their place do."""
    whole: Any = call.tree
    positional, named = whole.parts
    names = leaf_names(f, [0.0] * (len(positional.parts) + len(named.parts)), {})
    numbers = differs(program)
    entered = [f"np.{s.dtype}" if numbers and not s.shape else "" for s in program.inputs]
    in_place = tuple(names[len(positional.parts) :]) == named.keys
    if in_place and all(is_name(n) and n not in meant for n in names):
        parts = (*positional.parts, *named.parts)
        return Wrapping(tuple(zip(names, parts, strict=True)), {}, out, entered)
    by_place = tuple(zip(names, positional.parts, strict=False))
    return Wrapping(by_place, dict(zip(named.keys, named.parts, strict=True)), out, entered)


def name_of(f: Any, program: Program) -> str:
    """A name for the program's text: f's own, with the transformations before it.

    It is another than those that the text calls something of its own by.
    """
    name, meant = identifier(_name(f), "f"), spoken(program)
    while name in meant:
        name += "_"
    return name


def _name(f: Any) -> str:
    match f:
        case Gradient():
            return f"{'value_and_grad' if f.with_value else 'grad'}_{_name(f.f)}"
        case Jacobian(f=(Gradient(with_value=False) | Jacobian()) as slope):
            return f"hessian_{_name(slope.f)}"
        case Jacobian():
            return f"jacobian_{_name(f.f)}"
        case Vectorised():
            return f"vmap_{_name(f.f)}"
        case Compiled():
            return _name(f.f)
        case partial():
            return _name(f.func)
        case TermNode():
            return "f"
        case Primitive():
            return f.name
    name = getattr(f, "__name__", type(f).__name__)
    return name if isinstance(name, str) and name.isidentifier() else "f"
