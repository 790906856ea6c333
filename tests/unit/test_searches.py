"""Searches of SciPy: refused where a traced value has a part in them, run as they are elsewhere.

So are functions that SciPy dispatches by uarray, of which Python code is not what they do.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.optimize
import scipy.sparse.linalg
import scipy.special

import cats
from cats.refusals import Search, refusal_of
from cats.surface.refused import REFUSED
from cats.titles import title

Array = Any
so: Any = scipy.optimize
X = np.array([1.0, 2.0, 3.0])
POINT = np.ones(1)


def bowl(x: Array) -> Callable[..., Any]:
    return lambda t, *more: np.sum((t - x[0]) ** 2)


def line(x: Array) -> Callable[..., Any]:
    return lambda t, *more: t - x[0]


def slope(x: Array) -> Callable[..., Any]:
    return lambda t: 2 * (t - x[0])


def on(names: str, f: Callable[..., Any], *rest: Any, **named: Any) -> dict[str, Any]:
    """Calls of these functions, on f of the traced value and on the rest."""
    return {
        name: lambda x, name=name: getattr(so, name)(f(x), *rest, **named) for name in names.split()
    }


CALLS: dict[str, Callable[[Array], Any]] = {
    **on("brent golden minimize_scalar bracket", bowl),
    **on("fminbound", bowl, 0.0, 3.0),
    **on("brute", bowl, ((0.0, 3.0),)),
    **on("fmin fmin_bfgs fmin_cg fmin_powell fmin_slsqp minimize basinhopping", bowl, POINT),
    **on("fmin_tnc fmin_l_bfgs_b", bowl, POINT, approx_grad=True),
    **on("fmin_cobyla", bowl, POINT, []),
    **on("differential_evolution dual_annealing direct shgo", bowl, [(0.0, 3.0)]),
    **on("ridder toms748 brentq bisect brenth", line, 0.0, 3.0),
    **on("fsolve root newton_krylov anderson broyden1 broyden2 linearmixing", line, POINT),
    **on("diagbroyden excitingmixing leastsq least_squares fixed_point", line, POINT),
    "newton": lambda x: so.newton(lambda t: t * t - x[0], 1.0, lambda t: 2 * t),
    "root_scalar": lambda x: so.root_scalar(line(x), x0=1.0, fprime=lambda t: 1.0),
    "fmin_ncg": lambda x: so.fmin_ncg(bowl(x), POINT, slope(x)),
    "line_search": lambda x: so.line_search(bowl(x), slope(x), 0 * POINT, POINT),
    "curve_fit": lambda x: so.curve_fit(lambda t, a: a * t, np.arange(3.0), x),
    "linprog": lambda x: so.linprog(x),
    "milp": lambda x: so.milp(x),
    "nnls": lambda x: so.nnls(np.eye(3), x),
    "lsq_linear": lambda x: so.lsq_linear(np.eye(3), x),
    "isotonic_regression": lambda x: so.isotonic_regression(x),
    "linear_sum_assignment": lambda x: so.linear_sum_assignment(np.outer(x, x)),
    "quadratic_assignment": lambda x: so.quadratic_assignment(np.outer(x, x), np.eye(3)),
}
NO_SEARCHES = {
    "approx_fprime", "check_grad", "rosen", "rosen_der", "rosen_hess", "rosen_hess_prod",
    "show_options", "linprog_verbose_callback",
}  # fmt: skip

WITHIN: dict[str, Callable[[Array], Any]] = {
    "args": lambda x: so.fsolve(lambda t, a: t - a, np.ones(3), args=x),
    "partial": lambda x: so.fsolve(functools.partial(lambda a, t: t - a, x), np.ones(3)),
    "start": lambda x: so.fsolve(lambda t: t - 1.0, x),
    "dict": lambda x: so.minimize(
        lambda t: t[0] ** 2, POINT, constraints=[{"type": "ineq", "fun": line(x)}]
    ),
    "constraint": lambda x: so.minimize(
        lambda t: t[0] ** 2, POINT, constraints=so.NonlinearConstraint(line(x), 0.0, np.inf)
    ),
    "bounds": lambda x: so.minimize(lambda t: t[0] ** 2, POINT, bounds=so.Bounds(x[:1], x[1:2])),
    "scan": lambda x: cats.scan(lambda c, _: (so.newton(bowl([c]), 1.0), None), x[0], None, 2),
    "another": lambda x: scipy.sparse.linalg.cg(np.eye(3), x, x0=X),
    "in an attempt": lambda x: attempted(x),
}


def attempted(x: Array) -> Any:
    try:
        return so.newton(line(x), 1.0)
    except Exception:
        return x[0]


def public() -> list[str]:
    found = [name for name in so.__all__ if callable(getattr(so, name))]
    return [name for name in found if not isinstance(getattr(so, name), type)]


def test_every_function_of_scipys_optimize_is_called_here_or_is_no_search() -> None:
    assert set(public()) == {*CALLS, *NO_SEARCHES}
    for name in CALLS:
        assert isinstance(refusal_of(title(getattr(so, name)), REFUSED), Search)


@pytest.mark.parametrize("name", [*CALLS, *WITHIN])
def test_a_search_is_refused_where_a_traced_value_has_a_part_in_it(name: str, capfd: Any) -> None:
    call = {**CALLS, **WITHIN}[name]
    for transform in (lambda f: cats.grad(f), lambda f: cats.compile(f)):
        with pytest.raises(cats.TraceError) as caught, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transform(lambda x: x[0] * len(str(call(x))))(X)
        said = refusal_of(caught.value.message.partition(": ")[0], REFUSED)
        assert isinstance(said, Search) and caught.value.remedy == said.instead
        assert caught.value.where is not None and caught.value.where.file == __file__
    assert capfd.readouterr() == ("", "")


NUMBERS: dict[str, Callable[[], Any]] = {
    "a function": lambda: so.newton(lambda t: t * t - 4.0, 1.0),
    "one of NumPy": lambda: so.brentq(np.sin, 3.0, 4.0),
    "a derivative": lambda: so.minimize(
        lambda t: np.sum((t - 1.0) ** 2), np.zeros(2), jac=lambda t: 2 * np.copy(t) - 2.0
    ).x[0],
    "parts": lambda: so.minimize(
        lambda t: t[0] ** 2,
        POINT,
        constraints=so.NonlinearConstraint(lambda t: np.sum(t), 1.0, np.inf),
        bounds=so.Bounds(0.0, 5.0),
    ).x[0],
    "an array that is made here": lambda: so.nnls(2 * np.eye(2), np.ones(2))[0][0],
    "a seed": lambda: so.differential_evolution(bowl(X), [(0.0, 3.0)], seed=0).x[0],
    "a matrix": lambda: scipy.sparse.linalg.cg(2 * np.eye(2), np.ones(2))[0][0],
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_search_on_numbers_is_a_number(name: str) -> None:
    found = NUMBERS[name]()
    assert found
    np.testing.assert_array_equal(cats.grad(lambda x: x[0] * NUMBERS[name]())(X), [found, 0, 0])


def test_what_the_equation_says_instead_is_differentiated() -> None:
    def minimum(x: Array) -> Array:
        return cats.root(lambda t: cats.grad(lambda t: (t - x[0]) ** 2 * x[1])(t), 1.0)

    np.testing.assert_allclose(cats.grad(minimum)(X), [1.0, 0.0, 0.0], atol=1e-12)
    solved = cats.grad(lambda b: np.sum(cats.linear_solve(lambda y: 2.0 * y, b)))
    np.testing.assert_allclose(solved(X), 0.5 * np.ones(3))


def test_formulas_of_scipys_optimize_are_followed() -> None:
    np.testing.assert_allclose(cats.grad(so.rosen)(X), so.rosen_der(X))
    np.testing.assert_allclose(cats.jacobian(so.rosen_der)(X), so.rosen_hess(X))
    found = cats.grad(lambda x: so.rosen_hess(x)[0, 0])(X)
    np.testing.assert_allclose(found, [2400.0, -400.0, 0.0])


TRANSFORMS = "dct dctn dst dstn idct idctn idst idstn"


@pytest.mark.parametrize("name", [*TRANSFORMS.split(), "fht", "rfft", "fft", "irfftn", "hfft"])
def test_what_uarray_dispatches_is_refused_by_name(name: str) -> None:
    function, more = getattr(scipy.fft, name), (0.1, 0.0) if name == "fht" else ()
    for f in (lambda x: x[0] * len(function(x, *more)), lambda x: function(x, *more)[0]):
        with pytest.raises(cats.TraceError, match=f"scipy.fft.{name}: ") as caught:
            cats.grad(f)(X)
        complex_ = name not in {*TRANSFORMS.split(), "fht"}
        assert ("complex" in caught.value.message) is complex_
        assert ("linear_primitive" in str(caught.value.remedy)) is not complex_
    kept = cats.grad(lambda x: np.sum(x * np.abs(function(np.ones(3), *more))[0]))(X)
    np.testing.assert_array_equal(kept, np.abs(function(np.ones(3), *more))[0] * np.ones(3))


@pytest.mark.parametrize("pair", [("dct", "idct"), ("idst", "dst")])
def test_a_cosine_transform_is_a_linear_primitive_with_the_transpose_that_is_said(
    pair: tuple[str, str],
) -> None:
    f, transpose = [functools.partial(getattr(scipy.fft, n), norm="ortho") for n in pair]
    box = cats.linear_primitive(f, transpose)
    found = cats.grad(lambda x: np.sum(box(x) ** 3))(X)
    np.testing.assert_allclose(found, transpose(3 * f(X) ** 2))


def test_a_product_with_a_sparse_matrix_is_a_linear_primitive_as_the_message_says() -> None:
    A = scipy.sparse.csr_array(np.arange(6.0).reshape(2, 3))
    with pytest.raises(cats.CatsError, match=r"A\.T @ y") as caught:
        cats.grad(lambda x: np.sum(A @ x))(X)
    _, _, said = str(caught.value.remedy).partition("or ")
    box = eval(said.rstrip("."), {"cats": cats, "A": A})
    found = cats.grad(lambda x: np.sum(box(x) ** 2))(X)
    np.testing.assert_allclose(found, 2 * A.T @ (A @ X))


def test_lamberts_function_is_the_root_that_the_message_says() -> None:
    with pytest.raises(cats.TraceError) as caught:
        cats.grad(lambda x: scipy.special.lambertw(x).real)(1.0)
    said = str(caught.value.remedy).partition("Use ")[2].partition(", from")[0]
    root = eval(f"lambda x: (lambda w: {said})(np.log1p(x))", {"cats": cats, "np": np})
    for x in (-0.3, 0.1, 3.0):
        w = scipy.special.lambertw(x).real
        np.testing.assert_allclose(cats.grad(root)(x), w / (x * (1 + w)), rtol=1e-10)
