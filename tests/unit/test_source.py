"""Programs as text: readable, importable, pure, the same every time, with the user's names."""

import ast
import importlib.util
import linecache
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cats
from cats.backends.on_numpy import OnNumpy
from cats.backends.on_source import OnSource, source_text
from cats.backends.repeats import krylov_text, snapshots_text
from cats.ir.errors import Where
from cats.ir.primitive import Primitive
from cats.ir.prims import VOCABULARY
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.choice import less
from cats.ir.prims.contraction import contract
from cats.ir.prims.layout import sum as total
from cats.ir.prims.smooth import cos, sin
from cats.ir.program import Program, Step
from cats.ir.spaces import BOOL, R, Real
from cats.ir.wire import Builder
from tests.spec.test_backends import GOLDEN, alone, chain, program
from tests.values import examples

MODEL = """def f(x, y):
    z = x * y
    sum = z + 1.0
    return np.cos(sum), np.sin(z)
"""


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a file whose lines are at hand, as those of a notebook cell are."""
    name = "/home/me/model.py"
    lines = MODEL.splitlines(keepends=True)
    monkeypatch.setitem(linecache.cache, name, (len(MODEL), None, lines, name))
    return name


def polar(file: str) -> Program:
    """The model, each step with its line; the last comes from line 2 again, as in a derivative."""
    b = Builder((R, R))
    x, y = b.wires
    b.where = Where(file, 2, "f", "z")
    z = mul(x, y)
    b.where = Where(file, 3, "f", "sum")
    s = add(z, 1.0)
    b.where = Where(file, 4, "f")
    out = cos(s), sin(z)
    b.where = Where(file, 2, "f")
    return b.finish((*out, mul(out[0], y)), ("x", "lambda"))


def test_the_text_reads_as_the_user_wrote_it(model: str) -> None:
    assert (
        source_text(polar(model), "f", 'The "polar" map.')
        == '''import numpy as np


def f(x, lambda_):
    """The "polar" map."""
    # model.py:2: z = x * y
    z = x * lambda_
    # model.py:3: sum = z + 1.0
    sum_ = z + 1.0
    # model.py:4: return np.cos(sum), np.sin(z)
    t1 = np.cos(sum_)
    t2 = np.sin(z)
    # model.py:2: z = x * y
    t3 = t1 * lambda_
    return (t1, t2, t3)
'''
    )


def test_without_source_lines_the_place_remains() -> None:
    assert "# gone.py:2\n" in source_text(polar("gone.py"))


def test_constants_are_exact_and_stand_outside_the_function() -> None:
    b = Builder((Real((2,)),))
    table = b.lift(np.array([[0.1, 1e-310], [np.inf, -0.0]]))
    made = b.finish((contract(table, b.wires[0], spec="ij,j->i"),))
    assert source_text(made, "f") == (
        "import numpy as np\n\n"
        "c1 = np.array([0.1, 1e-310, np.inf, -0.0], dtype=np.float64).reshape((2, 2))\n\n\n"
        "def f(x0):\n    t1 = c1 @ x0\n    return t1\n"
    )


def test_a_case_is_a_choice_between_functions() -> None:
    kinds = tuple(program((R,), op) for op in (lambda b, x: sin(x), lambda b, x: cos(x)))
    made = program((BOOL, R), lambda b, tag, x: b.case(kinds, tag, (x,)))
    assert source_text(made).endswith(
        "def f(x0, x1):\n    t1 = f_branch_2(x1) if x0 else f_branch_1(x1)\n    return t1\n"
    )


def bound(function: ast.FunctionDef) -> list[str]:
    """Every name a function binds, as often as it does."""
    names = [a.arg for a in function.args.args]
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
    return names


def changes(node: ast.AST) -> bool:
    """Whether something is changed in place."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Store)
    if isinstance(node, ast.Attribute):
        return node.attr in ("append", "extend")
    return isinstance(node, ast.AugAssign | ast.Lambda | ast.Delete)


def is_pure(text: str, modules: int = 0) -> None:
    """Nothing is bound twice or changed in place; besides NumPy so many modules are imported.

    Helpers may do as they like with what is their own.
    """
    tree = ast.parse(text)
    assert not any(isinstance(node, ast.Global | ast.Nonlocal) for node in ast.walk(tree))
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("f"):
            names = bound(function)
            assert len(names) == len(set(names)), function.name
            assert not any(map(changes, ast.walk(function)))
    assert isinstance(tree.body[-1], ast.FunctionDef) and tree.body[-1].name == "f"
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert len(imports) == 1 + modules


@pytest.mark.parametrize("name", GOLDEN)
def test_programs_are_written_purely(name: str) -> None:
    is_pure(source_text(program((Real((3,)), Real((3,))), GOLDEN[name])))


def test_every_primitive_and_its_helpers_are_written_purely() -> None:
    for op in VOCABULARY:
        for example in examples(op):
            is_pure(source_text(alone(op, example)), len(op.modules))


def test_what_helpers_say_is_said_to_the_end() -> None:
    taken = krylov_text(), snapshots_text(by_strips=True), snapshots_text(by_strips=False)
    for text in (*taken, *(op.helpers for op in VOCABULARY)):
        for node in ast.walk(ast.parse(text)):
            said = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
            assert said is None or re.search(r"\.\)?$", said), said


def test_a_long_program_is_written_purely_in_parts() -> None:
    text = source_text(chain(5000))
    is_pure(text)
    assert text.count("def f_part_") == 3


@pytest.mark.parametrize("name", GOLDEN)
def test_the_text_is_the_same_every_time_and_imports(name: str, tmp_path: Path) -> None:
    made = program((Real((3,)), Real((3,))), GOLDEN[name])
    again = program((Real((3,)), Real((3,))), GOLDEN[name])
    text = source_text(made, "derivative")
    assert text == source_text(again, "derivative")
    file = tmp_path / "generated.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("generated", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    args = [np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.25, -3.0])]
    for found, wanted in zip(module.derivative(*args), OnNumpy().compile(made)(*args), strict=True):
        assert np.array_equal(found, wanted)
    assert "generated" not in sys.modules


def test_one_result_is_returned_itself_and_from_the_backend_in_a_tuple() -> None:
    made = program((Real((3,)),), lambda b, x: total(x, axes=(0,)))
    namespace: dict[str, object] = {}
    exec(source_text(made), namespace)
    assert namespace["f"](np.ones(3)) == 3.0  # type: ignore[operator]
    assert OnSource().compile(made)(np.ones(3)) == (3.0,)


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("x", "x"), "x, x_2"),
        (("np", "t1"), "np_, t1"),
        (("params[0]", "a.b"), "params_0, a_b"),
        (("", "1st"), "x0, x1_1st"),
        (("class", "sum"), "class_, sum_"),
        (("f", "c1"), "f_2, c1"),
        (("_x", "__"), "_x, __"),
        (("𝐧𝐩", "ﬁt"), "np_, fit"),
        (("a\u20dd", "²"), "a, x1_2"),
        (("__debug__", "match"), "debug, match_"),
    ],
)
def test_names_of_inputs_are_made_fit(names: tuple[str, str], written: str) -> None:
    b = Builder((R, R))
    table = b.lift(np.arange(3.0))
    made = b.finish((less(*b.wires[:2]), table), names)
    text = source_text(made)
    assert f"def f({written}):" in text
    is_pure(text)


def test_names_below_the_text_are_left_free() -> None:
    b = Builder((Real((3,)),))
    made = b.finish((mul(b.wires[0], np.arange(3.0)), sin(b.wires[0])), ("loss",))
    text = source_text(made, "f", taken=frozenset({"c1", "t2", "loss"}))
    assert "c1_ = np.array" in text and "def f(loss_2):" in text and "t3 = np.sin" in text
    is_pure(text)


def test_a_comment_is_one_line_whatever_the_file_is_called() -> None:
    b = Builder((R,))
    b.where = Where("two\nlines\udcff\r.py", 2, "f")
    text = source_text(b.finish((sin(b.wires[0]),)))
    assert "    # two lines\\udcff .py:2\n" in text
    is_pure(text)
    assert text.encode("utf-8")


def test_a_docstring_is_quoted_whatever_it_holds() -> None:
    for said in ('ends in "', 'has """ in it', "a \\ and \\n", "two\nlines"):
        tree = ast.parse(source_text(program((R,), lambda b, x: sin(x)), docstring=said))
        assert (ast.get_docstring(tree.body[-1], clean=False) or "").strip() == said  # type: ignore[arg-type]


def test_a_name_used_on_many_lines_stays_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["x = np.sin(x)\n"] * 20_000
    monkeypatch.setitem(linecache.cache, "many.py", (1, None, lines, "many.py"))
    b = Builder((R,))
    (x,) = b.wires
    for number in range(len(lines)):
        b.where = Where("many.py", number + 1, "f", "x")
        x = sin(x)
    text = source_text(b.finish((x,), ("x",)))
    assert "x_20001 = np.sin(x_20000)" in text


def test_a_text_imports_the_modules_its_operations_need() -> None:
    gamma = Primitive("gamma", "np.asarray(math.gamma({0}))", lambda x: x, modules=("math",))
    text = source_text(Program((R,), (Step(gamma, (0,), (), (R,)),), (1,)))
    assert text.startswith("import math\nimport numpy as np\n")
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    assert namespace["f"](5.0) == 24.0 == gamma(5.0)


def test_what_is_sent_back_stands_under_the_line_that_reads() -> None:
    def f(x: Any) -> Any:
        y = x * x
        z = y + 1.0
        return z * z

    def square(x: Any) -> Any:
        return x * x

    lines = [line.strip() for line in cats.source(cats.grad(f), 2.0).splitlines()]
    said = [i for i, line in enumerate(lines) if line.startswith("#")]
    under = [(lines[i].partition(": ")[2], lines[i + 1]) for i in said]
    assert under == [
        ("y = x * x", "y = x * x"),
        ("z = y + 1.0", "z = y + 1.0"),
        ("return z * z", "t1 = z + z"),
        ("y = x * x", "t2 = x * t1"),
    ]
    assert "# test_source.py" in cats.source(cats.grad(square), 2.0)
