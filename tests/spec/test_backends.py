"""What every backend keeps: NumPy's values and dtypes, no aliasing, pickles, linear time."""

import itertools
import multiprocessing
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cats.backends.backend import Backend
from cats.backends.on_fractions import FIELD, ORDERED, OnFractions, on_modulo
from cats.backends.on_numexpr import OnNumexpr
from cats.backends.on_numpy import OnNumpy
from cats.backends.on_source import OnSource
from cats.backends.templates import FALLBACK, TEMPLATES
from cats.ir.primitive import Example, Primitive
from cats.ir.prims import BY_NAME, VOCABULARY
from cats.ir.prims.algebra import add, div, mul
from cats.ir.prims.arrays import cumsum
from cats.ir.prims.choice import keep, less, logical_not, maximum, select
from cats.ir.prims.contraction import contract
from cats.ir.prims.indexing import gather, index
from cats.ir.prims.layout import broadcast, convert, reshape, transpose
from cats.ir.prims.layout import sum as total
from cats.ir.prims.pairs import power
from cats.ir.prims.smooth import cos, exp, log, sin, tanh
from cats.ir.program import Program, Step
from cats.ir.read import read_program
from cats.ir.spaces import BOOL, Discrete, Ground, R, Real, Value
from cats.ir.wire import Builder, Wire
from cats.pipeline import gradient
from cats.simplify import simplify
from tests.rolled import rolled
from tests.strategies import SMOOTH, evaluated
from tests.values import arguments, drawn, examples, program_spaces

FLOATS: tuple[Backend, ...] = (OnNumpy(), OnSource(), OnNumexpr(least=1), OnNumexpr())
BACKENDS: tuple[Backend, ...] = (*FLOATS, OnFractions(), on_modulo(101))
WIDTHS = ("float64", "float32")
ULPS = 8


def _title(backend: Backend) -> str:
    fuses = isinstance(backend, OnNumexpr) and backend.least == 1
    return f"{backend.name} always" if fuses else backend.name


backends = pytest.mark.parametrize("backend", FLOATS, ids=_title)
ops = pytest.mark.parametrize("op", VOCABULARY, ids=str)


def alone(op: Primitive, example: Example) -> Program:
    """The program of one step."""
    count = len(example.spaces)
    made = program_spaces(op, example)
    step = Step(op, tuple(range(count)), example.params, made)
    return Program(example.spaces, (step,), tuple(range(count, count + len(made))))


def program(inputs: tuple[Ground, ...], body: Callable[..., Any]) -> Program:
    """The program a function of wires makes."""
    builder = Builder(inputs)
    made = body(builder, *builder.wires)
    return builder.finish(made if isinstance(made, tuple) else (made,))


def agree(found: Value, expected: Value, backend: Backend) -> None:
    """Exactly, signs of zero included; on numexpr within a few units in the last place."""
    assert type(found) is type(expected)
    assert found.dtype == expected.dtype and found.shape == expected.shape
    if backend.name != "numexpr":
        assert found.tobytes() == expected.tobytes()
        return
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    rounding = ULPS * np.finfo(found.dtype).eps if found.dtype.kind == "f" else 0
    np.testing.assert_allclose(found, expected, rtol=rounding, atol=0)


def inhabits(value: Value, space: Ground) -> None:
    """A result is an array, or a NumPy scalar, of just the space the program promises."""
    assert np.shape(value) == space.shape and value.dtype == space.dtype
    assert isinstance(value, np.ndarray if space.shape else np.generic)


# Each primitive


@backends
@ops
@pytest.mark.parametrize("dtype", WIDTHS)
def test_every_primitive_gives_what_numpy_gives(
    backend: Backend, op: Primitive, dtype: str
) -> None:
    rng = np.random.default_rng(0)
    for example in examples(op, dtype):
        step = alone(op, example)
        args = arguments(op, example, rng)
        found = backend.compile(step)(*args)
        expected = op.evaluate(*args, **dict(example.params))
        for value, wanted, space in zip(found, _tuple(expected, step), step.ends, strict=True):
            inhabits(value, space)
            agree(value, np.asarray(wanted, space.dtype)[()], backend)


def _tuple(value: Value, of: Program) -> tuple[Value, ...]:
    return value if len(of.outputs) > 1 else (value,)


SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.5, 1e-310, 1e300)


@backends
@pytest.mark.parametrize("op", [op for op in VOCABULARY if op.elementwise], ids=str)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_entrywise_operations_agree_at_nan_infinities_and_zeros(
    backend: Backend, op: Primitive
) -> None:
    """A second step follows, so that numexpr fuses: twice the value, or the negated truth."""
    (example, *_) = examples(op, "float64", (len(SPECIAL) ** 2,))
    pairs = np.array(list(itertools.product(SPECIAL, SPECIAL))).T
    args = [
        pairs[i % 2] if isinstance(s, Real) else drawn(s, op.domain[0], np.random.default_rng(i))
        for i, s in enumerate(example.spaces)
    ]

    def body(builder: Builder, *wires: Wire) -> Wire:
        out: Wire = op(*wires, **dict(example.params))
        second: Wire = logical_not(out) if out.space.dtype == "bool" else add(out, out)
        return second

    both = program(example.spaces, body)
    (expected,), (found,) = OnNumpy().compile(both)(*args), backend.compile(both)(*args)
    agree(found, expected, backend)


@backends
def test_views_of_any_strides_are_read_as_they_are(backend: Backend) -> None:
    run = program((Real((2, 3)),), lambda b, x: (mul(sin(x), x), transpose(x, axes=(1, 0))))
    whole = np.random.default_rng(1).normal(size=(6, 6))
    for x in (
        whole[1:3, 3:],
        whole[3:1:-1, ::-2],
        whole.T[:2, :3],
        np.asfortranarray(whole[:2, :3]),
    ):
        for found, expected in zip(
            backend.compile(run)(x), OnNumpy().compile(run)(np.ascontiguousarray(x)), strict=True
        ):
            agree(np.ascontiguousarray(found), np.ascontiguousarray(expected), backend)


# Whole programs


def _case(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    left = program((Real((3,)), Real((3,))), lambda b, x, y: (x, mul(x, y)))
    right = program((Real((3,)), Real((3,))), lambda b, x, y: (sin(y), mul(2.0, x)))
    tag = less(total(x, axes=(0,)), 0.5)
    return b.case((left, right), tag, (x, y))


def _nested_case(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    inner = program((Real((3,)), Real((3,))), _case)
    kinds = tuple(program((Real((3,)), Real((3,))), f) for f in (
        lambda b, x, y: (y, x),
        lambda b, x, y: tuple(b.run(inner, (x, y))),
        lambda b, x, y: (cos(x), y),
    ))  # fmt: skip
    tag = convert(less(total(y, axes=(0,)), 0.5), dtype="int64")
    return b.case(kinds, tag, (x, y))


def _polar(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    z = mul(x, y)
    return cos(z), sin(z)


def _repeated(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    rows = broadcast(x, shape=(3, 3), axes=(0,))
    columns = broadcast(y, shape=(3, 3), axes=(1,))
    twice = broadcast(rows, shape=(2, 3, 3), axes=(1, 2))
    scale = broadcast(total(x, axes=(0,)), shape=(3, 3), axes=())
    outer = mul(rows, columns)
    return outer, mul(add(outer, scale), 2.0), exp(rows), rows, add(twice, 1.0)


def _fixed(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    table = b.lift(np.arange(6.0).reshape(2, 3))
    return table, contract(table, x, spec="ij,j->i"), b.lift(2.5), b.lift(-0.0), add(-1.5, y)


def _softmax(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    e = exp(x)
    norm = broadcast(total(e, axes=(0,)), shape=(3,), axes=())
    return div(e, norm), log(div(e, norm)), tanh(mul(x, y)), cumsum(y, axis=0, reverse=True)


def _powers(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    base = add(mul(x, x), 1.0)
    return div(power(base, 0.5), 3.0), power(base, y), power(base, 2.0), sub_exp(x)


def sub_exp(x: Wire) -> Value:
    """A value that is read by two entrywise regions."""
    e = exp(x)
    return add(mul(e, broadcast(total(e, axes=(0,)), shape=(3,), axes=())), mul(e, e))


def _kinks(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    mask = less(x, y)
    return keep(mask, x), select(mask, x, 0.25), maximum(x, 0.0), select(mask, 1.0, 2.0), mask


def _views(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
    outer = contract(x, y, spec="i,j->ij")
    row = gather(outer, b.lift(1))
    return (
        x,
        x,
        reshape(y, shape=(3, 1)),
        outer,
        transpose(outer, axes=(1, 0)),
        row,
        index(outer, key=(0,)),
        broadcast(x, shape=(2, 3), axes=(1,)),
        contract(outer, spec="ij->ji"),
    )


GOLDEN = {
    f.__name__.strip("_"): f
    for f in (_case, _nested_case, _polar, _repeated, _fixed, _softmax, _powers, _kinks, _views)
}
golden = pytest.mark.parametrize("name", GOLDEN)


def _args(dtype: str) -> list[Value]:
    rng = np.random.default_rng(2)
    return [rng.normal(size=3).astype(dtype), rng.normal(size=3).astype(dtype)]


@backends
@golden
def test_programs_give_what_their_steps_give_one_by_one(backend: Backend, name: str) -> None:
    made = program((Real((3,)), Real((3,))), GOLDEN[name])
    for args in (_args("float64"), [np.zeros(3), np.ones(3)], [np.ones(3), np.zeros(3)]):
        found = backend.compile(made)(*args)
        for value, wanted, space in zip(found, walked(made, args), made.ends, strict=True):
            inhabits(value, space)
            agree(value, wanted, backend)


@backends
def test_random_programs_with_loops_agree(backend: Backend) -> None:
    """Values and gradients of 30 programs, to the last few digits of the largest entry."""
    for n, sample in rolled(30, SMOOTH, number=True):
        whole = gradient(sample.program, list(range(len(sample.program.inputs))))
        wanted = evaluated(whole, sample.args)
        for each in (whole, simplify(whole)):
            pairs = zip(backend.compile(each)(*sample.args), wanted, strict=True)
            for found, value in pairs:
                scale = 1.0 + np.max(np.abs(value), initial=0.0)
                np.testing.assert_allclose(found, value, 1e-11, 1e-12 * scale, err_msg=str(n))


def walked(made: Program, args: Sequence[Value]) -> list[Value]:
    """The outputs, by the meaning of a program: each step evaluated in turn."""
    at: list[Value] = list(args)
    for step in made.steps:
        values = [at[a] for a in step.args]
        if isinstance(step.op, Primitive):
            result = step.op.evaluate(*values, **dict(step.params))
            results = list(result) if len(step.spaces) > 1 else [result]
        else:
            results = list(step.op.run(walked, values))
        at.extend(np.asarray(v, s.dtype)[()] for v, s in zip(results, step.spaces, strict=True))
    return [at[o] for o in made.outputs]


@backends
@pytest.mark.parametrize("name", ["polar", "softmax", "kinks", "powers", "views", "case"])
def test_narrow_floats_stay_narrow(backend: Backend, name: str) -> None:
    narrow = Real((3,), "float32")
    if name == "case":
        branch = program((narrow,), lambda b, x: mul(2.0, x))
        made = program((BOOL, narrow), lambda b, tag, x: b.case((branch, branch), tag, (x,)))
        args: list[Value] = [np.True_, _args("float32")[0]]
    else:
        made, args = program((narrow, narrow), GOLDEN[name]), _args("float32")
    for value, wanted, space in zip(
        backend.compile(made)(*args), walked(made, args), made.ends, strict=True
    ):
        inhabits(value, space)
        agree(value, wanted, backend)


@backends
@golden
def test_results_share_no_memory_and_may_be_written_to(backend: Backend, name: str) -> None:
    run = backend.compile(program((Real((3,)), Real((3,))), GOLDEN[name]))
    args = _args("float64")
    first = run(*args)
    arrays = [v for v in (*args, *first) if np.shape(v)]
    for a, b in itertools.combinations(arrays, 2):
        assert not np.shares_memory(a, b)
    kept = [np.copy(v) for v in first]
    for value in first:
        if np.shape(value):
            value[...] = 7
    for again, before in zip(run(*args), kept, strict=True):
        assert np.array_equal(again, before)


@backends
def test_numbers_are_taken_as_python_writes_them(backend: Backend) -> None:
    run = backend.compile(program((R, Real((), "float32")), lambda b, x, y: (sin(x), mul(y, y), x)))
    for found, space in zip(run(1, 2.0), (R, Real((), "float32"), R), strict=True):
        inhabits(found, space)
    assert run(np.array(1.0), np.array(2.0, "f4")) == run(1, 2.0)


# Exact numbers

RATIONAL = [op for op in VOCABULARY if op.name in FIELD | ORDERED]


def test_every_primitive_is_rational_or_refused_by_exact_numbers() -> None:
    assert {op.name for op in VOCABULARY} >= FIELD | ORDERED
    for op in VOCABULARY:
        assert OnFractions().supports(op) == (op in RATIONAL)
        assert on_modulo(101).supports(op) == (op.name in FIELD)


DIVIDING = ("solve", "solve_triangular", "inv", "det")


def _rounded(value: Value, parts: int) -> Value:
    """Reals go up to a multiple of 1/parts; zero has no sign."""
    return np.ceil(value * parts) / parts + 0.0 if value.dtype.kind == "f" else value


@pytest.mark.parametrize("op", RATIONAL, ids=str)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_fractions_are_exact_and_no_float_comes_in(op: Primitive) -> None:
    """At multiples of 1/4, where floats are exact too, both give the same number, but for
    quotients, which NumPy rounds: solving equations has many.
    """
    rng = np.random.default_rng(3)
    for example in examples(op):
        step = alone(op, example)
        args = [_rounded(a, 4) for a in arguments(op, example, rng)]
        exact, rounded = OnFractions().compile(step)(*args), OnNumpy().compile(step)(*args)
        rtol, atol = (1e-13, 1e-15) if op.name in DIVIDING else (1e-15, 0)
        for found, wanted, space in zip(exact, rounded, step.ends, strict=True):
            assert np.shape(found) == space.shape
            if isinstance(space, Discrete):
                inhabits(found, space)
                assert np.array_equal(found, wanted)
                continue
            assert all(type(entry) is Fraction for entry in np.ravel(np.asarray(found, object)))
            np.testing.assert_allclose(np.asarray(found, float), wanted, rtol, atol)


@pytest.mark.parametrize("op", [op for op in RATIONAL if op.name in FIELD], ids=str)
def test_integers_modulo_a_prime_follow_the_fractions(op: Primitive) -> None:
    """The map from fractions to the residues keeps every field operation."""
    rng, field = np.random.default_rng(4), on_modulo(101)
    for example in examples(op):
        step = alone(op, example)
        if isinstance(step.ends[0], Discrete) or "Bool" in str(example.spaces):
            continue
        args = [_rounded(a, 1) for a in arguments(op, example, rng)]
        (found,), (exact,) = field.compile(step)(*args), OnFractions().compile(step)(*args)
        wanted = [field.number(x) for x in np.ravel(np.asarray(exact, object))]
        assert list(np.ravel(np.asarray(found, object))) == wanted


@pytest.mark.parametrize("name", ["case", "views", "fixed", "repeated", "kinks"])
def test_programs_of_rational_steps_run_on_fractions(name: str) -> None:
    bodies: dict[str, Any] = {
        **GOLDEN,
        "repeated": lambda b, x, y: _repeated(b, x, y)[:2],
        "case": lambda b, x, y: b.case(
            (program((Real((3,)), R), lambda b, x, y: (x, y)),
             program((Real((3,)), R), lambda b, x, y: (mul(2.0, x), mul(y, 0.5)))),
            less(total(x, axes=(0,)), 0.5), (x, total(y, axes=(0,))),
        ),
    }  # fmt: skip
    made = program((Real((3,)), Real((3,))), bodies[name])
    args = [np.array([0.5, -1.25, 2.0]), np.array([1.5, 0.25, -3.0])]
    wanted = OnNumpy().compile(made)(*args)
    for value, number in zip(OnFractions().compile(made)(*args), wanted, strict=True):
        assert np.array_equal(np.asarray(value, np.asarray(number).dtype), number)
        if np.asarray(number).dtype.kind == "f":
            assert {type(x) for x in np.ravel(np.asarray(value, object))} <= {Fraction}


# numexpr


def test_every_entrywise_primitive_has_a_template_or_falls_back() -> None:
    entrywise = {op.name for op in VOCABULARY if op.elementwise}
    assert set(TEMPLATES) | FALLBACK == entrywise
    assert not set(TEMPLATES) & FALLBACK


# Pickles, threads, processes


def _sample(backend: Backend) -> tuple[Any, list[Value]]:
    def rational(b: Builder, x: Wire, y: Wire) -> tuple[Wire, ...]:
        return mul(add(x, y), x), contract(x, y, spec="i,i->")

    return backend.compile(program((Real((3,)), Real((3,))), rational)), _args("float64")


every = pytest.mark.parametrize("backend", BACKENDS, ids=_title)


@every
def test_a_compiled_program_is_pickled_before_and_after_it_ran(backend: Backend) -> None:
    run, args = _sample(backend)
    fresh = pickle.loads(pickle.dumps(run))
    wanted = run(*args)
    for copy in (fresh, pickle.loads(pickle.dumps(run))):
        assert copy.program == run.program and copy.backend == backend
        for a, b in zip(copy(*args), wanted, strict=True):
            assert np.array_equal(a, b)


@every
def test_eight_threads_call_one_compiled_program(backend: Backend) -> None:
    run, args = _sample(backend)
    wanted = _sample(backend)[0](*args)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: run(*args), range(200)):
            assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


def _answer(run: Any, args: list[Value], queue: Any) -> None:
    queue.put([str(v) for v in run(*args)])


@every
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_compiled_program_runs_in_a_forked_process(backend: Backend) -> None:
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no fork on this system")
    run, args = _sample(backend)
    wanted = [str(v) for v in run(*args)]
    context: Any = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_answer, args=(run, args, queue))
    child.start()
    assert queue.get(timeout=60) == wanted
    child.join()


# Cost


def chain(length: int) -> Program:
    """x -> sin(x) * 1.5 -> ..., so many steps."""

    def body(b: Builder, x: Wire) -> Wire:
        for _ in range(length // 2):
            x = mul(sin(x), 1.5)
        return x

    return program((Real((3,)),), body)


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.mark.parametrize("backend", [OnNumpy(), OnSource(), OnNumexpr(least=1)], ids=_title)
def test_a_hundred_thousand_steps_compile_and_run_in_linear_time(backend: Backend) -> None:
    short, long, x = chain(10_000), chain(100_000), np.array([0.1, 0.2, 0.3])
    one = min(seconds(lambda: backend.compile(short)(x)) for _ in range(2))
    run = backend.compile(long)
    many = seconds(lambda: run(x))
    assert many < 30 * one, f"{one:.2f} s for 10^4 steps, {many:.2f} s for 10^5"
    expected = x
    for _ in range(50_000):
        expected = np.sin(expected) * 1.5
    np.testing.assert_allclose(run(x)[0], expected, rtol=1e-6)


def test_ten_thousand_steps_run_on_fractions_too() -> None:
    def body(b: Builder, x: Wire) -> Wire:
        for _ in range(5_000):
            x = mul(add(x, 1.0), -1.0)
        return x

    (found,) = OnFractions().compile(program((R,), body))(Fraction(1, 3))
    assert found == Fraction(1, 3)


def fan(width: int) -> Program:
    """All values are made first and read last, in reverse: everything crosses every part."""

    def body(b: Builder, x: Wire) -> Wire:
        made = [mul(x, float(i)) for i in range(width)]
        out = x
        for value in reversed(made):
            out = add(out, value)
        return out

    return program((Real((2,)),), body)


@pytest.mark.parametrize("backend", [OnNumpy(), OnSource()], ids=_title)
def test_values_that_live_long_cross_the_parts_of_a_long_program(backend: Backend) -> None:
    (found,) = backend.compile(fan(3000))(np.ones(2))
    assert np.array_equal(found, np.full(2, 1.0 + sum(range(3000))))


def _depth(length: int) -> Iterator[Program]:
    """A case within a case, and so on."""
    made = program((BOOL, R), lambda b, tag, x: sin(x))
    for _ in range(length):
        inner = made
        same = program((BOOL, R), lambda b, tag, x: x)
        made = program((BOOL, R), lambda b, t, x, i=inner, s=same: b.case((s, i), t, (t, x)))
        yield made


@pytest.mark.parametrize("backend", [OnNumpy(), OnSource()], ids=_title)
def test_cases_within_cases_run(backend: Backend) -> None:
    *_, deep = _depth(200)
    run = backend.compile(deep)
    assert run(True, 0.5) == (np.sin(0.5),) and run(False, 0.5) == (0.5,)


def test_the_names_of_the_vocabulary_are_unique() -> None:
    assert len({op.name for op in VOCABULARY}) == len(VOCABULARY)
    assert all(BY_NAME[op.name] is op for op in VOCABULARY)


@backends
def test_what_is_written_over_was_read_before(backend: Backend) -> None:
    """A fused read of an array does not move past a write into its memory."""
    made = read_program(
        "(x: R[3]) -> a = add x x  p = exp a  v = 9.0  "
        "c = put[target=(0,)] a v  q = mul p p in (q, c)"
    )
    x = np.array([0.5, 1.0, 1.5])
    found = backend.compile(made)(x)
    agree(found[0], np.exp(2 * x) ** 2, backend)
    agree(found[1], np.array([9.0, 2.0, 3.0]), backend)
