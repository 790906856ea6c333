"""The functions that the demo differentiates: plain NumPy, which knows nothing of cats."""

from typing import Any

import numpy as np

Array = Any


def waves(x: float, y: float) -> tuple[Array, Array]:
    """Cos z and sin z, where z = x y.

    >>> waves(0.0, 1.0)
    (np.float64(1.0), np.float64(0.0))
    """
    z = x * y
    return np.cos(z), np.sin(z)


def surprise(parameters: Array, data: Array) -> Array:
    """The mean of -log density over the rows of data, under a mixture of two Gaussians.

    parameters  12 numbers: two log weights up to a common constant, two means, and for each
                component a Cholesky factor [[e^a, 0], [c, e^b]] of its covariance: two pairs
                (a, b), then two numbers c
    data        of shape (n, 2)

    >>> print(round(float(surprise(np.zeros(12), np.zeros((1, 2)))), 6))
    1.837877
    """
    log_weights = parameters[:2] - np.logaddexp(parameters[0], parameters[1])
    means = parameters[2:6].reshape(2, 2)
    log_scales = parameters[6:10].reshape(2, 2)
    off_diagonal = parameters[10:]
    away = data[:, np.newaxis, :] - means
    first = away[:, :, 0] * np.exp(-log_scales[:, 0])
    second = (away[:, :, 1] - off_diagonal * first) * np.exp(-log_scales[:, 1])
    log_densities = -0.5 * (first**2 + second**2) - np.sum(log_scales, axis=1) - np.log(2 * np.pi)
    scores = log_weights + log_densities
    return -np.mean(np.logaddexp(scores[:, 0], scores[:, 1]))


def mixture(parameters: Array) -> list[tuple[float, Array, Array]]:
    """What the parameters of `surprise` mean: (weight, mean, covariance) of each component."""
    log_weights = parameters[:2] - np.logaddexp(parameters[0], parameters[1])
    found = []
    for k in range(2):
        a, b = np.exp(parameters[6 + 2 * k : 8 + 2 * k])
        factor = np.array([[a, 0.0], [parameters[10 + k], b]])
        mean = parameters[2 + 2 * k : 4 + 2 * k]
        found.append((float(np.exp(log_weights[k])), mean, factor @ factor.T))
    return found
