"""Negations that are free are gone: values stay to the last bit, and work never grows."""

from __future__ import annotations

import numpy as np

from cats.backends.on_numpy import OnNumpy
from cats.cost import count
from cats.ir.check import check_program
from cats.ir.read import read_program
from cats.pipeline import gradient
from cats.signs import signed
from cats.simplify import simplify
from tests.rolled import rolled
from tests.strategies import SMOOTH, corpus


def test_values_stay_and_work_never_grows() -> None:
    saved = 0
    samples = [*corpus(80, SMOOTH, number=True), *rolled(20, SMOOTH, number=True)]
    for n, sample in samples:
        before = simplify(gradient(sample.program, range(len(sample.args))))
        after = signed(before)
        check_program(after)
        one, other = [OnNumpy().compile(p)(*sample.args) for p in (before, after)]
        assert all(map(np.array_equal, one, other)), n
        works = count(before).total, count(after).total
        assert works[1] <= works[0], n
        saved += works[1] < works[0]
    assert saved >= 10


def test_a_sign_that_is_needed_stays() -> None:
    shared = "(x: R, y: R, z: R) -> m = neg y  p = mul m z  s = add x p  in (s, p)"
    signs = "(x: R, y: R, z: R) -> m = neg y  p = mul m z  s = sub x p  t = add s z  in (t)"
    needed = "(x: R, y: R, z: R) -> m = neg y  p = mul m z  s = add x p  t = mul m s  in (t)"
    both = "(x: R, y: R, z: R) -> m = neg y  p = mul m z  q = mul x m  s = add p q  in (s)"
    for text in (shared, needed, both):
        assert signed(read_program(text)) == read_program(text)
    turned = signed(read_program(signs))
    assert turned.evaluated([1.0, 2.0, 3.0]) == read_program(signs).evaluated([1.0, 2.0, 3.0])
    assert [step.op.name for step in turned.steps] == ["mul", "add", "add"]
