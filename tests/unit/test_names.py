"""The table of names: what runs as NumPy's own code does run, and the page is that of the table."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg

import cats
from cats.names import UNKNOWN, _beyond, page, read, rows, told, versions
from cats.surface.refused import OWN

Array = Any
X = np.array([1.0, 3.0, 2.0])
PAGE = Path(__file__).resolve().parents[2] / "examples" / "guide" / "names.md"


def square(x: Array) -> Array:
    """A matrix of x."""
    return np.outer(x, x)


CASES: dict[str, Callable[[Array], Array]] = {
    "astype": lambda x: np.astype(x, "float64").sum(),
    "asarray_chkfinite": lambda x: np.asarray_chkfinite(x).sum(),
    "fliplr": lambda x: np.fliplr(square(x))[0] @ x,
    "flipud": lambda x: np.flipud(x) @ x,
    "rot90": lambda x: np.rot90(square(x))[0] @ x,
    "rollaxis": lambda x: np.rollaxis(square(x), 1)[0] @ x,
    "ix_": lambda x: square(x)[np.ix_([0, 1], [2])].sum(),
    "mask_indices": lambda x: square(x)[np.mask_indices(3, np.triu)].sum(),
    "diag_indices_from": lambda x: square(x)[np.diag_indices_from(square(x))].sum(),
    "tril_indices_from": lambda x: square(x)[np.tril_indices_from(square(x))].sum(),
    "triu_indices_from": lambda x: square(x)[np.triu_indices_from(square(x))].sum(),
    "row_stack": lambda x: getattr(np, "row_stack", np.vstack)([x, x]).sum(),
    "vander": lambda x: np.vander(x).sum(),
    "polyadd": lambda x: np.polyadd(x, x * x).sum(),
    "polysub": lambda x: np.polysub(x, x * x).sum(),
    "polydiv": lambda x: np.polydiv(x, x[:2])[0].sum(),
    "polyder": lambda x: np.sum(np.polyder(x)),
    "polyint": lambda x: np.sum(np.polyint(x)),
    "polyfit": lambda x: np.polyfit(x, x**2, 1).sum(),
    "unwrap": lambda x: np.unwrap(5 * x).sum(),
    "apply_over_axes": lambda x: np.apply_over_axes(np.sum, square(x), [0, 1]).sum(),
}


@pytest.mark.filterwarnings("ignore:.*row_stack.*:DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_what_runs_as_numpys_own_code_has_derivatives(name: str) -> None:
    f, h = CASES[name], 1e-6
    numeric = [(f(X + h * e) - f(X - h * e)) / (2 * h) for e in np.eye(3)]
    np.testing.assert_allclose(cats.grad(f)(X), numeric, rtol=1e-6, atol=1e-6)


def test_every_name_that_is_said_to_run_so_is_tried() -> None:
    plain = {"common_type"}
    numpys = {name.removeprefix("numpy.") for name in OWN if name.startswith("numpy.")}
    assert numpys - plain == set(CASES)


def test_no_name_is_left_without_a_word() -> None:
    silent = [str(row) for row in rows() if row.kind == UNKNOWN]
    assert silent == []


def test_the_page_is_written_from_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert read(page(rows())) == set(rows())
    if all(f"{name} {version}" in text for name, version in versions().items()):
        assert text == page(rows()) + "\n" or text == page(rows())


MATRICES: dict[str, Callable[[Array], Array]] = {
    "companion": lambda x: scipy.linalg.companion(x)[0] @ x[:2],
    "convolution_matrix": lambda x: scipy.linalg.convolution_matrix(x, 2)[1] @ x[:2],
}


@pytest.mark.parametrize("name", MATRICES)
def test_what_runs_as_scipys_own_code_has_derivatives(name: str) -> None:
    f, h = MATRICES[name], 1e-6
    numeric = [(f(X + h * e) - f(X - h * e)) / (2 * h) for e in np.eye(3)]
    np.testing.assert_allclose(cats.grad(f)(X), numeric, rtol=1e-6, atol=1e-6)
    assert f"scipy.linalg.{name}" in OWN


SAID = {
    "np.sort": "numpy: sort: supported",
    "numpy.ndarray.sum": "arrays: sum: supported",
    "scipy.optimize.brentq": "scipy.optimize: brentq: refused: it looks for a root",
    "brentq": "scipy.optimize: brentq: refused: it looks for a root",
    "scipy.optimize.rosen": "scipy.optimize: rosen: not in the table: its own code is followed",
    "scipy.optimize.bracket": "scipy.optimize: bracket: refused: it goes by steps",
    "scipy.integrate.quad": "scipy.integrate: quad: refused: it takes points",
    "numpy.fft.fft": "numpy.fft: fft: refused where it cannot be followed: its result is complex",
    "numpy.random.rand": "numpy.random: rand: refused where it cannot be followed: the function is",
    "rand": "numpy.random: rand: refused where it cannot be followed: the function is",
    "scipy.fft.dct": "scipy.fft: dct: refused: it is linear",
    "dct": "scipy.fft: dct: refused: it is linear",
    "scipy.stats.norm": "scipy.stats: norm: not in the table: its own code is followed",
    "savgol_filter": "scipy.signal: savgol_filter: not in the table",
    "numpy.pi": "numpy: pi: no function, used as it is",
    "numpy.font": "numpy.font: there is no such name",
    "scipy.nothing.font": "scipy.nothing.font: there is no such name",
    "os.path": "os.path: no name of NumPy, SciPy or math",
    "cdist": "cdist: not found; give it with its module",
}


def test_names_beyond_the_table_are_told() -> None:
    lines = list(told(SAID))
    for name, said in SAID.items():
        assert any(line.startswith(said) for line in lines), name


def test_no_name_of_scipys_modules_is_said_not_to_be() -> None:
    modules = ("fft", "optimize", "integrate", "interpolate", "stats", "signal", "sparse.linalg")
    for module in modules:
        home = importlib.import_module(f"scipy.{module}")
        for name in home.__all__:
            assert list(_beyond(f"scipy.{module}.{name}")), name
