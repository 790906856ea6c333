"""The table of errors: per primitive and range, of value, first and second derivative, in ulps.

python -m tests.oracles --points 40 tanh hypot
"""

from __future__ import annotations

import argparse

from cats.ir.prims import BY_NAME
from tests.oracles.meanings import MEASURED
from tests.oracles.table import header, rows


def main() -> None:
    """Prints the rows as they are measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracles", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BY_NAME], help="primitives, or all")
    parser.add_argument("--points", type=int, default=40, help="entries for each measurement")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(header())
    for op in [BY_NAME[name] for name in given.names] or MEASURED:
        for row in rows(op, given.dtype, given.points, given.seed):
            print(row, flush=True)


if __name__ == "__main__":
    main()
