"""Every primitive on a batch is the primitive on each of the batch, whichever arguments have it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from cats.batching import on_batch, one_by_one
from cats.ir.primitive import Example, Primitive
from cats.ir.prims import VOCABULARY
from cats.ir.prims.algebra import add, mul
from cats.ir.prims.layout import broadcast
from cats.ir.spaces import Real
from cats.ir.wire import Builder
from tests.values import arguments, examples

COUNT = 3
SAMPLES = [
    (op, example)
    for op in VOCABULARY
    for example in dict.fromkeys(examples(op, "float64", (), (2,)))
    if example.spaces
]


def several(op: Primitive, example: Example, seed: int = 0) -> list[list[Any]]:
    """Arguments for each of a batch."""
    rng = np.random.default_rng(seed)
    return [arguments(op, example, rng) for _ in range(COUNT)]


def results(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)


@pytest.mark.parametrize(
    ("op", "example"), SAMPLES, ids=[f"{o}-{i}" for i, (o, _) in enumerate(SAMPLES)]
)
def test_a_batch_is_each_of_its_members(op: Primitive, example: Example) -> None:
    rows, params = several(op, example), dict(example.params)
    width = len(example.spaces)
    for batched in itertools.product((True, False), repeat=width):
        if not any(batched) or (width > 3 and sum(batched) not in (1, width)):
            continue
        chosen = [[a if has else b for a, b, has in zip(r, rows[0], batched, strict=True)]
                  for r in rows]  # fmt: skip
        args = [
            np.stack([r[i] for r in chosen]) if has else rows[0][i] for i, has in enumerate(batched)
        ]
        found = results(on_batch(op, args, batched, example.params))
        wanted = [results(op(*row, **params)) for row in chosen]
        for k, value in enumerate(found):
            each = np.stack([w[k] for w in wanted])
            assert np.shape(value) == each.shape and np.asarray(value).dtype == each.dtype
            np.testing.assert_allclose(value, each, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("op", [o for o in VOCABULARY if o.name in ("nonzero", "mul", "sum")])
def test_what_has_no_rule_is_done_one_by_one(op: Primitive) -> None:
    example = next(e for e in examples(op, "float64", (2,)) if e.spaces)
    rows = several(op, example)
    args = [np.stack(column) for column in zip(*rows, strict=True)]
    found = results(one_by_one(op, args, (True,) * len(args), example.params))
    for k, value in enumerate(found):
        each = [results(op(*row, **dict(example.params)))[k] for row in rows]
        assert np.array_equal(value, np.stack(each))


def test_what_is_the_same_for_all_is_not_copied() -> None:
    """A product of matrices, and of numbers, with what all of the batch share."""
    builder = Builder([Real((COUNT, 2, 2)), Real((2, 2))])
    x, w = builder.wires
    contract = next(o for o in VOCABULARY if o.name == "contract")
    on_batch(contract, (x, w), (True, False), (("spec", "ij,jk->ik"),))
    assert [s.op for s in builder.steps] == [contract]
    on_batch(mul, (x, w), (True, False), ())
    assert [s.op for s in builder.steps] == [contract, broadcast, mul]
    assert on_batch(add, (x, x), (True, True), ()) is add(x, x)
