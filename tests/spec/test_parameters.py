"""Parameters: every one is of the kind its record says, or is refused before anything runs."""

from __future__ import annotations

import builtins
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import cats
from cats.ir import results
from cats.ir.constant import Constant
from cats.ir.errors import BackendError, SpaceError, TermError
from cats.ir.infer import infer
from cats.ir.kinds import fitting
from cats.ir.literals import literal
from cats.ir.primitive import Primitive
from cats.ir.prims import BY_NAME, special
from cats.ir.prims.arrays import shift
from cats.ir.prims.layout import sum as total
from cats.ir.prims.smooth import sin
from cats.ir.read import read_program
from cats.ir.spaces import Space, space_of

RUN = "setattr(__import__('builtins'), 'ran_from_text', True)"
"""What would be noticed if text were run."""

ODD: tuple[Any, ...] = (
    0, 1, -1, 7, -7, True, False, None, 0.5, -0.5, float("nan"), float("inf"), "a", "", "x'y", RUN,
    f"[{RUN}, 2][1]", "ij", "i->j", "ij->", "i,j->k", ">f8", "object", "float16", "O", "int64",
    "load", "add", (), (0,), (5,), (-1,), (-5,), (0.5,), ("a",), (RUN,), (None,), (0, 0), (1, 0),
    (7, 7), ((0,),), ((None, None, 0),), ((0, 1, None),), (True,), ((7, 7),), Constant(2.0),
)  # fmt: skip

BY_DATA = {"accumulate", "winners", "bincount"}
"""Whether places or counts fit a shape is known only when these are run."""


def _special() -> Iterator[Primitive]:
    for each in pkgutil.iter_modules(special.__path__):
        for value in vars(import_module(f"{special.__name__}.{each.name}")).values():
            if isinstance(value, Primitive):
                yield value


OPERATIONS = {op.name: op for op in (*BY_NAME.values(), *_special())}


def _in(found: Any, spaces: Any) -> bool:
    found = found if isinstance(found, tuple) else (found,)
    spaces = spaces if isinstance(spaces, tuple) else (spaces,)
    return bool(tuple(map(space_of, found)) == spaces)


def _tried(op: Primitive, spaces: tuple[Any, ...], params: dict[str, Any]) -> str:
    """What is wrong with the answer to these parameters; empty if nothing is."""
    try:
        end: Space = results.result_space(op, spaces, params)
    except SpaceError:
        return ""
    except Exception as error:
        return f"the space: {error!r}"
    args = [np.ones(s.shape, s.dtype) for s in spaces]
    try:
        found = op.evaluate(*args, **params)
    except np.linalg.LinAlgError:
        return ""
    except Exception as error:
        return "" if op.name in BY_DATA else f"the value: {error!r}"
    return "" if op.name in BY_DATA or _in(found, end) else f"not in {end}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [n for n, op in OPERATIONS.items() if op.takes.kinds])
def test_odd_parameters_are_refused_or_right(name: str) -> None:
    op = OPERATIONS[name]
    for example in op.examples:
        usual = dict(example.params)
        for key in usual:
            for odd in ODD:
                params = {**usual, key: odd}
                assert not _tried(op, example.spaces, params), (name, params)
    assert not hasattr(builtins, "ran_from_text")


def test_the_record_says_of_what_kind_each_parameter_is() -> None:
    for op in OPERATIONS.values():
        for example in op.examples:
            assert op.takes.kinds.keys() >= dict(example.params).keys(), op
            assert op.takes.misuse(op.name, len(example.spaces), dict(example.params)) is None
        strange = object()
        assert not any(test(strange) for test in op.takes.tests.values()), op
        assert op.takes.others is None, op


@pytest.mark.parametrize("name", [n for n, op in OPERATIONS.items() if op.takes.kinds])
def test_text_is_not_run(name: str) -> None:
    op = OPERATIONS[name]
    for example in op.examples[:1]:
        for key in dict(example.params):
            said = ", ".join(
                f"{k}={RUN!r}" if k == key else f"{k}={v!r}" for k, v in example.params
            )
            if "Constant" in said:
                continue
            binders = " ".join(f"a{i}: {s}" for i, s in enumerate(example.spaces))
            args = " ".join(f"a{i}" for i in range(len(example.spaces)))
            with pytest.raises(TermError):
                infer(cats.parse(f"\\{binders}. {name}[{said}] {args}", OPERATIONS))
            listed = binders.replace(" a", ", a")
            with pytest.raises(TermError):
                read_program(f"({listed}) -> y = {name}[{said}] {args} in (y)", OPERATIONS)
    assert not hasattr(builtins, "ran_from_text")


def test_what_is_said_of_a_parameter_of_another_kind() -> None:
    with pytest.raises(TermError, match=r"tril takes a whole number as its parameter 'k', not 'a'"):
        cats.compile(cats.parse(r"\x: R[2, 2]. tril[extra=0, k='a'] x"))(np.eye(2))
    with pytest.raises(TermError, match=r"k', not 0\.5"):
        cats.compile(cats.parse(r"\x: R[2, 2]. tril[extra=0, k=0.5] x"))(np.eye(2))
    with pytest.raises(TermError, match=r"every part a whole number, as its parameter 'axes'"):
        cats.compile(cats.parse(r"\x: R[3]. sum[axes=(0.5,)] x"))(np.ones(3))
    with pytest.raises(TermError, match=r"eigh takes 'L' or 'U' as its parameter 'uplo', not 'a'"):
        cats.compile(cats.parse(r"\x: R[2, 2]. eigh[uplo='a'] x"))(np.eye(2))


def test_operations_on_numbers_read_their_arguments_too() -> None:
    wrongs: list[tuple[Callable[[], Any], str]] = [
        (lambda: sin(1.0, 2.0), "sin takes 1 argument, got 2"),
        (lambda: sin(), "sin takes 1 argument, got 0"),
        (lambda: sin(1.0, foo=3), "sin has no parameter 'foo': it has none"),
        (lambda: total(np.ones(3)), "sum needs its parameter 'axes'"),
        (lambda: total(np.ones(3), axes=0), "sum takes a tuple, every part a whole number, as its"),
    ]
    for wrong, why in wrongs:
        with pytest.raises(TermError, match=why):
            wrong()


def test_numbers_that_are_not_finite_are_written_as_python_reads_them() -> None:
    x = np.array([1.0, 2.0, 3.0])
    for fill in (float("nan"), float("inf"), -float("inf"), -0.0, np.float32(0.5)):
        found = shift(x, axis=0, reverse=False, fill=fill)
        np.testing.assert_array_equal(found, [fill, 1.0, 2.0])
        assert np.signbit(found[0]) == np.signbit(fill)


def test_what_is_written_as_python_reads_back() -> None:
    namespace = {"np": np}
    for value in (0, -1, True, None, 0.1, -0.0, "it's", ("a", (1, None), ()), (2.5,), 10**20):
        again = eval(literal(value), namespace)
        assert (again, repr(again)) == (value, repr(value))
    for array in (
        np.arange(6.0).reshape(2, 3),
        np.array([True, False]),
        np.float32(0.1),
        np.array([np.nan]),
    ):
        again = eval(literal(Constant(array)), namespace)
        assert Constant(again) == Constant(array)
    with pytest.raises(BackendError, match="cannot be written as Python text"):
        literal(object())


def test_a_users_operation_may_say_its_kinds() -> None:
    def stretched(x: Any, *, by: float) -> Any:
        return x

    said = Primitive("said", lambda x, *, by: f"{x} * {by}", stretched)
    unsaid = Primitive("unsaid", lambda x, *, by: f"{x} * {by}", lambda x, *, by: x)
    written = Primitive("written", "{0} * len({by})", lambda x, *, by: x)
    for op in (said, unsaid):
        assert op(2.0, by=3.0) == 6.0
        with pytest.raises(TermError, match="as its parameter 'by', not 'print"):
            op(2.0, by="print(1)")
    assert written(2.0, by="print") == 10.0


def test_kinds_that_are_not_known_hold_everything() -> None:
    assert fitting(Any)(object()) and fitting(list[int])([1])


@pytest.mark.parametrize(
    ("word", "why"),
    [
        (f'loop[carries=1, length="{RUN}"]', "a loop has a whole number that is not negative or"),
        ("loop[carries=-1]", "as 'carries', not -1"),
        ("loop[carries=1, length=0.5]", "as 'length', not 0.5"),
        ("loop[carries=1, often=3]", "a loop has no 'often'"),
        ("solve[around=0, rounds=3, tolerance='a']", "a solve has a number as 'tolerance'"),
        ("solve[around=0]", "and no tolerance"),
        ("while", "a while holds 2 programs and says captured: here are 1 program"),
    ],
)
def test_control_words_in_text_say_what_they_may(word: str, why: str) -> None:
    with pytest.raises(TermError) as caught:
        read_program(f"(x: R) -> y = {word} x | (a: R) -> in (a) in (y)")
    assert why in str(caught.value)
    assert not hasattr(builtins, "ran_from_text")
