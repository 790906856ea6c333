"""Entrywise operations as numexpr says them: one template each, or NumPy does the work."""

KINDS = {"float64": "double", "float32": "float", "bool": "bool"}
"""What numexpr calls the dtypes it is given here; its `float` is the narrow one."""

REAL = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "ipow": "{0} ** {n}",
    "power": "{0} ** {1}",
    "reciprocal": "1 / {0}",
    "maximum": "where(({0} > {1}) | ({0} != {0}), {0}, {1})",
    "minimum": "where(({0} < {1}) | ({0} != {0}), {0}, {1})",
    "sign": "where({0} > 0, 1, where({0} < 0, -1, {0} - {0}))",
    "arctan2": "arctan2({0}, {1})",
    "root": "sqrt({0})",
    **{
        name: f"{name}({{0}})"
        for name in (
            "exp", "expm1", "log", "log10", "log1p", "sqrt", "sin", "cos", "tan", "arcsin",
            "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
            "floor", "ceil", "abs",
        )
    },
}  # fmt: skip
"""Reals of one width in, the same out."""

TESTS = {
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "isnan": "{0} != {0}",
    "isfinite": "({0} - {0}) == 0",
}
"""Reals of one width in, truth values out."""

LOGIC = {"logical_and": "{0} & {1}", "logical_or": "{0} | {1}", "logical_not": "~{0}"}
"""Truth values in, truth values out."""

CHOICE = {"keep": "where({0}, {1}, 0)", "select": "where({0}, {1}, {2})"}
"""A mask and reals of one width in, reals out."""

TEMPLATES = {**REAL, **TESTS, **LOGIC, **CHOICE}

FALLBACK = frozenset(
    {
        "exp2", "log2", "cbrt", "deg2rad", "rad2deg", "hypot", "logaddexp", "logaddexp2",
        "rint", "trunc", "floor_divide", "copysign", "remainder", "fmod", "unit", "inversion",
        "share", "share2", "sech", "sinc", "sinc_derivative", "power_derivative",
        "heaviside", "fraction", "spacing", "nextafter", "discrete",
        "gaussian", "math_erf", "math_erfc", "math_polygamma", "math_gamma", "math_lgamma", "fma",
        "bessel_i", "zeros_like",
    }
)  # fmt: skip
"""Entrywise operations that numexpr lacks, has only lately, or computes by another convention."""

INLINE = frozenset({"add", "sub", "mul", "select", *TESTS})
"""Where a number may stand in the text: elsewhere numexpr rewrites by it, not always exactly."""
