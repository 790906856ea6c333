"""The command line: python -m cats demo | explain | grad | source | names."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from cats.command import (
    CommandError,
    argument,
    function_named,
    named,
    numbers,
    parameters,
    show_explanation,
    show_gradient,
    show_names,
    show_source,
)
from cats.demo import demo
from cats.ir.errors import CatsError, Where

EPILOG = """
a function is MODULE:FUNCTION, say scipy_model:loss, or FILE.py:FUNCTION, say work/model.py:loss

--at takes one value for each argument of the function:
  2.0                         a real number (2 is an integer, which is not differentiated)
  1,2,3                       a vector of real numbers
  '[[1.0, 2.0], [3.0, 4.0]]'  an array
  "{'a': 1.0, 'b': [2.0]}"    any Python literal; lists of numbers become arrays
  nan, -inf, 1,inf            what is no number, or no finite one

examples:
  python -m cats demo
  python -m cats explain model.py:loss --at 1.5 0.4
  python -m cats grad model.py:loss --at 1,2,3 -0.5
  python -m cats source model.py:loss --at 1,2,3 0.5
  python -m cats names sort scipy.special.erf
"""


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    whole = argparse.ArgumentParser(
        prog="python -m cats",
        description="Derivatives of NumPy functions, compiled through categories.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    about = "one formula at every level and in every representation; then a fit to real data"
    commands.add_parser("demo", help=about, description=about)
    about = "what cats makes of NumPy's and SciPy's names: of some, or of all"
    names = commands.add_parser("names", help=about, description=f"Print {about}.")
    names.add_argument("name", nargs="*", help="numpy.sort, sort, scipy.special.erf")
    names.add_argument("--page", action="store_true", help="as the page examples/guide/names.md")
    _on_function(commands, "explain", "a function and its derivative at every level")
    _on_function(commands, "grad", "the value of a function and its gradient, as numbers")
    text = _on_function(commands, "source", "the gradient of a function, as NumPy text")
    text.add_argument(
        "--of",
        choices=("grad", "jacobian", "value"),
        default="grad",
        help="what to write: the gradient (default), the Jacobian, or the function itself",
    )
    return whole


def _on_function(commands: Any, name: str, about: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=f"Print {about}.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("function", help="MODULE:FUNCTION or FILE.py:FUNCTION")
    made.add_argument(
        "--at", nargs="+", action="extend", default=[], metavar="VALUE", help="the arguments"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Does what was typed; 0 if it went well, 2 if it could not be done."""
    given = sys.argv[1:] if argv is None else argv
    typed = parser().parse_args([_kept(text) for text in given])
    try:
        run(typed)
    except (CommandError, CatsError) as error:
        return refused(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _kept(text: str) -> str:
    """What begins with the minus of a number, set off by a space, which makes it no option.

    >>> _kept("-1e-3"), _kept("-1,2"), _kept("--at")
    (' -1e-3', ' -1,2', '--at')
    """
    return f" {text}" if text.startswith("-") and numbers(text) else text


def run(typed: argparse.Namespace) -> None:
    """One command."""
    if typed.command == "demo":
        demo()
        return
    if typed.command == "names":
        show_names(typed.name, typed.page)
        return
    f = function_named(typed.function)
    args = [argument(text) for text in typed.at]
    parameters(f, args)
    show: dict[str, Callable[[], None]] = {
        "explain": lambda: show_explanation(f, args),
        "grad": lambda: show_gradient(f, args),
        "source": lambda: show_source(f, args, typed.of),
    }
    try:
        show[typed.command]()
    except (CommandError, BrokenPipeError):
        raise
    except CatsError as error:
        raise error.at(_begins(f)) from error
    except (Exception, SystemExit) as error:
        raise CommandError(_raised(typed.function, f, error)) from error


def _begins(f: Any) -> Where | None:
    """The line a function begins on: where an error lies that is in no line of it."""
    code = getattr(f, "__code__", None)
    return None if code is None else Where(code.co_filename, code.co_firstlineno)


def _raised(name: str, f: Any, error: BaseException) -> str:
    """What the user's function raised, and where: the last line in their own file, if there is."""
    frames = traceback.extract_tb(error.__traceback__)
    own = _begins(f)
    last = next((t for t in reversed(frames) if own and t.filename == own.file), frames[-1])
    place = f"{last.filename}:{last.lineno}: {last.line}"
    return f"{name} raised {named(error)}\n  at {place}"


def refused(why: str) -> int:
    """Says why on the error output."""
    print(f"cats: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
