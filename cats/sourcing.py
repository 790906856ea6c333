"""source: a function, or its derivative, as readable NumPy text that stands alone."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import Any

from cats.backends.on_source import source_text
from cats.ir.errors import BackendError
from cats.simplify import simplify
from cats.trace import leaf_names
from cats.tree import LEAF, Branch, Static, Tree, count
from cats.whole import base_of, behind


def source(f: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """NumPy text of f for arguments like these; its last definition is the function itself.

    f may be transformed: source(grad(g), x) is the gradient. The text imports only numpy, runs in
    an empty namespace, uses the names of the user's variables, assigns each name once, and has
    one comment for each line of the user's code. It holds for the shapes of the arguments; static
    arguments become defaults. Named tuples come back as tuples, dataclasses as dicts.
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
    program = simplify(answer.program)
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
    """A name for the text: f's own, with the transformation before it."""
    transformation = {"Gradient": "grad", "Jacobian": "jacobian"}.get(type(f).__name__)
    base = getattr(base_of(f), "__name__", "f")
    if not base.isidentifier() or keyword.iskeyword(base):
        base = "f"
    if transformation == "grad" and f.with_value:
        transformation = "value_and_grad"
    return f"{transformation}_{base}" if transformation else base


def _plain(parts: tuple[Tree, ...]) -> bool:
    return all(part is LEAF or part == LEAF for part in parts)


def _flat(out: Tree) -> bool:
    return out == LEAF or (
        isinstance(out, Branch) and out.kind is tuple and len(out.parts) > 1 and _plain(out.parts)
    )


def _wrapper(name: str, params: list[str], parts: list[Tree], out: Tree, about: str) -> str:
    head = ", ".join(
        f"{p}={part.value!r}" if isinstance(part, Static) else p
        for p, part in _defaults_last(params, parts)
    )
    leaves = [text for p, part in zip(params, parts, strict=True) for text in _read(p, part)]
    call = f"_{name}({', '.join(leaves)})"
    lines = [f"def {name}({head}):", f'    """{about}"""']
    if out == LEAF:
        return "\n".join([*lines, f"    return {call}"]) + "\n"
    found = count(out)
    place = iter(["results"] if found == 1 else [f"results[{i}]" for i in range(found)])
    return "\n".join([*lines, f"    results = {call}", f"    return {_write(out, place)}"]) + "\n"


def _defaults_last(params: list[str], parts: list[Tree]) -> list[tuple[str, Tree]]:
    """Parameters with their parts; once one has a default, the rest are given by keyword."""
    rows: list[tuple[str, Tree]] = []
    starred = False
    for p, part in zip(params, parts, strict=True):
        after_default = any(isinstance(before, Static) for _, before in rows)
        if after_default and not isinstance(part, Static) and not starred:
            rows.append(("*", LEAF))
            starred = True
        rows.append((p, part))
    return rows


def _read(path: str, part: Tree) -> Iterator[str]:
    """The expressions that read the leaves of a parameter."""
    if isinstance(part, Branch):
        for i, inner in enumerate(part.parts):
            yield from _read(_step(path, part, i), inner)
    elif not isinstance(part, Static):
        yield path


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
