"""The table of errors: per primitive and range, of value, first and second derivative, in ulps.

python -m tests.oracles --points 40 tanh hypot
"""

from __future__ import annotations

import argparse
import sys

from cats.ir.prims import BY_NAME
from tests.oracles.meanings import MEASURED
from tests.oracles.table import header, rows

HEAD = """# How many digits are right

`{command}` writes this page: the error of every primitive
against its meaning in 80 digits, in ulps. Tests measure a sample each time, in `float32` too.

- `domain` is the range that the record of the primitive names; `near 0` and `near 1` are 1e-12 to
  0.1 away from it, `tails` 3 to 40 and `large` 100 to 1e12, with either sign; what stands between
  `x` is the range of each argument. Empty: it is not defined there, or has no derivative.
- For each of value, first derivative (the worse of forward and reverse mode) and second: the
  largest error, and what 99 of 100 do not exceed.
- Of an entrywise primitive a value is measured in its own ulps, and is that of the routine that
  NumPy or SciPy has; derivatives in ulps of what they are summed from. Any other primitive is
  measured in ulps of its largest entry, times what the rounding of its arguments costs.

```text"""


def main() -> None:
    """Prints the rows as they are measured, or a page of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracles", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BY_NAME], help="primitives, or all")
    parser.add_argument("--points", type=int, default=40, help="entries for each measurement")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", action="store_true", help="as the page examples/guide/digits.md")
    given = parser.parse_args()
    if given.page:
        print(HEAD.format(command=" ".join(["python -m tests.oracles", *sys.argv[1:]])))
    print(header())
    for op in [BY_NAME[name] for name in given.names] or MEASURED:
        for row in rows(op, given.dtype, given.points, given.seed):
            print(row, flush=True)
    if given.page:
        print("```")


if __name__ == "__main__":
    main()
