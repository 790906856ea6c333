"""What is further from the truth than a rule should be, with the figure that was measured.

A row is taken out when its rule is mended: the long tests fail on a row that is no longer so.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.oracles.table import Key

KNOWN: Mapping[Key, float] = {
    ("inversion", "near 0", "second"): 1.6e6,
    ("inversion", "large", "second"): 1.1e7,
    ("inversion", "domain x near 0", "second"): 8.6e10,
    ("inversion", "near 0 x domain", "second"): 1.6e10,
    ("inversion", "tails x domain", "second"): 85,
    ("inversion", "domain x large", "second"): 3.5e9,
    ("inversion", "large x domain", "second"): 7.6e11,
    ("share2", "tails", "rounded"): 3.7,
    ("power_derivative", "domain", "rounded"): 2.5,
    ("power_derivative", "domain x near 1", "rounded"): 2.5,
    ("power_derivative", "near 1", "rounded"): float("inf"),  # nan for what is real by chance
    ("bessel_i", "domain", "rounded"): 2.5,
    ("bessel_i", "near 0", "rounded"): 2.5,
    ("bessel_i", "near 1", "rounded"): 3.0,
    ("math_lgamma", "domain", "rounded"): 11,
    ("math_lgamma", "near 1", "rounded"): 7.3,
    ("math_gamma", "domain", "rounded"): 2.1,
    ("lstsq", "domain", "one map"): 760,
    ("logaddexp2", "near 1", "rounded"): 11,
    ("logaddexp2", "domain x large", "second"): 7.9e13,
}
"""(primitive, where, kind): ulps."""
