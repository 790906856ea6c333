"""A bounded cache without locks: safe in threads and after a fork, left behind when pickled."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """The most recently made entries. Two threads may make one entry twice; both are right.

    >>> cache: Cache[int] = Cache(2)
    >>> [cache.get(k, lambda: k * 10) for k in (1, 2, 1, 3)], len(cache)
    ([10, 20, 10, 30], 2)
    """

    __slots__ = ("_entries", "_limit")

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._entries: dict[Hashable, V] = {}

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The entry of the key, made if it is not there."""
        found = self._entries.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def look(self, key: Hashable) -> V | None:
        """The entry of the key, if it is there."""
        return self._entries.get(key)

    def put(self, key: Hashable, value: V) -> None:
        """Adds an entry; the oldest leave when there are too many."""
        self._entries[key] = value
        while len(self._entries) > self._limit:
            try:
                self._entries.pop(next(iter(self._entries)), None)
            except (RuntimeError, StopIteration):
                return

    def drop(self, key: Hashable) -> None:
        """Without the entry of the key."""
        self._entries.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Cache, (self._limit,))
