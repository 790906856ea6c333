"""cats: derivatives of NumPy functions, compiled through categories.

    grad(f)(x)    the gradient of an ordinary NumPy function

A function becomes a typed lambda term, the term a point-free program, the program a value and a
linear map that is data; every mode of differentiation is a representation of that linear map.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cats.affine import Affine as Affine
    from cats.at_kinks import kinks as kinks
    from cats.backends.on_fractions import OnFractions as OnFractions
    from cats.backends.on_numexpr import OnNumexpr as OnNumexpr
    from cats.backends.on_numpy import OnNumpy as OnNumpy
    from cats.backends.on_source import OnSource as OnSource
    from cats.begin import Begin as Begin
    from cats.black_boxes import linear_primitive as linear_primitive
    from cats.black_boxes import primitive as primitive
    from cats.checkpoints import checkpoint as checkpoint
    from cats.choices import cond as cond
    from cats.choices import switch as switch
    from cats.continuation import Continuation as Continuation
    from cats.cost import Cost as Cost
    from cats.custom import custom_jvp as custom_jvp
    from cats.custom import custom_vjp as custom_vjp
    from cats.custom import on_gradient as on_gradient
    from cats.derive import Derivative as Derivative
    from cats.derive import derive as derive
    from cats.diagnosis import diagnose as diagnose
    from cats.dual import Dual as Dual
    from cats.forward import Forward as Forward
    from cats.functor import interpret as interpret
    from cats.functor import represent as represent
    from cats.gradients import grad as grad
    from cats.gradients import value_and_grad as value_and_grad
    from cats.implicit import Implicit as Implicit
    from cats.implicit import Neumann as Neumann
    from cats.implicit import Unroll as Unroll
    from cats.implicit import fixed_point as fixed_point
    from cats.implicit import linear_solve as linear_solve
    from cats.implicit import root as root
    from cats.ir import build as lam  # noqa: F401
    from cats.ir.errors import BackendError as BackendError
    from cats.ir.errors import CatsError as CatsError
    from cats.ir.errors import DerivativeError as DerivativeError
    from cats.ir.errors import LinearityError as LinearityError
    from cats.ir.errors import SpaceError as SpaceError
    from cats.ir.errors import TermError as TermError
    from cats.ir.errors import TraceError as TraceError
    from cats.ir.parse import parse as parse
    from cats.ir.primitive import Primitive as Primitive
    from cats.ir.program import Program as Program
    from cats.jacobians import hessian as hessian
    from cats.jacobians import hvp as hvp
    from cats.jacobians import jacfwd as jacfwd
    from cats.jacobians import jacobian as jacobian
    from cats.jacobians import jacrev as jacrev
    from cats.levels import explain as explain
    from cats.loops import fori_loop as fori_loop
    from cats.loops import map as map
    from cats.loops import scan as scan
    from cats.loops import while_loop as while_loop
    from cats.mapping import vmap as vmap
    from cats.maps import jvp as jvp
    from cats.maps import linear_transpose as linear_transpose
    from cats.maps import linearize as linearize
    from cats.maps import vjp as vjp
    from cats.matrix import Matrix as Matrix
    from cats.memory import explain_memory as explain_memory
    from cats.paths import PathWarning as PathWarning
    from cats.policies import Binomial as Binomial
    from cats.policies import Budget as Budget
    from cats.policies import Every as Every
    from cats.policies import Recompute as Recompute
    from cats.policies import SaveAll as SaveAll
    from cats.policies import Saving as Saving
    from cats.prefixes import associative_scan as associative_scan
    from cats.simplify import simplify as simplify
    from cats.sourcing import source as source
    from cats.spectral import eigenspaces as eigenspaces
    from cats.stop import stop_gradient as stop_gradient
    from cats.taylor import jet as jet
    from cats.taylor import taylor as taylor
    from cats.trace import Spec as Spec
    from cats.unzip import unzip as unzip
    from cats.whole import compile as compile
    from cats.whole import count as count
    from cats.whole import trace as trace

__version__ = "0.1.0"

_NAMES = {
    "cats.affine": "Affine",
    "cats.at_kinks": "kinks",
    "cats.backends.on_fractions": "OnFractions",
    "cats.backends.on_numexpr": "OnNumexpr",
    "cats.backends.on_numpy": "OnNumpy",
    "cats.backends.on_source": "OnSource",
    "cats.begin": "Begin",
    "cats.black_boxes": "linear_primitive primitive",
    "cats.checkpoints": "checkpoint",
    "cats.choices": "cond switch",
    "cats.continuation": "Continuation",
    "cats.cost": "Cost",
    "cats.custom": "custom_jvp custom_vjp on_gradient",
    "cats.derive": "Derivative derive",
    "cats.diagnosis": "diagnose",
    "cats.dual": "Dual",
    "cats.forward": "Forward",
    "cats.functor": "interpret represent",
    "cats.gradients": "grad value_and_grad",
    "cats.implicit": "Implicit Neumann Unroll fixed_point linear_solve root",
    "cats.ir.errors": (
        "BackendError CatsError DerivativeError LinearityError SpaceError TermError TraceError"
    ),
    "cats.ir.parse": "parse",
    "cats.ir.primitive": "Primitive",
    "cats.ir.program": "Program",
    "cats.jacobians": "hessian hvp jacfwd jacobian jacrev",
    "cats.levels": "explain",
    "cats.loops": "fori_loop map scan while_loop",
    "cats.mapping": "vmap",
    "cats.maps": "jvp linear_transpose linearize vjp",
    "cats.matrix": "Matrix",
    "cats.memory": "explain_memory",
    "cats.paths": "PathWarning",
    "cats.policies": "Binomial Budget Every Recompute SaveAll Saving",
    "cats.prefixes": "associative_scan",
    "cats.simplify": "simplify",
    "cats.sourcing": "source",
    "cats.spectral": "eigenspaces",
    "cats.stop": "stop_gradient",
    "cats.taylor": "jet taylor",
    "cats.trace": "Spec",
    "cats.unzip": "unzip",
    "cats.whole": "compile count trace",
}
"""The public names by the modules they are from, which are loaded when one is first asked for."""

_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted({*_HOME, "lam"})

_OF_JAX = {
    "jit": "compile",
    "remat": "checkpoint",
    "make_jaxpr": "trace",
    "eval_shape": "trace",
    "ShapeDtypeStruct": "Spec",
    "pure_callback": "primitive",
}
"""Names of JAX that are others here."""


class _Package(ModuleType):
    """The package: of a module and a function of one name, its attribute is the function.

    Loading `cats.derive` would else put the module in the place of `derive`.
    """

    def __getattr__(self, name: str) -> Any:
        if name == "lam":
            return import_module("cats.ir.build")
        if name not in _HOME:
            other = f"; JAX's {name} is cats.{_OF_JAX[name]}" if name in _OF_JAX else ""
            raise AttributeError(f"module 'cats' has no attribute {name!r}{other}")
        value = getattr(import_module(_HOME[name]), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *__all__})


sys.modules[__name__].__class__ = _Package
