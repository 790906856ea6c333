"""checkpoint: which residuals of a function are kept, and which are computed again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cats.bodies import applied, body_of, closed
from cats.ir.control import Call
from cats.places import placed
from cats.policies import Policy, Recompute, known, written
from cats.trace import arguments
from cats.transformed import Transformed
from cats.tree import unflatten
from cats.whole import compile


@dataclass(frozen=True)
class Checkpointed(Transformed):
    """What `checkpoint` returns: the function, whose derivative keeps what a policy says."""

    f: Callable[..., Any]
    policy: Policy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return compile(_Called(self.f, self.policy))(*args, **kwargs)


@dataclass(frozen=True)
class _Called:
    """The function as one call."""

    f: Callable[..., Any]
    policy: Policy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, _ = arguments(self.f, (args, kwargs))
        body = body_of(
            "the function of checkpoint", self.f, args, kwargs, numbers=False, apart=True
        )
        whole = closed([body])
        made = applied(Call(whole.programs[0], written(self.policy)), [*whole.around, *leaves])
        return unflatten(body.out, made)


@placed
def checkpoint(f: Callable[..., Any], policy: Policy | None = None) -> Checkpointed:
    """f, with residuals kept by a policy when it is differentiated in reverse mode.

    policy   `Recompute()` (the default) keeps the arguments only; `Saving("matmul", "h")` what
             some operations or variables make; `Budget(bytes)` as much as has room; `Every(k)`
             and `Binomial(s)` keep carries of the loops in f; `SaveAll()` everything
    Values and derivatives are the same under each; memory and work differ, and
    `cats.explain_memory` tells how. In forward mode nothing is kept anyway. Raises DerivativeError
    if the policy is none. Spelling: `jax.checkpoint`. Source: Griewank and Walther 2000; Radul et
    al. 2023, section 6 (unzip).

    >>> import numpy as np
    >>> from cats.gradients import grad
    >>> grad(checkpoint(lambda x: np.sin(np.exp(x))))(0.0)
    np.float64(0.5403023058681398)
    """
    return Checkpointed(f, known(policy) or Recompute())
