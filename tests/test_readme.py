"""What the README says is so: its Python runs, its numbers are the library's, its files exist."""

import doctest
import re
from typing import Any

import pytest

import cats
from proofs.index import unproved_count
from tests.house.tree import ROOT, run

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE


def blocks() -> list[tuple[int, str]]:
    """Each block of Python, with the line it begins on."""
    return [(README.count("\n", 0, m.start(1)) + 1, m[1]) for m in BLOCK.finditer(README)]


def test_every_block_of_python_runs_and_prints_what_it_says() -> None:
    names: dict[str, Any] = {"__name__": "readme"}
    examples = 0
    for line, text in blocks():
        if ">>>" not in text:
            exec(compile("\n" * (line - 1) + text, "README.md", "exec"), names)
            continue
        test = doctest.DocTestParser().get_doctest(text, names, "README.md", "README.md", line)
        said: list[str] = []
        found = doctest.DocTestRunner(optionflags=FLAGS).run(
            test, out=said.append, clear_globs=False
        )
        names.update(test.globs)
        examples += found.attempted
        assert found.failed == 0, "".join(said)
    assert examples > 30


def test_the_number_of_unproved_entries_is_the_one_of_the_index() -> None:
    (told,) = re.findall(r"There are (\d+) unproved entries", README)
    assert int(told) == unproved_count()


def test_the_command_that_prints_what_is_unproved_does() -> None:
    (code,) = re.findall(r'python -c "(.*index.*)"', README)
    answer = run("-c", code)
    assert answer.returncode == 0, answer.stdout
    assert len(answer.stdout.splitlines()) == unproved_count()


def test_every_file_it_names_is_there() -> None:
    paths = re.findall(r"`((?:cats|ir|backends|proofs|tests|examples)/[\w./]*)`", README)
    paths += re.findall(r"python (examples/\S+)", README)
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_name_of_cats_it_uses_is_public() -> None:
    used = set(re.findall(r"\bcats\.([A-Za-z]\w*)", README))
    public = {*cats.__all__, "ir", "backends", "functor", "matrix", "names"}
    assert used - public == set()


def test_its_list_has_every_public_name_once() -> None:
    table, _, jax = README.partition("## All names")[2].partition("## ")[0].partition("Names that")
    listed = re.findall(r"`(\w+)`", "".join(re.findall(r"^\|[^|]*\|(.*)\|$", table, re.M)))
    assert sorted(listed) == sorted(cats.__all__)
    pairs = re.findall(r"((?:`\w+` and )?`\w+`) (?:is|are) `(\w+)`", jax)
    told = {
        name: here for names, here in pairs for name in re.findall(r"\w+", names) if name != "and"
    }
    assert told == cats._OF_JAX


@pytest.mark.parametrize("command", ["demo", "explain", "grad", "source"])
def test_it_tells_of_every_command(command: str) -> None:
    assert re.search(rf"`{command}`|python -m cats {command}", README)


def test_the_two_commands_are_those_of_the_project() -> None:
    assert "    python -m pip install . && python -m cats demo\n" in README
    assert "    python -m pip install '.[test]' && python -m pytest\n" in README
