"""python -m tests.planted: which check kills which mutant.

python -m tests.planted               all of them
python -m tests.planted --sample 8    every eighth
python -m tests.planted --only TEXT   those whose name contains TEXT
python -m tests.planted --journal F   as far as F does not tell; what is found is added to F

A whole run takes hours; with a journal it may be broken off and taken up again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.planted.mutants import ARGUED, all_mutants, sample
from tests.planted.runner import SURVIVED, Verdict, verdicts
from tests.planted.source import Mutant


def chosen(options: argparse.Namespace) -> list[Mutant | None]:
    """The library itself, then the mutants asked for."""
    found = sample(options.sample) if options.sample else all_mutants()
    return [None, *[m for m in found if options.only in m.id]]


def told(mutants: list[Mutant | None], journal: str, workers: int) -> Iterator[Verdict]:
    """The verdict on each: those in the journal, then the others as they are found."""
    known: dict[str, Verdict] = {}
    if journal and Path(journal).exists():
        rows = Path(journal).read_text(encoding="utf-8").splitlines()
        known = {v.id: v for v in (Verdict(**json.loads(row)) for row in rows)}
    yield from (known[m.id] for m in mutants if m is not None and m.id in known)
    for found in verdicts([m for m in mutants if m is None or m.id not in known], workers):
        if journal:
            with open(journal, "a", encoding="utf-8") as file:
                print(json.dumps(asdict(found)), file=file)
        yield found


def main() -> int:
    """Prints the table; 0 if every survivor is argued and no argument is stale."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted")
    parser.add_argument("--sample", type=int, default=0, help="every N-th")
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each")
    parser.add_argument("--journal", default="", help="a file of what is known already")
    options = parser.parse_args()
    mutants = chosen(options)
    what = {m.id: f"{m.file}:{m.line} {m.what}" for m in mutants if m is not None}
    start = time.perf_counter()
    bad: list[str] = []
    survivors: list[str] = []
    killers: Counter[str] = Counter()
    for found in told(mutants, options.journal, options.workers):
        if options.json:
            print(json.dumps([found.id, found.killer, found.said]), flush=True)
        elif found.killer:
            print(f"{found.id:<48} {found.killer:<32} {what.get(found.id, '')}", flush=True)
        if found.id not in what:
            bad += [f"the checks fail on the library itself: {found.killer}: {found.said}"] * (
                found.killer != SURVIVED
            )
        elif found.killer == SURVIVED:
            survivors.append(found.id)
        else:
            killers[found.killer] += 1
            if found.id in ARGUED:
                bad.append(f"argued to be equivalent, and killed by {found.killer}: {found.id}")
    print(f"\n{len(survivors)} survive:")
    for id in survivors:
        print(f"  {id:<46} {ARGUED.get(id, 'NOT ARGUED')}  [{what[id]}]")
        bad += [f"survives, and nobody says why: {id}"] * (id not in ARGUED)
    print("\nwhat kills how many:")
    for killer, count in killers.most_common():
        print(f"  {killer:<40} {count}")
    seconds = time.perf_counter() - start
    print(f"\n{len(what)} mutants, {sum(killers.values())} killed, {len(survivors)} survive, "
          f"{sum(s in ARGUED for s in survivors)} of them argued; {seconds:.0f} s")  # fmt: skip
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
