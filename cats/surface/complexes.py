"""NumPy's functions that answer with complex numbers where real ones do not suffice: refused."""

from __future__ import annotations

from typing import Any

import numpy as np

_EXTENDED = (
    np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10, np.emath.logn, np.emath.power,
    np.emath.arccos, np.emath.arcsin, np.emath.arctanh,
)  # fmt: skip

REFUSED: dict[Any, tuple[str, str]] = {
    np.roots: (
        "roots of a real polynomial may be complex, and cats differentiates real functions",
        "Find a real root with Newton's method, in which the derivative of the root follows.",
    ),
    **dict.fromkeys(
        _EXTENDED,
        (
            "its results may be complex, and cats differentiates real functions",
            "Use the function of np itself where its result is real, as np.sqrt of what is "
            "not negative.",
        ),
    ),
}
"""Functions that have no meaning here: why, and what to do."""
