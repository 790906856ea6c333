"""Every primitive against 80 digits: value, derivative in both modes, second derivative.

In its own domain and at the edges that all entrywise operations share, in both widths, on arrays
of any length and of any layout. What is known to be worse is listed in tests/oracles/known.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from cats.ir.primitive import Domain, Example, Primitive
from cats.ir.prims import BY_NAME
from cats.ir.spaces import Real, Value
from tests.fuzz.nearness import NEAR, steepness
from tests.oracles.figures import Errors, errors, varies
from tests.oracles.known import KNOWN
from tests.oracles.meanings import ENTRIES, MEASURED, WITHOUT, NoMeaning, meaning_of
from tests.oracles.measure import ulp
from tests.oracles.numbers import exact, mpf
from tests.oracles.reference import inner
from tests.oracles.samples import DOMAIN, Sample, domain_samples, edge_samples, resized
from tests.oracles.table import gathered, header, measured, samples_of
from tests.values import domain_of, drawn, examples, program_spaces

ONE_MAP = "one map"
POINTS = 6
MANY = 40
WIDTHS = ("float64", "float32")
ALLOWED = 32.0
"""Ulps of the spread, for a derivative, and for the value of a sum, a product, an algorithm."""
NEAREST = 2.0
"""Ulps of the spread, for the value of an entrywise operation."""
ROUTINE = 4.0
"""The same, where the code is one call of a routine: what it is off is NumPy's."""

each_primitive = pytest.mark.parametrize("op", MEASURED, ids=str)

LONG = ("math_polygamma",)
"""Those at whose edges mpmath takes minutes: the long tests go there."""


def at_edges() -> list[Any]:
    """The entrywise primitives, as parameters of a test."""
    slow = pytest.mark.slow
    return [
        pytest.param(op, marks=slow) if op.name in LONG else op for op in MEASURED if op.elementwise
    ]


def direct(op: Primitive) -> bool:
    """Whether the code is one call of a routine, or one operator: its error is NumPy's."""
    operands = r"\{0\}(, \{1\})?"
    text = op.code if isinstance(op.code, str) else ""
    return bool(re.fullmatch(rf"(np|scipy\.special)\.\w+\({operands}\)|\{{0\}} \S+ \{{1\}}", text))


def moves(op: Primitive) -> bool:
    """Whether it only moves entries, or makes new ones of none: there is nothing to round."""
    spaces = [(e.spaces, program_spaces(op, e)[0], dict(e.params)) for e in op.examples]
    return not op.elementwise and all(op.work(s, end, p) == 0 for s, end, p in spaces)


def limit(op: Primitive, kind: str) -> float:
    """How many ulps the errors of a kind may have."""
    match kind:
        case "value" if op.elementwise:
            return float("inf")
        case "value" if moves(op):
            return 0.0
        case "rounded":
            return ROUTINE if direct(op) else NEAREST
        case _:
            return ALLOWED


def check(found: Iterable[Errors], op: Primitive) -> None:
    """That no error is larger than it may be, unless the row is known."""
    for key, parts in gathered(found).items():
        worst = np.max(np.concatenate(parts), initial=0.0)
        assert worst <= limit(op, key[2]) or key in KNOWN, f"{', '.join(key)}: {worst:.3g} ulps"


# Is there a meaning


def test_every_primitive_has_a_meaning_in_80_digits() -> None:
    missing = []
    for op in MEASURED:
        try:
            meaning_of(op, ())
        except NoMeaning as error:
            missing.append(str(error))
    assert not missing, "\n".join(missing)


def test_those_without_a_meaning_exist_and_have_none() -> None:
    assert set(WITHOUT) <= set(BY_NAME)
    assert not set(WITHOUT) & set(ENTRIES)
    assert not any(BY_NAME[name].meaning for name in WITHOUT)


def test_a_primitive_without_a_meaning_is_told_what_to_add() -> None:
    newcomer = Primitive("newcomer", "np.newcomer({0})", lambda x: x)
    with pytest.raises(NoMeaning, match=r"newcomer has no meaning .* add one entry to ENTRIES"):
        meaning_of(newcomer, ())


# Ulps


@each_primitive
@pytest.mark.parametrize("dtype", WIDTHS)
def test_it_is_right_in_its_domain(op: Primitive, dtype: str) -> None:
    found = list(measured(domain_samples(op, dtype, POINTS)))
    check(found, op)
    assert not any(e.skipped for e in found)


@pytest.mark.parametrize("op", at_edges(), ids=str)
def test_it_is_right_at_the_edges(op: Primitive) -> None:
    """All arguments at the same edge; the long tests take every combination."""
    samples = [s for s in edge_samples(op, "float64", POINTS) if DOMAIN not in s.where]
    check(measured(samples), op)


@pytest.mark.slow
@each_primitive
@pytest.mark.parametrize("dtype", WIDTHS)
def test_it_is_right_at_many_points(op: Primitive, dtype: str) -> None:
    check(measured(samples_of(op, dtype, MANY), times=1 if op.elementwise else 10), op)


@pytest.mark.slow
def test_what_is_known_to_be_wrong_still_is() -> None:
    names = {name for name, _, _ in KNOWN}
    for op in (op for op in MEASURED if op.name in names):
        runs = [(w, n, s) for w in WIDTHS for n in (POINTS, MANY) for s in range(4)]
        found = gathered(e for w, n, s in runs for e in measured(samples_of(op, w, n), s))
        for key in (key for key in KNOWN if key[0] == op.name and key[2] != ONE_MAP):
            worst = np.max(np.concatenate(found[key]), initial=0.0)
            assert worst > limit(op, key[2]), f"{key} is mended ({worst:.3g} ulps): take it out"


# Forward and reverse are one map


def dot_products(sample: Sample, rng: np.random.Generator) -> tuple[Any, Any]:
    """How far <J v, w> is from <v, J' w>, and the sum of the sizes of the terms."""
    args = sample.arguments(rng)
    inputs = [s for s in sample.program.inputs if isinstance(s, Real)]
    ends = [s for s in sample.program.ends if isinstance(s, Real)]
    v, w = ([drawn(s, Domain(-1, 1), rng) for s in spaces] for spaces in (inputs, ends))
    there, back = sample.found.along(args, v), sample.found.pulled(args, w)
    there, back = [list(map(exact, values)) for values in (there, back)]
    sizes = [[np.abs(x) for x in values] for values in (there, w, v, back)]
    whole = inner(sizes[1], sizes[0]) + inner(sizes[2], sizes[3])
    return abs(inner(w, there) - inner(v, back)), whole


@each_primitive
@pytest.mark.parametrize("dtype", WIDTHS)
def test_forward_and_reverse_are_one_map(op: Primitive, dtype: str) -> None:
    """|<J v, w> - <v, J' w>| <= 16 eps (sum |J v w| + sum |v J' w|)."""
    rng = np.random.default_rng(3)
    for sample in filter(varies, domain_samples(op, dtype, POINTS)):
        gap, whole = dot_products(sample, rng)
        narrow = any(s.dtype == "float32" for s in (*sample.program.inputs, *sample.program.ends))
        allowed = KNOWN.get((op.name, sample.where, ONE_MAP), 16)
        assert gap <= allowed * ulp(mpf(1), "float32" if narrow else dtype) * whole, str(sample)


# Lengths and layouts


def other_lengths(op: Primitive) -> Iterator[Sample]:
    """Empty arrays, arrays of one entry, and none of any length: numbers."""
    if op.elementwise:
        given = examples(op, "float64", (), (0,), (1,), (2, 3), (0, 2))
        found: Iterator[Example | None] = iter(list(given))
    else:
        found = (
            resized(op, example, {length: other})
            for example in op.examples
            for length in {n for s in example.spaces for n in s.shape}
            for other in (0, 1)
        )
    for example in dict.fromkeys(found):
        if example is not None:
            yield Sample(op, example, (DOMAIN,) * len(example.spaces))


@each_primitive
def test_it_is_right_at_other_lengths(op: Primitive) -> None:
    rng = np.random.default_rng(0)
    for sample in other_lengths(op):
        args = sample.arguments(rng)
        try:
            op.evaluate(*args, **dict(sample.example.params))
        except IndexError:
            continue  # an index beyond an axis that is now too short
        check(errors(sample, rng, args), op)


def backwards(value: Value) -> Value:
    """The same entries, in memory from the last to the first."""
    return np.flip(np.flip(value).copy())


def spaced(value: Value) -> Value:
    """The same entries, every other in memory."""
    wide = np.repeat(value[..., None], 2, -1)
    wide[..., 1] = 0
    return wide[..., 0]


def sealed(value: Value) -> Value:
    """The same entries, not to be written."""
    copy = value.copy()
    copy.flags.writeable = False
    return copy


def by_columns(value: Value) -> Value:
    """The same entries, in memory by columns."""
    return np.asfortranarray(value)


LAYOUTS: tuple[Callable[[Value], Value], ...] = (backwards, spaced, sealed, by_columns)


@each_primitive
def test_it_is_right_in_any_layout_and_writes_over_nothing(op: Primitive) -> None:
    """Every layout, each at an example of its own where there are so many."""
    for sample, layout in zip(cycle(domain_samples(op, "float64", 3)), LAYOUTS, strict=False):
        rng = np.random.default_rng(1)
        plain = [np.asarray(a) for a in sample.arguments(rng)]
        args = [layout(a) if a.ndim else a for a in plain]
        check(errors(sample, rng, args), op)
        for before, after in zip(plain, args, strict=True):
            np.testing.assert_array_equal(before, after)


@each_primitive
def test_it_is_right_where_arguments_are_one_array(op: Primitive) -> None:
    for sample in domain_samples(op, "float64", 3):
        if sample.example.arrange is not None:
            continue  # not every array will do
        rng = np.random.default_rng(2)
        args = sample.arguments(rng)
        spaces = sample.example.spaces
        for i, space in enumerate(spaces):
            alike = [j for j, s in enumerate(spaces) if s == space and isinstance(s, Real)]
            domains = [domain_of(op, j) for j in alike]
            if len(alike) > 1 and alike[0] == i:
                common = Domain(max(d.low for d in domains), min(d.high for d in domains))
                one = drawn(space, common, rng)
                args = [one if j in alike else a for j, a in enumerate(args)]
        near = NEAR["float64"]
        if steepness(sample.program, list(map(exact, args)), near, Random(0)) is not None:
            check(errors(sample, rng, args), op)


# The page


def test_the_page_is_about_primitives_that_exist_and_the_errors_that_are_allowed() -> None:
    page = (Path(__file__).parents[2] / "examples" / "guide" / "digits.md").read_text("utf-8")
    rows = page.split("```text\n")[1].split("\n```")[0].splitlines()
    head, *told = rows
    assert head == header()
    names = {row.split()[0] for row in told}
    assert names <= {op.name for op in MEASURED} and len(names) >= 0.9 * len(MEASURED)
    known = {(name, where) for name, where, _ in KNOWN}
    for row in told:
        name = row.split()[0]
        where, cells = row[len(name) : -58].strip(), row[-58:]
        first = cells[20:38].split()
        assert not first or float(first[0]) <= ALLOWED or (name, where) in known, row
