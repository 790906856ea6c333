"""A source file and its syntax tree, and what becomes of the text when one node is rewritten."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """The source of one module with one wrong thing in it."""

    id: str
    file: str
    line: int
    what: str
    text: str = field(repr=False)
    named: bool = False

    @property
    def module(self) -> str:
        """The name in Python of the module that is wrong."""
        return module_of(self.file)


def module_of(file: str) -> str:
    """The module in a file of the tree.

    >>> module_of("ir/prims/smooth.py"), module_of("cats/derive.py")
    ('cats.ir.prims.smooth', 'cats.derive')
    """
    name = file.removesuffix(".py").replace("/", ".")
    return name if name.startswith("cats.") else f"cats.{name}"


@dataclass(frozen=True)
class Source:
    """A file of the tree."""

    file: str

    @cached_property
    def data(self) -> bytes:
        return (ROOT / self.file).read_bytes()

    @property
    def text(self) -> str:
        return self.data.decode()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.data, self.file)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """Functions and methods, as `name` and `Class.name`."""
        found: dict[str, ast.FunctionDef] = {}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef):
                found[node.name] = node
            elif isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef):
                        found[f"{node.name}.{inner.name}"] = inner
        return found

    @property
    def short(self) -> str:
        """The file as it begins the name of a mutant."""
        return self.file.removesuffix(".py").removeprefix("ir/")

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where the node lies in the data."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise ValueError(ast.dump(node))
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        start, stop = self.span(node)
        return self.data[start:stop].decode()

    def mutant(self, id: str, node: ast.expr | ast.stmt, new: str, what: str) -> Mutant:
        """The file with other text in place of a node."""
        start, stop = self.span(node)
        text = (self.data[:start] + new.encode() + self.data[stop:]).decode()
        return Mutant(f"{self.short}:{id}", self.file, node.lineno, what, text)

    def appended(self, id: str, line: int, patch: str, what: str) -> Mutant:
        """The file with a statement after its end that spoils what stands before."""
        return Mutant(f"{self.short}:{id}", self.file, line, what, f"{self.text}\n\n{patch}\n")


@cache
def source(file: str) -> Source:
    """The file, read once."""
    return Source(file)


def sources(folder: str) -> Iterator[Source]:
    """The modules of a folder, in order."""
    for path in sorted((ROOT / folder).glob("*.py")):
        if path.name != "__init__.py":
            yield source(f"{folder}/{path.name}")


def calls(node: ast.AST, *names: str) -> Iterator[ast.Call]:
    """The calls of these functions below a node."""
    for found in ast.walk(node):
        called = isinstance(found, ast.Call) and isinstance(found.func, ast.Name)
        if called and (not names or found.func.id in names):  # type: ignore[attr-defined]
            yield found  # type: ignore[misc]
