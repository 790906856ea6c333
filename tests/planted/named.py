"""Mutants with a name: one exact replacement each, for mistakes one would really make."""

# ruff: noqa: E501  lines of the source, as they stand there

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.planted.source import Mutant, source


@dataclass(frozen=True)
class Named:
    """In `file` the text `old`, found exactly once, becomes `new`."""

    id: str
    file: str
    old: str
    new: str


ALONG, DERIVE = "cats/along.py", "cats/derive.py"
JOINT, LINEAR = "cats/derivative.py", "ir/linear_control.py"
TRANSPOSE, PRUNE = "ir/transpose.py", "ir/prune.py"
FORWARD, FUNCTOR, WIRE = "cats/forward.py", "cats/functor.py", "ir/wire.py"
ZEROS = "cats/zeros.py"

NAMED = (
    # D
    Named("d-sin-is-2-cos", "ir/prims/smooth.py", "lambda x, *, out: slope(cos(x), x)",
          "lambda x, *, out: slope(mul(2.0, cos(x)), x)"),
    Named("composition-swapped-in-D", ALONG, "self.flow(second, self.flow(first, v))",
          "self.flow(first, self.flow(second, v))"),
    Named("join-keeps-one-part", ALONG,
          "return self.plus([self.flow(p, x) for p, x in zip(parts, v, strict=True)])",
          "return self.plus([self.flow(p, x) for p, x in zip(parts, v, strict=True)][:1])"),
    Named("wrong-projection-in-D", ALONG, "return v[index]", "return v[0]"),
    Named("sign-lost-in-D", DERIVE, "tuple([Term(-t.sign, t.leaf, t.arg) for t in v])",
          "tuple([Term(t.sign, t.leaf, t.arg) for t in v])"),
    Named("sign-of-a-leaf-lost", DERIVE, "return (Term(v[0].sign, kept, v[0].arg),)",
          "return (Term(1, kept, v[0].arg),)"),
    Named("second-tangent-forgotten", DERIVE,
          "given = [self.tangents[a] for a in step.args]\n        if all(",
          "given = [self.tangents[a] if i < 1 else ZERO for i, a in enumerate(step.args)]\n"
          "        if all("),
    Named("case-differentiates-its-tag", DERIVE, "[self.tangents[a] for a in step.args[1:]]",
          "[self.tangents[a] for a in step.args[:-1]]"),
    Named("residual-slots-shared-wrongly", JOINT, "free[space].pop()", "free[space][-1]"),
    Named("one-tag-for-all-depths-forgets-the-others", JOINT, "sum(self.widths[:branch])", "0"),
    Named("the-narrowest-choice-in-the-tag", JOINT, "return max(own,", "return min(own,"),
    Named("the-rest-of-the-tag-is-the-whole", "cats/branches.py",
          "sub(tag, mul(passed[0], widths[0]))", "tag"),
    Named("a-wide-tag-counts-from-one", LINEAR, "tag >= self.widths[branch]",
          "tag > self.widths[branch]"),
    # Through what commutes
    Named("a-factor-is-not-raised", "ir/commuting.py", "yield from [by] * n if", "yield from [by] if"),
    Named("a-move-forgets-its-place", "ir/commuting.py",
          "return Then(end, _at(term, end, move))", "return end"),
    Named("the-other-side-of-a-choice", "ir/commuting.py",
          "(mask, one) if other.constant is not None else (logical_not(mask), other)",
          "(mask, one) if other.constant is not None else (mask, other)"),
    # Is it linear
    Named("what-jumps-is-linear", "cats/linearity.py",
          "dependent(program, derivative.active, look)", "dependent(program, derivative.active)"),
    Named("all-that-is-kept-is-one", "cats/linearity.py", "for size in SIZES:", "for size in ():"),
    Named("zero-is-the-only-argument", "cats/linearity.py", "((0, 1, 2) if jumps else (0,))",
          "((0, 0, 0) if jumps else (0,))"),
    Named("a-sum-with-a-constant-is-linear", "cats/linearity.py",
          "self.sampled or len(moving) < len(varies)", "self.sampled"),
    # Transposition
    Named("dup-forgotten", TRANSPOSE, "self.uses[arg].append(term)",
          "self.uses[arg][:] = [term]"),
    Named("sign-lost-backwards", TRANSPOSE, "back.send(term.arg, Term(term.sign, leaf, ct), where)",
          "back.send(term.arg, Term(1, leaf, ct), where)"),
    Named("adjoint-forgotten", TRANSPOSE, "term.leaf.op.adjoint(term.leaf)", "term.leaf"),
    Named("steps-not-reversed", TRANSPOSE, "in reversed(list(program.numbered())):\n        match step:\n"
          "            case SumStep(terms, space, where):\n                ct",
          "in list(program.numbered()):\n        match step:\n"
          "            case SumStep(terms, space, where):\n                ct"),
    Named("output-used-twice-counts-once", TRANSPOSE, "self.send(output, Term(1, None, k), None)",
          "self.uses[output][:] = [Term(1, None, k)]"),
    Named("branches-not-transposed", TRANSPOSE, "(yield _transposed(selected(branch, chosen)))",
          "selected(branch, chosen)"),
    Named("negated-copy-read-through", PRUNE, "case [Term(1, None, arg)]:", "case [Term(_, None, arg)]:"),
    Named("single-negative-use-collected-as-it-is", TRANSPOSE, "case [Term(1, None, arg)]:",
          "case [Term(_, None, arg)]:"),
    # Representations
    Named("forward-composes-backwards", FORWARD, "lambda v: g(f(v))", "lambda v: f(g(v))"),
    Named("forward-subtracts-the-wrong-way", ZEROS, "else sub(result, v)", "else sub(v, result)"),
    Named("scattered-signs-lost", FORWARD, "v if term.sign > 0 else negative(v)", "v"),
    Named("known-zeros-are-multiplied", ZEROS, "keep(v.mask, v.value)", "v.value"),
    Named("the-mask-of-a-product-is-lost", ZEROS,
          "return Masked(leaf.op.apply(leaf, v.value), v.mask)",
          "return leaf.op.apply(leaf, plain(v))"),
    Named("one-mask-of-two", ZEROS, "found = found if found is mask else logical_and(found, mask)",
          "found = found"),
    Named("either-mask-for-both", ZEROS, "found = found if found is mask else logical_or(found, mask)",
          "found = found"),
    Named("every-two-masks-are-everywhere", ZEROS, "return inner is not None and inner[0] is a",
          "return inner is not None"),
    Named("scattered-masks-lost", ZEROS,
          "return Masked(whole, convert(op.total(leaves, marks, before), dtype=\"bool\"), clean=True)",
          "return whole"),
    Named("what-meets-zeros-is-multiplied", ZEROS, "(given[1 - slot],) = spared.fixed", "pass"),
    Named("masks-stay-in-their-branch", "cats/branches.py",
          "return 0 if all(isinstance(v, Nothing) for v in column) else 2", "return 1"),
    Named("forward-reads-the-other-branch", FORWARD, "step.branches[int(tag)]",
          "step.branches[1 - int(tag)]"),
    Named("dual-composes-forwards", "cats/dual.py", "self.k.then(g, f)", "self.k.then(f, g)"),
    Named("dual-forks-forks", "cats/dual.py", "return self.k.join(fs)", "return self.k.fork(fs)"),
    Named("dual-projects", "cats/dual.py", "return self.k.inj(spaces, i)",
          "return self.k.proj(spaces, i)"),
    Named("dual-forgets-the-adjoint", "cats/dual.py", "self.k.leaf(leaf.op.adjoint(leaf))",
          "self.k.leaf(leaf)"),
    Named("dual-reads-programs-forwards", "cats/dual.py", "represent(transposed(program), self.k, at)",
          "represent(program, self.k, at)"),
    Named("fold-swaps-composition", FUNCTOR, "return k.then(parts[0], parts[1])",
          "return k.then(parts[1], parts[0])"),
    Named("fold-projects-the-first", FUNCTOR, "return k.proj(spaces, index)",
          "return k.proj(spaces, 0)"),
    Named("sum-of-maps-loses-signs", FUNCTOR, "found.append(f if term.sign > 0 else k.then(f, k.scale(space, -1)))",
          "found.append(f)"),
    Named("matrix-product-of-the-wrong-pairs", "cats/matrix.py", "_add(found, (row, column), then(before, after))",
          "_add(found, (row, column), then(after, before))"),
    Named("blocks-overwrite", "cats/matrix.py", "plus(found[place], block) if place in found else block",
          "block"),
    Named("permutation-not-inverted", "cats/blocks.py", "back = np.argsort(index)", "back = index"),
    Named("kronecker-sides-swapped", "cats/blocks.py", "Kronecker(cod, dom, _flipped(left, dom), _flipped(right, dom))",
          "Kronecker(cod, dom, _flipped(right, dom), _flipped(left, dom))"),
    Named("matrix-products-associate-wrongly", "cats/blockwise.py", 'contract(g, wide(f, cod), spec="ij,jk->ik")',
          'contract(wide(f, cod), g, spec="ij,jk->ik")'),
    Named("diagonals-add-as-products", "cats/blockwise.py",
          "return Diagonal(dom, cod, summed([(1, d), (1, e)]))",
          "return Diagonal(dom, cod, product(d, e))"),
    Named("affine-forgets-the-second-point", "cats/affine.py",
          "moved = added(k, (k.then(f.point, g.linear), g.point), line(g.cod), g.cod)",
          "moved = k.then(f.point, g.linear)"),
    Named("cost-forgets-the-copies", "cats/cost.py", "Count(dup=len(fs) - 1, out=out)",
          "Count(dup=0, out=out)"),
    # Wires
    Named("builder-stamps-ignored", WIRE, "if wire.recorder.closed or wire.recorder.stamp > self.stamp:",
          "if wire.recorder.closed:"),
    Named("newest-recorder-not-asked", "ir/primitive.py",
          "(newest is None or recorder.stamp > newest.stamp)", "newest is None"),
    Named("oldest-recorder-asked", "ir/primitive.py", "recorder.stamp > newest.stamp",
          "recorder.stamp < newest.stamp"),
    Named("closed-builder-takes-steps", WIRE, "self.closed = True", "self.closed = False"),
    Named("hash-cons-without-parameters", WIRE, "results = self.table.get(key)",
          "key = (op, tuple([w.index for w in wires]), ())\n        results = self.table.get(key)"),
    Named("hash-cons-key-without-parameters", WIRE,
          "key = (op, tuple([w.index for w in wires]), params)",
          "key = (op, tuple([w.index for w in wires]))"),
    Named("hash-cons-off", WIRE, "            self.table[key] = results\n", ""),
    Named("every-capture-a-new-input", WIRE, "if wire not in self.captured:", "if True:"),
    Named("capture-dropped", WIRE, "self.captured[wire] = self.input(wire.space)",
          "self.captured[wire] = self.zeros(wire.space)"),
    # Terms
    Named("closure-environment-dropped", "cats/pointfree.py",
          "closure(term, {name: self.scope[name] for name in self.free[id(term)]})",
          "closure(term, {})"),
    Named("closure-reads-names-where-it-is-called", "cats/pointfree.py",
          "Scope(inner, fun.captured, self.shared)",
          "Scope(inner, {n: self.scope[n] for n in fun.captured}, self.shared)"),
    Named("closure-environment-empty", "cats/pointfree.py",
          "Scope(inner, fun.captured, self.shared)", "Scope(inner, {}, self.shared)"),
    Named("branches-of-if-swapped", "cats/pointfree.py", "[lambda: other, lambda: then]",
          "[lambda: then, lambda: other]"),
    Named("projection-of-the-first", "cats/pointfree.py", "whole.parts[term.index]", "whole.parts[0]"),
    Named("wrong-branch-of-a-sum", "cats/pointfree.py", "branch = yield branches[value.index]",
          "branch = yield branches[0]"),
    Named("chosen-closure-loses-what-it-captured", "cats/closures.py",
          "captured[name] = yield tuple(", "captured.setdefault(name, first.captured[name])\n            yield tuple("),
    Named("tag-of-merged-options-kept", "cats/closures.py",
          "self.done[key] = chosen(self.which(found, rows, kinds), merged)",
          "self.done[key] = chosen(self.tag, merged)"),
    # Halves and answers
    Named("unzip-saves-nothing", "cats/unzip.py", "saved = sorted(needed & kept)",
          "saved = sorted(needed & set(range(len(primal.inputs))))"),
    Named("recompute-saves-all", "cats/policies.py",
          "case Recompute():\n            return set(range(len(primal.inputs)))",
          "case Recompute():\n            return _roots(primal, count)"),
    Named("seed-on-every-output", "cats/pipeline.py", "builder.lift(1.0, s) if i == 0 else Nothing(s)",
          "builder.lift(1.0, s)"),
    Named("modes-exchanged", "cats/pipeline.py", "FORWARD if columns <= rows else REVERSE",
          "REVERSE if columns <= rows else FORWARD"),
    Named("reverse-blocks-not-turned", "cats/pipeline.py", "swapped(columns[i][o], a.shape, b.shape)",
          "columns[i][o]"),
    Named("wrong-argnum", "cats/prepared.py", "return 0, number % found", "return 0, 0"),
    Named("gradients-in-the-order-of-the-arguments", "cats/gradients.py",
          "wanted = [found[place[i]] for span in chosen.owned for i in span if i in place]",
          "wanted = [found[place[i]] for i in sorted(place)]"),
    Named("aux-is-differentiated", "cats/gradients.py", "pair(slopes, aux)", "pair(aux, slopes)"),
    Named("value-and-grad-exchanged", "cats/gradients.py", "selected(program, [*values, *wanted])",
          "selected(program, [*wanted, *values])"),
    Named("hessian-blocks-transposed", "cats/jacobians.py", "first + r * width + c", "first + c * width + r"),
    Named("stop-does-not-stop", "ir/prims/layout.py",
          "linearise=lambda x, *, out: Zero(tangent(space_of(x)), tangent(space_of(out)))",
          "linearise=lambda x, *, out: leaf_of(reshape, 0, (), space_of(x), space_of(out), shape=space_of(x).shape)"),
    # Spaces, constants, simplification
    Named("integers-have-tangents", "ir/spaces.py",
          "return space if isinstance(space, Real) else UNIT", "return space"),
    Named("constants-equal-by-value", "ir/constant.py", "and self._bits() == other._bits()",
          "and np.array_equal(self.array, other.array)"),
    Named("zero-is-minus-zero", "ir/rules/scalars.py", "str(float(item)) == str(float(value))",
          "float(item) == float(value)"),
    Named("simplify-takes-the-other-branch", "cats/simplify.py", "case.branches[int(tag.constant.value)]",
          "case.branches[1 - int(tag.constant.value)]"),
    Named("inexact-rules-by-default", "cats/simplify.py", "from cats.ir.rules import EXACT",
          "from cats.ir.rules import EXACT as _EXACT\nfrom cats.ir.rules.inexact import RULES as _MORE\n"
          "EXACT = (*_EXACT, *_MORE)"),
    Named("step-functions-have-slopes", "ir/prims/choice.py", "return Zero(space_of(x), space_of(out))",
          "return slope(1.0, x)"),
    # Text
    Named("numexpr-maximum-forgets-nan", "backends/templates.py",
          '"maximum": "where(({0} > {1}) | ({0} != {0}), {0}, {1})"',
          '"maximum": "where({0} > {1}, {0}, {1})"'),
    Named("numexpr-less-or-equal", "backends/templates.py", '"less": "{0} < {1}"', '"less": "{0} <= {1}"'),
    Named("numexpr-subtracts-the-wrong-way", "backends/templates.py", '"sub": "{0} - {1}"',
          '"sub": "{1} - {0}"'),
    Named("numexpr-keeps-what-it-should-not", "backends/templates.py",
          '"keep": "where({0}, {1}, 0)"', '"keep": "where({0}, 0, {1})"'),
    Named("branches-of-the-text-swapped", "backends/function.py",
          'f"{titles[1]}({inputs}) if {chooser} else {titles[0]}({inputs})"',
          'f"{titles[0]}({inputs}) if {chooser} else {titles[1]}({inputs})"'),
    Named("results-alias-inputs", "backends/function.py", 'return f"{name}.copy()"', "return name"),
    Named("matrix-product-text-transposed", "ir/prims/contraction.py", '"ab,ac->bc": "{0}.T @ {1}"',
          '"ab,ac->bc": "{1}.T @ {0}"'),
    Named("accumulate-overwrites", "ir/prims/indexing.py", "np.add.at(out, key, piece)",
          "out[key] = piece"),
    Named("recurrence-reads-the-wrong-factor", "ir/prims/arrays.py", "by[i - step if ahead else i]",
          "by[i]"),
)  # fmt: skip


def named() -> Iterator[Mutant]:
    """The mutants. Raises ValueError for a replacement that does not apply exactly once."""
    for each in NAMED:
        file = source(each.file)
        count = file.text.count(each.old)
        if count != 1:
            raise ValueError(f"{each.id}: its text is found {count} times in {each.file}")
        line = file.text[: file.text.index(each.old)].count("\n") + 1
        what = f"{' '.join(each.old.split())} -> {' '.join(each.new.split()) or 'nothing'}"
        text = file.text.replace(each.old, each.new)
        yield Mutant(each.id, each.file, line, what, text, named=True)
