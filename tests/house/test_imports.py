"""What `import cats` costs: no more than twice `import numpy`, and nothing heavy comes along."""

from pathlib import Path

from tests.house.tree import run

RUNS = 7
NOISE = 1.15
"""What two equal times differ by on a busy machine."""
HEAVY = ("sympy", "mpmath", "scipy", "numexpr", "matplotlib", "jax")

STOPWATCH = """
from time import perf_counter
start = perf_counter()
import numpy
middle = perf_counter()
import cats
print(middle - start, perf_counter() - middle)
"""

LOADED = f"""
import sys
import cats
print(*(name for name in sys.modules if name.startswith("cats.")))
cats.grad(lambda x: x * x)(3.0)
print(*(name for name in {HEAVY} if name in sys.modules))
"""


def test_importing_cats_takes_at_most_as_long_again_as_numpy(tmp_path: Path) -> None:
    """Both are timed in each of several fresh processes; the least time of each is compared."""
    env = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    run("-c", STOPWATCH, env=env)  # writes the bytecode
    times = [tuple(map(float, run("-c", STOPWATCH, env=env).stdout.split())) for _ in range(RUNS)]
    numpy, cats = map(min, zip(*times, strict=True))
    assert cats <= numpy * NOISE, f"numpy {numpy:.3f} s, then cats {cats:.3f} s"


def test_importing_cats_loads_nothing_and_a_gradient_no_heavy_library() -> None:
    answer = run("-c", LOADED)
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.split() == []
