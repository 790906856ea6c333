"""Every representation keeps the laws it declares, and all say the same of one linear map.

The letters are random linear terms over exact numbers. A law is stated as two terms; each is
represented and looked at as a matrix of Fractions. (Elliott 2018, sections 3 to 12; the numbering
of the laws C1 to C10, C13 and of the squares H3 to H6 is ours.)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cats.affine import Affine, line
from cats.begin import Begin
from cats.continuation import Continuation
from cats.cost import Cost
from cats.dual import Dual
from cats.forward import Forward, materialise
from cats.functor import interpret, represent
from cats.ir.indexed import array, cross, ex, into, jam, repl
from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Scale, Then, Zero, total
from cats.ir.primitive import leaf_of
from cats.ir.prims import layout
from cats.ir.prims.algebra import mul
from cats.ir.prims.arrays import cumsum
from cats.ir.prims.choice import keep
from cats.ir.prims.contraction import contract
from cats.ir.spaces import Discrete, Product, Real, Space, Value, leaves, size
from cats.laws import laws
from cats.matrix import Matrix, to_array, transpose
from tests.linear_programs import Sample, linear_programs
from tests.linear_terms import (
    EXACT,
    leaves_between,
    linear_maps,
    real_spaces,
    spaces,
    values_of,
)
from tests.plugins import Keyed, Modular, Rational, array_of, residues

ONE = Real((), EXACT)
Array = np.ndarray[Any, Any]


# How each representation is looked at


def values(space: Space, entries: Array) -> Value:
    """A vector as a value of the space."""
    flat = iter(np.split(entries, np.cumsum([size(s) for s in leaves(space)])))

    def build(space: Space) -> Value:
        if isinstance(space, Product):
            return tuple(build(part) for part in space.parts)
        return next(flat).reshape(space.shape)[()]  # type: ignore[union-attr]

    return build(space)


def entries(value: Value) -> list[Any]:
    """The entries of a value, in order."""
    if isinstance(value, tuple):
        return [v for part in value for v in entries(part)]
    return list(np.ravel(value))


def table(rows: list[Any], height: int, width: int) -> Array:
    """Rows as a matrix of exact numbers."""
    return np.array(rows, object).reshape(height, width)


def of_function(f: Any, dom: Space, cod: Space) -> Array:
    """The matrix of a function: what it makes of the unit vectors."""
    units = np.eye(size(dom), dtype=object)
    columns = [entries(materialise(f(values(dom, e)))) for e in units]
    return table(columns, size(dom), size(cod)).T


@dataclass(frozen=True)
class Representation:
    """A representation, and how its maps are compared: as a matrix, or as they are."""

    name: str
    between: Callable[[Space, Space], Any]
    view: Callable[[Any, Space, Space], Any]

    @property
    def keeps(self) -> frozenset[str]:
        """The structure it declares."""
        return self.between(ONE, ONE).keeps  # type: ignore[no-any-return]

    def __call__(self, f: Linear) -> Any:
        """What the map looks like."""
        return self.view(interpret(f, self.between(f.dom, f.cod)), f.dom, f.cod)

    def of(self, sample: Sample) -> Any:
        """What the linear program looks like."""
        dom, cod = Product(sample.program.inputs), Product(sample.program.ends)
        return self.view(represent(sample.program, self.between(dom, cod), sample.at), dom, cod)


def flipped(view: Callable[[Any, Space, Space], Any]) -> Callable[[Any, Space, Space], Any]:
    """Looking at a map of the opposite category."""
    return lambda f, dom, cod: view(f, cod, dom).T


def of_matrix(f: Any, dom: Space, cod: Space) -> Any:
    return to_array(f)


def of_affine(f: Any, dom: Space, cod: Space) -> Array:
    """The linear part, and the point as one more column."""
    assert (f.dom, f.cod) == (dom, cod)
    return np.hstack([to_array(f.linear), to_array(f.point)])


def as_it_is(f: Any, dom: Space, cod: Space) -> Any:
    return f


def always(k: Any) -> Callable[[Space, Space], Any]:
    """The same instance, whatever the ends."""
    return lambda dom, cod: k


REPRESENTATIONS = (
    Representation("Forward", always(Forward()), of_function),
    Representation("Dual(Forward)", always(Dual(Forward())), flipped(of_function)),
    Representation("Matrix", always(Matrix()), of_matrix),
    Representation("Dual(Matrix)", always(Dual(Matrix())), flipped(of_matrix)),
    Representation("Affine(Matrix)", always(Affine(Matrix())), of_affine),
    Representation(
        "Continuation(Matrix)",
        lambda dom, cod: Continuation(Matrix(), cod),
        lambda f, dom, cod: to_array(f(Matrix().identity(cod))),
    ),
    Representation(
        "Begin(Matrix)",
        lambda dom, cod: Begin(Matrix(), dom),
        lambda f, dom, cod: to_array(f(Matrix().identity(dom))),
    ),
    Representation("Cost", always(Cost()), as_it_is),
    Representation("a user's Fractions", always(Rational()), as_it_is),
    Representation("a user's integers mod 101", always(Modular()), as_it_is),
    Representation("a user's dictionaries", always(Keyed()), array_of),
)
COMPOSED = (
    Representation("Dual(Dual(Forward))", always(Dual(Dual(Forward()))), of_function),
    Representation("Dual(Dual(Matrix))", always(Dual(Dual(Matrix()))), of_matrix),
    Representation("Dual of a user's", always(Dual(Rational())), flipped(as_it_is)),
    Representation(
        "Continuation of a user's",
        lambda dom, cod: Continuation(Rational(), cod),
        lambda f, dom, cod: f(Rational().identity(cod)),
    ),
    Representation(
        "Dual(Begin(Matrix))",
        lambda dom, cod: Dual(Begin(Matrix(), cod)),
        lambda f, dom, cod: to_array(f(Matrix().identity(cod))).T,
    ),
)
MATRIX = Representation("Matrix", always(Matrix()), of_matrix)


def keeping(structure: str) -> tuple[Representation, ...]:
    """Those that declare the structure."""
    return tuple(r for r in REPRESENTATIONS if structure in r.keeps)


CATEGORY, PRODUCTS, BIPRODUCTS = map(keeping, ("category", "products", "biproducts"))


def agree(looks: tuple[Representation, ...], left: Linear, right: Linear) -> None:
    """The two sides of a law are one map in each representation, to the last digit."""
    for look in looks:
        assert np.array_equal(look(left), look(right)), look.name


# The letters of the laws

data = st.data()


@dataclass
class Letters:
    """Draws spaces, and maps between them."""

    drawn: st.DataObject

    def spaces(self, n: int) -> list[Space]:
        return [self.drawn.draw(spaces()) for _ in range(n)]

    def map(self, dom: Space, cod: Space) -> Linear:
        return self.drawn.draw(linear_maps(dom, cod, depth=2))


def times(f: Linear, g: Linear) -> Linear:
    """f x g = <p_0 ; f, p_1 ; g>."""
    ends = (f.dom, g.dom)
    return Fork((Then(Proj(ends, 0), f), Then(Proj(ends, 1), g)))


def pair(a: Space) -> tuple[Linear, Linear, Linear]:
    """dup, p_0 and p_1 of a space."""
    return Fork((Id(a), Id(a))), Proj((a, a), 0), Proj((a, a), 1)


# Category


@given(data)
def test_c1_identity(drawn: st.DataObject) -> None:
    """id ; f = f = f ; id."""
    x = Letters(drawn)
    a, b = x.spaces(2)
    f = x.map(a, b)
    agree(CATEGORY, Then(Id(a), f), f)
    agree(CATEGORY, Then(f, Id(b)), f)


@given(data)
def test_c2_associativity(drawn: st.DataObject) -> None:
    """(f ; g) ; h = f ; (g ; h)."""
    x = Letters(drawn)
    a, b, c, d = x.spaces(4)
    f, g, h = x.map(a, b), x.map(b, c), x.map(c, d)
    agree(CATEGORY, Then(Then(f, g), h), Then(f, Then(g, h)))


# Products


@given(data)
def test_c3_parallel_maps(drawn: st.DataObject) -> None:
    """(f x g) ; (h x k) = (f ; h) x (g ; k), and id x id = id."""
    x = Letters(drawn)
    a, b, c, d, e, i = x.spaces(6)
    f, g, h, k = x.map(a, b), x.map(c, d), x.map(b, e), x.map(d, i)
    agree(PRODUCTS, Then(times(f, g), times(h, k)), times(Then(f, h), Then(g, k)))
    agree(PRODUCTS, times(Id(a), Id(b)), Id(Product((a, b))))


@given(data)
def test_c4_pairing(drawn: st.DataObject) -> None:
    """<f, g> ; p_0 = f; <f, g> ; p_1 = g; <h ; p_0, h ; p_1> = h; and pairing is natural."""
    x = Letters(drawn)
    a, b, c, d, e = x.spaces(5)
    f, g, before = x.map(a, b), x.map(a, c), x.map(d, a)
    both, ends = Fork((f, g)), (b, c)
    agree(PRODUCTS, Then(both, Proj(ends, 0)), f)
    agree(PRODUCTS, Then(both, Proj(ends, 1)), g)
    h = x.map(a, Product(ends))
    agree(PRODUCTS, Fork((Then(h, Proj(ends, 0)), Then(h, Proj(ends, 1)))), h)
    agree(PRODUCTS, Then(before, both), Fork((Then(before, f), Then(before, g))))
    k, m = x.map(b, d), x.map(c, e)
    agree(PRODUCTS, Then(both, times(k, m)), Fork((Then(f, k), Then(g, m))))


@given(data)
def test_c5_copies_and_exchange(drawn: st.DataObject) -> None:
    """dup ; p_0 = id = dup ; p_1, and swap ; swap = id."""
    a, b = Letters(drawn).spaces(2)
    dup, first, second = pair(a)
    agree(PRODUCTS, Then(dup, first), Id(a))
    agree(PRODUCTS, Then(dup, second), Id(a))
    swap = Fork((Proj((a, b), 1), Proj((a, b), 0)))
    back = Fork((Proj((b, a), 1), Proj((b, a), 0)))
    agree(PRODUCTS, Then(swap, back), Id(Product((a, b))))


# Biproducts


@given(data)
def test_c6_copairing(drawn: st.DataObject) -> None:
    """i_0 ; [f | g] = f; i_1 ; [f | g] = g; [i_0 ; h | i_1 ; h] = h; and it is natural."""
    x = Letters(drawn)
    a, b, c, d = x.spaces(4)
    f, g, after = x.map(a, c), x.map(b, c), x.map(c, d)
    both, ends = Join((f, g)), (a, b)
    agree(BIPRODUCTS, Then(Inj(ends, 0), both), f)
    agree(BIPRODUCTS, Then(Inj(ends, 1), both), g)
    h = x.map(Product(ends), c)
    agree(BIPRODUCTS, Join((Then(Inj(ends, 0), h), Then(Inj(ends, 1), h))), h)
    agree(BIPRODUCTS, Then(both, after), Join((Then(f, after), Then(g, after))))


@given(data)
def test_c7_injections_meet_projections(drawn: st.DataObject) -> None:
    """i_j ; p_i = id if i = j, else 0; and p_0 ; i_0 + p_1 ; i_1 = id."""
    ends = tuple(Letters(drawn).spaces(2))
    for i in range(2):
        for j in range(2):
            kept = Id(ends[i]) if i == j else Zero(ends[j], ends[i])
            agree(BIPRODUCTS, Then(Inj(ends, j), Proj(ends, i)), kept)
    parts = [Then(Proj(ends, i), Inj(ends, i)) for i in range(2)]
    agree(BIPRODUCTS, parts[0] + parts[1], Id(Product(ends)))


@given(data)
def test_c8_pairs_are_sums(drawn: st.DataObject) -> None:
    """[f | g] = p_0 ; f + p_1 ; g and <f, g> = f ; i_0 + g ; i_1."""
    x = Letters(drawn)
    a, b, c = x.spaces(3)
    f, g, h = x.map(a, c), x.map(b, c), x.map(a, b)
    agree(BIPRODUCTS, Join((f, g)), Then(Proj((a, b), 0), f) + Then(Proj((a, b), 1), g))
    agree(BIPRODUCTS, Fork((f, h)), Then(f, Inj((c, b), 0)) + Then(h, Inj((c, b), 1)))


@given(data)
def test_c9_exchange(drawn: st.DataObject) -> None:
    """<[f | g], [h | k]> = [<f, h> | <g, k>]."""
    x = Letters(drawn)
    a, b, c, d = x.spaces(4)
    f, g, h, k = x.map(a, c), x.map(b, c), x.map(a, d), x.map(b, d)
    agree(BIPRODUCTS, Fork((Join((f, g)), Join((h, k)))), Join((Fork((f, h)), Fork((g, k)))))


@given(data)
def test_c10_composition_is_bilinear(drawn: st.DataObject) -> None:
    """(f + g) ; h = f ; h + g ; h, h ; (f + g) = h ; f + h ; g, and 0 absorbs."""
    x = Letters(drawn)
    a, b, c, d = x.spaces(4)
    f, g, h, k = x.map(a, b), x.map(a, b), x.map(b, c), x.map(d, a)
    agree(BIPRODUCTS, Then(f + g, h), Then(f, h) + Then(g, h))
    agree(BIPRODUCTS, Then(k, f + g), Then(k, f) + Then(k, g))
    agree(BIPRODUCTS, Then(Zero(a, b), h), Zero(a, c))
    agree(BIPRODUCTS, Then(k, Zero(a, b)), Zero(d, b))
    agree(BIPRODUCTS, f + Zero(a, b), f)
    agree(BIPRODUCTS, f - f, Zero(a, b))


# Indexed biproducts


def same_maps(x: Letters, n: int) -> tuple[Real, Real, list[Linear]]:
    """Two ground spaces and n maps from the one to the other."""
    a, b = (x.drawn.draw(real_spaces()) for _ in range(2))
    return a, b, [x.drawn.draw(linear_maps(a, b, depth=1)) for _ in range(n)]


@given(data, st.integers(1, 3))
def test_c13_arrays_are_products(drawn: st.DataObject, n: int) -> None:
    """cross fs ; ex i = ex i ; fs[i]; ex i tells arrays apart; cross is a functor; repl is dup."""
    x = Letters(drawn)
    a, b, fs = same_maps(x, n)
    gs = [x.map(b, a) for _ in range(n)]
    whole = array(a, n)
    for i in range(n):
        agree(BIPRODUCTS, Then(cross(fs, a, b), ex(b, n, i)), Then(ex(a, n, i), fs[i]))
        agree(BIPRODUCTS, Then(repl(a, n), ex(a, n, i)), Id(a))
    apart = total([Then(ex(a, n, i), into(a, n, i)) for i in range(n)], whole, whole)
    agree(BIPRODUCTS, apart, Id(whole))
    agree(BIPRODUCTS, cross([Id(a)] * n, a, a), Id(whole))
    composed = [Then(f, g) for f, g in zip(fs, gs, strict=True)]
    agree(BIPRODUCTS, Then(cross(fs, a, b), cross(gs, b, a)), cross(composed, a, a))


@given(data, st.integers(1, 3))
def test_c13_arrays_are_coproducts(drawn: st.DataObject, n: int) -> None:
    """into i ; cross fs = fs[i] ; into i; into i ; jam = id; into j ; ex i = id or 0."""
    x = Letters(drawn)
    a, b, fs = same_maps(x, n)
    for i in range(n):
        agree(BIPRODUCTS, Then(into(a, n, i), cross(fs, a, b)), Then(fs[i], into(b, n, i)))
        agree(BIPRODUCTS, Then(into(a, n, i), jam(a, n)), Id(a))
        for j in range(n):
            kept: Linear = Id(a) if i == j else Zero(a, a)
            agree(BIPRODUCTS, Then(into(a, n, j), ex(a, n, i)), kept)
    joined = Then(cross(fs, a, b), jam(b, n))
    agree(BIPRODUCTS, Then(repl(a, n), joined), total(fs, a, b))
    apart = total([Then(ex(a, n, i), fs[i]) for i in range(n)], array(a, n), b)
    agree(BIPRODUCTS, joined, apart)


@given(data, st.integers(1, 3))
def test_c13_the_four_are_adjoint(drawn: st.DataObject, n: int) -> None:
    """Dual: ex i = into i, repl = jam, cross fs = cross of the duals; each a leaf's own adjoint."""
    a, b, fs = same_maps(Letters(drawn), n)
    for i in range(n):
        assert into(a, n, i) == ex(a, n, i).op.adjoint(ex(a, n, i))
    assert jam(a, n) == repl(a, n).op.adjoint(repl(a, n))
    rows = [MATRIX(f) for f in fs]
    blocks = np.zeros((n * size(b), n * size(a)), object)
    for i, row in enumerate(rows):
        blocks[i * size(b) : (i + 1) * size(b), i * size(a) : (i + 1) * size(a)] = row
    assert np.array_equal(MATRIX(cross(fs, a, b)), blocks)


def turned(a: Real, n: int) -> tuple[Leaf, Leaf]:
    """A[n] with its first axis last, and back."""
    rank = len(a.shape)
    last = Real((*a.shape, n), a.dtype)
    there = leaf_of(layout.transpose, 0, (), array(a, n), last, axes=(*range(1, rank + 1), 0))
    return there, there.op.adjoint(there)


@given(data, st.integers(1, 3))
def test_c13_one_leaf_on_every_entry_is_its_lift(drawn: st.DataObject, n: int) -> None:
    """cross (f, f, ...) is f on one more axis, at the end, where lifted axes are."""
    a, b = (drawn.draw(real_spaces()) for _ in range(2))
    f = drawn.draw(leaves_between(a, b))
    there, _ = turned(a, n)
    _, back = turned(b, n)
    lifted = Then(Then(there, f.op.lift(f, (n,))), back)
    agree(BIPRODUCTS, lifted, cross([f] * n, a, b))


@given(data, st.integers(1, 3))
def test_c13_one_operation_at_many_residuals_has_the_axis_itself(
    drawn: st.DataObject, n: int
) -> None:
    """Products, masks, contractions and running sums with the axis before their own."""
    a, b = Real((2,), EXACT), Real((3,), EXACT)
    whole, end = array(a, n), array(b, n)
    by = drawn.draw(values_of(whole))
    slopes = [leaf_of(mul, 1, (by[i],), a, a) for i in range(n)]
    agree(BIPRODUCTS, leaf_of(mul, 1, (by,), whole, whole), cross(slopes, a, a))
    mask = drawn.draw(values_of(Discrete(whole.shape, "bool")))
    masks = [leaf_of(keep, 1, (mask[i],), a, a) for i in range(n)]
    agree(BIPRODUCTS, leaf_of(keep, 1, (mask,), whole, whole), cross(masks, a, a))
    matrices = drawn.draw(values_of(Real((n, 3, 2), EXACT)))
    each = [leaf_of(contract, 1, (m,), a, b, spec="ij,j->i") for m in matrices]
    batch = leaf_of(contract, 1, (matrices,), whole, end, spec="nij,nj->ni")
    agree(BIPRODUCTS, batch, cross(each, a, b))
    running = [leaf_of(cumsum, 0, (), a, a, axis=0, reverse=False)] * n
    along = leaf_of(cumsum, 0, (), whole, whole, axis=1, reverse=False)
    agree(BIPRODUCTS, along, cross(running, a, a))


LAWS = [law for name, law in globals().items() if name.startswith("test_c")]


def test_every_law_says_which() -> None:
    assert len(LAWS) == 15
    assert all(law.__doc__ for law in LAWS)


# Squares


@st.composite
def terms(draw: Callable[[Any], Any]) -> Linear:
    """A linear map between random spaces."""
    return draw(linear_maps(draw(spaces()), draw(spaces())))  # type: ignore[no-any-return]


WITH_MATRIX = [r for r in (*REPRESENTATIONS, *COMPOSED) if r.name not in ("Cost", "Affine(Matrix)")]


def is_the_matrix(look: Representation, found: Array, expected: Array) -> bool:
    """Whether the representation shows this matrix."""
    return np.array_equal(found, residues(expected) if "101" in look.name else expected)


@given(terms())
def test_h3_all_have_one_matrix(f: Linear) -> None:
    """apply (Matrix f) = Forward f; Dual (Dual f) = f; Continuation = Dual; Begin = Forward."""
    expected = interpret(f, Rational())
    for look in WITH_MATRIX:
        assert is_the_matrix(look, look(f), expected), look.name


@given(linear_programs())
def test_h3_all_have_one_matrix_of_a_linear_program(sample: Sample) -> None:
    """The same for linear programs, cases included, whichever way they are read."""
    expected = Representation("", always(Rational()), as_it_is).of(sample)
    for look in WITH_MATRIX:
        assert is_the_matrix(look, look.of(sample), expected), look.name


@given(terms(), data)
def test_h4_adjoint_identity(f: Linear, drawn: st.DataObject) -> None:
    """<f v, w> = <v, f' w>."""
    v, w = (_vector(drawn, space) for space in (f.dom, f.cod))
    forward = entries(materialise(interpret(f, Forward())(values(f.dom, v))))
    backward = entries(materialise(interpret(f, Dual(Forward()))(values(f.cod, w))))
    assert np.dot(forward, w) == np.dot(v, backward)


@given(terms())
def test_h5_matrix_of_the_dual_is_the_transpose(f: Linear) -> None:
    """Matrix (Dual f) = (Matrix f)', block by block in the structure it has."""
    dual = interpret(f, Dual(Matrix()))
    assert np.array_equal(to_array(dual), MATRIX(f).T)
    assert np.array_equal(to_array(transpose(interpret(f, Matrix()))), MATRIX(f).T)


@given(terms(), data)
def test_h6_derivatives_are_linear(f: Linear, drawn: st.DataObject) -> None:
    """f (x + y) = f x + f y, f (c x) = c f x, f 0 = 0."""
    run = interpret(f, Forward())

    def apply(v: Array) -> Array:
        return np.array(entries(materialise(run(values(f.dom, v)))), object)

    x, y = _vector(drawn, f.dom), _vector(drawn, f.dom)
    assert np.array_equal(apply(x + y), apply(x) + apply(y))
    assert np.array_equal(apply(-3 * x), -3 * apply(x))
    assert not apply(0 * x).any()


def _vector(drawn: st.DataObject, space: Space) -> Array:
    n = size(space)
    return np.array(drawn.draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n)), object)


@given(terms())
def test_affine_maps_of_linear_terms_have_no_point(f: Linear) -> None:
    """An affine map (A, b) of a linear map f is (f, 0)."""
    found = interpret(f, Affine(Matrix()))
    assert np.array_equal(to_array(found.linear), MATRIX(f))
    assert found.point.at == {} or not to_array(found.point).any()
    assert line(f.cod).dtype == EXACT


@pytest.mark.parametrize("plugin", [Rational, Modular, Keyed])
def test_a_users_representation_is_some_fifteen_lines(plugin: type) -> None:
    code = [row for row in inspect.getsource(plugin).splitlines() if row.strip()]
    written = [row for row in code if not row.strip().startswith(('"""', "def ", "class "))]
    assert len(written) <= 16
    assert len(code) <= 28


class Crossed(Rational):
    """A wrong one: the parts of a join are in the wrong order."""

    def join(self, fs: tuple[Array, ...], /) -> Array:
        return np.hstack(fs[::-1])


def test_a_wrong_representation_is_caught() -> None:
    """i_0 ; [id | 0] = id is false in it: the laws are not empty."""
    look = Representation("Crossed", always(Crossed()), as_it_is)
    first = Then(Inj((ONE, ONE), 0), Join((Id(ONE), Zero(ONE, ONE))))
    with pytest.raises(AssertionError, match="Crossed"):
        agree((look,), first, Id(ONE))


def test_scale_is_a_multiple_of_the_identity() -> None:
    """Every representation with a matrix agrees on the scalars."""
    for look in WITH_MATRIX:
        if "101" not in look.name:
            assert np.array_equal(look(Scale(ONE, 7)), [[7]])


# What is made of another declares what that one keeps


@pytest.mark.parametrize("over", [Dual, Continuation, Begin])
def test_what_is_made_of_a_representation_declares_no_more_than_that(over: Any) -> None:
    assert over(Matrix()).keeps == Dual(over(Matrix())).keeps == Matrix().keeps
    for k in (Cost(), Affine(Matrix())):
        made = over(k)
        assert made.keeps == {"category"}
        assert over(made).keeps == {"category"}
    costs = Dual(Cost())
    named = list(laws(costs, lambda name, a, b: costs.identity(b) if a == b else costs.zero(a, b)))
    assert len(named) == 3 and all(left == right for _, left, right in named)
