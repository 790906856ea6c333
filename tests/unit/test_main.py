"""The command line: what it prints, and what it says when it cannot."""

import re
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

import cats
from cats.__main__ import main
from cats.command import CommandError, argument, function_named
from cats.data import old_faithful
from cats.data.models import mixture, surprise
from cats.demo import start
from cats.newton import minimise, newton_step
from tests.house.tree import run

MODEL = """
import numpy as np

def loss(w, b):
    r = np.tanh(w * b)
    return np.sum(r * r)

def double(x):
    return 2.0 * x

def sign(x):
    return complex(x)

def broken(x):
    return {}["key"]

def unknown(x):
    return np.no_such_name(x)

def inner(p):
    return np.sum(p["a"] * p["b"])

def pair(w, b):
    return np.sum(w * b)

constant = 3
"""

Output = pytest.CaptureFixture[str]


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A user's file."""
    file = tmp_path / "users_model.py"
    file.write_text(MODEL, encoding="utf-8")
    return str(file)


def said(output: Output, *argv: str) -> str:
    """What a command that goes well prints."""
    assert main(argv) == 0
    return output.readouterr().out


def test_demo_shows_everything_and_is_quick(capsys: Output) -> None:
    begun = perf_counter()
    text = said(capsys, "demo")
    assert perf_counter() - begun < 30
    for line in (
        "z = x * y",
        "== Term ==",
        "== Arrow (point-free) ==",
        "== Program (unary form) ==",
        "Dual: the linear map read backwards",
        "def jacobian_waves(x, y):",
        "Forward      (1, 0) |-> (-0.2259, 0.3301)",
        "Dual         (1, 0) |-> (-0.2259, -0.8470)",
        "Matrix                  [[-0.2259, -0.847], [0.3301, 1.238]]",
        "Affine",
        "Continuation",
        "Begin",
        "Count(scale=4, add=1, dup=1",
        "272 rows",
        "weight 0.356   eruption 2.04 +- 0.26 min   wait 54.5 +- 5.8 min",
        "weight 0.644   eruption 4.29 +- 0.41 min   wait 80.0 +- 6.0 min",
        "4. Where the time went",
    ):
        assert line in text
    assert text.isascii()
    (first, second) = re.findall(r"gradient (\S+), Hessian times vector (\S+)", text)[0]
    assert float(first) < 1e-8 and float(second) < 1e-6
    steps = re.findall(r"^ +\d+ +(\d+\.\d{9}) ", text, re.MULTILINE)
    assert len(steps) > 5 and sorted(steps, reverse=True) == steps


def test_the_command_runs_as_a_module() -> None:
    answer = run("-m", "cats", "grad", "cats.data.models:surprise", "--at", "1", "2")
    assert answer.returncode == 2
    assert answer.stdout.startswith("cats: ")
    begun = perf_counter()
    demo = run("-m", "cats", "demo")
    assert demo.returncode == 0 and "The whole demo took" in demo.stdout
    assert perf_counter() - begun < 30


def test_grad(model: str, capsys: Output) -> None:
    text = said(capsys, "grad", f"{model}:loss", "--at", "1,2", ".5")
    w, b = np.array([1.0, 2.0]), 0.5
    slope = 2 * np.tanh(w * b) / np.cosh(w * b) ** 2
    lines = text.splitlines()
    assert lines[:5:2] == ["value", "gradient in w", "gradient in b"]
    assert float(lines[1]) == pytest.approx(np.sum(np.tanh(w * b) ** 2), rel=1e-14)
    np.testing.assert_allclose(np.fromstring(lines[3].strip("[]"), sep=" "), slope * b, rtol=1e-7)
    assert float(lines[5]) == pytest.approx(np.sum(slope * w), rel=1e-14)
    nested = said(capsys, "grad", f"{model}:inner", "--at", "{'a': 2.0, 'b': [1.0, 3.0]}")
    assert nested.splitlines()[1] == "8.0"


@pytest.mark.parametrize("number", ["-1e-3", "-1.5e3", "-2.", "-.5", "-inf", "nan", "-nan", "2e3"])
def test_numbers_that_begin_with_a_minus_or_are_none(
    number: str, model: str, capsys: Output
) -> None:
    """Each is a value, wherever it stands: alone, with an equals sign, and between commas."""
    for place in (["--at", number], [f"--at={number}"]):
        lines = said(capsys, "grad", f"{model}:double", *place).splitlines()
        assert lines == ["value", str(2 * float(number)), "gradient in x", "2.0"]
    lines = said(capsys, "grad", f"{model}:pair", "--at", f"{number},-3", number).splitlines()
    assert lines[1] == str(np.sum(np.array([float(number), -3.0]) * float(number)))


def test_explain(model: str, capsys: Output) -> None:
    text = said(capsys, "explain", f"{model}:double", "--at", "1,2")
    assert "== Term ==" in text and "def jacobian_double(x):" in text


@pytest.mark.parametrize(
    ("of", "name"), [("grad", "grad_loss"), ("jacobian", "jacobian_loss"), ("value", "loss")]
)
def test_source_is_a_module_of_its_own(of: str, name: str, model: str, capsys: Output) -> None:
    text = said(capsys, "source", "--of", of, f"{model}:loss", "--at", "1,2", "0.5")
    namespace: dict[str, object] = {}
    exec(text, namespace)
    made = list(namespace.values())[-1]
    assert getattr(made, "__name__", "") == name
    assert callable(made)
    made(np.ones(2), 0.5)


def test_a_module_by_name(capsys: Output) -> None:
    assert said(capsys, "grad", "numpy:tanh", "--at", "0.0").splitlines()[-1] == "1.0"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (("loss", "--at", "1.0"), "write MODULE:FUNCTION or FILE.py:FUNCTION"),
        (("no_such_module:loss",), "there is no module no_such_module"),
        (("cats.nothing:loss",), "there is no module cats.nothing"),
        (("missing.py:loss",), "there is no file missing.py"),
        (("MODEL:los",), "has no function los; it has loss, double, sign, broken, unknown, inner"),
        (("MODEL:constant",), "has no function constant"),
        (("MODEL:loss", "--at", "1.0"), "does not take the 1 arguments given with --at"),
        (("MODEL:loss", "--at", "1", "2"), "none of the arguments is a real number"),
        (("MODEL:double", "--at", "x"), "--at 'x' is not a value"),
        (("MODEL:double", "--at", "[1, [2"), "is not a value"),
        (("MODEL:double", "--at", "1,2"), "Use cats.jacobian"),
        (("MODEL:sign", "--at", "1.0"), "return complex(x)"),
        (("MODEL:broken", "--at", "1.0"), 'return {}["key"]'),
        (("MODEL:unknown", "--at", "1.0"), "return np.no_such_name(x)"),
        (("MODEL:double", "--at", "'text'"), "none of the arguments is a real number"),
    ],
)
def test_what_cannot_be_done_is_said(
    argv: tuple[str, ...], sentence: str, model: str, capsys: Output
) -> None:
    assert main(["grad", *[word.replace("MODEL", model) for word in argv]]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cats: ")
    assert sentence in captured.err


def test_what_lies_in_no_line_is_said_of_the_function(model: str) -> None:
    answer = run("-m", "cats", "grad", f"{model}:double", "--at", "1,2")
    assert answer.returncode == 2
    assert re.search(r"at .*users_model.py:8: def double\(x\):", answer.stdout)
    assert "def grad_sin(x):" in run("-m", "cats", "source", "numpy:sin", "--at", "2.0").stdout


def test_a_file_that_does_not_import_says_so(tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "torn.py"
    file.write_text("import no_such_library\n", encoding="utf-8")
    assert main(["grad", f"{file}:f"]) == 2
    assert (
        "raised ModuleNotFoundError: No module named 'no_such_library'" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import sys; sys.exit(0)", "raised SystemExit: 0"),
        ("raise SystemExit", "raised SystemExit\n"),
        ("raise SystemExit('not today')", "raised SystemExit: not today"),
    ],
)
def test_a_file_or_function_that_exits_does_not_end_the_command(
    line: str, words: str, tmp_path: Path, capsys: Output
) -> None:
    exits, calls = tmp_path / "exits.py", tmp_path / "calls.py"
    exits.write_text(f"{line}\n", encoding="utf-8")
    calls.write_text(f"def f(x):\n    {line}\n", encoding="utf-8")
    for command in ("grad", "source", "explain"):
        assert main([command, f"{exits}:f", "--at", "1.0"]) == 2
        assert f"importing {exits} {words}" in capsys.readouterr().err
        assert main([command, f"{calls}:f", "--at", "1.0"]) == 2
        assert f"{calls}:f {words}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv", [[], ["frobnicate"], ["grad"], ["source", "--of", "nothing", "m:f"]]
)
def test_what_is_mistyped_ends_with_status_2(argv: list[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "usage: python -m cats" in capsys.readouterr().err


def test_help(capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("demo", "explain", "grad", "source", "MODULE:FUNCTION"))


def test_importing_a_users_file_leaves_the_path_as_it_was(model: str) -> None:
    before = list(sys.path)
    assert function_named(f"{model}:double")(2.0) == 4.0
    assert sys.path == before
    with pytest.raises(CommandError):
        function_named("")


def test_arguments_are_what_was_typed() -> None:
    assert argument("2.0") == 2.0 and isinstance(argument("2"), int)
    assert argument("1,2").dtype == float
    assert argument("(1.0, 2.0)") == (1.0, 2.0)
    assert argument("[[1.0], [2.0]]").shape == (2, 1)
    ragged = argument("[[1.0], [2.0, 3.0]]")
    assert [part.shape for part in ragged] == [(1,), (2,)]
    assert argument("None") is None


# The search


def test_newton_finds_the_bottom_of_a_valley() -> None:
    """Rosenbrock's valley, from the point that everyone begins at."""

    def valley(x: np.ndarray) -> float:
        return 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2  # type: ignore[no-any-return]

    points = list(
        minimise(
            cats.value_and_grad(valley),
            lambda x, v: cats.hvp(valley, (x,), (v,)),
            np.array([-1.2, 1.0]),
        )
    )
    assert np.allclose(points[-1].x, [1.0, 1.0], atol=1e-8)
    values = [point.value for point in points]
    assert sorted(values, reverse=True) == values
    assert len(points) < 50


def test_a_step_stays_in_the_region_and_follows_negative_curvature() -> None:
    slope = np.array([1.0, 0.0])
    inside = newton_step(slope, lambda v: 2.0 * v, 1.0)
    assert np.allclose(inside, [-0.5, 0.0])
    for curvature in (2.0, -1.0, 0.0):
        step = newton_step(slope, lambda v, c=curvature: c * v, 0.25)  # type: ignore[misc]
        assert np.allclose(step, [-0.25, 0.0])


def test_the_mixture_is_a_density() -> None:
    """exp(-surprise) of single points, summed over a grid, is one."""
    parameters = start() + 0.2 * np.cos(np.arange(12.0))
    grid = np.linspace(-8.0, 8.0, 161)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 1, 2)
    total = sum(np.exp(-surprise(parameters, point)) for point in points) * 0.1**2
    assert np.isclose(total, 1.0, atol=1e-6)
    weights, means, covariances = zip(*mixture(parameters), strict=True)
    assert np.isclose(sum(weights), 1.0)
    rest = points[:, 0, :]
    mean = sum(np.exp(-surprise(parameters, p[None])) * p for p in rest) * 0.1**2
    assert np.allclose(mean, sum(w * m for w, m in zip(weights, means, strict=True)), atol=1e-6)
    assert all(np.linalg.eigvalsh(c).min() > 0 for c in covariances)


def test_the_gradient_of_the_mixture_is_right_on_the_data() -> None:
    data = old_faithful() / [3.5, 70.0]
    parameters = 0.3 * np.sin(np.arange(12.0))
    h = 1e-5
    rows = [
        (surprise(parameters + e, data) - surprise(parameters - e, data)) / (2 * h)
        for e in h * np.eye(12)
    ]
    assert np.allclose(cats.grad(surprise)(parameters, data), rows, atol=1e-8)
