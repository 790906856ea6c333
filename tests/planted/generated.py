"""Mutants made by rule: every linearisation, leaf, text, representation, law and core function."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.planted.source import Mutant, Source, calls, source, sources

# Records of primitives

RECORDS = ("entrywise", "Primitive")
NEWLINE = "\n"


def records(file: Source) -> Iterator[tuple[str, ast.Call]]:
    """Each record with its name: that of the variable, or of the function that makes it."""
    for node in file.tree.body:
        for call in calls(node, *RECORDS):
            target = assigned(node)
            if isinstance(target, ast.Name):
                yield target.id, call
            elif isinstance(node, ast.FunctionDef) and node.name not in RECORDS:
                yield node.name, call


def assigned(node: ast.stmt) -> ast.expr | None:
    """What a statement gives a value to, with a type beside it or without."""
    if isinstance(node, ast.AnnAssign):
        return node.target
    return node.targets[0] if isinstance(node, ast.Assign) else None


def argument(call: ast.Call, name: str, place: int) -> ast.expr | None:
    """An argument given by keyword or by place."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[place] if len(call.args) > place else None


def linearise_of(call: ast.Call) -> ast.expr | None:
    """The linearisation of a record."""
    by_place = isinstance(call.func, ast.Name) and call.func.id == "entrywise"
    return argument(call, "linearise", 3 if by_place else 99)


def rules_of(file: Source) -> Iterator[tuple[str, ast.Lambda | ast.FunctionDef]]:
    """Every linearisation once, as a lambda or a function."""
    seen: set[str] = set()
    for name, call in records(file):
        rule = linearise_of(call)
        if isinstance(rule, ast.Lambda):
            yield name, rule
        elif isinstance(rule, ast.Name) and rule.id in file.functions and rule.id not in seen:
            seen.add(rule.id)
            yield name, file.functions[rule.id]
    for name, function in file.functions.items():
        inner = name in ("_share", "_others", "_no_tangent")
        if inner or (name.endswith("_rule") and name not in seen):
            yield name, function


def results(rule: ast.Lambda | ast.FunctionDef) -> list[ast.expr]:
    """The expressions a rule gives back."""
    if isinstance(rule, ast.Lambda):
        return [rule.body]
    returns = [n for n in ast.walk(rule) if isinstance(n, ast.Return) and n.value is not None]
    return [n.value for n in returns if n.value is not None]


def linearisations() -> Iterator[Mutant]:
    """Each linearisation: its sign, its factor, its parts, its words."""
    for file in sources("ir/prims"):
        for name, rule in rules_of(file):
            yield from _whole(file, name, rule)
            yield from _joins(file, name, rule)
            yield from words(file, name, rule)


NOTHING = ("Zero(", "_flat(", "Join(tuple(_flat", "Join((Zero(UNIT, UNIT),)")
"""How rules begin that give zero, which is its own opposite and its own double."""


def _whole(file: Source, name: str, rule: ast.Lambda | ast.FunctionDef) -> Iterator[Mutant]:
    if name in ("_others", "_no_tangent"):
        return
    for i, result in enumerate(results(rule)):
        text = file.of(result)
        if text.startswith(NOTHING):
            continue
        id = f"{name}/{{}}{i or ''}"
        yield file.mutant(id.format("negated"), result, f"-({text})", "linearisation: sign flipped")
        if isinstance(rule, ast.FunctionDef):
            twice = f"({text}) + ({text})"
            yield file.mutant(id.format("doubled"), result, twice, "linearisation: factor 2")


def _joins(file: Source, name: str, rule: ast.AST) -> Iterator[Mutant]:
    for call in calls(rule, "Join"):
        parts = call.args[0]
        if not isinstance(parts, ast.Tuple):
            continue
        texts = [file.of(p) for p in parts.elts if not isinstance(p, ast.Starred)]
        if len(texts) == 2 and texts[0] != texts[1]:
            swapped = f"({texts[1]}, {texts[0]})"
            yield file.mutant(f"{name}/swapped", parts, swapped, "linearisation: operands swapped")
        for i, part in enumerate(parts.elts):
            text = file.of(part)
            if isinstance(part, ast.Starred) or text.startswith(("Zero(", "_flat(")):
                continue
            dropped = f"(({text}) - ({text}))"
            what = f"linearisation: dependence on argument {i} dropped"
            yield file.mutant(f"{name}/dropped{i}", part, dropped, what)


INSTEAD = {
    "add": "sub", "sub": "add", "cos": "sin", "sin": "cos", "sinh": "cosh", "cosh": "sinh",
    "exp": "log", "over": "slope", "mul": "add", "floor_divide": "div", "trunc": "floor",
    "beats": "equal", "cumprod_back": "cumprod", "logical_not": "", "left": "right",
    "right": "left", "lower": "upper", "upper": "lower", "flipped": "",
}  # fmt: skip
UNWRAPPED = {"neg", "minus", "square", "sqrt"}
REVERSED = {"div", "slope"}


def words(file: Source, name: str, rule: ast.AST) -> Iterator[Mutant]:
    """Each word of a rule exchanged for another, each number for another."""
    numbers: dict[str, int] = {}

    def id(kind: str) -> str:
        numbers[kind] = numbers.get(kind, 0) + 1
        return f"{name}/{kind}{numbers[kind] if numbers[kind] > 1 else ''}"

    for call in calls(rule):
        word = call.func.id  # type: ignore[attr-defined]
        texts = [file.of(a) for a in call.args]
        if word in INSTEAD:
            other = f"{INSTEAD[word]}({', '.join(texts)})"
            yield file.mutant(id(word), call, other, f"linearisation: {word} is {INSTEAD[word]}")
        elif word in UNWRAPPED:
            yield file.mutant(id(word), call, f"({texts[0]})", f"linearisation: {word} forgotten")
        elif word == "div" or word == "select":
            front, (a, b) = texts[:-2], texts[-2:]
            turned = f"{word}({', '.join([*front, b, a])})"
            yield file.mutant(id(word), call, turned, f"linearisation: {word} the other way")
    for node in ast.walk(rule):
        if isinstance(node, ast.Constant) and type(node.value) is float:
            other = repr(node.value * 2 or 1.0)
            yield file.mutant(id("number"), node, other, f"linearisation: {node.value} is {other}")
        if isinstance(node, ast.keyword) and node.arg in ("reverse", "ahead"):
            value = f"not {file.of(node.value)}"
            yield file.mutant(id(node.arg), node.value, value, f"linearisation: {node.arg} turned")


COMMUTING = {"add", "mul", "hypot", "logaddexp", "logaddexp2"}


def texts() -> Iterator[Mutant]:
    """The NumPy text of each entrywise operation of two arguments, in the wrong order."""
    for file in sources("ir/prims"):
        for name, call in records(file):
            if not (isinstance(call.func, ast.Name) and call.func.id == "entrywise"):
                continue
            code = call.args[1]
            if not isinstance(code, ast.Constant) or not isinstance(code.value, str):
                continue
            if "{1}" in code.value and name not in COMMUTING:
                swap = code.value.replace("{0}", "{t}").replace("{1}", "{0}").replace("{t}", "{1}")
                yield file.mutant(f"{name}/order", code, repr(swap), "text: operands swapped")


def leaves() -> Iterator[Mutant]:
    """Each record of linearity: each of its answers, wrong."""
    for file in sources("ir/prims"):
        for node in file.tree.body:
            for call in calls(node, "Linearity"):
                if (target := assigned(node)) is not None:
                    yield from _leaf(file, file.of(target), call)


def _leaf(file: Source, name: str, call: ast.Call) -> Iterator[Mutant]:
    def mutant(kind: str, node: ast.expr, new: str, what: str) -> Mutant:
        return file.mutant(f"{name}/{kind}", node, new, f"leaf: {what}")

    slots, adjoint = argument(call, "slots", 0), argument(call, "adjoint", 1)
    lift, structure = argument(call, "lift", 2), argument(call, "structure", 3)
    total, masked = argument(call, "total", 4), argument(call, "masked", 5)
    if slots is not None:
        yield mutant("slots", slots, "()", "linear in no slot")
    if adjoint is not None and file.of(adjoint) != "itself":
        yield mutant("adjoint", adjoint, "lambda f: f", "its own adjoint")
    elif adjoint is not None and name.startswith("DIAGONAL"):
        wrong = "lambda f: f.with_fixed(tuple(v + v for v in f.fixed))"
        yield mutant("adjoint", adjoint, wrong, "adjoint doubled")
    if lift is not None:
        yield mutant("lift", lift, "lambda f, extra: f", "lift forgotten")
    if isinstance(structure, ast.Constant):
        wrong = {"diagonal": "permutation", "permutation": "diagonal"}[str(structure.value)]
        yield mutant("structure", structure, repr(wrong), f"structure is {wrong}")
    else:
        front = file.of(call)[:-1].rstrip(", " + NEWLINE)
        new = f"{front}, structure='diagonal')"
        yield mutant("structure", call, new, "structure is diagonal")
    if total is not None:
        once = f"lambda fs, vs: {file.of(total)}(fs, (*vs[:1], *[v * 0 for v in vs[1:]]))"
        yield mutant("total", total, once, "total counts one piece only")
    if masked is not None:
        yield mutant("masked", masked, "None", "known zeros are forgotten")


# Representations

QUESTIONS = {
    "then": ("f, g", "g, f", "composition swapped"),
    "fork": ("fs", "fs[::-1]", "fork in the wrong order"),
    "join": ("fs", "fs[::-1]", "join in the wrong order"),
    "proj": ("spaces, i", "spaces, len(spaces) - 1 - i", "wrong projection"),
    "inj": ("spaces, i", "spaces, len(spaces) - 1 - i", "wrong injection"),
    "scale": ("a, by", "a, -by", "scaling with the wrong sign"),
    "zero": ("a, b", "b, a", "zero with its ends swapped"),
}
KINDS = {
    "cats/forward.py": "Forward",
    "cats/dual.py": "Dual",
    "cats/matrix.py": "Matrix",
    "cats/affine.py": "Affine",
    "cats/begin.py": "Begin",
    "cats/continuation.py": "Continuation",
}


def representations() -> Iterator[Mutant]:
    """Each answer of each representation, given to another question."""
    for path, kind in KINDS.items():
        file = source(path)
        for question, (given, asked, what) in QUESTIONS.items():
            line = file.functions[f"{kind}.{question}"].lineno
            patch = (
                f"{kind}.{question} = (lambda old: lambda self, {given}: old(self, {asked}))"
                f"({kind}.{question})"
            )
            yield file.appended(f"{question}/wrong", line, patch, f"{kind}: {what}")


# Laws


def laws() -> Iterator[Mutant]:
    """Each rule of the form left = right, its sides exchanged."""
    for file in sources("ir/rules"):
        for name, function in file.functions.items():
            sides = [_sides(d) for d in function.decorator_list]
            for pair in [s for s in sides if s is not None]:
                left, right = (file.of(e) for e in pair.elts)
                turned = f"({right}, {left})"
                yield file.mutant(f"{name}/sides", pair, turned, "rule: sides exchanged")


def _sides(decorator: ast.expr) -> ast.Tuple | None:
    for node in ast.walk(decorator):
        if isinstance(node, ast.Lambda) and isinstance(node.body, ast.Tuple):
            return node.body if len(node.body.elts) == 2 else None
    return None


def smoothings() -> Iterator[Mutant]:
    """Each rule of derivatives of compositions: its flow doubled, and what it reads."""
    for path in ("ir/rules/smoothing.py", "ir/rules/tails.py"):
        file = source(path)
        for name, function in file.functions.items():
            for made in [c for d in function.decorator_list for c in calls(d, "smoothing")]:
                flow = file.of(made.args[2])
                twice = (
                    "(lambda flow: lambda *letters: Flow(flow(*letters).at, "
                    f"flow(*letters).term + flow(*letters).term))({flow})"
                )
                yield file.mutant(f"{name}/doubled", made.args[2], twice, "smoothing: factor 2")
                yield from conditions(file, name, function)


def conditions(file: Source, name: str, function: ast.FunctionDef) -> Iterator[Mutant]:
    """Each condition of a function, the opposite."""
    count = 0
    for node in ast.walk(function):
        tests: list[ast.expr] = []
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            tests = [node.test]
        elif isinstance(node, ast.comprehension):
            tests = node.ifs
        for test in tests:
            count += 1
            id = f"{name}/condition{count if count > 1 else ''}"
            what = f"condition negated: {' '.join(file.of(test).split())}"
            yield file.mutant(id, test, f"(not ({file.of(test)}))", what)


# The core

CORE: dict[str, tuple[str, ...]] = {
    "cats/derive.py": (
        "derive", "_derived", "_Derivation.__init__", "_Derivation.primitive", "_Derivation.plus",
        "_Derivation.scaled", "_Derivation.through", "_Derivation.settle", "_Derivation.case",
        "_Derivation.finish",
    ),
    "cats/along.py": ("Along.flow",),
    "cats/derivative.py": ("Joint.__init__", "Joint._places", "Joint._program", "Joint._tag",
                           "Joint.linear", "Joint._reading", "_inner", "_told"),
    "ir/linear_program.py": ("references", "args_of", "selected", "inputs_read", "taking"),
    "ir/linear_control.py": ("LinCase.inner", "LinCase.taken"),
    "ir/transpose.py": ("_transposed", "_Backwards.send", "_Backwards.collect",
                        "_Backwards.case", "_Backwards._present", "_Backwards.loop", "_adding"),
    "ir/prune.py": ("_pruned", "_direct", "_live", "_narrowed", "_direct_loop", "_meant",
                    "_narrowed_loop"),
    "ir/nesting.py": ("Nesting.__eq__", "inner_first"),
    "ir/linear.py": ("total",),
    "cats/forward.py": ("plus", "scaled", "_run", "signed_sum", "_run_case", "components"),
    "cats/zeros.py": ("plain", "through", "negative", "applied", "_kept", "together", "_marks",
                      "summed", "_plain_sum", "product", "contracted", "_all", "_any", "_opposite",
                      "materialise"),
    "cats/branches.py": ("choice", "_apart", "parts", "whole", "chosen", "_count", "_shown",
                         "mask_of"),
    "cats/functor.py": ("represent", "_accumulated", "_sum", "added", "_case", "resolve"),
    "cats/matrix.py": ("_add", "_sum", "_together", "_read", "_case", "_undecided", "_is_diagonal",
                       "_entries",
                       "Matrix.then"),
    "cats/blocks.py": ("of_leaf", "_matrix_of", "_factors_of", "transposed", "scaled", "turned",
                       "times"),
    "cats/blockwise.py": ("apply", "_both_sides", "matrix_of", "written", "_product", "_composed",
                          "_moved", "_sparse"),
    "ir/smoothing.py": ("smoothed",),
    "ir/rules/grounded.py": ("grounded", "_sum", "_product", "_whole_power", "_power",
                             "_contraction", "_constant"),
    "cats/watched.py": ("route", "_sources"),
    "cats/unzip.py": ("unzip", "_split", "_reached"),
    "ir/wire.py": ("Builder.emit", "Builder.lift", "Builder.full", "Builder.capture",
                   "Builder.finish", "Builder.lift_all"),
    "cats/closures.py": ("looked_up", "Merge.begin", "Merge.options", "Merge.which", "Merge.emit"),
    "cats/pointfree.py": ("_Machine.brought", "_Machine.apply", "_Machine.control",
                          "_Machine.case", "_Machine.operation"),
    "cats/simplify.py": ("_run", "_case", "_branch", "_inputs_read", "_positions_read",
                          "_narrowed"),
    "cats/gradients.py": ("Gradient._results", "Gradient._check", "Gradient.transform"),
    "cats/jacobians.py": ("Jacobian._results", "hvp", "Jacobian.transform"),
    "cats/pipeline.py": ("gradient", "jacobian", "pushforward", "best_mode", "_half",
                         "_real_part"),
    "cats/maps.py": ("_split", "jvp", "vjp"),
    "backends/text.py": ("_Writer.text", "_Writer._depths", "_Writer.yields"),
    "backends/plan.py": ("_Planner._entrywise", "_Planner._part", "_Planner._copied"),
}  # fmt: skip


def core() -> Iterator[Mutant]:
    """Each condition of the functions everything rests on, the opposite."""
    for path, names in CORE.items():
        file = source(path)
        for name in names:
            if name in file.functions:
                yield from conditions(file, name.rpartition(".")[2], file.functions[name])


def generated() -> list[Mutant]:
    """All of them, in order, no two of one name or one text."""
    found: dict[str, Mutant] = {}
    seen: set[str] = set()
    for family in (linearisations, texts, leaves, representations, laws, smoothings, core):
        for mutant in family():
            if mutant.text in seen:
                continue
            seen.add(mutant.text)
            id, n = mutant.id, 1
            while id in found:
                n += 1
                id = f"{mutant.id}~{n}"
            found[id] = Mutant(id, mutant.file, mutant.line, mutant.what, mutant.text)
    return list(found.values())
