"""Every way of misusing the public functions: a sentence, the user's line, and what to do instead.

Each case is one line of a file written here; the error must name that file, that line and its
code. `HERE` marks the line.
"""

from __future__ import annotations

import itertools
import linecache
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cats

PRELUDE = """
import array, collections, concurrent.futures, copy, fractions, io, json, logging, math, operator
import pickle, queue, random, types
import numpy as np
import scipy.integrate, scipy.io, scipy.optimize, scipy.special
import cats
x = np.array([1.0, 2.0, 3.0])
m = np.arange(6.0).reshape(2, 3)
big = np.ones(1000)
kept = []
leaked, later = queue.SimpleQueue(), concurrent.futures.Future()
settings = {}
line, counts, lists = collections.deque(), collections.Counter(), collections.defaultdict(list)
space, numbers_in_c = types.SimpleNamespace(), array.array("d")
text, fields = io.StringIO("1.0"), np.zeros(2, [("p", "f8")])
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
    ("{x[0]: 1.0}", "a key of a dict, or a member of a set, of a traced value", "int(x)"),
    ("{x[0]}", "a key of a dict, or a member of a set, of a traced value", "int(x)"),
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
    ("operator.setitem(x[0], 0, 1.0)", "a float64 is written into, and it is a number",
     "Make an array"),
    ("np.negative(x[0], out=x[0])", "a float64 is written into", "np.asarray(x)"),
    ("np.copyto(x[0], 1.0, where=x[0] > 0)", "a float64 is written into", "np.asarray(x)"),
    ("np.add.at(x[0], (), 1.0)", "a float64 is written into", "np.asarray(x)"),
    ("np.array(x[0], copy=False)", "no array of that dtype to make one of without a copy",
     "Check the arguments"),
    ("np.nan_to_num(x[0], copy=False)", "no array to write into", "Check the arguments"),
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
    ("kept.append(x)", "list.append: it is outside of the traced function",
     "Return the value with the result, and make the change outside"),
    ("line.append(x)", "deque.append: it is outside of the traced function", "Return the value"),
    ("counts.update(a=1)", "Counter.update: it is outside of the traced", "Return the value"),
    ("lists['a']", "defaultdict.setitem: it is outside of the traced", "Return the value"),
    ("setattr(space, 'a', x)", "SimpleNamespace.setattr: it is outside", "Return the value"),
    ("numbers_in_c.append(1.0)", "array.append: it is outside of the traced", "Return the value"),
    ("settings.update(a=1)", "dict.update: it is outside of the traced", "Return the value"),
    ("setattr(model, 'size', x)", "writing to the attribute size of a Model", "Return the value"),
    ("delattr(model, 'age')", "deleting the attribute age of a Model", "Return the value"),
    # unknown functions, methods and keywords
    ("np.linalg.eigvals(m * x)", "not symmetric are complex", "np.linalg.eigh"),
    ("np.fft.fft(x)", "np.fft.fft: its result is complex", "real and imaginary parts"),
    ("np.add.at(x, [0], 1)", "writing into an argument", "x.copy()"),
    ("np.multiply.at(m, ([0], [0]), x[0])", "writing into an array from outside", "x.copy()"),
    ("np.divmod.at(np.zeros(3), [0], x[0])", "of a function with one result", "Check"),
    ("np.exp(x, where=x > 0)", "np.exp with where= and without out=", "Give out="),
    ("np.exp(x, dtype='f2')", "np.exp of these arguments computes in float16", "astype(float)"),
    ("np.square(x, dtype=complex)", "np.square of these arguments computes in complex", "astype"),
    ("np.add(x, 1, dtype='f4', casting='no')", "np.add does not take", None),
    ("np.add(x, 1, dtype='f4', sig='ff->f')", "cannot specify more than one of", "Check"),
    ("np.add(x, x, nothing=1)", "unexpected keyword argument 'nothing'", "Check the arguments"),
    ("np.add(x)", "np.add cannot take these arguments: it takes 2", "Check the arguments"),
    ("np.sin.outer(x, x)", "it is there for functions of two numbers only", "Check"),
    ("np.add.outer(x, x, where=x > 1)", "it leaves entries as they happen to be", "out="),
    ("np.subtract.reduce(m * x, axis=None)", "'subtract' is not reorderable", "Check"),
    ("np.maximum.reduce(x, where=x > 1)", "does not have an identity", "Check"),
    ("np.fmod.reduce(x, where=x > 1, initial=2.0)", "no number leaves every other", "x[mask]"),
    ("np.hypot.reduce(x > 1)", "np.hypot of these arguments computes in float16", "astype(float)"),
    ("np.add.reduceat(x, [0, 3])", "index 3 out-of-bounds in add.reduceat [0, 3)", "Check"),
    # shapes and axes
    ("x + x[:2]", "shapes (3,), (2,) do not broadcast together", "reshape"),
    ("x @ x[:2]", "np.matmul of shapes (3,) and (2,)", "x.shape says what each has"),
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
    ("np.linalg.norm(m * x, 3)", "the norm of a matrix of order 3", "'fro'"),
    ("np.tensordot(x, m, axes=([0], [0, 1]))", "np.tensordot cannot take these", "Check"),
    ("np.transpose(x, (0, 0))", "not an order of the axes", None),
    ("x.reshape(3.0)", "np.reshape cannot take these arguments", "Check the arguments"),
    ("np.roll(x, 1.5)", "np.roll cannot take these arguments", "Check the arguments"),
    # reductions
    ("np.max(x, where=x > 0)", "np.max with where= and no number to begin with", "Give initial="),
    ("np.sum(x, where=m > 0)", "where= has shape (2, 3), and the array (3,)", "broadcasts"),
    ("np.sum(x, axis=(0, 0))", "an axis is named twice in (0, 0)", "Check"),
    ("np.sum(x, dtype='f2')", "float16", "float64"),
    ("np.std(m * x, 0, dtype=int)", "deviations of several lines are not cast to int64", "Check"),
    ("np.nanmean(x, dtype=int)", "then dtype and out must be inexact", "Check"),
    ("np.nanstd(x, dtype=int)", "then dtype and out must be inexact", "Check"),
    ("np.std(x, ddof=1, correction=1)", "ddof and correction can't be provided", "Check"),
    ("np.argmax(x[:0])", "stands: there is none", "not empty"),
    ("np.argmin(x, axis=1)", "axis 1 of an array with 1 axes", "from -1 to 0"),
    ("np.cumsum(x, axis=(0, 1))", "np.cumsum cannot take these arguments", "Check"),
    # sorting, searching, sets
    ("x.sort()", "writing into an argument: it would be seen outside", "x.copy()"),
    ("x.partition(1)", "writing into an argument: it would be seen outside", "x.copy()"),
    ("np.sort(x, order='a')", "np.sort(order='a'): arrays have no fields", "without order="),
    ("np.argsort(x, kind='bogo')", "sort kind must be one of", "Check"),
    ("np.sort(x, kind='stable', stable=True)", "cannot both be given", "Check"),
    ("np.partition(x, 5)", "a partition at 5 of an axis of length 3", None),
    ("np.argpartition(x, (0, -4))", "a partition at (0, -4) of an axis of length 3", None),
    ("np.lexsort(x[:0])", "need sequence of keys", "Check"),
    ("np.searchsorted(m * x, 1.0)", "a search for R in R[2, 3], which has not one axis",
     "a sorted array"),
    ("np.searchsorted(x, 1.0, 'up')", "search side must be one of 'left' or 'right'", "Check"),
    ("np.sort_complex(x)", "np.sort_complex: its result is complex", "np.sort"),
    ("np.compress(m > 0, x)", "condition", "Check"),
    ("np.trim_zeros(x, 'q')", "trim", "Check"),
    ("np.isin(x, [1.0], kind='magic')", "Invalid kind: 'magic'", "Check"),
    # statistics
    ("np.quantile(x, 1.5)", "np.quantile: q must be in the range [0, 1]", "Check"),
    ("np.quantile(x, x)", "np.quantile: q must be in the range [0, 1]", "Check"),
    ("np.nanpercentile(x, -x)", "np.nanpercentile: q must be in the range [0, 100]", "Check"),
    ("np.quantile(x, 0.5, method='best')", "'best' is not a valid method", "Check"),
    ("np.quantile(x, 0.5, weights=x)", "Only method 'inverted_cdf' supports weights", "Check"),
    ("np.quantile(x, 0.5, weights=-x, method='inverted_cdf')", "Weights must be non-neg", "Check"),
    ("np.quantile(x, 0.5, weights=0 * x, method='inverted_cdf')", "were all zero", "Check"),
    ("np.quantile(x[:0], 0.5)", "there are no entries to choose from", "Check"),
    ("np.quantile(x > 1, 0.5)", "numpy boolean subtract", "Check"),
    ("np.average(x, weights=x[:2])", "Axis must be specified", "Check"),
    ("np.average(m * x, 1, x[:2])", "Shape of weights must be consistent", "Check"),
    ("np.cov(x[:, None, None])", "has 3 dimensions, more than 2", "Check"),
    ("np.cov(x, ddof=0.5)", "ddof must be integer", "Check"),
    ("np.cov(x, fweights=x / 2)", "fweights must be integer", "Check"),
    ("np.cov(x, aweights=-x)", "aweights cannot be negative", "Check"),
    ("np.cov(x, aweights=x[:2])", "incompatible numbers of samples and aweights", "Check"),
    ("np.cov(x, aweights=m * x)", "cannot handle multidimensional aweights", "Check"),
    ("np.histogram(x, 0)", "`bins` must be positive, when an integer", "Check"),
    ("np.histogram(x, 2.5)", "`bins` must be an integer, a string, or an array", "Check"),
    ("np.histogram(x, m * x)", "`bins` must be 1d, when an array", "Check"),
    ("np.histogram(x, 3, (x[1], x[0]))", "max must be larger than min", "Check"),
    ("np.histogram(x, 3, weights=x[:2])", "weights should have the same shape as a", "Check"),
    ("np.histogram(x, 'auto', weights=x)", "needs data without weights", "Check"),
    ("np.histogramdd(x[:, None, None])", "points are rows of a table, not 3 axes", "Check"),
    ("np.histogramdd(m * x, [2, 2])", "`bins` must have one entry for each of 3", "Check"),
    ("np.histogram2d(x, x[:2])", "x and y must have the same length", "Check"),
    ("np.bincount(x)", "np.bincount counts whole numbers, not float64", "Check"),
    ("np.bincount((-x).astype(int))", "np.bincount counts numbers from 0 up", "Check"),
    ("np.bincount([[0]], x)", "x must have one axis", "Check"),
    ("np.bincount([0, 1], weights=x)", "The weights and list don't have the same", "Check"),
    ("np.bincount([0, 1, 1], x, -1)", "'minlength' must not be negative", "Check"),
    ("np.interp(x, x, x[:2])", "fp and xp are not of the same length", "Check"),
    ("np.interp(x, m * x, m)", "Data points must be 1-D sequences", "Check"),
    ("np.interp(1.0, x[:0], x[:0])", "array of sample points is empty", "Check"),
    ("np.interp(x, x, x, period=x[0] - 1)", "period must be a non-zero value", "Check"),
    # indexing
    ("x[5]", "index 5 is out of bounds for an axis of length 3", None),
    ("x[[0, 7]]", "index 7 is out of bounds for an axis of length 3", None),
    ("x[0, 0]", "2 indices for an array with 1 axes", None),
    ("x[..., ...]", "an index holds '...' twice", None),
    ("x[[True, False]]", "a mask of length 2 for an axis of length 3", "shape of the axes"),
    ("x[1.5]", "an index array must hold integers", "integer arithmetic"),
    ("x[x]", "an index array must hold integers", "integer arithmetic"),
    ("x['a']", "values of dtype <U1 are in no space of cats", "float64"),
    ("x[::0]", "slice step cannot be zero", "Check the arguments"),
    ("x[x[0]:]", "an index made of a traced value in R: it is a real number", "int(x)"),
    # shapes, keys, products, differences
    ("np.ravel(m * x, 'K')", "asks how the array lies in memory", "order='C' or order='F'"),
    ("np.reshape(m * x, 6, 'Q')", "order must be one of", "Check"),
    ("x.view('i8')", "would read the bits of numbers as something else", "astype"),
    ("np.linspace(x[0], 1, -1)", "the number of samples, -1, is negative", "Check"),
    ("np.arange(0, 1, x[0] * 0)", "not finite, or the step is 0", "Check"),
    ("np.geomspace(x[0] * 0, 1)", "a geometric series does not reach 0", "Check"),
    ("np.meshgrid(x, x, indexing='no')", "neither 'xy' nor 'ij'", "Check"),
    ("np.nditer(m * x)", "in the order 'K' asks how arrays lie in memory", "np.ndindex"),
    ("np.nditer([x, None])", "np.nditer that buffers or makes arrays", "a Python loop"),
    ("np.nditer(x, op_flags=['readwrite'])", "writing into an argument", "x.copy()"),
    ("np.nditer(m, op_flags=[['writeonly']])", "writing into an array from outside", "x.copy()"),
    ("next(np.nditer(x)).__setitem__(..., 1.0)", "writing into a view that NumPy makes read-only",
     "x.copy()"),
    ("np.random.default_rng(0).normal(x)", "normal of a random generator and a traced value",
     "m + s * z"),
    ("np.random.default_rng().normal() * x", "a random number is drawn inside", "an argument"),
    ("random.Random().random() * x", "a random number is drawn inside", "an argument"),
    ("text.read()", "a file from outside the traced function is read", "Read it before"),
    ("fields.__setitem__('p', x[0])", "a plain array made of a traced value", "arrays of numbers"),
    ("float('%.3f' % x[0])", "a number read out of the text of a traced value", "Use the value"),
    ("eval('1 - %.2f' % x[0])", "eval of the text of a traced value", "Use the value itself"),
    ("json.loads('[%.4e]' % x[0])", "loads of the text of a traced value", "Use the value itself"),
    ("'%f' % x", "a text % x of a traced value in R[3]: it has 3 entries", "x[0]"),
    ("logging.makeLogRecord({'msg': '%f', 'args': (x,)}).getMessage()",
     "a text % x of a traced value in R[3]: it has 3 entries", "x[0]"),
    ("scipy.special.lambertw(x[0]).real", "its result is complex", "cats.root(lambda w: w"),
    ("scipy.special.hankel1(0, x[0])", "its result is complex", "scipy.special.jv and yv"),
    ("scipy.special.wofz(x[0])", "its result is complex", "cats.primitive"),
    ("scipy.optimize.brentq(lambda t: t**3 - x[0], 0, 2)", "it looks for a root", "cats.root(f"),
    ("scipy.optimize.fsolve(lambda t: t**3 - x, x)", "it looks for a root", "cats.root(f"),
    ("scipy.optimize.least_squares(lambda t: t - x, x).x", "it goes down", "cats.grad(f)"),
    ("scipy.integrate.quad(lambda t: t * x[0], 0, 1)", "it takes points until", "fixed_quad"),
    ("scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), x)", "it chooses its steps", "cats.scan"),
    ("scipy.io.savemat(io.BytesIO(), {'x': x})", "savemat: it writes a file", "outside"),
    ("np.lib.format.write_array(io.BytesIO(), x)", "write_array: it writes a file", "outside"),
    ("np.fromiter([x[0]], float, count=3)", "fewer than count=3", "Check"),
    ("np.fromiter([x, x], float)", "items of shape (3,)", "Check"),
    ("np.broadcast_to(x, 2)", "np.broadcast_to cannot take these arguments", "Check"),
    ("np.concatenate([x, x], dtype=int)", "cannot cast float64 to int64", "Check"),
    ("np.block([x, [x]])", "not all equally deep", "Check"),
    ("np.block([(x, x)])", "a tuple is no block", "Check"),
    ("np.dsplit(m * x, 2)", "an array with 3 axes or more is asked for", "Check"),
    ("np.array_split(x, 0)", "must be larger than 0", "Check"),
    ("np.resize(x, -1)", "the lengths of a shape are not negative", "Check"),
    ("np.repeat(x, -1)", "entries are repeated -1 times", "Check"),
    ("np.tile(x, -1)", "an array is repeated (-1,) times", "Check"),
    ("np.pad(x, -1)", "how much is added is not negative", "Check"),
    ("np.pad(x, 1.5)", "how much is added is told by whole numbers", "Check"),
    ("np.pad(x, 1, 'edge', end_values=2)", "mode='edge' with end_values is no padding", "Check"),
    ("np.pad(x[:0], 1, 'edge')", "axis 0 has no entries to pad with", "Check"),
    ("np.pad(x, 1, 'maximum', stat_length=0)", "leaves no entry to pad with", "Check"),
    ("np.take(x, 0, mode='no')", "none of 'raise', 'wrap' and 'clip'", "Check"),
    ("np.take_along_axis(x, np.zeros((1, 1), int), 0)", "indices with 2 axes", "Check"),
    ("np.choose([0, 5], [x[:2], x[1:]])", "a choice is asked for that is not there", "Check"),
    ("np.choose(x, [x])", "choices are numbered by whole numbers", "Check"),
    ("np.select([x > 1], [])", "as many conditions as choices", "Check"),
    ("np.select([x], [x])", "a condition is not an array of truth values", "Check"),
    ("np.compress(m > 0, x)", "the condition of np.compress is a vector", "Check"),
    ("np.trim_zeros(x, 'q')", "trim='q' is none of 'f', 'b' and 'fb'", "Check"),
    ("np.diagonal(m * x, 0, 1, 1)", "not twice 1", "Check"),
    ("np.diag((m * x)[None])", "an array with 3 axes: it takes 1 or 2", "Check"),
    ("np.diagonal(np.outer(x, x)).__setitem__(0, 1.0)", "a view that NumPy makes read-only",
     "x.copy()"),
    ("np.fill_diagonal(x * 1, 0)", "a matrix is asked for", "Check"),
    ("np.put_along_axis(x * 1, np.zeros((1, 1), int), 0.0, None)", "indices are a vector", "Check"),
    ("np.place(x * 1, x > 0, [])", "there are no values to place", "Check"),
    ("np.copyto(np.zeros(3, int), x)", "cannot cast float64 to int64", "Check"),
    ("(x * 1).__setitem__([0, 7], 1.0)", "index 7 is out of bounds", None),
    *[(code, f"{name} of shapes {shapes}: axes that go together have {sizes} entries",
       "Give the arguments shapes that fit each other") for code, name, shapes, sizes in [
        ("x @ np.ones(4)", "np.matmul", "(3,) and (4,)", "3 and 4"),
        ("np.outer(x, x) @ m", "np.matmul", "(3, 3) and (2, 3)", "3 and 2"),
        ("np.matmul(np.ones((5, 2, 4)), x)", "np.matmul", "(5, 2, 4) and (3,)", "4 and 3"),
        ("np.dot(m, x[:2])", "np.dot", "(2, 3) and (2,)", "3 and 2"),
        ("np.inner(m, x[:2])", "np.inner", "(2, 3) and (2,)", "3 and 2"),
        ("np.tensordot(x, m, 1)", "np.tensordot", "(3,) and (2, 3)", "3 and 2"),
        ("np.einsum('i,i->', x, np.ones(4))", "np.einsum", "(3,) and (4,)", "3 and 4"),
    ]],
    ("np.vecdot(x, 2.0)", "arrays with 1 and 1 axes or more are asked for", "Check"),
    ("np.cross(x, x[:1])", "the vectors of a cross product have 2 or 3 entries", "Check"),
    ("np.einsum('ii', m * x)", "does not fit operands", "a letter for each axis"),
    ("np.einsum('...j->j', m * x)", "the result has no '...'", "Check"),
    ("np.einsum('i->', x, dtype=int)", "cannot cast float64 to int64", "Check"),
    ("np.convolve(x, m)", "two vectors are asked for", "Check"),
    ("np.convolve(x, x, 'no')", "none of 'full', 'same' and 'valid'", "Check"),
    ("np.lib.stride_tricks.sliding_window_view(x, 5)", "no windows of length 5", None),
    ("np.lib.stride_tricks.sliding_window_view(x, (1, 1))", "2 lengths of a window for 1 axes",
     "Check"),
    ("np.diff(x, -1)", "differences are taken -1 times", "Check"),
    ("np.ediff1d(np.arange(3), x)", "cannot cast float64 to int64", "Check"),
    ("np.gradient(x, edge_order=3)", "edge_order=3 is neither 1 nor 2", "Check"),
    ("np.gradient(x[:1])", "too short for edge_order=1", "Check"),
    ("np.gradient(x, 1.0, 2.0)", "2 spacings for 1 axes", "Check"),
    ("np.gradient(x, [1.0, 2.0])", "vectors as long as their axis", "Check"),
    ("np.unravel_index(x.astype(int) + 9, (2, 2))", "not in an array of shape (2, 2)", "Check"),
    ("np.emath.sqrt(-x)", "its results may be complex", "np.sqrt"),
    ("x.astype(complex)", "complex numbers are not supported", "two real arguments"),
    ("x.astype('f2')", "dtype float16 are in no space of cats", "float64"),
    ("np.poly(np.outer(x, x))", "asks for its eigenvalues", "np.linalg.eigvalsh"),
    ("np.roots(x)", "the roots of a real polynomial are complex", "Newton"),
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

UNLIKE_NUMPY = {
    "np.linalg.eigvals(m * x)", "np.add.outer(x, x, where=x > 1)",
}  # fmt: skip
"""What is refused in a trace for a reason of its own, whatever NumPy says of it."""

KINDS = (IndexError, AttributeError, ArithmeticError, ValueError, TypeError, RuntimeError)

AT_CALL = [
    # what is differentiated
    ("cats.grad(lambda x: x * x)(x)", "one real number as its result; this one gives R[3]",
     "cats.jacobian"),
    ("cats.grad(lambda x: (x, x))(1.0)", "this one gives a tuple of R, R", "cats.jacobian"),
    ("cats.grad(lambda x: (x,))(1.0)", "this one gives a tuple of R", "Return the number itself"),
    ("cats.grad(lambda x: {'a': x})(1.0)", "this one gives a dict of R", "cats.jacobian"),
    ("cats.grad(lambda x: x > 1)(1.0)", "this one gives Bool", "cats.jacobian"),
    ("cats.grad(lambda x: 'text')(1.0)", "this one gives 'text' of type str", "np.sum"),
    ("cats.grad(lambda x: None)(1.0)", "this one gives None of type NoneType", "np.sum"),
    ("cats.grad(lambda x: 3)(1.0)", "this one gives 3 of type int", "np.sum"),
    ("cats.jacobian(lambda x: x > 1)(x)", "has no derivative", "a real number or array"),
    ("cats.hessian(lambda x: x > 1)(x)", "has no derivative", "a real number or array"),
    ("cats.grad(lambda x: x)(2)", "argument 0 is 2 of type int", "Pass a float"),
    ("cats.grad(lambda x: x)(True)", "argument 0 is True of type bool", "Pass a float"),
    ("cats.grad(np.sum)(np.arange(3))", "lies in Int[3], which has no derivative", "astype(float)"),
    ("cats.grad(lambda x: x)('a')", "argument 0 is 'a' of type str", "argnums"),
    ("cats.grad(lambda x: x)(None)", "argument 0 is None", "argnums"),
    ("cats.grad(lambda x: 1.0)({})", "holds nothing real to differentiate", "argnums"),
    ("cats.grad(lambda x: 1.0)([1, 2])", "holds nothing real to differentiate", "argnums"),
    ("cats.grad(lambda x: x)(1j)", "argument x: complex numbers are not supported", "two real"),
    ("cats.grad(lambda x: 1.0)(object())", "argument x is object, which is not", "Pass arrays"),
    ("cats.grad(lambda x: 1.0)({'a': {1}})", "holds nothing real to differentiate", "argnums"),
    ("cats.grad(lambda x: 1.0)({1})", "it has no derivative", "Choose another argument"),
    ("cats.grad(lambda x: 1.0)(np.array(['a']))", "dtype <U1", "float64"),
    ("cats.grad(lambda x: 1.0)(np.float16(1))", "dtype float16", "float64"),
    ("cats.grad(lambda x: x, backend=cats.OnFractions())(fractions.Fraction(1, 2))",
     "argument x is Fraction, which is not", "cats.OnFractions().compile(cats.trace(f, 0.5))"),
    ("cats.grad(np.sum)(np.array([fractions.Fraction(1, 2)]))",
     "argument a is ndarray, which is not", "cats.OnFractions().compile(cats.trace(f, 0.5))"),
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
    ("cats.jacobian(lambda x: x, 'x')", "argnums='x' is neither an integer", "from 0"),
    ("cats.grad(np.sum, backend='numpy')(x)", "backend='numpy' is no backend", "cats.OnNumpy()"),
    ("cats.jacobian(np.sin, backend=cats.OnNumpy)(x)", "OnNumpy'> is no backend", "an instance"),
    ("cats.jvp(lambda x, n: x * n, (1.0, 2), (1.0, 5))", "but 2 does not vary", "None there"),
    ("cats.jvp(lambda x, n: x * n, (1.0, np.array(2)), (0.0, np.array(7)))",
     "but n lies in Int, and does not vary", "None there"),
    ("cats.linearize(lambda x, n: x * n, 1.0, 2)[1](0.0, 7.0)", "but 2 does not vary", "None"),
    ("cats.vjp(lambda x: (x, 3), 1.0)[1]((1.0, 99.0))", "but 3 does not vary", "None there"),
    ("cats.jvp(lambda p: p[0], ([1.0, 2.0],), ((1.0, 0.0),))", "a tuple of 2 instead of a list",
     "in the same containers"),
    ("cats.vjp(lambda a: {'b': a, 'a': a}, 1.0)[1]((1.0, 1.0))", "a tuple of 2 instead of a dict",
     "in the same containers"),
    ("cats.linear_transpose(lambda x: x if x >= 0 else -x, 1.0)", "it decides on the argument",
     "cats.vjp"),
    ("cats.linear_transpose(lambda x: x * int(x[0]), x)", "it decides on the argument", "cats.vjp"),
    ("cats.hvp(lambda x: x * x, 1.0, 1.0)", "primals must be a tuple of arguments", "(x,)"),
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
    ("cats.jvp(np.sin, x, x)", "primals must be a tuple of arguments", "Write jvp(f, (x,), (dx,))"),
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
    ("cats.hvp(np.sum, x, x)", "primals must be a tuple", "Write hvp(f, (x,), (dx,))"),
    ("cats.linear_solve(lambda y: y**2, x)", "the function is not linear: its "
     "derivative depends", "cats.root(lambda y: f(y) - b, y)"),
    ("cats.linear_solve(lambda y: y + 1, x)", "the function is affine, not linear",
     "Leave out the constant term"),
    ("cats.linear_solve(np.eye(3), x)", "an array of shape (3, 3)", "np.linalg.solve(a, b)"),
    ("cats.grad(lambda b: np.sum(cats.linear_solve(np.eye(3), b)))(x)",
     "this is an array of shape (3, 3)", "np.linalg.solve(a, b)"),
    ("cats.linear_transpose(np.sin, x)", "the function is not linear", "cats.vjp"),
    # specs
    ("cats.grad(np.sum)(cats.Spec((3,)))", "has no data to compute with", "cats.trace"),
    ("cats.trace(np.sum, cats.Spec((-3,)))", "lengths that are no whole numbers", "a tuple of"),
    ("cats.trace(np.sum, cats.Spec((2.5,)))", "lengths that are no whole numbers", "a tuple of"),
    ("cats.trace(np.sum, cats.Spec(3))", "lengths that are no whole numbers", "a tuple of"),
    ("cats.trace(np.sum, cats.Spec((2,), 'nope'))", "'nope' not understood", "a dtype of NumPy"),
    ("cats.trace(np.sum, cats.Spec((3,), complex))", "complex numbers", "two real"),
    # results that are no results
    ("cats.compile(lambda x: object())(1.0)", "the function returned object", "Return arrays"),
    ("cats.grad(lambda x: {1, 2})(1.0)", "the function returned set", "Return arrays"),
    ("cats.compile(lambda x: 1j)(1.0)", "the function returned complex", "Return arrays"),
    # values that outlive their trace
    ("cats.grad(lambda x: (leaked.put(x), np.sum(x))[1])(x), np.sin(leaked.get())",
     "a traced value after its trace had ended", "Return values from the function"),
    ("cats.compile(lambda x: leaked.put(x))(x), cats.grad(np.sum)(leaked.get())",
     "a traced value after its trace had ended", "Return values from the function"),
    ("cats.compile(lambda x: leaked.put(x))(x), cats.compile(lambda y: y + leaked.get())(x)",
     "a traced value after its trace had ended", "Return values from the function"),
    ("cats.grad(lambda x: (cats.grad(lambda y: (later.set_result(y), y * x)[1])(x)"
     " * later.result()))(1.0)",
     "a traced value after its trace had ended", "Return values from the function"),
    ("cats.grad(lambda x: (cats.grad(lambda y: (leaked.put(y), y * x)[1])(x) * leaked.get()))(1.0)",
     "advancing a SimpleQueue from around", "within the function, and return it"),
]  # fmt: skip

pytestmark = [
    pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

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


def plainly(code: str) -> type[Exception] | None:
    """What plain Python and NumPy raise for a case, if they do."""
    users: dict[str, Any] = {"__name__": "users"}
    exec(PRELUDE, users)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            eval(code, users)
    except Exception as error:
        return next(kind for kind in KINDS if isinstance(error, kind))
    return None


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
    if code in UNLIKE_NUMPY or plainly(code) is None:
        check(raised(tmp_path, f"{text}cats.grad(f)(x)\n"), says, remedy)
        return
    found = f"{text}same = cats.grad(f)(x)\n"
    users: dict[str, Any] = {"__name__": "users"}
    exec(compile(found, "users", "exec"), users)
    assert users["same"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("code", "says", "remedy"), IN_FUNCTION, ids=[c[0] for c in IN_FUNCTION])
def test_an_error_is_of_the_kind_that_numpy_raises(
    tmp_path: Path, code: str, says: str, remedy: str | None
) -> None:
    kind = plainly(code)
    if code in UNLIKE_NUMPY or kind is None:
        return
    text = f"{PRELUDE}def f(x):\n    z = {code}  # HERE\n    return np.sum(x)\n"
    error, _, _ = raised(tmp_path, f"{text}cats.grad(f)(x)\n")
    assert isinstance(error, kind)


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
