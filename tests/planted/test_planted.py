"""The planted bugs are found: a sample in every run, all of them in the slow one."""

from __future__ import annotations

import ast
import os

import pytest

from tests.house.tree import run
from tests.planted.argued import ARGUED
from tests.planted.mutants import NAMED, all_mutants, sample
from tests.planted.source import source

EVERY = 40

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a mutant lives in a forked child")


def judged(*options: str) -> None:
    """The command says that every mutant is killed or argued."""
    answer = run("-m", "tests.planted", *options)
    assert answer.returncode == 0, answer.stdout[-4000:]


def test_a_sample_of_mutants_is_killed_and_the_library_itself_is_not() -> None:
    """Every fortieth, of those that have a name and of the others: always the same."""
    judged("--sample", str(EVERY))


@pytest.mark.slow
def test_all_mutants_are_killed_or_argued() -> None:
    judged()


def test_there_are_enough_mutants_and_each_is_a_module_of_its_own() -> None:
    found = all_mutants()
    assert len(found) >= 200
    assert len({m.id for m in found}) == len({m.text for m in found}) == len(found)
    for mutant in found:
        assert mutant.text != source(mutant.file).text, mutant.id
        ast.parse(mutant.text, mutant.file)


def test_the_sample_has_both_kinds_and_is_spread_over_the_files() -> None:
    found = sample(EVERY)
    assert {m.named for m in found} == {True, False}
    assert len({m.file for m in found}) >= 20


@pytest.mark.parametrize("named", NAMED, ids=lambda n: n.id)
def test_a_named_mutant_applies_exactly_once(named: object) -> None:
    """A replacement whose text has changed in the library is stale."""
    text = source(named.file).text  # type: ignore[attr-defined]
    assert text.count(named.old) == 1  # type: ignore[attr-defined]


def test_arguments_are_about_mutants_that_exist_and_say_why() -> None:
    assert set(ARGUED) <= {m.id for m in all_mutants()}
    assert all(len(why) > 20 for why in ARGUED.values())
