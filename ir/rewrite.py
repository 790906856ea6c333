"""Rewrite rules as records: a law stated once, from which its printing, test, proof and step come.

Two kinds of rule share the record. A rule on terms (arrows, linear maps) has `step(node)`; a rule
on programs has a `head` operation and `step(*wires, **params)`, tried when a step is emitted.
Either returns None when it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cats.ir.errors import Where
from cats.ir.node import Node
from cats.ir.primitive import Primitive
from cats.ir.spaces import Value


@dataclass(frozen=True)
class Rule:
    """left = right for all letters.

    name     of the law
    letters  what the sides speak of: "f: A -o B, g: A -o C", or "x: R[s], y: R[s]"
    sides    letters -> (left, right), built in the library's own words
    step     left -> right, or None where the pattern does not fit
    exact    true in IEEE arithmetic to the last bit, signs of zero and nan included
    head     for rules on programs: the operation at the root of the left side
    """

    name: str
    letters: str
    sides: Callable[..., tuple[Any, Any]]
    step: Callable[..., Any]
    exact: bool = True
    head: Primitive | None = None


def rule(
    letters: str,
    sides: Callable[..., tuple[Any, Any]],
    *,
    exact: bool = True,
    head: Primitive | None = None,
) -> Callable[[Callable[..., Any]], Rule]:
    """Makes a Rule of a step function; the function's name is the law's."""

    def make(step: Callable[..., Any]) -> Rule:
        return Rule(step.__name__, letters, sides, step, exact, head)

    return make


@dataclass
class Story:
    """Which rules fired, in order, and where in the user's code."""

    events: list[tuple[str, Where | None]] = field(default_factory=list)

    def tell(self, name: str, where: Where | None = None) -> None:
        """Remembers one use of a rule."""
        self.events.append((name, where))

    def counts(self) -> dict[str, int]:
        """How often each rule fired, most often first."""
        found: dict[str, int] = {}
        for name, _ in self.events:
            found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def __str__(self) -> str:
        return ", ".join(f"{name} x{n}" for name, n in self.counts().items()) or "no rule fired"


def by_head(
    rules: Iterable[Rule], story: Story | None = None
) -> dict[Primitive, tuple[Callable[..., Value | None], ...]]:
    """The rules on programs as a builder takes them: for each operation its steps, in order."""
    table: dict[Primitive, tuple[Callable[..., Value | None], ...]] = {}
    for each in rules:
        if each.head is not None:
            step = each.step if story is None else _told(each, story)
            table[each.head] = (*table.get(each.head, ()), step)
    return table


def _told(each: Rule, story: Story) -> Callable[..., Value | None]:
    def step(*args: Value, **params: Any) -> Value | None:
        found = each.step(*args, **params)
        if found is not None:
            wheres = [a.recorder.where for a in args if hasattr(a, "recorder")]
            story.tell(each.name, wheres[0] if wheres else None)
        return found

    step.__name__ = each.name
    return step


def on_pairs(compose: Callable[[Any, Any], Any], step: Callable[[Any, Any], Any]) -> Any:
    """A rule on `f ; g`, seen also inside `(h ; f) ; g`, which is where associativity hides it.

    compose   the node of composition, with fields `first` and `second`
    step      f, g -> what they are together, or None
    """

    def matched(t: Any) -> Any:
        if type(t) is not compose:
            return None
        found = step(t.first, t.second)
        if found is not None or type(t.first) is not compose:
            return found
        found = step(t.first.second, t.second)
        return None if found is None else compose(t.first.first, found)

    matched.__name__, matched.__doc__ = step.__name__, step.__doc__
    return matched


def normalise(
    root: Node, rules: Iterable[Rule], story: Story | None = None, fuel: int = 100_000
) -> Node:
    """The term with the rules applied bottom-up until none fits; shared subterms once.

    Raises RecursionError when `fuel` steps did not reach a normal form.
    """
    steps = tuple(rules)
    normal: dict[Node, Node] = {}
    becomes: dict[Node, Node] = {}
    waiting = [root]
    while waiting:
        current = waiting[-1]
        if current in normal:
            waiting.pop()
        elif (after := becomes.get(current)) is not None:
            if after in normal:
                normal[current] = normal[after]
            else:
                fuel -= 1
                waiting.append(after)
        elif pending := [c for c in current.children() if c not in normal]:
            waiting.extend(reversed(pending))
        else:
            rebuilt = _rebuild(current, [normal[c] for c in current.children()])
            after = _first_step(rebuilt, steps, story) if rebuilt == current else rebuilt
            if after is None:
                normal[current] = rebuilt
            else:
                becomes[current] = after
        if fuel < 0:
            raise RecursionError("the rules reached no normal form within their fuel")
    return normal[root]


def _first_step(node: Node, rules: tuple[Rule, ...], story: Story | None) -> Node | None:
    for each in rules:
        found = each.step(node)
        if found is not None and found != node:
            if story is not None:
                story.tell(each.name)
            return found  # type: ignore[no-any-return]
    return None


def _rebuild(node: Node, children: list[Node]) -> Node:
    """The node with new children in the places of the old."""
    if all(a is b for a, b in zip(node.children(), children, strict=True)):
        return node
    rest = iter(children)

    def swap(part: Any) -> Any:
        if isinstance(part, Node):
            return next(rest)
        if type(part) is tuple:
            return tuple(map(swap, part))
        return part

    return type(node)(*[swap(getattr(node, f)) for f in node.__dataclass_fields__])  # type: ignore[attr-defined]
