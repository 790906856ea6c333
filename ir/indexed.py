"""The indexed biproduct: an array of n things of a space, taken apart and put together by leaves.

A[n], the space A with an axis of length n before its own, is the product of n A's, and their
coproduct too. What a product of spaces does by projections and injections, an array does by four
operations of the vocabulary and one map for each entry:

    ex i     : A[n] -o A     entry i                      `index`
    into i   : A -o A[n]     entry i, the others zero     `accumulate`, the adjoint of ex i
    repl     : A -o A[n]     every entry                  `broadcast`
    jam      : A[n] -o A     the sum of the entries       `sum`, the adjoint of repl
    cross fs : A[n] -o B[n]  fs[i] on entry i

The laws: cross fs ; ex i = ex i ; fs[i], into i ; cross fs = fs[i] ; into i, into i ; jam = id,
into j ; ex i = id or 0. Where all fs are one operation at different residuals, cross fs is that
operation with the axis among its own; where they are one leaf, it is `lift`. (Elliott 2018,
"Scaling up": exI, inI, replI, jamI, crossI.)
"""

from __future__ import annotations

from collections.abc import Sequence

from cats.ir.linear import Leaf, Linear, Then, total
from cats.ir.primitive import leaf_of
from cats.ir.prims.indexing import accumulate, index
from cats.ir.prims.layout import broadcast, sum, with_shape
from cats.ir.spaces import Ground


def array(a: Ground, n: int) -> Ground:
    """A[n]: n things of the space, as one array.

    >>> from cats.ir.spaces import Real
    >>> print(array(Real((3,)), 2))
    R[2, 3]
    """
    return with_shape(a, (n, *a.shape))


def ex(a: Ground, n: int, i: int) -> Leaf:
    """A[n] -o A: entry i."""
    return leaf_of(index, 0, (), array(a, n), a, key=(i,))


def into(a: Ground, n: int, i: int) -> Leaf:
    """A -o A[n]: entry i, the others zero."""
    whole = array(a, n)
    return leaf_of(accumulate, 0, (), a, whole, shape=whole.shape, dtype=a.dtype, targets=((i,),))


def repl(a: Ground, n: int) -> Leaf:
    """A -o A[n]: every entry."""
    whole = array(a, n)
    axes = tuple(range(1, len(whole.shape)))
    return leaf_of(broadcast, 0, (), a, whole, shape=whole.shape, axes=axes)


def jam(a: Ground, n: int) -> Leaf:
    """A[n] -o A: the sum of the entries."""
    return leaf_of(sum, 0, (), array(a, n), a, axes=(0,))


def cross(fs: Sequence[Linear], a: Ground, b: Ground) -> Linear:
    """A[n] -o B[n]: fs[i] : A -o B on entry i, for each i.

    >>> from cats.ir.linear import Scale
    >>> from cats.ir.spaces import R
    >>> print(cross([Scale(R, 2)], R, R))
    index[key=(0,)] ; scale(2) ; accumulate[dtype=float64, shape=(1,), targets=((0,),)]
    """
    n = len(fs)
    parts = [Then(Then(ex(a, n, i), f), into(b, n, i)) for i, f in enumerate(fs)]
    return total(parts, array(a, n), array(b, n))
