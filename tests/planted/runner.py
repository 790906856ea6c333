"""Runs mutants: each in a child that imports cats with one module wrong and asks every check.

The parent has imported what is heavy and not ours (NumPy, sympy, hypothesis) and nothing of
cats, so a child starts in no time. The module is exchanged by an importer, no file is touched.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Any

from tests.house.tree import python_files, shipped_modules
from tests.planted.source import ROOT, Mutant

SECONDS = 60
"""A child that computes longer is stopped: its mutant is killed by the clock."""

BYTES = 6 << 30
SURVIVED = ""


@dataclass(frozen=True)
class Verdict:
    """Which check saw the mutant (empty: none did), what it said, and after how long."""

    id: str
    killer: str
    said: str
    seconds: float


class _Ready(SourceFileLoader):
    """Loads a module that is compiled already."""

    def __init__(self, fullname: str, path: str, code: CodeType) -> None:
        super().__init__(fullname, path)
        self.code = code

    def get_code(self, fullname: str) -> CodeType:
        return self.code


class _Finder(MetaPathFinder):
    """Finds our modules compiled, one of them wrong."""

    def __init__(self, mutant: Mutant | None) -> None:
        self.codes = dict(_CODES)
        if mutant is not None:
            path, _ = self.codes[mutant.module]
            self.codes[mutant.module] = path, compile(mutant.text, path, "exec", dont_inherit=True)

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        if name not in self.codes:
            return None
        where, code = self.codes[name]
        loader = _Ready(name, where, code)
        spec: ModuleSpec | None = spec_from_file_location(name, where, loader=loader)
        return spec


_CODES: dict[str, tuple[str, CodeType]] = {}
"""Every module of ours, compiled once for all children."""


def _compile_all() -> None:
    modules = dict(shipped_modules())
    for file in python_files("tests"):
        inside = file.relative_to(ROOT).with_suffix("").parts
        modules[".".join(inside).removesuffix(".__init__")] = file
    for name, file in modules.items():
        path = str(file)
        if name.startswith("cats."):  # by the links, as Python itself finds them
            package = file.name == "__init__.py"
            path = str(ROOT.joinpath(*name.split("."))) + ("/__init__.py" if package else ".py")
        _CODES[name] = path, compile(file.read_bytes(), path, "exec", dont_inherit=True)


def prepare() -> None:
    """Imports what every child needs and what is not ours."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"  # a child of a process with threads may hang
    for name in (
        "numpy",
        "numpy.testing",
        "sympy",
        "hypothesis",
        "hypothesis.strategies",
        "pytest",
    ):
        importlib.import_module(name)
    ours = [name for name in sys.modules if name == "cats" or name.startswith("cats.")]
    if ours:
        raise RuntimeError(f"already imported: {', '.join(sorted(ours))}")
    _compile_all()


def judge(mutant: Mutant | None) -> tuple[str, str]:
    """(the check that fails, what it says) with the mutant in place; for a child only."""
    sys.meta_path.insert(0, _Finder(mutant))
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    try:
        checks = importlib.import_module("tests.planted.checks")
    except BaseException as error:
        return "import", _said(error)
    for check in checks.in_order(None if mutant is None else mutant.file):
        try:
            check()
        except BaseException as error:
            return check.__name__, _said(error)
    return SURVIVED, ""


def _said(error: BaseException) -> str:
    line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {line}"[:160]


def _child(mutant: Mutant | None, pipe: int) -> None:
    """In the child: judges, tells the parent, and is gone."""
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    answer = json.dumps(judge(mutant)).encode()
    os.write(pipe, answer)
    os._exit(0)


def verdicts(mutants: Sequence[Mutant | None], workers: int = 0) -> Iterator[Verdict]:
    """The verdict on each, in order; None stands for the library as it is."""
    prepare()
    limit = workers or min(os.cpu_count() or 1, 8)
    running: dict[int, tuple[int, int, float]] = {}
    done: dict[int, Verdict] = {}
    told = started = 0
    while told < len(mutants):
        while started < len(mutants) and len(running) < limit:
            read, write = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(read)
                _child(mutants[started], write)
            os.close(write)
            running[pid] = (started, read, time.perf_counter())
            started += 1
        pid, status = os.wait()
        number, read, start = running.pop(pid)
        found = os.read(read, 1 << 16)
        os.close(read)
        mutant = mutants[number]
        id = "the library itself" if mutant is None else mutant.id
        killer, said = json.loads(found) if found else _ended(status)
        done[number] = Verdict(id, killer, said, time.perf_counter() - start)
        while told in done:
            yield done.pop(told)
            told += 1


def _ended(status: int) -> tuple[str, str]:
    """What it means that a child said nothing."""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "the clock", f"not done after {SECONDS} s of computing"
    return "the process", f"ended with status {status}"
