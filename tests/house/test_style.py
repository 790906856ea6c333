"""The style that a machine can see: ruff, docstrings, errors not asserts, no leftovers."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SHIPPED, UNSHIPPED, python_files, run

OURS = [file for folder in SHIPPED for file in python_files(folder)]
ALL = OURS + [file for folder in UNSHIPPED for file in python_files(folder)]
LEFTOVER = re.compile("|".join((r"\bTO" + "DO", r"\bFIX" + "ME", r"\bXX" + r"X\b")))


def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


@pytest.mark.parametrize("command", [("check",), ("format", "--check", "--diff")])
def test_ruff_finds_nothing(command: tuple[str, ...]) -> None:
    pytest.importorskip("ruff")
    answer = run("-m", "ruff", *command, ".")
    assert answer.returncode == 0, answer.stdout


def test_every_module_opens_with_a_sentence() -> None:
    silent = [file for file in ALL if not ast.get_docstring(parsed(file))]
    assert silent == []


def test_what_is_shipped_raises_errors_and_does_not_assert() -> None:
    asserts = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in OURS
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Assert)
    ]
    assert asserts == []


def test_nothing_is_left_for_later() -> None:
    left = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in [*ALL, ROOT / "README.md", ROOT / "pyproject.toml"]
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if LEFTOVER.search(line)
    ]
    assert left == []
