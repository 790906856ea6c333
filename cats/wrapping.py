"""The function of a user's arguments around that of their leaves, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cats.backends.naming import RESERVED, Given, identifier, is_name
from cats.backends.on_source import quoted
from cats.ir.errors import BackendError
from cats.literals import literal, marks
from cats.places import users_place
from cats.tree import LEAF, Branch, Static, Tree, count


@dataclass(frozen=True)
class Wrapping:
    """How a function is called, and what it gives.

    positional  names and structures of the arguments given by position
    named       those of the arguments given by name
    out         the structure of the result
    entered     for each leaf what makes a number of NumPy of it, "" if it is taken as it is
    """

    positional: Sequence[tuple[str, Tree]]
    named: Mapping[str, Tree]
    out: Tree
    entered: Sequence[str]

    @property
    def is_plain(self) -> bool:
        """Whether the function of the leaves is that of the arguments."""
        arguments = all(part == LEAF for _, part in self.positional)
        return arguments and not self.named and not any(self.entered) and _is_flat(self.out)

    def text(self, name: str, about: str, taken: frozenset[str]) -> tuple[str, str]:
        """The text of the function `name`, and the name under which it calls that of the leaves.

        It takes the same arguments by position and by name as the user's function, and refuses
        static ones that are not those it is of. What no parameter can be called is taken all
        the same: f(**{"a b": 1.0}). Raises BackendError for what has no text.
        """
        own = [n for n in self.named if is_name(n)]
        given = Given({*RESERVED, *own})
        places = [(given.give(identifier(n, "x")), part) for n, part in self.positional]
        given.taken |= {*taken, name}
        inner, rest, results = [given.give(n) for n in (f"_{name}", "named", "results")]
        paths = [n if n in own else f"{rest}[{n!r}]" for n in self.named]
        rows = [*places, *zip(paths, self.named.values(), strict=True)]
        others = sorted({*self.named} - {*own})
        tests = _names_tested(rest, others) if others else []
        leaves: list[str] = []
        for path, part in rows:
            leaves += _read(path, part, tests)
        head = _defaults(places)
        head += ["*", *[_parameter(n, self.named[n]) for n in own]] if own else []
        head += [f"**{rest}"] if others else []
        pairs = zip(self.entered, leaves, strict=True)
        call = f"{inner}({', '.join([f'{to}({leaf})' if to else leaf for to, leaf in pairs])})"
        lines = [f"def {name}({', '.join(head)}):", f"    {quoted(about)}", *tests]
        lines += _returned(self.out, call, results)
        return "\n".join(lines) + "\n", inner


def _is_flat(out: Tree) -> bool:
    if not isinstance(out, Branch):
        return out == LEAF
    return out.kind is tuple and len(out.parts) > 1 and all(part == LEAF for part in out.parts)


def _returned(out: Tree, call: str, results: str) -> list[str]:
    """The statements that call the function of the leaves, and put its results together."""
    if out == LEAF:
        return [f"    return {call}"]
    found = count(out)
    places = iter([results] if found == 1 else [f"{results}[{i}]" for i in range(found)])
    return [f"    {results} = {call}", f"    return {_write(out, places)}"]


def _defaults(places: Sequence[tuple[str, Tree]]) -> list[str]:
    """Positional parameters: static ones at the end have a default, if Python can write it."""
    head: list[str] = []
    for name, part in reversed(places):
        optional = all("=" in p for p in head)
        head.append(_parameter(name, part) if optional else name)
    return head[::-1]


def _parameter(name: str, part: Tree) -> str:
    text = literal(part.value) if isinstance(part, Static) else None
    return name if text is None else f"{name}={text}"


def _names_tested(rest: str, names: Sequence[str]) -> list[str]:
    """The test that these names are given, and no others."""
    said = f"this text takes {', '.join(names)} by name"
    wanted = ", ".join(map(repr, names))
    return [f"    if {rest}.keys() != {{{wanted}}}:", f"        raise TypeError({said!r})"]


def _read(path: str, part: Tree, tests: list[str]) -> Iterator[str]:
    """What reads the leaves of a parameter; what is tested before is added to the tests."""
    if isinstance(part, Branch):
        if not _has_fields(part):
            number = len(part.parts) - len(part.beside)
            tests += _test(f"len({path}) != {number}", f"{path} with {number} parts")
        for i, inner in enumerate(part.parts):
            yield from _read(_step(path, part, i), inner, tests)
    elif isinstance(part, Static):
        tests += _test(*_differs(path, part))
    else:
        yield path


def _test(condition: str, what: str) -> list[str]:
    said = f"this text is of {what}"
    return [f"    if {condition}:", f"        raise ValueError({said!r})"]


def _differs(path: str, part: Static) -> tuple[str, str]:
    """The condition that a static value is another, and what it should be."""
    text = literal(part.value)
    if text is not None:
        same = "is not" if part.value is None or callable(part.value) else "!="
        return f"{path} {same} {text}", f"{path} = {text}"
    found = marks(part.value)
    if found is None:
        raise BackendError(
            f"{path} is of type {part.kind.__name__}, and no text can tell it from others",
            where=users_place(),
            remedy="Close over it: a function of the other arguments alone has a source.",
        )
    tests = [f"getattr({path}, {mark!r}, None) != {said!r}" for mark, said in found.items()]
    return " or ".join(tests), f"{path} named {'.'.join(found.values())}"


def _has_fields(part: Branch) -> bool:
    """Whether it is a dataclass: other containers have parts by key or by place."""
    return not issubclass(part.kind, dict | list | tuple)


def _step(path: str, part: Branch, i: int) -> str:
    if _has_fields(part) or i >= len(part.parts) - len(part.beside):
        return f"{path}.{part.names[i]}"
    return f"{path}[{_key(part.keys[i])}]" if issubclass(part.kind, dict) else f"{path}[{i}]"


def _key(key: object) -> str:
    text = literal(key)
    if text is None:
        raise BackendError(
            f"a dict has a key of type {type(key).__name__}, which has no text of its own",
            where=users_place(),
            remedy="Use text, numbers, or tuples of those as keys.",
        )
    return text


def _write(out: Tree, places: Iterator[str]) -> str:
    """The expression that puts the results together."""
    if isinstance(out, Static):
        return _kept(out)
    if not isinstance(out, Branch):
        return next(places)
    if out.beside and not _has_fields(out):
        raise BackendError(
            f"the function returns a {out.kind.__name__} with attributes of its own "
            f"({', '.join(out.beside)}), which has no text",
            where=users_place(),
            remedy="Return arrays, numbers, text, and containers of those.",
        )
    inner = [_write(p, places) for p in out.parts]
    if issubclass(out.kind, tuple):
        return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"
    if issubclass(out.kind, list):
        return f"[{', '.join(inner)}]"
    return f"{{{', '.join([f'{_key(k)}: {v}' for k, v in zip(out.names, inner, strict=True)])}}}"


def _kept(part: Static) -> str:
    text = literal(part.value)
    if text is None:
        raise BackendError(
            f"the function returns a value of type {part.kind.__name__}, which has no text of "
            "its own",
            where=users_place(),
            remedy="Return arrays, numbers, text, and containers of those.",
        )
    return text
