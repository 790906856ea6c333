"""What is refused, and why: functions by title, and modules for all that is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cats.refusals import Refusal

COMPLEX = Refusal(
    "its result is complex, and cats differentiates real functions",
    "Compute with real and imaginary parts, as two real arrays.",
)
ROOTS = Refusal(
    "the roots of a real polynomial are complex", "Use a root as an unknown, and Newton's method."
)
EXTENDED = Refusal(
    "its results may be complex, and cats differentiates real functions",
    "Use the function of np itself where its result is real, as np.sqrt of what is not negative.",
)
STRIDES = Refusal(
    "it looks at memory, and a traced value has none to look at",
    "Use np.lib.stride_tricks.sliding_window_view, np.broadcast_to, or indices.",
)
EIGENVALUES = Refusal(
    "eigenvalues of a matrix that is not symmetric are complex, and cats is real",
    "Use np.linalg.eigh or np.linalg.eigvalsh for symmetric matrices, np.linalg.svdvals, "
    "np.linalg.trace or np.linalg.det for others.",
)
RANDOM = Refusal(
    "the function is traced once, so every call would see the same number",
    "Draw it before, and pass it as an argument.",
)
FILES = Refusal(
    "it writes a file, and would do so once and not in every call",
    "Do it outside of the function, and pass arrays.",
)
SETTINGS = Refusal(
    "it changes settings of NumPy, and would do so once and not in every call",
    "Do it outside of the function.",
)
BYTES = Refusal("it looks at bytes, which are no numbers", "Make the array before, and pass it.")
TEXT = Refusal("it makes text, which does not vary as a number does", "Use str(x) or repr(x).")
TIMES = Refusal("dates and times are no numbers", "Convert them to numbers before.")
MEMORY = Refusal(
    "a traced value lies nowhere in memory", "Ask it of an array, outside of the function."
)
CLASSES = Refusal(
    "its arrays are of a class of their own, which does not compute as arrays do",
    "Use plain arrays, and np.where in place of a mask.",
)
RECORDS = Refusal("records are no numbers", "Use one array for each field.")
POLYNOMIALS = Refusal(
    "a polynomial is an object of its own, which keeps its coefficients as constants",
    "Use np.polyval, or polyval of numpy.polynomial.polynomial.",
)
SPARSE = Refusal(
    "a sparse matrix computes in compiled code, where the derivative would be lost",
    "Use its toarray(), or give the product as a Primitive.",
)
BASIS = Refusal(
    "its result is any basis of a space, so it has no derivative",
    "Use what depends on the space only, such as the projection onto it.",
)
MINIMAL = Refusal("its answer depends on the value and says only a dtype", "Use x.dtype.")
C_LOOP = Refusal(
    "its loop runs where cats cannot see it", "Write a Python loop, or use np.ndindex."
)
HIDDEN = Refusal(
    "a universal function made outside hides its Python function",
    "Call np.frompyfunc or np.vectorize within the function.",
)
TESTING = Refusal("it compares for a test", "Return the values, and compare them outside.")


def _each(names: str, why: Refusal, of: str = "numpy") -> dict[str, Refusal]:
    return {f"{of}.{name}": why for name in names.split()}


MODULES: dict[str, Refusal] = {
    "numpy.fft": COMPLEX,
    "numpy.random": RANDOM,
    "numpy.ma": CLASSES,
    "numpy.matlib": CLASSES,
    "numpy.rec": RECORDS,
    "numpy.char": TEXT,
    "numpy.strings": TEXT,
    "numpy.polynomial": POLYNOMIALS,
    "scipy.sparse": SPARSE,
    "numpy.testing": TESTING,
    "numpy.ctypeslib": MEMORY,
    "numpy.f2py": FILES,
    "scipy.fft": COMPLEX,
}
"""Modules of which every function is refused that the table, or NumPy's own code, does not say."""

_NUMPY: dict[str, Refusal] = {
    **_each("sort_complex", COMPLEX._replace(instead="Use np.sort, whose result is real.")),
    **_each("roots", ROOTS),
    **_each("save savez savez_compressed savetxt", FILES),
    **_each("seterr seterrcall setbufsize set_printoptions", SETTINGS),
    **_each("frombuffer fromstring from_dlpack packbits unpackbits", BYTES),
    **_each("array_repr array_str array2string base_repr binary_repr", TEXT),
    **_each("format_float_positional format_float_scientific", TEXT),
    **_each("busday_count busday_offset is_busday datetime_as_string datetime_data isnat", TIMES),
    **_each("shares_memory may_share_memory isfortran", MEMORY),
    **_each("asmatrix bmat", CLASSES),
    **_each("min_scalar_type", MINIMAL),
    **_each("nested_iters", C_LOOP),
    **_each("frompyfunc", HIDDEN),
    **_each("eig eigvals", EIGENVALUES, "numpy.linalg"),
    **_each("sqrt log log2 log10 logn power arccos arcsin arctanh", EXTENDED, "numpy.lib.scimath"),
    **_each("as_strided", STRIDES, "numpy.lib.stride_tricks"),
}

_ARRAYS: dict[str, Refusal] = {
    **_each("base ctypes data strides device to_device setflags", MEMORY, "numpy.ndarray"),
    **_each("__array_interface__ __array_struct__ __buffer__", MEMORY, "numpy.ndarray"),
    **_each("byteswap getfield setfield", BYTES, "numpy.ndarray"),
    **_each("dump dumps tofile", FILES, "numpy.ndarray"),
    **_each("tobytes", BYTES, "numpy.ndarray"),
}

_SCIPY: dict[str, Refusal] = _each("null_space orth", BASIS, "scipy.linalg")

REFUSED: Mapping[str, Refusal] = {**MODULES, **_NUMPY, **_ARRAYS, **_SCIPY}

OUTSIDE: frozenset[str] = frozenset(
    name for name, why in _NUMPY.items() if why in (FILES, SETTINGS)
)
"""Functions that may not be called in a traced function at all, whatever their arguments."""


def _titles(names: str, of: str = "numpy") -> Iterable[str]:
    return (f"{of}.{name}" for name in names.split())


DISCRETE: frozenset[str] = frozenset(
    {
        *_titles("less less_equal greater greater_equal equal not_equal isfinite isinf isnan"),
        *_titles("isposinf isneginf signbit logical_and logical_or logical_not logical_xor"),
        *_titles("bitwise_and bitwise_or bitwise_xor invert bitwise_count left_shift right_shift"),
        *_titles("gcd lcm sign floor ceil trunc rint fix round around floor_divide spacing"),
        *_titles("isclose allclose array_equal array_equiv angle any all argmax argmin nanargmax"),
        *_titles("nanargmin argsort argpartition argwhere lexsort searchsorted digitize nonzero"),
        *_titles("flatnonzero count_nonzero isin iscomplex isreal iscomplexobj isrealobj isscalar"),
        *_titles("imag bincount histogram_bin_edges shape ndim size result_type unravel_index"),
        *_titles("ravel_multi_index zeros_like ones_like empty_like common_type"),
        *_titles("matrix_rank", "numpy.linalg"),
        *_titles(
            "any all argmax argmin argsort argpartition searchsorted nonzero", "numpy.ndarray"
        ),
        *_titles("shape ndim size dtype itemsize nbytes flags imag", "numpy.ndarray"),
        *_titles("ceil floor trunc isclose isfinite isinf isnan comb perm factorial gcd", "math"),
        *_titles("lcm isqrt ulp", "math"),
    }
)
"""Functions whose results do not vary: whole numbers, truth values, steps."""

PLAIN: frozenset[str] = frozenset(
    {
        *_titles("can_cast promote_types issubdtype isdtype typename mintypecode broadcast_shapes"),
        *_titles("iterable get_include show_config show_runtime info test get_printoptions"),
        *_titles("printoptions geterr geterrcall getbufsize eye identity tri indices diag_indices"),
        *_titles("tril_indices triu_indices hanning hamming blackman bartlett fromfunction"),
        *_titles("einsum_path fromfile fromregex loadtxt genfromtxt load"),
    }
)
"""NumPy's own functions of shapes, dtypes, lengths and files that are read in every call: no traced
value is among their arguments.
"""

OWN: frozenset[str] = frozenset(
    {
        *_titles("unwrap apply_over_axes common_type kaiser amax amin astype asarray_chkfinite"),
        *_titles("fliplr flipud rot90 rollaxis ix_ mask_indices diag_indices_from row_stack"),
        *_titles("tril_indices_from triu_indices_from vander polyadd polysub polydiv polyder"),
        *_titles("polyint polyfit"),
        *_titles("jvp yvp ivp kvp assoc_laguerre", "scipy.special"),
    }
)
"""Functions that run as NumPy's own Python code, on traced values."""
