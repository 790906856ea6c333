"""Classes of Enum in a traced function: their methods see the doors, and each member is one."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np
import pytest

import cats


def kind(x: Any) -> Any:
    return 2 * x if type(x) in (float, np.float64) else 3 * x


class Act(Enum):
    LINE = "line"
    CURVE = "curve"
    ALSO = "line"

    def go(self, x: Any) -> Any:
        return kind(x) if self is Act.LINE else 5 * kind(x)

    @classmethod
    def default(cls) -> Act:
        return cls.CURVE


class Planet(Enum):
    A = (1.0, 2.0)
    B = (3.0, 4.0)

    def __init__(self, mass: float, radius: float) -> None:
        self.mass, self.radius = mass, radius

    @property
    def pull(self) -> Any:
        return kind(self.mass) / self.radius


class Bare(Enum):
    X = 1
    Y = 2


by_member = {Act.LINE: 2.0, Act.CURVE: 3.0}


def matched(member: Any, x: Any) -> Any:
    match member:
        case Act.LINE:
            return 2 * x
        case Act():
            return 3 * x


USES: list[Callable[[Any], Any]] = [
    lambda x: Act.LINE.go(x) + Act.CURVE.go(x) + Act["LINE"].go(x) + Act("curve").go(x),
    lambda x: sum(member.go(x) for member in Act) * len(Act) * len(Act.__members__),
    lambda x: x * by_member[Act.LINE] + x * by_member.get(Act.default(), 9.0),
    lambda x: x * (Act["LINE"] is Act["ALSO"]) * (Act["LINE"] != Act["CURVE"]) * (Act.LINE in Act),
    lambda x: x * isinstance(Act.LINE, Act) * (type(Act.LINE) is Act),
    lambda x: matched(Act.LINE, x) + matched(Act.CURVE, x),
    lambda x: x * Planet.A.pull + Planet.B.mass * x + Planet((3.0, 4.0)).radius,  # type: ignore[call-arg, arg-type]
    lambda x: x * len(Act.LINE.name) * len(Act.LINE.value) + x * len(repr(Act.LINE)),
    lambda x: x * (Bare.X is Bare.X) * Bare.Y.value,
]


@pytest.mark.parametrize("use", USES)
def test_members_are_what_they_are(use: Any) -> None:
    assert cats.compile(use)(1.5) == use(1.5)


def test_members_as_arguments() -> None:
    compiled = cats.compile(lambda member, x: member.go(x))
    assert [compiled(member, 1.0) for member in Act] == [2.0, 10.0]
    bare = cats.compile(lambda member, x: x * (3.0 if member is Bare.X else 5.0))
    assert [bare(member, 1.0) for member in Bare] == [3.0, 5.0]
