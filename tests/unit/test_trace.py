"""Tracing: names of lines, names of leaves."""

from __future__ import annotations

import linecache

import pytest

from cats.trace import assigned


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("z = f(x)", "z"),
        ("z: float = 1", "z"),
        ("a, b = x", ""),
        ("a = b = x", ""),
        ("x[0] = 1", ""),
        ("", ""),
        ("if x:", ""),
        ("z += 1", ""),
        ("return z", ""),
    ],
)
def test_only_an_assignment_to_one_name_names_a_value(
    code: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = f"/nowhere/{code!r}.py"
    monkeypatch.setitem(linecache.cache, file, (len(code), None, [code + "\n"], file))
    assert assigned(file, 1) == name
