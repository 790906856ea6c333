"""cats.data: the measurements that the examples need, shipped with the library."""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["old_faithful"]


def old_faithful() -> NDArray[np.float64]:
    """The Old Faithful geyser: 272 rows (eruption, wait), both in minutes.

    Row i holds how long an eruption lasted and how long one then waited for the next, in
    Yellowstone National Park, August 1985.  A new array of shape (272, 2) at each call.

    Source: A. Azzalini and A. W. Bowman, A look at some data on the Old Faithful geyser, Applied
    Statistics 39 (1990), 357-365; in this form in W. Härdle, Smoothing Techniques with
    Implementation in S (1991), and as `faithful` in R.

    >>> data = old_faithful()
    >>> data.shape
    (272, 2)
    >>> print(data.mean(axis=0).round(4))
    [ 3.4878 70.8971]
    """
    with files(__name__).joinpath("old_faithful.csv").open(encoding="utf-8") as rows:
        return np.loadtxt(rows, delimiter=",", skiprows=1)
