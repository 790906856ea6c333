"""Where things lie: the folders of a checkout, and the modules in them."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = {"cats": "cats", "ir": "cats.ir", "backends": "cats.backends"}
UNSHIPPED = ("tests", "proofs", "examples")


def project() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def python_files(folder: str) -> Iterator[Path]:
    """The Python files in a folder of the tree; links are not followed."""
    for here, folders, files in os.walk(ROOT / folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        yield from (Path(here) / name for name in sorted(files) if name.endswith(".py"))


def shipped_modules() -> dict[str, Path]:
    """The name in Python of every module a user gets, and the file it is in.

    >>> shipped_modules()["cats.ir"] == ROOT / "ir" / "__init__.py"
    True
    """
    modules = {}
    for folder, package in SHIPPED.items():
        for file in python_files(folder):
            inside = file.relative_to(ROOT / folder).with_suffix("").parts
            name = ".".join((package, *inside)).removesuffix(".__init__")
            modules[name] = file
    return modules


def run(
    *arguments: str, where: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run this Python with the arguments in a folder; the answer holds all it printed."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=where,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
