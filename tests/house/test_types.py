"""Everything is typed: mypy, strict, over the code, the tests, the proofs and the examples."""

import numpy as np
import pytest

from tests.house.tree import run

pytest.importorskip("mypy")


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.3.0",
    reason="the types are those that a recent NumPy declares",
)
def test_mypy_finds_nothing() -> None:
    answer = run("-m", "mypy")
    assert answer.returncode == 0, answer.stdout
