"""The public names: all that cats/__init__.py imports, each itself, and no module by accident."""

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

import cats
from tests.house.tree import run

SHARED = {"derive", "simplify", "trace", "unzip"}
"""Names of functions that are names of modules too."""


def imported() -> dict[str, tuple[str, str]]:
    """Each public name: the module it is from, and its name there."""
    tree = ast.parse(Path(str(cats.__file__)).read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: (str(line.module), alias.name)
        for line in ast.walk(tree)
        if isinstance(line, ast.ImportFrom) and str(line.module).startswith("cats")
        for alias in line.names
    }


def test_all_names_what_is_imported_and_nothing_else() -> None:
    assert sorted(cats.__all__) == sorted(imported())


def test_every_name_is_the_thing_itself() -> None:
    """Some functions share their name with a module: the function is what one gets."""
    assert set(cats.__all__) >= SHARED
    for name, (home, inner) in imported().items():
        if name == "lam":
            assert getattr(cats, name) is importlib.import_module(f"{home}.{inner}")
            continue
        expected = getattr(importlib.import_module(home), inner)
        assert getattr(cats, name) is expected, name
        assert not isinstance(expected, ModuleType), name


def test_everything_public_says_what_it_is() -> None:
    silent = [name for name in cats.__all__ if not (getattr(cats, name).__doc__ or "").strip()]
    assert silent == []


@pytest.mark.parametrize("name", sorted(SHARED))
def test_loading_a_module_does_not_hide_the_function_of_its_name(name: str) -> None:
    """Whichever is asked for first, in a process of its own."""
    loads, asks = f"import cats.{name}", f"import cats; f = cats.{name}"
    for first, second in ((loads, asks), (asks, loads)):
        answer = run("-c", f"{first}; {second}; print(f is cats.{name}, type(cats.{name}))")
        assert answer.stdout == "True <class 'function'>\n"


def test_all_that_is_public_is_listed_and_nothing_else_is_found() -> None:
    assert set(cats.__all__) <= set(dir(cats))
    with pytest.raises(AttributeError, match="module 'cats' has no attribute 'gradd'"):
        cats.gradd  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("name", cats._OF_JAX)
def test_a_name_of_jax_says_what_it_is_here(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"JAX's {name} is cats\.(\w+)$") as caught:
        getattr(cats, name)
    assert str(caught.value).rpartition(".")[2] in cats.__all__
    assert not hasattr(cats, name)


def test_what_a_user_needs_first_is_there() -> None:
    first = {"grad", "value_and_grad", "jvp", "vjp", "jacobian", "hessian", "compile", "trace"}
    assert first <= set(cats.__all__)
