"""While a program is compiled, Python's cycle collector waits.

Compiling makes many small objects that all live until the end; looking through them again and
again for cycles doubles the time and is never of use.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No cycle collection inside, unless it was off already; nests.

    >>> with collector_paused():
    ...     gc.isenabled()
    False
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
