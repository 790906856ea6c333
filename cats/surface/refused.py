"""What is refused, and why: functions by title, and modules for all that is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cats.refusals import Refusal
from cats.surface.reasons import (
    BYTES,
    C_LOOP,
    CLASSES,
    COMPLEX,
    EIGENVALUES,
    EXTENDED,
    FILES,
    HIDDEN,
    MEMORY,
    MINIMAL,
    POLYNOMIALS,
    RANDOM,
    RECORDS,
    ROOTS,
    SETTINGS,
    SPARSE,
    STRIDES,
    TESTING,
    TEXT,
    TIMES,
    each,
)
from cats.surface.refused_scipy import SCIPY, SEARCHES

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
    "scipy.fftpack": COMPLEX,
    "scipy.optimize": SEARCHES,
}
"""Modules of which every function is refused that the table, or NumPy's own code, does not say."""

_NUMPY: dict[str, Refusal] = {
    **each("sort_complex", COMPLEX._replace(instead="Use np.sort, whose result is real.")),
    **each("roots", ROOTS),
    **each("save savez savez_compressed savetxt", FILES),
    **each("write_array write_array_header_1_0 write_array_header_2_0", FILES, "numpy.lib.format"),
    **each("open_memmap", FILES, "numpy.lib.format"),
    **each("seterr seterrcall setbufsize set_printoptions", SETTINGS),
    **each("frombuffer fromstring from_dlpack packbits unpackbits", BYTES),
    **each("array_repr array_str array2string base_repr binary_repr", TEXT),
    **each("format_float_positional format_float_scientific", TEXT),
    **each("busday_count busday_offset is_busday datetime_as_string datetime_data isnat", TIMES),
    **each("shares_memory may_share_memory isfortran", MEMORY),
    **each("asmatrix bmat", CLASSES),
    **each("min_scalar_type", MINIMAL),
    **each("nested_iters", C_LOOP),
    **each("frompyfunc", HIDDEN),
    **each("eig eigvals", EIGENVALUES, "numpy.linalg"),
    **each("sqrt log log2 log10 logn power arccos arcsin arctanh", EXTENDED, "numpy.lib.scimath"),
    **each("as_strided", STRIDES, "numpy.lib.stride_tricks"),
}

_ARRAYS: dict[str, Refusal] = {
    **each(
        "resize",
        MEMORY._replace(instead="Use np.resize, which makes a new array."),
        "numpy.ndarray",
    ),
    **each("base ctypes data strides device to_device", MEMORY, "numpy.ndarray"),
    **each("__array_interface__ __array_struct__ __buffer__", MEMORY, "numpy.ndarray"),
    **each("byteswap getfield setfield", BYTES, "numpy.ndarray"),
    **each("dump dumps tofile", FILES, "numpy.ndarray"),
    **each("tobytes", BYTES, "numpy.ndarray"),
}


REFUSED: Mapping[str, Refusal | None] = {**MODULES, **_NUMPY, **_ARRAYS, **SCIPY}

OUTSIDE: frozenset[str] = frozenset(
    name for name, why in {**_NUMPY, **SCIPY}.items() if why in (FILES, SETTINGS)
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
        *_titles("unwrap apply_over_axes common_type astype asarray_chkfinite"),
        *_titles("fliplr flipud rot90 rollaxis ix_ mask_indices diag_indices_from row_stack"),
        *_titles("tril_indices_from triu_indices_from vander polyadd polysub polydiv polyder"),
        *_titles("polyint polyfit"),
        *_titles("companion convolution_matrix", "scipy.linalg"),
        *_titles("jvp yvp ivp kvp assoc_laguerre", "scipy.special"),
    }
)
"""Functions that run as NumPy's own Python code, on traced values."""
