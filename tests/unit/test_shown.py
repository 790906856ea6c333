"""Warnings and tracebacks of compiled programs show what runs there, and the user's line."""

from __future__ import annotations

import gc
import linecache
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cats
from cats.backends.function import Style
from cats.backends.on_numexpr import OnNumexpr
from cats.backends.on_numpy import OnNumpy
from cats.backends.text import write
from cats.ir.prims import VOCABULARY
from cats.ir.program import Program
from cats.ir.spaces import Real
from tests.spec.test_backends import GOLDEN, alone, chain, program
from tests.values import examples

Array = Any
X = np.array([-1.0, 2.0])
HERE = Path(__file__).name


def entries() -> set[str]:
    """Names of compiled texts that lines are known of."""
    return {name for name in linecache.cache if name.startswith("<cats>")}


def logs(x: Array) -> Array:
    return np.sum(np.log(x))  # LOGS


def roots(x: Array) -> Array:
    return cats.fori_loop(0, 3, lambda i, h: np.sqrt(h) - 1.0, x)[0]  # ROOTS


@pytest.mark.parametrize(
    ("f", "code", "mark"), [(logs, "np.log(", "LOGS"), (roots, "np.sqrt(", "ROOTS")]
)
@pytest.mark.parametrize("backend", [OnNumpy(), OnNumexpr()])
def test_a_warning_shows_what_is_run_and_the_users_line(
    f: Callable[..., Any], code: str, mark: str, backend: Any
) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        cats.value_and_grad(f, backend=backend)(X)
    shown = [warnings.formatwarning(w.message, w.category, w.filename, w.lineno) for w in seen]
    assert any(code in text and f"# {HERE}:" in text and mark in text for text in shown), shown


def test_a_traceback_shows_them_too() -> None:
    def fails(x: Array) -> Array:
        raise RuntimeError("no")

    box = cats.primitive(fails)
    box.defvjp(lambda x: (box(x), x), lambda x, ct: (ct,))
    with pytest.raises(RuntimeError) as caught:
        cats.compile(lambda x: box(np.sin(x)))(X)  # BOX
    lines = "".join(traceback.format_tb(caught.value.__traceback__))
    assert "k1(" in lines and f"# {HERE}:" in lines and "# BOX" in lines


def text_of(made: Program) -> tuple[list[str], list[str]]:
    """The lines that were compiled, and those that are shown."""
    text = write(made, "run", Style(), {"np"})
    run: Any = OnNumpy().build(made)
    file = run.__code__.co_filename.rpartition(".")[0]
    parts = [*text.helpers, *text.functions]
    shown = [linecache.getlines(f"{file}.{n}") for n in range(len(parts))]
    assert linecache.getlines(f"{file}.{len(parts)}") == []
    return [line for p in parts for line in p.splitlines()], [line for p in shown for line in p]


def test_lines_that_are_shown_are_those_that_run() -> None:
    of_golden = [program((Real((3,)), Real((3,))), body) for body in GOLDEN.values()]
    of_words = [alone(op, e) for op in VOCABULARY for e in list(examples(op))[:1]]
    traced = [cats.trace(cats.value_and_grad(f), X + 3) for f in (logs, roots)]
    for made in (*of_golden, *of_words, *traced, chain(1200)):
        compiled, shown = text_of(made)
        assert len(compiled) == len(shown)
        for line, other in zip(compiled, shown, strict=True):
            assert other.rstrip("\n").startswith(line.rstrip())


def test_nothing_is_left_of_what_is_gone() -> None:
    def compiled(n: int) -> str:
        run: Any = OnNumpy().build(cats.trace(lambda x: np.sin(x) * n, X))
        file: str = run.__code__.co_filename
        assert file in entries() and "np.sin" in "".join(linecache.getlines(file))
        return file

    files = {compiled(n) for n in range(20)}
    gc.collect()
    last = compiled(20)
    assert not files & entries() and last in entries()


def test_what_is_gone_shows_no_line() -> None:
    run: Any = OnNumpy().build(cats.trace(np.sin, X))
    file = run.__code__.co_filename
    del run
    gc.collect()
    assert file in entries() and linecache.getline(file, 2) == ""
