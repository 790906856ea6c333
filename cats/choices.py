"""cond and switch: one of several functions is run, and only that one, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cats.bodies import agreed, applied, body_of, closed, laid_out, not_now
from cats.ir.control import Case
from cats.ir.errors import TraceError
from cats.ir.prims.choice import maximum, minimum, not_equal
from cats.ir.prims.layout import convert
from cats.ir.spaces import BOOL, INT, Discrete, Value, space_of
from cats.places import placed, users_place
from cats.tree import unflatten
from cats.whole import compile

Function = Callable[..., Any]


@dataclass(frozen=True)
class Choice:
    """One of the functions, by a tag, on operands: a true coproduct.

    truth   the tag says yes or no: a number is yes unless it is 0
    """

    functions: tuple[Function, ...]
    names: tuple[str, ...]
    truth: bool

    def __call__(self, tag: Value, *operands: Any) -> Any:
        given = laid_out(operands)
        like = given.like(given.spaces)
        bodies = agreed(
            [
                body_of(n, f, like, apart=True)
                for n, f in zip(self.names, self.functions, strict=True)
            ]
        )
        whole = closed(bodies)
        word = Case(whole.programs)
        made = applied(word, [self.tag(tag), *whole.around, *given.leaves])
        return unflatten(bodies[0].out, made)

    def tag(self, tag: Value) -> Value:
        """The tag as a truth value where there are two functions, else a number in range."""
        space = space_of(tag)
        if isinstance(space, Discrete) and not space.shape:
            if self.truth:
                return tag if space == BOOL else not_equal(tag, np.zeros((), space.dtype))
            if space == BOOL and len(self.functions) == 2:
                return tag
            whole = tag if space == INT else convert(tag, dtype=INT.dtype)
            return minimum(maximum(whole, 0), len(self.functions) - 1)
        raise TraceError(
            f"the choice is in {space}, and must be one truth value or one whole number",
            where=users_place(),
            remedy="Compare, as in x > 0, or round with astype(int).",
        )


@placed
def cond(pred: Value, true_fun: Function, false_fun: Function, *operands: Any) -> Any:
    """true_fun(*operands) if pred, else false_fun(*operands): only one is run, or differentiated.

    pred       a truth value, or a whole number: true unless it is 0
    operands   any containers; what the functions read from around them may vary too, and what they
               compute of it is computed in the branch that is taken only
    Both functions are traced, and give containers of one structure, shapes and dtypes. Raises
    TraceError if they do not, or if pred has axes. Spelling: `jax.lax.cond`.

    >>> from cats.gradients import grad
    >>> f = lambda x: cond(x > 0, lambda x: x**0.5, lambda x: 0.0 * x, x)
    >>> grad(f)(4.0), grad(f)(-1.0)
    (np.float64(0.25), np.float64(0.0))
    """
    word = Choice((false_fun, true_fun), ("false_fun", "true_fun"), truth=True)
    return compile(word)(*not_now(true_fun, (pred, *operands)))


@placed
def switch(index: Value, branches: Iterable[Function], *operands: Any) -> Any:
    """branches[index](*operands): only that one is run, or differentiated.

    index   a whole number; one out of range chooses the first or the last branch
    Otherwise as `cond`. Spelling: `jax.lax.switch`.

    >>> import numpy as np
    >>> switch(np.int64(1), [np.sin, np.cos, np.tan], 0.0)
    np.float64(1.0)
    """
    functions = tuple(branches) if isinstance(branches, Iterable) else ()
    if not functions:
        raise TraceError(
            f"switch has no branches to choose from in {branches!r}",
            where=users_place(),
            remedy="Give at least one function.",
        )
    names = tuple([f"branch {i}" for i in range(len(functions))])
    word = Choice(functions, names, truth=False)
    return compile(word)(*not_now(functions[0], (index, *operands)))
