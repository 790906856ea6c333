"""What is said of a function is said of what it is transformed to, as functools.wraps does."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cats

Array = Any


def energy(x: Array, scale: float = 1.0) -> Array:
    """The energy of x."""
    return scale * np.sum(x * x)


TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "grad": cats.grad,
    "value_and_grad": cats.value_and_grad,
    "jacobian": cats.jacobian,
    "jacfwd": cats.jacfwd,
    "jacrev": cats.jacrev,
    "hessian": cats.hessian,
    "vmap": cats.vmap,
    "compile": cats.compile,
    "checkpoint": cats.checkpoint,
    "custom_jvp": cats.custom_jvp,
    "custom_vjp": cats.custom_vjp,
    "primitive": cats.primitive,
    "linear_primitive": lambda f: cats.linear_primitive(f, f),
    "twice": lambda f: cats.grad(cats.vmap(f)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_is_said_of_a_function_is_said_of_what_it_becomes(name: str) -> None:
    made = TRANSFORMS[name](energy)
    assert (made.__name__, made.__qualname__) == ("energy", "energy")
    assert made.__doc__ == inspect.getdoc(made) == "The energy of x."
    assert inspect.unwrap(made) is energy
    assert inspect.signature(made) == inspect.signature(energy)
    assert type(made).__doc__ != made.__doc__ and type(made).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'colour'"):
        made.colour  # noqa: B018

    @functools.wraps(made)
    def logged(*args: Any, **kwargs: Any) -> Any:
        return made(*args, **kwargs)

    assert (logged.__name__, logged.__doc__) == ("energy", "The energy of x.")


@pytest.mark.parametrize("name", sorted({*TRANSFORMS} - {"primitive"}))
def test_a_function_without_a_name_gives_none(name: str) -> None:
    made = TRANSFORMS[name](functools.partial(energy, scale=2.0))
    assert not hasattr(made, "__name__") and not hasattr(made, "__qualname__")
    assert getattr(made, "__name__", "a partial") == "a partial"


def test_a_record_is_its_fields_and_nothing_else() -> None:
    for make in (cats.grad, cats.jacobian, cats.hessian, cats.vmap, cats.compile, cats.checkpoint):
        made = make(energy)
        assert made.__name__ == "energy" and set(vars(made)) == set(made.__dataclass_fields__)
        assert made == make(energy) and hash(made) == hash(make(energy))
        for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
            assert other == made and other.__name__ == "energy"


@pytest.mark.parametrize("name", ["grad", "compile", "checkpoint"])
def test_names_of_arguments_are_those_of_the_function_behind(name: str) -> None:
    made = TRANSFORMS[name](energy)
    assert cats.trace(made, np.array([1.0, 2.0]), 3.0).names == ("x", "scale")
