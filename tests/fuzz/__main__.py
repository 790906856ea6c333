"""Random programs against 80 digits, as many as one likes.

python -m tests.fuzz --programs 10000 --seed 0
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.drawing import LONGEST, corpus
from tests.fuzz.report import Report, report

EVERY = 100


def say(so_far: Report) -> None:
    """A line now and then."""
    count = len(so_far.coverage.lengths)
    if count % EVERY == 0:
        worst = max(error for errors in so_far.errors.values() for error, _ in errors)
        text = f"{count} programs, worst {worst:.3g} ulps, {len(so_far.failures)} failures"
        print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Draws, judges, reports; 1 if something failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=1000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the number of the first")
    parser.add_argument("--longest", type=int, default=LONGEST, help="steps of the longest")
    given = parser.parse_args()
    found = report(corpus(given.programs, given.seed, given.longest), say)
    print(found)
    return 1 if found.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
