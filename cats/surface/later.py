"""Names of other libraries, whose tables are loaded when a function of theirs is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from cats.ir.spaces import Value


class Later(Mapping[str, Callable[..., Value]]):
    """The tables `SCIPY` of some modules as one.

    >>> table = Later({"scipy.linalg": "cats.surface.scipy_linalg"})
    >>> table["scipy.linalg.det"].__name__, "scipy.fft.fft" in table
    ('det', False)
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def _table(self, name: str) -> Mapping[str, Callable[..., Value]]:
        found = self._modules.get(name.rpartition(".")[0])
        return import_module(found).SCIPY if found is not None else {}

    def __getitem__(self, name: str) -> Callable[..., Value]:
        return self._table(name)[name]

    def __iter__(self) -> Iterator[str]:
        for module in self._modules.values():
            yield from import_module(module).SCIPY

    def __len__(self) -> int:
        return sum(1 for _ in self)
