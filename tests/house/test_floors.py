"""Imports go down only: the contracts in pyproject.toml are kept, and would be missed if broken."""

import shutil
from pathlib import Path

import pytest

from tests.house.tree import ROOT, project, run

pytest.importorskip("importlinter")

LINT = """
import sys
sys.path.insert(0, "")
from importlinter.cli import lint_imports_command
lint_imports_command(["--no-cache", "--config", "pyproject.toml"])
"""

HOUSE = (
    "engine",
    "functor",
    "ir/check",
    "ir/errors",
    "ir/prims/algebra",
    "ir/prims/layout",
    "backends/on_numpy",
    "backends/plan",
)


def test_imports_go_down_only() -> None:
    answer = run("-c", LINT)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("ir/errors.py", "import cats.engine", "the floors of cats"),
        ("ir/errors.py", "import cats.ir.check", "the floors of cats.ir"),
        ("ir/prims/layout.py", "import cats.ir.prims.algebra", "the floors of cats.ir.prims"),
        ("backends/plan.py", "import cats.backends.on_numpy", "the floors of cats.backends"),
        ("backends/plan.py", "import cats.functor", "cats.backends imports only cats.ir"),
        ("cats/newcomer.py", "", "the floors of cats"),
    ],
)
def test_an_import_that_goes_up_is_seen(
    module: str, line: str, broken: str, tmp_path: Path
) -> None:
    """In an empty house of the same contracts, one wrong import breaks the one it should."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in project()["tool"]["setuptools"]["packages"]:
        folder = tmp_path / package.replace(".", "/")
        folder.mkdir()
        (folder / "__init__.py").touch()
    for name in HOUSE:
        (tmp_path / "cats" / f"{name}.py").touch()
    assert run("-c", LINT, where=tmp_path).returncode == 0
    file = tmp_path / (module if module.startswith("cats/") else f"cats/{module}")
    file.write_text(line + "\n", encoding="utf-8")
    answer = run("-c", LINT, where=tmp_path)
    assert answer.returncode != 0, answer.stdout
    verdicts = [line for line in answer.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(broken in verdict for verdict in verdicts), answer.stdout
