"""The user's line: where in their code an operation or an error comes from."""

from __future__ import annotations

import dis
import functools
import os
import sys
import sysconfig
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

import numpy as np

from cats.ir.errors import CatsError, Where

_HERE, _NUMPY = (os.path.join(os.path.dirname(file), "") for file in (__file__, np.__file__))
_SCIPY = os.path.join(os.path.dirname(os.path.dirname(np.__file__)), "scipy", "")
_SKIPPED = (_HERE, _NUMPY, _SCIPY, "<cats>", "<frozen ")
_MODELS = os.path.join(_HERE, "data", "")
"""The functions the demo differentiates are a user's, though they are shipped with us."""
_STANDARD = os.path.join(sysconfig.get_path("stdlib"), "")
_INSTALLED = tuple([os.path.join(sysconfig.get_path(p), "") for p in ("purelib", "platlib")])


@functools.lru_cache(maxsize=4096)
def is_users(file: str) -> bool:
    """Whether a file is neither ours nor NumPy's nor SciPy's nor one of Python's own library.

    >>> is_users("model.py"), is_users(os.__file__), is_users(np.__file__)
    (True, False, False)
    """
    if file.startswith(_STANDARD) and not file.startswith(_INSTALLED):
        return False
    return not file.startswith(_SKIPPED) or file.startswith(_MODELS)


def users_place() -> Where:
    """The innermost line of the user's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if is_users(file) and not _made_for_us(frame):
            return Where(file, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back
    return Where("<unknown>", 0)


def _made_for_us(frame: FrameType) -> bool:
    """Whether a frame is in a method that Python wrote for a class of ours, as of a dataclass."""
    owner = str(frame.f_globals.get("__name__"))
    return frame.f_code.co_filename == "<string>" and owner.startswith("cats.")


def may_be_caught() -> bool:
    """Whether an error raised here could be caught by code that is being traced.

    Traced code is told by its globals, which are not a plain dict: they are the doors.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_exceptiontable and type(frame.f_globals) is not dict:
            return True
        frame = frame.f_back
    return False


def reads_by_name(frame: FrameType) -> bool:
    """Whether a frame of code that is being traced is reading an attribute by its name."""
    step = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    return step == "LOAD_ATTR" and type(frame.f_globals) is not dict


def asker(frame: FrameType) -> FrameType:
    """The frame that asks for an attribute: where the door of getattr does, the one it does it for.

    >>> asker(sys._getframe()) is sys._getframe()
    True
    """
    while frame.f_globals.get("__name__") == "cats.doors.attributes" and frame.f_back is not None:
        frame = frame.f_back
    return frame


def formats(frame: FrameType) -> bool:
    """Whether a frame is at `text % value`: compiled code asks for a number there to write it.

    The sign `%` of numbers asks their methods, and no number.
    """
    return frame.f_lasti in _remainders(frame.f_code)


@functools.lru_cache(maxsize=1024)
def _remainders(code: CodeType) -> frozenset[int]:
    steps = dis.get_instructions(code)
    return frozenset(s.offset for s in steps if s.opname == "BINARY_OP" and "%" in s.argrepr)


def asking_library() -> str:
    """What the user's line called that led here through NumPy's or SciPy's own code, if it did."""
    found = ""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if is_users(file):
            break
        if file.startswith((_NUMPY, _SCIPY)):
            found = f"{frame.f_globals.get('__name__', 'numpy')}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return found


F = TypeVar("F", bound=Callable[..., Any])


def placed(f: F) -> F:
    """f, whose errors name the user's line where they do not name one already."""

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return f(*args, **kwargs)
        except CatsError as error:
            raise error.at(users_place()) from error.__cause__

    return call  # type: ignore[return-value]
