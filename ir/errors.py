"""What can go wrong, said in one sentence: what was asked, where, why not, what to do."""

from __future__ import annotations

import linecache
from typing import Any, NamedTuple


class Where(NamedTuple):
    """A place in the user's code: file, line, the function around it, the variable assigned.

    >>> str(Where("model.py", 12, "loss"))
    'model.py:12 in loss'
    """

    file: str
    line: int
    function: str = ""
    name: str = ""

    @property
    def unnamed(self) -> Where:
        """The place alone: what a derivative adds for a line is not what the line named."""
        return Where(self.file, self.line, self.function) if self.name else self

    @property
    def code(self) -> str:
        """The source line itself, or the empty string when no source is at hand."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        inside = f" in {self.function}" if self.function else ""
        return f"{self.file}:{self.line}{inside}"


class CatsError(Exception):
    """The root of all errors of cats: a sentence, a place in the user's code, and a remedy."""

    def __init__(
        self, message: str, *, where: Where | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def at(self, where: Where | None) -> CatsError:
        """The same error, placed: a place already known is kept."""
        if not self._placed:
            self.where = where
        return self

    @property
    def _placed(self) -> bool:
        """Whether a line is known: line 0 is none."""
        return self.where is not None and self.where.line > 0

    def advised(self, remedy: str | None) -> CatsError:
        """The same error with a remedy: one already given is kept."""
        if self.remedy is None:
            self.remedy = remedy
        return self

    def __str__(self) -> str:
        lines = [self.message]
        if self.where is not None and self._placed:
            code = self.where.code
            lines.append(f"  at {self.where}" + (f": {code}" if code else ""))
        if self.remedy is not None:
            lines.append(f"  {self.remedy}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt, (type(self), self.message, self.where, self.remedy))


def _rebuilt(
    kind: type[CatsError], message: str, where: Where | None, remedy: str | None
) -> CatsError:
    return kind(message, where=where, remedy=remedy)


class SpaceError(CatsError, TypeError):
    """Two ends do not meet: a value, a step or an arrow lies in another space than asked."""


class TermError(CatsError, TypeError):
    """A lambda term is malformed, ill typed, or speaks of a name nobody bound."""


class TraceError(CatsError, TypeError):
    """Python code did something with a traced value that has no meaning in a pure program."""


class Asked(TraceError):
    """A traced value was asked for what NumPy's would not give either: code may find out so."""


class DerivativeError(CatsError, TypeError):
    """A derivative was asked that does not exist, or of something that has none."""


class LinearityError(CatsError, TypeError):
    """A term that claims to be linear uses a linear value never, twice, or not linearly."""


class BackendError(CatsError, TypeError):
    """A program holds an operation that the chosen backend cannot run."""


def expected(
    given: object, kind: Any, what: str, remedy: str, error: type[CatsError] = TermError
) -> None:
    """Raises the error unless the value is of a kind, which `what` names.

    >>> expected(3, str, "name", "Give a string.")
    Traceback (most recent call last):
    ...
    cats.ir.errors.TermError: int is no name
      Give a string.
    """
    if not isinstance(given, kind):
        raise error(f"{kind_of(given)} is no {what}", remedy=remedy)


def kind_of(given: object) -> str:
    """What was given, as messages call it: by its type.

    >>> kind_of(3), kind_of(int)
    ('int', 'the class int')
    """
    return f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
