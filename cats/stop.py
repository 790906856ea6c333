"""stop_gradient: a value that is looked at but not varied."""

from __future__ import annotations

from cats.ir.prims.layout import stop
from cats.ir.spaces import Value
from cats.recorder import newest_recorder
from cats.tree import flatten, unflatten


def stop_gradient(x: Value) -> Value:
    """x itself, with derivative 0; containers leaf by leaf.

    >>> from cats.gradients import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    leaves, tree = flatten(x)
    return unflatten(tree, [stop(v) if newest_recorder([v]) is not None else v for v in leaves])
