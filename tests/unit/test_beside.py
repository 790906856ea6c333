"""What an object holds besides its fields, items or keys goes into a function, and comes out."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import cats
from cats.ir.errors import BackendError, CatsError, SpaceError
from cats.tree import flatten, places, unflatten


@dataclass
class Model:
    w: float
    scale = 1.0

    def __post_init__(self) -> None:
        self.half = self.w / 2
        self.name = "m"

    @functools.cached_property
    def square(self) -> Any:
        return self.w * self.w


class Table(dict[str, Any]):
    scale = 1.0


class Row(list[Any]):
    scale = 1.0


class Pair(NamedTuple):
    w: float
    b: float


class Named(Pair):
    scale = 1.0

    def __iter__(self) -> Any:
        return iter((self.b, self.w))


class Turned(tuple[float, ...]):
    scale = 1.0

    def __iter__(self) -> Any:
        return iter(self[::-1])


class Open(dict[str, Any]):
    """A dict whose keys are its attributes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__dict__ = self


def scaled(made: Any, scale: Any) -> Any:
    made.scale = scale
    return made


def objects(w: Any, scale: Any) -> list[Any]:
    kinds = [Model(w), Table(w=w), Row([w]), Named(w, 2 * w), Turned([w, 2 * w])]
    return [scaled(made, scale) for made in kinds]


def first(m: Any) -> Any:
    return m.w if isinstance(m, Model) else next(iter(m.values() if isinstance(m, dict) else m))


@pytest.mark.parametrize("place", range(5))
def test_attributes_go_in_and_come_out(place: int) -> None:
    compiled = cats.compile(lambda m: first(m) * m.scale)
    slopes = cats.grad(lambda m: first(m) * m.scale)
    for scale in (3.0, 5.0, "ab"):
        m = objects(2.0, scale)[place]
        plain = first(m) * (scale if scale != "ab" else 1.0)
        if scale == "ab":
            assert cats.compile(lambda m: first(m) * len(m.scale))(m) == 2 * plain
        else:
            assert compiled(m) == plain
            assert slopes(m).scale == first(m)

    def made(x: Any) -> Any:
        return objects(x, 9 * x)[place]

    found = cats.compile(made)(2.0)
    assert type(found) is type(made(2.0))
    assert found.scale == 18.0
    assert cats.jvp(lambda x: made(x), (2.0,), (1.0,))[1].scale == 9.0
    assert cats.grad(lambda x: first(made(x)) * made(x).scale)(2.0) == pytest.approx(
        36.0 if place < 3 else 72.0
    )


def test_an_attribute_made_after_a_field_varies_by_itself() -> None:
    def f(m: Any) -> Any:
        return m.w * m.half * len(m.name)

    found = cats.grad(f)(Model(2.0))
    assert (found.w, found.half) == (1.0, 2.0)
    assert cats.compile(lambda x: f(Model(x)))(2.0) == 2.0
    assert cats.grad(lambda x: f(Model(x)))(2.0) == 2.0
    total = cats.scan(lambda c, _: (Model(2 * c.w), c.half), Model(1.0), None, length=3)
    assert total[0].half == 4.0


def test_what_is_computed_once_and_kept_is_computed_anew() -> None:
    m = Model(3.0)
    assert m.square == 9.0
    assert cats.grad(lambda m: m.square)(m).w == 6.0
    assert "square" not in vars(cats.compile(lambda x: kept(Model(x)))(2.0))


def kept(m: Model) -> Model:
    m.square  # noqa: B018
    return m


def test_a_dict_that_is_its_own_attributes() -> None:
    def f(d: Any) -> Any:
        return d.w * d["b"]

    assert cats.compile(f)(Open(w=2.0, b=3.0)) == 6.0
    assert cats.grad(f)(Open(w=2.0, b=3.0)).w == 3.0
    assert cats.compile(lambda x: Open(w=x))(2.0).w == 2.0


@pytest.mark.parametrize("place", range(5))
def test_the_structure_names_attributes(place: int) -> None:
    m = objects(2.0, 3.0)[place]
    leaves, tree = flatten(m)
    again = unflatten(tree, leaves)
    assert (type(again), again.scale, flatten(again)[1]) == (type(m), 3.0, tree)
    assert places(tree)[-1] == ".scale"


def test_axes_are_of_what_is_named() -> None:
    d = scaled(Table(w=np.arange(3.0)), 2.0)
    f = cats.vmap(lambda d: d["w"] * d.scale, in_axes=({"w": 0},))
    assert f(d).tolist() == [0.0, 2.0, 4.0]
    g = cats.vmap(lambda r: r[0] * r.scale, in_axes=([0],))
    assert g(scaled(Row([np.arange(3.0)]), 2.0)).tolist() == [0.0, 2.0, 4.0]

    @dataclass
    class Axes:
        w: Any

    m = scaled(Model(np.arange(3.0)), 2.0)  # type: ignore[arg-type]
    h = cats.vmap(lambda m: m.w * m.scale, in_axes=(Axes(0),))
    assert h(m).tolist() == [0.0, 2.0, 4.0]
    with pytest.raises(SpaceError, match="do not fit"):
        cats.vmap(lambda m: m.w * m.scale, in_axes=({"w": 0},))(m)


def test_a_tangent_has_them_too() -> None:
    given, f = scaled(Table(w=2.0), 3.0), lambda d: d["w"] * d.scale
    assert cats.jvp(f, (given,), (scaled(Table(w=1.0), 10.0),)) == (6.0, 23.0)
    assert cats.vjp(Model, 2.0)[1](scaled(Model(1.0), None)) == (1.25,)
    with pytest.raises(SpaceError, match=r"the tangent of .* is missing"):
        cats.jvp(f, (given,), (scaled(Table(w=1.0), None),))


def test_an_argument_of_a_class_made_of_a_list_or_dict_is_not_changed() -> None:
    def f(d: Any) -> Any:
        d["w"] = 3.0 * d["w"]
        return d["w"]

    def g(r: Any) -> Any:
        r.scale = 2.0
        return r[0]

    for wrong, given in ((f, Table(w=2.0)), (g, scaled(Row([2.0]), 1.0))):
        with pytest.raises(CatsError, match=r"an object of type (Table|Row) from outside"):
            cats.compile(wrong)(given)


def test_text_reads_attributes_and_refuses_to_write_them() -> None:
    d = scaled(Table(w=2.0), 3.0)
    text = cats.source(lambda d: d["w"] * d.scale, d)
    names: dict[str, Any] = {}
    exec(text, names)
    made = [v for v in names.values() if callable(v) and hasattr(v, "__code__")][-1]
    assert made(d) == 6.0
    with pytest.raises(BackendError, match="attributes of its own"):
        cats.source(lambda x: scaled(Row([x]), 3.0), 2.0)
