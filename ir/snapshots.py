"""States of a loop from the last to the first, few of them held: two schedules.

`by_strips` has every k-th state, and runs each strip again once. `backwards` holds c states, the
first among them; if each round is run again at most r times, one reaches (c + r)! / (c! r!)
rounds. (Griewank 1992; Griewank and Walther 2000, algorithm 799.) The functions stand alone, so
that generated programs can take them along as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def backwards(
    advance: Callable[[int, Any], Any], first: Any, count: int, snapshots: int
) -> Iterator[tuple[int, Any]]:
    """(i, the state before round i) from the last round to the first; state = advance(i, state).

    >>> list(backwards(lambda i, state: state + 1, 0, 4, 2))
    [(3, 3), (2, 2), (1, 1), (0, 0)]
    """
    held = [(0, first)]
    while count:
        at, state = held[-1]
        while count - at > 1:
            room = snapshots - len(held) + 1
            stop = at + ahead(count - at, room) if room > 1 else count - 1
            while at < stop:
                state = advance(at, state)
                at += 1
            if room > 1:
                held.append((at, state))
        count -= 1
        yield count, state
        if held[-1][0] == count:
            held.pop()


def by_strips(
    advance: Callable[[int, Any], Any], held: Callable[[int], Any], count: int, every: int
) -> Iterator[tuple[int, Any]]:
    """(i, the state before round i) from the last round to the first; held(j) is that of j * every.

    >>> list(by_strips(lambda i, state: state + 1, lambda j: 2 * j, 5, 2))
    [(4, 4), (3, 3), (2, 2), (1, 1), (0, 0)]
    """
    for start in reversed(range(0, count, every)):
        states = [held(start // every)]
        for i in range(start, min(start + every, count) - 1):
            states.append(advance(i, states[-1]))
        while states:
            yield start + len(states) - 1, states.pop()


def ahead(rounds: int, snapshots: int) -> int:
    """How many rounds to go before the next state is held, so that fewest are run again.

    snapshots   how many states may be held for these rounds, the first among them

    >>> ahead(10, 3)
    4
    """
    again = 1
    while reached(snapshots, again) < rounds:
        again += 1
    return min(reached(snapshots, again - 1), rounds - reached(snapshots - 1, again - 1))


def reached(snapshots: int, again: int) -> int:
    """How many rounds there may be if each is run again so often: a binomial coefficient.

    >>> reached(3, 2)
    10
    """
    found = 1
    for i in range(1, again + 1):
        found = found * (snapshots + i) // i
    return found


def advances(rounds: int, snapshots: int) -> int:
    """How many rounds are run again in all: r n - C(s + r, s + 1), r the least that suffices.

    >>> advances(10, 3), advances(256, 8)
    (15, 804)
    """
    again = 0
    while reached(snapshots, again) < rounds:
        again += 1
    return again * rounds - reached(snapshots + 1, again - 1) if again else 0
