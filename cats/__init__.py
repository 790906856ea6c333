"""cats: derivatives of NumPy functions, compiled through categories.

    grad(f)(x)    the gradient of an ordinary NumPy function

A function becomes a typed lambda term, the term a point-free program, the program a value and a
linear map that is data; every mode of differentiation is a representation of that linear map.
"""

from cats.affine import Affine as Affine
from cats.backends.on_fractions import OnFractions as OnFractions
from cats.backends.on_numpy import OnNumpy as OnNumpy
from cats.backends.on_source import OnSource as OnSource
from cats.begin import Begin as Begin
from cats.continuation import Continuation as Continuation
from cats.cost import Cost as Cost
from cats.derive import Derivative as Derivative
from cats.derive import derive as derive
from cats.dual import Dual as Dual
from cats.forward import Forward as Forward
from cats.functor import interpret as interpret
from cats.functor import represent as represent
from cats.gradients import grad as grad
from cats.gradients import value_and_grad as value_and_grad
from cats.ir import build as lam
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
from cats.maps import jvp as jvp
from cats.maps import linear_transpose as linear_transpose
from cats.maps import linearize as linearize
from cats.maps import vjp as vjp
from cats.matrix import Matrix as Matrix
from cats.simplify import simplify as simplify
from cats.sourcing import source as source
from cats.stop import stop_gradient as stop_gradient
from cats.trace import Spec as Spec
from cats.unzip import Recompute as Recompute
from cats.unzip import SaveAll as SaveAll
from cats.unzip import unzip as unzip
from cats.whole import compile as compile
from cats.whole import count as count
from cats.whole import trace as trace

__version__ = "0.1.0"

__all__ = [
    name
    for name, value in vars().items()
    if not name.startswith("_") and (value is lam or not isinstance(value, type(lam)))
]
