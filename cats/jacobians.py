"""jacobian, hessian and hvp: the linear map as a matrix, and the derivative of the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cats.backends.backend import Backend
from cats.engine import NONE, NUMPY, Answer, Transform, answered, pair, real_leaves, selected
from cats.gradients import grad, parted
from cats.ir.errors import DerivativeError
from cats.ir.spaces import Ground, Real
from cats.maps import check_primals, jvp
from cats.pipeline import FORWARD, REVERSE, best_mode
from cats.pipeline import jacobian as jacobian_program
from cats.places import users_place
from cats.prepared import (
    Call,
    Chosen,
    Function,
    Traceable,
    chosen_arguments,
    positive,
    prepare,
    wanted,
)
from cats.transformed import Transformed
from cats.tree import Branch, Leaf, Static, Tree, count


@dataclass(frozen=True)
class Jacobian(Transformed):
    """What `jacobian` returns: a function of the arguments of f."""

    f: Function
    argnums: int | tuple[int, ...]
    mode: str
    chunk: int | None
    has_aux: bool
    backend: Backend

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = prepare(self.f, args, kwargs)
        chosen = chosen_arguments(self.f, call, self.argnums, None)
        options = ("jacobian", chosen, self.mode, self.chunk, self.has_aux)
        return answered(self.f, call, (), options, self.transform(call, chosen), self.backend)

    def answer(self, lifted: Traceable, call: Call) -> Answer:
        """The program behind the call."""
        chosen = chosen_arguments(self.f, call, self.argnums, None)
        return self.transform(call, chosen)(lifted)

    def transform(self, call: Call, chosen: Chosen) -> Transform:
        """Which program answers, and the structure of its results."""

        def make(lifted: Traceable) -> Answer:
            own, _ = parted(lifted.out, self.has_aux)
            whole = lifted.program
            program = replace(whole, outputs=whole.outputs[: count(own)])
            if not any(isinstance(s, Real) for s in program.ends):
                raise DerivativeError(
                    f"{_result(own, program.ends)}: it has no derivative",
                    remedy="Return a real number or array.",
                )
            mode = best_mode(program, chosen.active) if self.mode == "auto" else self.mode
            blocks = jacobian_program(whole, chosen.active, mode, self.chunk)
            return self._results(lifted, call, chosen, blocks)

        return make

    def _results(self, lifted: Traceable, call: Call, chosen: Chosen, whole: Any) -> Answer:
        """Blocks in the structure of the result, each in the structure of the arguments."""
        out, aux = parted(lifted.out, self.has_aux)
        ends, width = lifted.program.ends, len(chosen.active)
        own = ends[: count(out)]
        place = {leaf: i for i, leaf in enumerate(chosen.active)}
        columns = [place[i] for span in chosen.owned for i in span if i in place]
        rows = range(sum(isinstance(s, Real) for s in own))
        first = len(ends)
        wanted = [first + r * width + c for r in rows for c in columns]
        inner = [
            real_leaves(tree, [call.spaces[i] for i in span])
            for tree, span in zip(chosen.trees, chosen.owned, strict=True)
        ]
        below = inner[0] if chosen.single else pair(*inner)
        table = _grafted(real_leaves(out, own), below)
        if aux is None:
            return Answer(selected(whole, wanted), table)
        return Answer(selected(whole, [*wanted, *range(len(own), first)]), pair(table, aux))


def _grafted(tree: Tree, below: Tree) -> Tree:
    """The structure with another one in place of each leaf."""
    if isinstance(tree, Branch):
        return tree.of(_grafted(p, below) for p in tree.parts)
    return below if isinstance(tree, Leaf) else NONE


_MODES = {"auto", FORWARD, REVERSE}


def jacobian(
    f: Function,
    argnums: int | Sequence[int] = 0,
    mode: str = "auto",
    chunk: int | None = None,
    has_aux: bool = False,
    backend: Backend = NUMPY,
) -> Jacobian:
    """The Jacobian function of f: the matrix representation of its derivative.

    A block has the shape of the result followed by the shape of the argument; containers of
    results and arguments give nested containers of blocks.
    mode    "fwd", "rev", or "auto": forward when the arguments hold no more numbers than the result
    chunk   so many columns or rows at once, one chunk after the other: less memory. Without it
            structure (diagonal, permutation, Kronecker) is used as long as it lasts
    has_aux f returns (value, aux); the result is (Jacobian of the value, aux)
    Source: Elliott 2018, section 8 (generalized matrices).

    >>> import numpy as np
    >>> jacobian(np.sin)(np.zeros(2))
    array([[1., 0.],
           [0., 1.]])
    """
    if mode not in _MODES:
        raise DerivativeError(
            f"mode={mode!r} is not a mode of jacobian",
            where=users_place(),
            remedy="Use 'auto', 'fwd' or 'rev'.",
        )
    return Jacobian(f, wanted(argnums)[0], mode, positive(chunk), has_aux, backend)


def jacfwd(
    f: Function,
    argnums: int | Sequence[int] = 0,
    chunk: int | None = None,
    has_aux: bool = False,
    backend: Backend = NUMPY,
) -> Jacobian:
    """The Jacobian by forward association: cheap for few inputs.

    >>> import numpy as np
    >>> jacfwd(lambda t: np.stack([t, t * t]))(3.0)
    array([1., 6.])
    """
    return jacobian(f, argnums, FORWARD, chunk, has_aux, backend)


def jacrev(
    f: Function,
    argnums: int | Sequence[int] = 0,
    chunk: int | None = None,
    has_aux: bool = False,
    backend: Backend = NUMPY,
) -> Jacobian:
    """The Jacobian by reverse association: cheap for few outputs.

    >>> import numpy as np
    >>> jacrev(np.sum)(np.zeros(3))
    array([1., 1., 1.])
    """
    return jacobian(f, argnums, REVERSE, chunk, has_aux, backend)


def hessian(
    f: Function,
    argnums: int | Sequence[int] = 0,
    chunk: int | None = None,
    has_aux: bool = False,
    backend: Backend = NUMPY,
) -> Jacobian:
    """The Hessian function of f: the Jacobian of its Jacobian, which is its gradient if f is real.

    A block has the shape of the result followed by the shape of the argument, twice.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    inner = jacobian(f, argnums, REVERSE, None, has_aux)
    return jacobian(inner, argnums, "auto", chunk, has_aux, backend)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """H(x) v: the derivative of the gradient along v; no Hessian is formed.

    Forward over reverse, at a small multiple of the cost of f. For one primal the result has its
    structure, for several it is a tuple.

    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    array([6., 0.])
    """
    check_primals("hvp", primals)
    several = len(primals) > 1
    return jvp(grad(f, tuple(range(len(primals))) if several else 0), primals, tangents)[1]


def _result(tree: Tree, ends: Sequence[Ground]) -> str:
    """What a function gives, as messages say it."""
    if isinstance(tree, Static):
        return f"the result is {tree.value!r} of type {tree.kind.__name__}"
    return f"the result lies in {', '.join(map(str, ends)) or 'nothing real'}"
