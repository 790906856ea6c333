"""What is installed is what is in the folders, under the right names, and imports."""

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SHIPPED, project, run, shipped_modules

DATA = ("cats/py.typed", "cats/data/old_faithful.csv")

BUILD = """
import sys
from setuptools import build_meta
print(build_meta.build_wheel(sys.argv[1]))
"""

IMPORT_ALL = """
import importlib, pkgutil, sys

def fail(name):
    raise

import cats
names = {"cats"}
for module in pkgutil.walk_packages(cats.__path__, "cats.", onerror=fail):
    names.add(module.name)
    if not module.name.endswith("__main__"):
        where = importlib.import_module(module.name).__file__
        assert where.startswith(sys.argv[1]), where
from cats.data import old_faithful
assert old_faithful().shape == (272, 2)
print(*sorted(names))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build folder left in the tree would enter the next one."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for folder in SHIPPED:
        shutil.copytree(
            ROOT / folder,
            tree / folder,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    built = run("-c", BUILD, str(tree / "dist"), where=tree)
    assert built.returncode == 0, built.stdout
    (made,) = (tree / "dist").glob("*.whl")
    return made


def test_every_folder_of_modules_is_a_package_that_is_installed() -> None:
    folders = {
        name if file.name == "__init__.py" else name.rpartition(".")[0]
        for name, file in shipped_modules().items()
    }
    assert sorted(project()["tool"]["setuptools"]["packages"]) == sorted(folders)


def test_every_package_says_what_it_is() -> None:
    for name in project()["tool"]["setuptools"]["packages"]:
        assert name in shipped_modules(), f"{name} has no __init__.py"


@pytest.mark.parametrize("folder", ["ir", "backends"])
def test_a_link_in_cats_is_relative_and_ends_at_the_folder(folder: str) -> None:
    link = ROOT / "cats" / folder
    if not link.is_symlink():
        pytest.skip("a checkout without symbolic links")
    assert link.readlink().as_posix() == f"../{folder}"
    assert link.resolve() == ROOT / folder


@pytest.mark.parametrize("folder", ["ir", "backends"])
def test_a_folder_under_its_wrong_name_says_the_right_one(folder: str) -> None:
    answer = run("-c", f"import {folder}")
    assert answer.returncode != 0
    assert answer.stdout.splitlines()[-1] == (
        f"ImportError: this folder is the package 'cats.{folder}': "
        f"write 'import cats.{folder}', not 'import {folder}'"
    )


def test_the_wheel_holds_the_modules_and_the_data_and_nothing_else(wheel: Path) -> None:
    expected = {
        name.replace(".", "/") + ("/__init__.py" if file.name == "__init__.py" else ".py")
        for name, file in shipped_modules().items()
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert sorted(held) == sorted(expected.union(DATA))


def test_every_module_of_the_wheel_imports_away_from_the_checkout(
    wheel: Path, tmp_path: Path
) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    answer = run("-c", IMPORT_ALL, str(site), where=elsewhere, env={"PYTHONPATH": str(site)})
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.split() == sorted(shipped_modules())
