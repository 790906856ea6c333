"""Why functions are refused: reasons that several share, and names under a reason."""

from __future__ import annotations

from cats.refusals import Refusal

COMPLEX = Refusal(
    "its result is complex, and cats differentiates real functions",
    "Compute with real and imaginary parts, as two real arrays.",
)
LINEAR = Refusal(
    "it is linear, and cats has no rule for it",
    "Use cats.linear_primitive(f, transpose): with norm='ortho' the transpose of dct is idct, and "
    "that of dst is idst.",
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
    "Use its toarray(), or cats.linear_primitive(lambda x: A @ x, lambda y: A.T @ y, "
    "like=lambda x: cats.Spec(A.shape[:1])).",
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
TESTING = Refusal(
    "it compares for a test, and what it says of a failure cannot be traced",
    "Return the values, and compare them outside.",
)


def each(names: str, why: Refusal, of: str = "numpy") -> dict[str, Refusal]:
    """The reason under the title of each name."""
    return {f"{of}.{name}": why for name in names.split()}
