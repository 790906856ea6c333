"""Whether an error says what it is to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cats.ir.errors import CatsError

Case = tuple[Callable[[], Any], type[CatsError], str, str | None]
"""What goes wrong, of which kind it is, its sentence, and its remedy."""


def is_said(case: Case) -> None:
    """That exactly this is raised."""
    work, kind, message, remedy = case
    with pytest.raises(kind) as caught:
        work()
    assert type(caught.value) is kind
    assert (caught.value.message, caught.value.remedy) == (message, remedy)
