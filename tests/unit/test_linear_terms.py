"""The generator of linear terms reaches every node and every operation often enough."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from cats.ir.linear import Fork, Id, Inj, Join, Leaf, Linear, Proj, Scale, Then, Zero
from cats.ir.node import postorder
from tests.linear_terms import linear_maps, spaces

SHARES = {Id: 0.3, Zero: 0.2, Then: 0.4, Fork: 0.4, Join: 0.4}
SHARES |= {Proj: 0.05, Inj: 0.05, Scale: 0.1, Leaf: 0.6}
OPERATIONS = {
    "mul", "div", "neg", "keep", "cumsum", "shift", "recurrence", "contract", "reshape",
    "transpose", "sum", "broadcast", "index", "gather", "accumulate",
}  # fmt: skip


def test_every_node_appears_in_its_share_of_the_terms() -> None:
    """Of 400 terms: so many hold an identity, so many a composition, and all operations occur."""
    terms: list[Linear] = []

    @settings(max_examples=400)
    @given(spaces().flatmap(lambda a: spaces().flatmap(lambda b: linear_maps(a, b))))
    def collect(term: Linear) -> None:
        terms.append(term)

    collect()
    kinds: Counter[type] = Counter()
    operations: Counter[str] = Counter()
    for term in terms:
        nodes = list(postorder(term))
        kinds.update({type(n) for n in nodes})
        operations.update({n.op.name for n in nodes if isinstance(n, Leaf)})
    shares = {kind: kinds[kind] / len(terms) for kind in SHARES}
    assert all(shares[kind] >= least for kind, least in SHARES.items()), shares
    assert set(operations) >= OPERATIONS, OPERATIONS - set(operations)
