"""Where the published functions are tested: arguments that take different paths."""

from __future__ import annotations

from typing import Any

import numpy as np

Args = tuple[Any, ...]


def row(*numbers: float) -> Args:
    """One array as the only argument."""
    return (np.array(numbers),)


def drawn(*shape: int, low: float = -1.0, high: float = 1.0) -> Any:
    """Numbers without a pattern, the same in every run."""
    return np.random.default_rng(sum(shape)).uniform(low, high, shape)


SPD = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.4], [0.5, -0.4, 2.0]])
GENERAL = np.array([[0.2, 2.0, -1.0], [3.0, 0.5, 1.0], [1.0, -1.0, 4.0]])
LINKS = np.array([[0.0, 1.0, 0.5], [2.0, 0.0, 1.0], [0.0, 0.7, 0.0]])

LEAST_SQUARES: dict[str, list[Args]] = {
    "rosenbrock": [row(-1.2, 1.0), row(1.0, 1.0)],
    "freudenstein_roth": [row(0.5, -2.0)],
    "powell_badly_scaled": [row(0.0, 1.0)],
    "brown_badly_scaled": [row(1.0, 1.0)],
    "beale": [row(1.0, 1.0)],
    "jennrich_sampson": [row(0.3, 0.4)],
    "helical_valley": [row(-1.0, 0.1, 0.2), row(0.5, -0.7, 1.0)],
    "bard": [row(1.0, 1.0, 1.0)],
    "gaussian": [row(0.4, 1.0, 0.1)],
    "meyer": [row(0.02, 4000.0, 250.0)],
    "gulf": [row(5.0, 2.5, 0.15), row(50.0, 60.0, 1.5)],
    "box3d": [row(0.1, 10.0, 20.0)],
    "powell_singular": [row(3.0, -1.0, 0.2, 1.0)],
    "wood": [row(-3.0, -1.0, -3.0, -1.0)],
    "kowalik_osborne": [row(0.25, 0.39, 0.415, 0.39)],
    "brown_dennis": [row(25.0, 5.0, -5.0, -1.0)],
    "biggs_exp6": [row(1.0, 2.0, 1.0, 1.1, 1.2, 1.3)],
    "watson": [row(0.1, -0.2, 0.3)],
    "extended_rosenbrock": [row(-1.2, 1.0, -1.3, 0.9)],
    "extended_powell": [row(3.0, -1.0, 0.2, 1.0, 2.0, -1.0, 0.3, 1.0)],
    "penalty1": [row(1.0, 2.0, 3.0, 4.0)],
    "penalty2": [row(0.5, 0.6, 0.7, 0.8)],
    "variably_dimensioned": [row(0.7, 0.5, 0.3)],
    "trigonometric": [row(0.2, 0.25, 0.3)],
    "brown_almost_linear": [row(0.5, 0.6, 0.7)],
    "discrete_boundary_value": [row(-0.1, -0.2, -0.1, -0.05)],
    "discrete_integral_equation": [row(-0.1, -0.2, -0.1, -0.05)],
    "broyden_tridiagonal": [row(-1.0, -0.9, -1.1, -1.0)],
    "broyden_banded": [row(-1.0, -0.9, -1.1, -1.0, -0.5, -0.6, -0.7)],
    "chebyquad": [row(0.2, 0.4, 0.65, 0.8)],
}

LANDSCAPES: dict[str, list[Args]] = {
    "branin": [row(2.0, 3.0)],
    "goldstein_price": [row(0.3, -0.8)],
    "hartmann": [row(0.2, 0.5, 0.8), row(0.2, 0.15, 0.47, 0.27, 0.31, 0.65)],
    "shekel": [row(4.1, 3.9, 4.2, 3.8)],
    "six_hump_camel": [row(0.1, -0.7)],
    "himmelblau": [(1.0, 2.5)],
    "colville": [row(-3.0, -1.0, -3.0, -1.0)],
    "ackley": [row(0.3, -0.2, 1.1)],
    "griewank": [row(0.3, -2.0, 1.1)],
    "rastrigin": [row(0.3, -0.2, 1.1)],
    "levy": [row(0.3, -2.0, 1.1)],
    "schwefel": [row(300.0, -200.0, 50.0)],
    "schwefel_1_2": [row(1.0, -2.0, 3.0)],
    "michalewicz": [row(2.2, 1.5, 1.3)],
    "styblinski_tang": [row(-2.5, 1.0)],
    "easom": [row(3.0, 3.3)],
    "zakharov": [row(0.5, -1.0, 0.2)],
    "dixon_price": [row(0.9, 0.6, -0.5)],
    "trid": [row(1.0, 2.0, -1.0)],
    "perm": [row(0.9, 0.6, 0.3)],
    "drop_wave": [row(0.6, 0.4)],
    "mccormick": [row(-0.5, -1.5)],
    "cross_in_tray": [row(1.0, -1.2), row(0.7, 0.2)],
    "arwhead": [row(1.0, 0.9, 0.8, 0.3)],
    "engval1": [row(2.0, 1.5, 2.0, 1.0)],
    "tridia": [row(1.0, 0.9, 1.1, 1.2)],
    "nondia": [row(-1.0, -0.8, -1.1)],
    "edensch": [row(0.0, 0.5, 1.0, 0.2)],
}

MATRICES: dict[str, list[Args]] = {
    "thomas": [tuple(np.array(v) for v in (
        [0.5, -0.3, 0.2], [4.0, 3.0, 3.5, 2.0], [1.0, 0.4, -0.6], [1.0, -2.0, 0.5, 3.0]))],
    "lu_solve": [(GENERAL, np.array([1.0, 2.0, -1.0])), (SPD, np.array([0.3, -1.0, 2.0]))],
    "determinant": [(GENERAL,), (SPD,)],
    "cholesky": [(SPD,)],
    "householder_qr": [(GENERAL[:, :2],), (-GENERAL[:, :2],)],
    "givens_least_squares": [(GENERAL[:, :2], np.array([1.0, 2.0, -1.0]))],
    "gram_schmidt": [(GENERAL[:, :2],)],
    "jacobi_method": [(SPD, np.array([1.0, 2.0, -1.0]))],
    "sor": [(SPD, np.array([1.0, 2.0, -1.0])), (SPD, np.array([40.0, 2.0, -1.0]))],
    "conjugate_gradients": [(SPD, np.array([1.0, 2.0, -1.0]))],
    "power_iteration": [(SPD,)],
    "jacobi_eigenvalues": [(SPD,)],
    "matrix_exponential": [(0.4 * GENERAL[:2, :2],)],
    "pagerank": [(LINKS,), (LINKS.T,)],
    "markov_stationary": [(GENERAL,)],
    "levinson": [(np.array([4.0, 1.0, 0.5, -0.3]), np.array([1.0, 2.0, -1.0, 0.4]))],
}  # fmt: skip

NODES = np.array([0.0, 1.0, 2.5, 4.0])
VALUES = np.array([1.0, 0.2, -0.5, 2.0])
ANALYSIS: dict[str, list[Args]] = {
    "newton_root": [(1.5,), (3.0,)],
    "secant_root": [(2.0,), (5.0,)],
    "bisection_then_newton": [(1.0,), (0.2,)],
    "brent": [(0.3,), (2.0,)],
    "simpson": [(0.0, 1.0), (-0.5, 2.0)],
    "romberg": [(2.0,)],
    "gauss_legendre": [(0.1, 1.3)],
    "adaptive_simpson": [(0.4,), (0.9,)],
    "lagrange": [(NODES, VALUES, 1.7)],
    "neville": [(NODES, VALUES, 1.7)],
    "newton_interpolation": [(NODES, VALUES, 1.7)],
    "natural_spline": [(NODES, VALUES, 1.7), (NODES, VALUES, 0.4), (NODES, VALUES, 3.1)],
    "de_casteljau": [(np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 2.0], [4.0, 0.0]]), 0.3)],
    "b_spline": [(np.array([1.0, -1.0, 2.0, 0.5, 0.3, 1.1]), t) for t in (0.4, 1.7, 2.2)],
    "horner": [(VALUES, 0.7)],
    "clenshaw": [(VALUES, 0.7)],
    "continued_fraction": [(0.8,)],
    "agm": [(1.0, 2.0), (3.0, 0.5)],
    "richardson": [(0.7,)],
    "aitken": [(0.5,)],
    "dft_power": [(np.array([1.0, -0.5, 0.3, 2.0, 0.1, -1.0]),)],
    "bessel_j0": [(0.7,), (4.2,)],
    "lanczos_log_gamma": [(0.7,), (4.2,)],
    "erf_rational": [(0.7,), (-1.2,)],
}

EVOLUTION: dict[str, list[Args]] = {
    "lorenz": [(np.array([1.0, 0.5, 20.0]), (10.0, 28.0, 8 / 3))],
    "lotka_volterra": [({"prey": 30.0, "hunters": 4.0, "birth": 0.5, "bite": 0.02, "gain": 0.02,
                         "death": 0.8},)],
    "sir": [(0.6, 0.1), (0.1, 0.3)],
    "dormand_prince": [(1.0,), (4.0,)],
    "robertson": [row(1.0, 2e-5, 0.1)],
    "heat": [(np.array([0.0, 1.0, 0.5, -0.3, 0.0]), 0.9)],
    "crank_nicolson": [(np.array([0.0, 1.0, 0.5, -0.3, 0.0]), 0.9)],
    "wave": [(0.7,)],
    "burgers": [row(1.0, 0.5, -0.2, 0.3, 0.9), row(-1.0, -0.5, 0.2, 0.8, 0.1)],
    "poisson": [(drawn(3, 3),)],
    "n_body": [(drawn(3, 2), drawn(3, 2) * 0.3, np.array([1.0, 0.5, 0.8]))],
    "double_pendulum": [row(1.0, 0.5, 0.2, -0.1)],
    "shooting": [(0.3,)],
    "kepler": [(1.0, 0.3), (2.0, 0.9)],
    "orbit": [(np.array([1.2, 0.3, 0.5, 1.0, -0.4]), 2.0)],
    "brusselator": [(1.0, 3.0)],
    "hodgkin_huxley": [(10.0,)],
}  # fmt: skip

ENGINEERING: dict[str, list[Args]] = {
    "robot_arm": [row(0.3, -0.5, 1.1)],
    "truss": [row(1.0, 2.0, 1.5, 0.7, 1.2)],
    "beam": [row(0.5, 0.3)],
    "thin_film": [(np.array([1.38, 2.1]), np.array([0.1, 0.07]))],
    "van_der_waals": [(300.0, 0.02)],
    "equilibrium": [(0.02, 0.1), (0.5, 0.9)],
    "reaction_network": [row(0.5, 0.3, 0.2)],
    "circuit": [row(1.0, 2.0, 0.5, 3.0, 1.5, 1.0)],
    "airfoil": [row(0.02, 0.4, 0.12)],
    "barrier": [row(1.0, 0.5)],
    "pid": [row(2.0, 0.5, 0.3), row(9.0, 0.5, 0.3)],
    "snell": [(0.6,)],
    "mandelbrot_escape": [row(0.4, 0.5), row(-1.5, 0.3)],
}

NET: dict[str, Any] = {"w": drawn(8), "u": drawn(8, 2), "b": drawn(8) * 0.1}
MIXTURE: dict[str, Any] = {
    "logits": np.array([0.2, -0.1]),
    "means": np.array([[0.0, 0.3], [1.1, 0.9]]),
    "log_sigma": [-0.5, -0.2],
}
DATA: dict[str, list[Args]] = {
    "black_scholes": [(100.0, 95.0, 0.5, 0.03, 0.2), (90.0, 110.0, 0.5, 0.03, 0.2)],
    "binomial_put": [(95.0, 0.3), (120.0, 0.2)],
    "bond_yield": [(0.04,)],
    "garch": [row(0.05, 0.1, 0.7)],
    "kalman": [row(0.1, 0.5)],
    "hmm_forward": [(drawn(4, 2),)],
    "viterbi": [(drawn(4, 3),), (drawn(4, 3)[::-1].copy(),)],
    "dynamic_time_warping": [(np.array([0.0, 1.0, 2.0, 1.1]), np.array([0.1, 0.9, 2.2])),
                             (np.array([0.0, 0.1, 2.0, 1.1]), np.array([1.1, 0.2, 2.2]))],
    "soft_edit_distance": [row(1.0, 0.7, 0.5)],
    "k_means": [(np.array([[0.1, 0.1], [1.0, 1.0]]),), (np.array([[2.0, 0.3], [0.3, 0.5]]),)],
    "gaussian_mixture": [(MIXTURE,)],
    "logistic_regression": [row(0.5, -0.3, 0.1), row(-2.0, 1.0, 0.5)],
    "kriging": [(np.array([0.8, 1.5]), np.array([0.3, -0.2, 1.0, 0.8, 0.1]))],
    "mlp": [(drawn(13),)],
    "convolution_net": [(drawn(2, 2), drawn(5, 5))],
    "lstm": [(NET,)],
    "attention": [(drawn(3, 2), drawn(3, 2) * 0.7, drawn(3, 2) + 0.3)],
    "cox_partial_likelihood": [row(0.5, -0.3)],
    "elo": [row(1.0, 0.5, 1.5)],
    "huber_line": [row(1.0, 0.1), row(1.6, -0.3)],
}  # fmt: skip

SEARCHES = {"brent"}
"""Their second derivative is that of the last steps of a search, which are others nearby."""

POINTS: dict[str, dict[str, list[Args]]] = {
    "least_squares": LEAST_SQUARES,
    "landscapes": LANDSCAPES,
    "matrices": MATRICES,
    "analysis": ANALYSIS,
    "evolution": EVOLUTION,
    "engineering": ENGINEERING,
    "data": DATA,
}
