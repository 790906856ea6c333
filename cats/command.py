"""What the command line asks for: a user's function, its arguments, and what to print of them."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from cats.gradients import grad, value_and_grad
from cats.jacobians import jacobian
from cats.levels import explain
from cats.names import page, rows, told
from cats.sourcing import source
from cats.tree import flatten


class CommandError(Exception):
    """What was typed cannot be done; the sentence says why, and what would be right."""


def function_named(text: str) -> Callable[..., Any]:
    """The function that MODULE:FUNCTION or FILE.py:FUNCTION names.

    Raises CommandError if there is no such file, module or function, or it cannot be imported.

    >>> function_named("cats.data.models:waves").__name__
    'waves'
    """
    place, colon, name = text.rpartition(":")
    if not colon or not place or not name:
        raise CommandError(
            f"{text!r} does not name a function: write MODULE:FUNCTION or FILE.py:FUNCTION"
        )
    module = _module(place)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        own = module.__name__
        known = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == own]
        raise CommandError(f"{place} has no function {name}; it has {', '.join(known) or 'none'}")
    return found  # type: ignore[no-any-return]


def _module(place: str) -> ModuleType:
    try:
        return _from_file(Path(place)) if place.endswith(".py") else _by_name(place)
    except CommandError:
        raise
    except (Exception, SystemExit) as error:
        raise CommandError(f"importing {place} raised {named(error)}") from error


def named(error: BaseException) -> str:
    """The kind of an error, and what it says if it says anything.

    >>> named(KeyError("a")), named(SystemExit())
    ("KeyError: 'a'", 'SystemExit')
    """
    return ": ".join(filter(None, (type(error).__name__, str(error))))


def _by_name(name: str) -> ModuleType:
    sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise CommandError(f"there is no module {name}: give a module or a file FILE.py") from None
    finally:
        sys.path.remove("")


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise CommandError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise CommandError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    sys.modules[path.stem], before = module, sys.modules.get(path.stem)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
        if before is not None:
            sys.modules[path.stem] = before
    return module


def argument(text: str) -> Any:
    """One argument: a Python literal, its lists of numbers arrays; or numbers with commas between.

    >>> argument("2.0"), argument("1,2,3"), argument("[[1., 2.]]"), argument("{'a': [1.5]}")
    (2.0, array([1., 2., 3.]), array([[1., 2.]]), {'a': array([1.5])})
    >>> argument("-inf"), argument("1,nan")
    (-inf, array([ 1., nan]))
    """
    bare = numbers(text)
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        if bare:
            return np.array(bare) if len(bare) > 1 else bare[0]
        raise CommandError(
            f"--at {text!r} is not a value: write numbers with commas between, "
            "or a Python literal such as 2.0, '[[1.0, 2.0], [3.0, 4.0]]' or \"{'a': 1.0}\""
        ) from None
    if bare and isinstance(value, tuple):
        return np.array(bare)
    return _arrays(value)


def numbers(text: str) -> list[float]:
    """What stands between commas, if all of it is numbers; else nothing.

    >>> numbers("-1e-3"), numbers("1, nan,"), numbers("x")
    ([-0.001], [1.0, nan], [])
    """
    parts = text.removesuffix(",").split(",")
    try:
        return [float(part) for part in parts]
    except ValueError:
        return []


def _arrays(value: Any) -> Any:
    match value:
        case list():
            return _array(value)
        case tuple():
            return tuple(map(_arrays, value))
        case dict():
            return {key: _arrays(v) for key, v in value.items()}
        case _:
            return value


def _array(value: list[Any]) -> Any:
    """The list as an array of numbers, if it is one."""
    try:
        found = np.array(value)
    except ValueError:
        return list(map(_arrays, value))
    return found if found.dtype.kind in "bif" else list(map(_arrays, value))


def show_explanation(f: Callable[..., Any], args: Sequence[Any]) -> None:
    """Every level of f."""
    print(str(explain(f, *args)).rstrip())


def show_gradient(f: Callable[..., Any], args: Sequence[Any]) -> None:
    """The value, and the gradient in each argument that is real."""
    real = real_arguments(args)
    value, slopes = value_and_grad(f, real)(*args)
    print(f"value\n{value}")
    names = parameters(f, args)
    for number, slope in zip(real, slopes, strict=True):
        print(f"gradient in {names[number]}\n{slope}")


def parameters(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """The names of the arguments. Raises CommandError if f takes others than these.

    >>> parameters(lambda x, *more: x, [1.0, 2.0, 3.0])
    ['x', 'argument 1', 'argument 2']
    """
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return [f"argument {i}" for i in range(len(args))]
    try:
        signature.bind(*args)
    except TypeError as error:
        name = getattr(f, "__name__", "the function")
        raise CommandError(
            f"{name}{signature} does not take the {len(args)} arguments given with --at: {error}"
        ) from None
    named = [n for n, p in signature.parameters.items() if p.kind is not p.VAR_POSITIONAL]
    return [named[i] if i < len(named) else f"argument {i}" for i in range(len(args))]


def show_source(f: Callable[..., Any], args: Sequence[Any], of: str) -> None:
    """NumPy text of f, of its gradient, or of its Jacobian."""
    if of == "value":
        print(source(f, *args).rstrip())
        return
    real = real_arguments(args)
    numbers = real[0] if len(real) == 1 else real
    asked: Callable[..., Any] = grad(f, numbers) if of == "grad" else jacobian(f, numbers)
    print(source(asked, *args).rstrip())


def show_names(names: Sequence[str], as_page: bool) -> None:
    """What cats makes of these names, or of all there are."""
    if as_page:
        print(page(rows()).rstrip())
        return
    print(*(told(names) if names else rows()), sep="\n")


def real_arguments(args: Sequence[Any]) -> tuple[int, ...]:
    """The numbers of the arguments that hold a real number.

    >>> real_arguments((1, 2.0, {"a": [3.0]}))
    (1, 2)
    """
    found = tuple(i for i, arg in enumerate(args) if any(map(_real, flatten(arg)[0])))
    if not found:
        raise CommandError(
            "none of the arguments is a real number: write 2.0 instead of 2, or give one with --at"
        )
    return found


def _real(leaf: Any) -> bool:
    return np.asarray(leaf).dtype.kind == "f"
