"""source: a function, or its derivative, as readable NumPy text that stands alone."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import partial
from typing import Any

import numpy as np

from cats.backends.on_source import RESERVED, source_text
from cats.ir.errors import BackendError
from cats.signs import finished
from cats.trace import leaf_names
from cats.tree import LEAF, Branch, Static, Tree, count
from cats.whole import base_of, behind


def source(f: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """NumPy text of f for arguments like these; its last definition is the function itself.

    f may be transformed: source(grad(g), x) is the gradient. The text imports only numpy
    (and scipy.special, for its functions), runs in an empty namespace, uses the names of the
    user's variables, assigns each name once, and has one comment for each line of the user's code.
    It holds for the shapes of the arguments and for these static arguments: those at the end become
    defaults, others than these are refused. Named tuples come back as tuples, dataclasses as dicts.
    Raises BackendError for a primitive that has no NumPy text, or a function of traced values.

    >>> from cats.gradients import grad
    >>> print(source(grad(lambda x: x**3), 2.0).splitlines()[0])
    import numpy as np
    """
    call, lifted, answer = behind(f, args, kwargs)
    if lifted.extra:
        raise BackendError(
            "the source of a function that uses traced values of another function",
            remedy="Ask for the source of the outer function.",
        )
    program = finished(answer.program)
    name = name_of(f)
    whole: Any = call.tree
    positional, keywords = whole.parts
    spaces = zip(call.names, call.spaces, strict=True)
    about = f"{name}, for {', '.join(f'{n}: {s}' for n, s in spaces)}."
    if _plain((*positional.parts, *keywords.parts)) and _flat(answer.out):
        return source_text(program, name, about)
    params = [*leaf_names_of(base_of(f), positional), *keywords.keys]
    inner = source_text(program, f"_{name}", "The leaves of the arguments, to those of the result.")
    parts = [*positional.parts, *keywords.parts]
    return f"{inner}\n\n{_wrapper(name, params, parts, answer.out, about)}"


def leaf_names_of(f: Any, positional: Branch) -> list[str]:
    """The names of the positional parameters."""
    return leaf_names(f, [0.0] * len(positional.parts), {})


def name_of(f: Any) -> str:
    """A name for the text: f's own, with the transformations before it."""
    match type(f).__name__:
        case "Gradient":
            return f"{'value_and_grad' if f.with_value else 'grad'}_{name_of(f.f)}"
        case "Jacobian" if type(f.f).__name__ in ("Gradient", "Jacobian"):
            return f"hessian_{name_of(f.f.f)}"
        case "Jacobian":
            return f"jacobian_{name_of(f.f)}"
    base: Any = base_of(f)
    while isinstance(base, partial):
        base = base.func
    name = getattr(base, "__name__", type(base).__name__)
    if not name.isidentifier() or keyword.iskeyword(name):
        return "f"
    return f"{name}_" if name in RESERVED else str(name)


def _plain(parts: tuple[Tree, ...]) -> bool:
    return all(part is LEAF or part == LEAF for part in parts)


def _flat(out: Tree) -> bool:
    return out == LEAF or (
        isinstance(out, Branch) and out.kind is tuple and len(out.parts) > 1 and _plain(out.parts)
    )


def _wrapper(name: str, params: list[str], parts: list[Tree], out: Tree, about: str) -> str:
    """A function of the user's arguments, that refuses static ones which are not those it is of."""
    rows = list(zip(params, parts, strict=True))
    read = [piece for p, part in rows for piece in _read(p, part)]
    call = f"_{name}({', '.join([leaf for leaf, said in read if said is None])})"
    lines = [f"def {name}({', '.join(_head(rows))}):", f'    """{about}"""']
    for test, said in read:
        if said is not None:
            lines += [f"    if {test}:", f"        raise ValueError({said!r})"]
    if out == LEAF:
        return "\n".join([*lines, f"    return {call}"]) + "\n"
    found = count(out)
    place = iter(["results"] if found == 1 else [f"results[{i}]" for i in range(found)])
    return "\n".join([*lines, f"    results = {call}", f"    return {_write(out, place)}"]) + "\n"


def _head(rows: list[tuple[str, Tree]]) -> list[str]:
    """The parameters; static ones at the end have a default, if Python can write it."""
    head: list[str] = []
    defaults = True
    for p, part in reversed(rows):
        text = _literal(part.value) if isinstance(part, Static) else None
        defaults = defaults and text is not None
        head.append(f"{p}={text}" if defaults else p)
    return head[::-1]


def _literal(value: Any) -> str | None:
    """A static value as Python text; None if it has none."""
    match value:
        case np.dtype():
            return f"np.dtype({value.str!r})"
        case np.ufunc(__name__=name) if getattr(np, name, None) is value:
            return f"np.{name}"
        case type(__name__=name) if getattr(builtins, name, None) is value:
            return str(name)
    return None if callable(value) else repr(value)


Piece = tuple[str, str | None]
"""An expression that reads a leaf; or a test, and what is said where it holds."""


def _read(path: str, part: Tree) -> Iterator[Piece]:
    """What is read of a parameter, and what is tested."""
    if isinstance(part, Branch):
        if not is_dataclass(part.kind):
            number = len(part.parts)
            yield f"len({path}) != {number}", f"this text is of {path} with {number} parts"
        for i, inner in enumerate(part.parts):
            yield from _read(_step(path, part, i), inner)
    elif isinstance(part, Static):
        yield _differs(path, part.value)
    else:
        yield path, None


def _differs(path: str, value: Any) -> Piece:
    """The test that a static value is another; of a function or an object, that its name is."""
    text = _literal(value)
    if text is None:
        said = getattr(value, "__qualname__", type(value).__qualname__)
        named = f'getattr({path}, "__qualname__", type({path}).__qualname__)'
        return f"{named} != {said!r}", f"this text is of {path} named {said}"
    compared = "is not" if value is None or callable(value) else "!="
    return f"{path} {compared} {text}", f"this text is of {path} = {text}"


def _step(path: str, part: Branch, i: int) -> str:
    if issubclass(part.kind, dict):
        return f"{path}[{part.keys[i]!r}]"
    return f"{path}.{part.keys[i]}" if is_dataclass(part.kind) else f"{path}[{i}]"


def _write(out: Tree, place: Iterator[str]) -> str:
    """The expression that puts the results together."""
    if isinstance(out, Static):
        return repr(out.value)
    if not isinstance(out, Branch):
        return next(place)
    inner = [_write(p, place) for p in out.parts]
    if out.keys and not issubclass(out.kind, tuple):
        return "{" + ", ".join(f"{k!r}: {v}" for k, v in zip(out.keys, inner, strict=True)) + "}"
    if issubclass(out.kind, list):
        return f"[{', '.join(inner)}]"
    return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"
