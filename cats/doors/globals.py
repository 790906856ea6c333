"""The globals of traced code: names of the user's modules, seen through the doors."""

from __future__ import annotations

import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from cats.doors.single import Single
from cats.recorder import Recorder
from cats.world import World


class Sees(Protocol):
    """What the names of a module ask of the session in which they are read."""

    builtins: dict[str, Any]
    world: World

    @property
    def recorder(self) -> Recorder:
        """The innermost trace that is open."""
        ...

    def reads(self, space: dict[str, Any], name: str) -> None:
        """Notes that a name of a module is read."""
        ...

    def rebound(self, value: Any) -> Any:
        """A value from outside, as the traced function sees it."""
        ...

    def names(self, value: Any) -> Any:
        """A global of an installed library, as its own code sees it."""
        ...

    def space_of(self, names: dict[str, Any]) -> Globals:
        """The names of a module, seen through the doors."""
        ...

    def refuse_change(self, what: str) -> None:
        """Raises TraceError: something outside was changed."""
        ...


class Globals(dict[str, Any]):
    """The globals of a rebound function: names of the user's module, seen through the doors."""

    def __init__(self, session: Sees, original: dict[str, Any], look: Callable[[Any], Any]) -> None:
        super().__init__(__builtins__=session.builtins)
        self.session = session
        self.original = original
        self.look = look
        self.read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self:
            return super().__getitem__(name)
        if name not in self.original:
            raise KeyError(name)
        self.session.reads(self.original, name)
        found = self.read[name] = self.look(self.original[name])
        super().__setitem__(name, found)
        return found

    def fetch(self, names: Iterable[str]) -> None:
        """Reads names beforehand, for code that looks them up in a plain dict."""
        for name in names:
            if name in self.original:
                self[name]

    def whole(self) -> Globals:
        """All names, none of them foreseen."""
        self.session.world.lasting = False
        self.fetch(tuple(self.original))
        return self

    def written(self) -> Iterator[str]:
        """The names that were assigned, in a module of the user's."""
        if self.look == self.session.names:
            return
        for name, value in self.items():
            if not name.startswith("__") and self.read.get(name, self) is not value:
                yield name


class ModuleDoor(Single):
    """A module whose functions are rebound, and which is not to be changed."""

    _session: Sees
    _module: types.ModuleType

    def __init__(self, session: Sees, module: types.ModuleType) -> None:
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_module", module)

    def __setattr__(self, name: str, value: Any) -> None:
        self._session.refuse_change(f"assigning {self._module.__name__}.{name}")

    def __delattr__(self, name: str) -> None:
        self._session.refuse_change(f"deleting {self._module.__name__}.{name}")

    def __getattr__(self, name: str) -> Any:
        self._session.reads(vars(self._module), name)
        return self._session.rebound(getattr(self._module, name))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """The names of the module, none of them foreseen."""
        return self._session.space_of(vars(self._module)).whole()

    def __dir__(self) -> list[str]:
        return dir(self._module)

    def __repr__(self) -> str:
        return repr(self._module)


_INSTALLED = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})


def installed(file: str) -> bool:
    """Whether a file belongs to a library that was installed."""
    return file.startswith(_INSTALLED)
