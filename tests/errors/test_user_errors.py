"""Every way of misusing the public functions: a sentence, the user's line, and what to do instead.

Each case is one line of a file written here; the error must name that file, that line and its
code. `HERE` marks the line.
"""

from __future__ import annotations

import itertools
import linecache
import textwrap
from pathlib import Path
from typing import Any

import pytest

import cats

PRELUDE = """
import array, collections, copy, math, pickle, random
import numpy as np
import cats
x = np.array([1.0, 2.0, 3.0])
m = np.arange(6.0).reshape(2, 3)
big = np.ones(1000)
kept = []
leaked = collections.deque()
settings = {}
rng = np.random.default_rng(0)
numbers = iter([1.0, 2.0])


class Model:
    def __init__(self):
        self.size = self.age = 0.0


model = Model()
"""

IN_FUNCTION = [
    # what a value in a trace cannot give
    ("range(x[0])", "an index made of a traced value in R: it is a real number", "int(x)"),
    ("complex(x[0])", "complex(x) of a traced value", "real numbers"),
    ("{x[0]: 1.0}", "a key of a dict, or a member of a set, of a traced value", "a Python number"),
    ("{x[0]}", "a key of a dict, or a member of a set, of a traced value", "a Python number"),
    ("x.tobytes()", "x.tobytes() of a traced value", "Use x itself"),
    ("array.array('d', x)", "float(x) of a traced value in R", "np.sin or math.sin"),
    ("bool(x)", "the truth value of a traced value in R[3]: it has 3 entries", "x.any()"),
    ("int(x)", "int(x) of a traced value in R[3]: it has 3 entries", "x[0]"),
    ("random.random() * x", "a random number is drawn inside", "pass it as an argument"),
    ("np.random.rand(3) * x", "a random number is drawn inside", "pass it as an argument"),
    ("rng.normal() * x", "a random number is drawn inside", "pass it as an argument"),
    ("next(numbers) * x", "an iterator from outside the traced function is used", "Pass a list"),
    ("complex(x[0])", "complex(x) of a traced value", "real numbers"),
    ("len(x[0])", "len(x) of a traced value in R: it has no axes", "np.atleast_1d"),
    ("list(x[0])", "len(x) of a traced value", "np.atleast_1d"),
    ("x.foo", "has no attribute 'foo'", "the NumPy function that does the same"),
    ("pickle.dumps(x)", "pickling of a traced value", "Pickle arrays"),
    # writing
    ("x.__setitem__(0, 1.0)", "writing into an argument: it would be seen outside", "x.copy()"),
    ("x.__iadd__(1)", "writing into an argument: it would be seen outside", "x.copy()"),
    ("x[0].__setitem__(0, 1.0)", "a float64 has no items to assign to", "Make an array"),
    ("x[1:].__setitem__(0, 1.0)", "writing into an argument", "x.copy()"),
    ("m.__setitem__((0, 0), x[0])", "writing into an array from outside", "x.copy()"),
    ("big.__setitem__(0, x[0])", "writing into an array from outside", "x.copy()"),
    ("np.add(x, 1, out=m[0])", "writing into an array from outside the function", "x.copy()"),
    ("np.copyto(x, 1.0)", "writing into an argument", "x.copy()"),
    ("np.broadcast_to(x[0] * 1, (3,)).__setitem__(0, 1.0)", "a view that NumPy makes read-only",
     "x.copy()"),
    ("np.zeros(2, int).__iadd__(x[:2])", "cannot write float64 into an array of int64", "astype"),
    ("np.zeros(2).__iadd__(x)", "shapes (2,), (3,) do not broadcast", "reshape"),
    ("np.zeros(3).__iadd__(m * x)", "a result of shape (2, 3) does not fit", "x = x + y"),
    ("np.zeros(2).__setitem__(slice(None), x)", "cannot be written to a place of shape (2,)",
     "broadcasts"),
    ("kept.append(x)", "list.append: it is outside of the traced function", "Return the value"),
    ("settings.update(a=1)", "dict.update: it is outside of the traced", "as an argument"),
    ("setattr(model, 'size', x)", "writing to the attribute size of a Model", "as an argument"),
    ("delattr(model, 'age')", "deleting the attribute age of a Model", "as an argument"),
    # unknown functions, methods and keywords
    ("np.fft.fft(x)", "numpy.fft.fft is not known to cats", "Primitive"),
    ("np.nextafter(x, 1)", "np.nextafter is not known to cats", "Primitive"),
    ("np.modf(x)", "np.modf is not known to cats", "Primitive"),
    ("np.add.at(x, [0], 1)", "writing into an argument", "x.copy()"),
    ("np.logaddexp.reduce(x)", "np.logaddexp.reduce is not known to cats", "Primitive"),
    ("np.sum(x, dtype='f4')", "np.sum(dtype='f4') is not known", "without dtype="),
    ("np.sum(x, initial=1.0)", "np.sum(initial=1.0) is not known", "without initial="),
    ("np.exp(x, where=x > 0)", "np.exp(where=", "without where="),
    ("np.exp(x, dtype='f4')", "np.exp(dtype='f4') is not known", "without dtype="),
    ("np.add(x, x, casting='no')", "np.add(casting='no') is not known", "without casting="),
    ("np.square(x, dtype='f4')", "np.square(dtype='f4') is not known", "without dtype="),
    ("x.reshape(3, order='F')", "np.reshape(order='F') is not known", "without order="),
    ("np.ravel(x, order='F')", "np.ravel(order='F') is not known", "without order="),
    # shapes and axes
    ("x + x[:2]", "shapes (3,), (2,) do not broadcast together", "reshape"),
    ("x @ x[:2]", "lengths 3 and 2", None),
    ("x @ x[0]", "both operands need axes", None),
    ("x.sum(axis=5)", "axis 5 of an array with 1 axes", "from -1 to 0"),
    ("x.sum(axis=0.5)", "np.sum cannot take these arguments", "Check the arguments"),
    ("x.reshape(7)", "cannot reshape R[3] to R[7]: 3 entries, not 7", None),
    ("np.stack([x, x[:2]])", "arrays of shapes (3,), (2,) cannot be stacked", "one shape"),
    ("np.concatenate([x, m * x])", "cannot join R[3], R[2, 3]", None),
    ("np.squeeze(x, 0)", "squeeze of axes (0,) of shape (3,)", None),
    ("np.split(x, 2)", "an axis of length 3 does not split into 2 equal parts", None),
    ("np.max(x[:0])", "there is none", "not empty"),
    ("np.einsum('ij->j', x)", "einsum('ij->j') does not fit operands of shapes", "a letter for"),
    ("np.einsum('i->ii', x)", "does not fit operands", "at most once"),
    ("np.einsum('i->k', x)", "does not fit operands", "at most once"),
    ("np.linalg.norm(m * x, 2)", "np.linalg.norm(ord=2) over 2 axes", "'fro'"),
    ("np.tensordot(x, m, axes=([0], [0, 1]))", "np.tensordot cannot take these", "Check"),
    ("np.transpose(x, (0, 0))", "not an order of the axes", None),
    ("x.reshape(3.0)", "np.reshape cannot take these arguments", "Check the arguments"),
    ("np.roll(x, 1.5)", "np.roll cannot take these arguments", "Check the arguments"),
    # indexing
    ("x[5]", "index 5 is out of bounds for an axis of length 3", None),
    ("x[[0, 7]]", "index 7 is out of bounds for an axis of length 3", None),
    ("x[0, 0]", "2 indices for an array with 1 axes", None),
    ("x[..., ...]", "an index holds '...' twice", None),
    ("x[True]", "an index True", "x[None]"),
    ("x[[True, False]]", "a mask of length 2 for an axis of length 3", "shape of the axes"),
    ("x[1.5]", "an index array must hold integers", "integer arithmetic"),
    ("x[x]", "an index array must hold integers", "integer arithmetic"),
    ("x['a']", "values of dtype <U1 are in no space of cats", "float64"),
    ("x[::0]", "slice step cannot be zero", "Check the arguments"),
    ("x[x[0]:]", "an index made of a traced value in R: it is a real number", "int(x)"),
    # numbers that are none
    ("x * 1j", "complex numbers are not supported", "two real arguments"),
    ("x + 'a'", "of cats", None),
    ("x + None", "None of type NoneType is not a number", "Use arrays"),
    ("x * np.array([{}, 1, 2])", "is not a number", "Use arrays"),
    ("x * np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])", "MaskedArray does not compute", "mask"),
    ("np.matrix([[1.0]]) * x", "matrix does not compute as an array does", "np.asarray"),
    ("x * np.float16(2)", "float16 are in no space of cats", "float64"),
    ("np.datetime64('2020') + x", "datetime64", "float64"),
    ("~x", "does not take", None),
    ("x & x", "does not take", None),
    ("(x > 0) - (x > 1)", "numpy boolean subtract", None),
]  # fmt: skip

ASKED = {"x.foo", "bool(x)", "len(x[0])", "list(x[0])", "x[5]", "x[[0, 7]]", "x[0, 0]"}
"""What NumPy refuses too: code asks so, and goes on."""

AT_CALL = [
    # what is differentiated
    ("cats.grad(lambda x: x * x)(x)", "one real number as its result; this one gives R[3]",
     "cats.jacobian"),
    ("cats.grad(lambda x: (x, x))(1.0)", "this one gives R, R", "cats.jacobian"),
    ("cats.grad(lambda x: x > 1)(1.0)", "this one gives Bool", "cats.jacobian"),
    ("cats.grad(lambda x: 'text')(1.0)", "this one gives 'text' of type str", "np.sum"),
    ("cats.grad(lambda x: None)(1.0)", "this one gives None of type NoneType", "np.sum"),
    ("cats.grad(lambda x: 3)(1.0)", "this one gives 3 of type int", "np.sum"),
    ("cats.jacobian(lambda x: x > 1)(x)", "has no derivative", "a real number or array"),
    ("cats.hessian(lambda x: x)(x)", "one real number as its result", "cats.jacobian"),
    ("cats.grad(lambda x: x)(2)", "argument 0 is 2 of type int", "Pass a float"),
    ("cats.grad(lambda x: x)(True)", "argument 0 is True of type bool", "Pass a float"),
    ("cats.grad(np.sum)(np.arange(3))", "lies in Int[3], which has no derivative", "astype(float)"),
    ("cats.grad(lambda x: x)('a')", "argument 0 is 'a' of type str", "argnums"),
    ("cats.grad(lambda x: x)(None)", "argument 0 is None", "argnums"),
    ("cats.grad(lambda x: 1.0)({})", "holds nothing real to differentiate", "argnums"),
    ("cats.grad(lambda x: 1.0)([1, 2])", "holds nothing real to differentiate", "argnums"),
    ("cats.grad(lambda x: x)(1j)", "argument x: complex numbers are not supported", "two real"),
    ("cats.grad(lambda x: 1.0)(object())", "argument x is object, which is not", "Pass arrays"),
    ("cats.grad(lambda x: 1.0)({'a': {1}})", "argument x is set, which is not", "Pass arrays"),
    ("cats.grad(lambda x: 1.0)(np.array(['a']))", "dtype <U1", "float64"),
    ("cats.grad(lambda x: 1.0)(np.float16(1))", "dtype float16", "float64"),
    ("cats.grad(lambda x: 1.0)(np.matrix([1.0]))", "argument x is matrix", "Pass arrays"),
    ("cats.grad(lambda x: 1.0)(np.ma.array([1.0]))", "argument x is MaskedArray", "Pass arrays"),
    ("cats.grad(3)(1.0)", "3 of type int is not a function", "a Python function"),
    ("cats.compile('f')(1.0)", "'f' of type str is not a function", "a Python function"),
    # argnums, argnames, modes, has_aux
    ("cats.grad(lambda x: x, 1)(1.0)", "argnums=1, but the function was called with 1", "argnames"),
    ("cats.grad(lambda x: x, -2)(1.0)", "argnums=-2, but", "argnames"),
    ("cats.grad(lambda x: x)()", "argnums=0, but the function was called with 0", "argnames"),
    ("cats.grad(lambda x: x)(x=1.0)", "argnums=0, but the function was called with 0", "argnames"),
    ("cats.grad(lambda x: x, 'x')", "argnums='x' is neither an integer", "argnames"),
    ("cats.grad(lambda x: x, 1.5)", "argnums=1.5 is neither an integer", "from 0"),
    ("cats.jacobian(lambda x: x, None)", "argnums=None is neither an integer", "from 0"),
    ("cats.grad(lambda x: x, argnames=3)", "argnames=3 is neither a name", "names of parameters"),
    ("cats.grad(lambda x: x, argnames='y')(1.0)", "argnames='y', but the call has no", "It has x"),
    ("cats.jacobian(lambda x: x, mode='both')", "mode='both' is not a mode", "'auto'"),
    ("cats.grad(lambda x: x, has_aux=True)(1.0)", "did not return a pair", "Return a tuple"),
    ("cats.vjp(lambda x: x, 1.0, has_aux=True)", "did not return a pair", "Return a tuple"),
    ("cats.jvp(lambda x: x, (1.0,), (1.0,), has_aux=True)", "did not return a pair", "a tuple"),
    # tangents and cotangents
    ("cats.jvp(np.sin, (x,), (x[:2],))", "the tangent of x lies in R[2], but x lies in R[3]",
     "the shape (3,)"),
    ("cats.jvp(np.sin, (x,), (x, x))", "a tuple of 2 instead of a tuple of 1", "one tangent for"),
    ("cats.jvp(np.sin, (x,), x)", "a tuple of 3 instead of a tuple of 1", "one tangent for"),
    ("cats.jvp(np.sin, x, x)", "primals must be a tuple of arguments", "jvp(f, (x,), (dx,))"),
    ("cats.jvp(np.sin, (x,), (None,))", "the tangent of x is missing", "lies in R[3]"),
    ("cats.jvp(np.sin, (x,), ('a',))", "the tangent of x: values of dtype <U1", "float64"),
    ("cats.jvp(np.sin, (x,), (1j * x,))", "the tangent of x: complex numbers", "two real"),
    ("cats.jvp(lambda d: d['a'], ({'a': x},), ({'b': x},))", "a dict with the keys 'b' instead",
     "same containers"),
    ("cats.jvp(np.sin, (3,), (1,))", "nothing real to differentiate", "Pass floats"),
    ("cats.vjp(np.sin, x)[1](x[:2])", "the cotangent of the result lies in R[2]", "shape (3,)"),
    ("cats.vjp(np.sin, x)[1](x, x)", "a cotangent is one value", "one tuple"),
    ("cats.vjp(lambda x: (x, x), x)[1](x)", "ndarray instead of a tuple of 2", "same containers"),
    ("cats.linearize(np.sin, x)[1](x[:2])", "the tangent of x lies in R[2]", "shape (3,)"),
    ("cats.linearize(np.sin, x)[1]()", "a tuple of 0 instead of a tuple of 1", "one tangent"),
    ("cats.hvp(np.sum, (x,), (x[:2],))", "lies in R[2]", "shape (3,)"),
    ("cats.hvp(np.sum, x, x)", "primals must be a tuple", "jvp(f, (x,), (dx,))"),
    ("cats.linear_transpose(np.sin, x)", "the function is not linear", "cats.vjp"),
    # specs
    ("cats.grad(np.sum)(cats.Spec((3,)))", "has no data to compute with", "cats.trace"),
    ("cats.trace(np.sum, cats.Spec((-3,)))", "has a negative length", "from 0 up"),
    ("cats.trace(np.sum, cats.Spec((3,), complex))", "complex numbers", "two real"),
    # results that are no results
    ("cats.compile(lambda x: object())(1.0)", "the function returned object", "Return arrays"),
    ("cats.grad(lambda x: {1, 2})(1.0)", "the function returned set", "Return arrays"),
    ("cats.compile(lambda x: 1j)(1.0)", "the function returned complex", "Return arrays"),
    # values that outlive their trace
    ("cats.grad(lambda x: (leaked.append(x), np.sum(x))[1])(x), np.sin(leaked[0])",
     "a traced value after its trace had ended", "Return values from the function"),
    ("cats.compile(lambda x: leaked.append(x))(x), cats.grad(np.sum)(leaked[0])",
     "a traced value after its trace had ended", "Return values from the function"),
    ("cats.compile(lambda x: leaked.append(x))(x), cats.compile(lambda y: y + leaked[0])(x)",
     "a traced value after its trace had ended", "Return values from the function"),
    ("cats.grad(lambda x: (cats.grad(lambda y: (leaked.append(y), y * x)[1])(x) * leaked[0]))(1.0)",
     "a traced value after its trace had ended", "Return values from the function"),
]  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")

_NUMBERS = itertools.count()


def raised(folder: Path, text: str) -> tuple[cats.CatsError, str, int]:
    """The error of a file, its name, and the line marked HERE."""
    file = str(folder / f"users_{next(_NUMBERS)}.py")
    Path(file).write_text(text, encoding="utf-8")
    linecache.checkcache(file)
    line = 1 + next(i for i, row in enumerate(text.splitlines()) if "# HERE" in row)
    with pytest.raises(cats.CatsError) as caught:
        exec(compile(text, file, "exec"), {"__name__": "users"})
    return caught.value, file, line


def check(found: tuple[cats.CatsError, str, int], says: str, remedy: str | None) -> None:
    """The message says what, where and what to do."""
    error, file, line = found
    assert says in error.message
    assert error.where is not None
    assert (error.where.file, error.where.line) == (file, line)
    assert f"  at {file}:{line}" in str(error)
    assert error.where.code in str(error)
    assert "# HERE" in str(error)
    if remedy is not None:
        assert remedy in (error.remedy or "")
        assert str(error).endswith(error.remedy or "")


@pytest.mark.parametrize(("code", "says", "remedy"), IN_FUNCTION, ids=[c[0] for c in IN_FUNCTION])
def test_in_a_function(tmp_path: Path, code: str, says: str, remedy: str | None) -> None:
    text = f"{PRELUDE}def f(x):\n    y = np.sin(x)\n    z = {code}  # HERE\n    return np.sum(y)\n"
    check(raised(tmp_path, f"{text}cats.grad(f)(x)\n"), says, remedy)


@pytest.mark.parametrize(("code", "says", "remedy"), IN_FUNCTION, ids=[c[0] for c in IN_FUNCTION])
def test_what_users_swallow_comes_back(
    tmp_path: Path, code: str, says: str, remedy: str | None
) -> None:
    body = f"""
    def f(x):
        try:
            z = {code}  # HERE
        except Exception:
            z = 0.0
        return np.sum(x)
    """
    text = PRELUDE + textwrap.dedent(body)
    if code not in ASKED:
        check(raised(tmp_path, f"{text}cats.grad(f)(x)\n"), says, remedy)
        return
    found = f"{text}same = cats.grad(f)(x)\n"
    users: dict[str, Any] = {"__name__": "users"}
    exec(compile(found, "users", "exec"), users)
    assert users["same"].tolist() == [1.0, 1.0, 1.0]
    with pytest.raises((AttributeError, IndexError, TypeError, ValueError)):
        eval(code, users)


@pytest.mark.parametrize(("code", "says", "remedy"), AT_CALL, ids=[c[0] for c in AT_CALL])
def test_at_a_call(tmp_path: Path, code: str, says: str, remedy: str | None) -> None:
    check(raised(tmp_path, f"{PRELUDE}result = {code}  # HERE\n"), says, remedy)


def test_attributes_may_be_asked_for() -> None:
    def f(x: Any) -> Any:
        assert not hasattr(x, "nothing")
        return x * getattr(x, "nothing", 2.0)

    assert cats.grad(f)(1.0) == 2.0


def test_a_failed_trace_is_not_remembered() -> None:
    def f(x: Any) -> Any:
        return complex(x)

    for _ in range(2):
        with pytest.raises(cats.TraceError, match=r"complex\(x\)"):
            cats.grad(f)(1.0)


def test_other_exceptions_pass_as_they_are() -> None:
    def f(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        cats.grad(f)(1.0)
