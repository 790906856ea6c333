"""What the compiler makes of a dozen functions is what it made, to the last character."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.functions import FUNCTIONS
from tests.golden.levels import HERE, levels, path, text

ROOT = Path(__file__).parents[2]
LEVELS = ("term", "program", "derivative", "transposed", "simplified", "Jacobian", "Python")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_level_is_as_it_was(name: str) -> None:
    expected = path(name).read_text(encoding="utf-8")
    assert text(name) == expected, "python -m tests.golden writes it again"


def test_there_is_a_text_for_each_function_and_no_other() -> None:
    assert len(FUNCTIONS) >= 12
    assert {p.stem for p in HERE.glob("*.txt")} == set(FUNCTIONS)


def test_every_level_is_there() -> None:
    titles = [title for title, _ in levels("worked_example")]
    assert all(any(word in title for title in titles) for word in LEVELS)


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_the_texts_are_the_same_in_every_process(seed: str) -> None:
    """Whatever order sets and dictionaries have."""
    script = (
        "from tests.golden.functions import FUNCTIONS\n"
        "from tests.golden.levels import path, text\n"
        "print([n for n in FUNCTIONS if path(n).read_text(encoding='utf-8') != text(n)])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "[]"


def test_the_worked_example_is_that_of_the_book() -> None:
    """cos z, sin z with z = x y: two uses become one addition, two inputs one fan-out."""
    found = dict(levels("worked_example"))
    assert found["program"].splitlines()[1:] == [
        "  x2 = mul x y",
        "  x3 = cos x2",
        "  x4 = sin x2",
        "in (x3, x4)",
    ]
    assert found["transposed"].count(" + ") == 1
