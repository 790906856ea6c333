"""What is further from the truth than a rule should be, with the figure that was measured.

A row is taken out when its rule is mended: the long tests fail on a row that is no longer so.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.oracles.table import Key

KNOWN: Mapping[Key, float] = {
    ("arcsin", "near 0", "second"): 1.1e11,
    ("arccos", "near 0", "second"): 1.3e11,
    ("tanh", "tails", "forward"): 2.9e14,
    ("tanh", "tails", "reverse"): 2.5e14,
    ("tanh", "tails", "second"): 2.2e14,
    ("arctanh", "near 0", "second"): 1.5e10,
    ("hypot", "domain", "second"): 980,
    ("hypot", "domain x near 0", "second"): 3.4e15,
    ("hypot", "near 0 x domain", "second"): 3.5e15,
    ("hypot", "near 0", "second"): 2.3e15,
    ("hypot", "near 1 x domain", "second"): 160,
    ("hypot", "domain x tails", "second"): 1200,
    ("hypot", "tails x domain", "second"): 2.9e06,
    ("hypot", "domain x large", "second"): 6.1e15,
    ("hypot", "large x domain", "second"): 7.5e15,
    ("hypot", "large", "second"): 1.1e15,
    ("inversion", "near 0", "second"): 1.6e6,
    ("inversion", "large", "second"): 1.1e7,
    ("share2", "tails", "rounded"): 3.7,
    ("power_derivative", "domain", "rounded"): 2.5,
    ("bessel_i", "near 0", "rounded"): 2.1,
    ("math_lgamma", "domain", "rounded"): 11,
    ("math_gamma", "domain", "rounded"): 2.1,
    ("math_lgamma", "near 1", "rounded"): 7.3,
    ("lstsq", "domain", "one map"): 760,
    ("arctan2", "near 1", "second"): 43,
    ("logaddexp", "domain", "second"): 120,
    ("logaddexp", "domain x near 1", "second"): 33,
    ("logaddexp", "domain x tails", "second"): 2.6e14,
    ("logaddexp", "tails x domain", "second"): 2.1e14,
    ("logaddexp", "tails", "second"): 9.8e14,
    ("logaddexp", "domain x large", "second"): 5.8e13,
    ("logaddexp2", "near 1", "rounded"): 11,
    ("logaddexp2", "domain x tails", "second"): 1.2e10,
    ("logaddexp2", "tails x domain", "second"): 3.4e10,
    ("logaddexp2", "tails", "second"): 4.7e15,
    ("logaddexp2", "domain x large", "second"): 7.9e13,
    ("logaddexp2", "large x domain", "second"): 8.3e13,
}
"""(primitive, where, kind): ulps."""
