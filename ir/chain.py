"""Chains: maps composed one after the other, whatever the brackets."""

from __future__ import annotations

from cats.ir.linear import Fork, Join, Linear, Then


def chain_of(t: Linear) -> list[Linear]:
    """The maps composed, first to last."""
    found: list[Linear] = []
    stack = [t]
    while stack:
        top = stack.pop()
        if isinstance(top, Then):
            stack += [top.second, top.first]
        else:
            found.append(top)
    return found


def composed(chain: list[Linear]) -> Linear:
    """Their composition, bracketed to the left; at least one map."""
    whole = chain[0]
    for part in chain[1:]:
        whole = Then(whole, part)
    return whole


def left_nested(term: Linear) -> Linear:
    """The term with every composition bracketed to the left, in linear time.

    >>> from cats.ir.linear import Scale
    >>> from cats.ir.spaces import R
    >>> f = Scale(R, 2)
    >>> print(Then(f, Then(f, f)), "=", left_nested(Then(f, Then(f, f))))
    scale(2) ; (scale(2) ; scale(2)) = scale(2) ; scale(2) ; scale(2)
    """
    done: dict[int, Linear] = {}
    stack: list[tuple[Linear, list[Linear] | None]] = [(term, None)]
    while stack:
        node, parts = stack.pop()
        if id(node) in done:
            continue
        if parts is None:
            parts = chain_of(node) if isinstance(node, Then) else _parts(node)
            stack.append((node, parts))
            stack.extend((p, None) for p in parts)
        elif isinstance(node, Then):
            done[id(node)] = composed([done[id(p)] for p in parts])
        elif isinstance(node, Fork | Join):
            done[id(node)] = type(node)(tuple(done[id(p)] for p in parts))
        else:
            done[id(node)] = node
    return done[id(term)]


def _parts(node: Linear) -> list[Linear]:
    return list(node.parts) if isinstance(node, Fork | Join) else []
