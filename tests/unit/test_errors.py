"""Errors: a sentence, a place in the user's code, and a remedy."""

import pickle

import pytest

from cats.ir import errors
from cats.ir.errors import CatsError, SpaceError, Where

KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CatsError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_pickled_whole(kind: type[CatsError]) -> None:
    error = kind("what", where=Where("f.py", 3, "g"), remedy="do")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.message, again.where, again.remedy) == (error.message, error.where, error.remedy)
    assert kind is CatsError or isinstance(error, TypeError)


def test_the_text_shows_the_line_and_the_remedy() -> None:
    place = Where(__file__, 1, "module")
    lines = str(SpaceError("no", where=place, remedy="Yes.")).splitlines()
    assert lines == ["no", f"  at {__file__}:1 in module: {place.code}", "  Yes."]
    assert place.code.startswith('"""Errors')
    assert str(SpaceError("no")) == "no"


def test_the_first_place_stays() -> None:
    inner, outer = Where("a.py", 1), Where("b.py", 2)
    error = SpaceError("no").at(None).at(inner).at(outer)
    assert error.where == inner
