"""Every sentence a term may be answered with, read word for word."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from cats.ir.build import const, fn, if_, proj, scan_, tuple_
from cats.ir.errors import SpaceError, TermError
from cats.ir.infer import check, infer
from cats.ir.lam import Control, Let, Prim, Proj, Var
from cats.ir.parse import parse
from cats.ir.prims.algebra import add
from cats.ir.prims.contraction import contract
from cats.ir.spaces import BOOL, INT, Function, Product, R, Real, Space, Sum
from cats.pointfree import program_of

ENV: dict[str, Space] = {
    "x": R,
    "v": Real((3,)),
    "A": Real((2, 3)),
    "n": INT,
    "b": BOOL,
    "p": Product((R, R)),
    "f": Function(R, R),
    "g": Function(Real((3,)), R),
    "s": Sum((R, BOOL)),
    "t": Sum((R, R)),
}


def said(error: TermError) -> str:
    """The message, the place and the remedy; errors travel between processes."""
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    return str(error)


MALFORMED = {
    "f (x": """line 1, column 5: expected an operator, ',' or ')', found the end of the text
    f (x
        ^""",
    "x +": """line 1, column 4: expected an expression, found the end of the text
    x +
       ^""",
    "": """line 1, column 1: expected an expression, found the end of the text
    
    ^""",
    "x * ) y": """line 1, column 5: expected an expression, found ')'
    x * ) y
        ^""",
    "then": """line 1, column 1: expected an expression, found 'then'
    then
    ^""",
    "a b $ c": """line 1, column 5: expected an operator or the end, found '$'
    a b $ c
        ^""",
    "f\n  (\n bar,, 3)": """line 3, column 6: expected an expression, found ','
     bar,, 3)
         ^""",
    r"\. x": r"""line 1, column 2: expected a parameter, found '.'
    \. x
     ^""",
    r"\x.2": r"""line 1, column 3: expected a space after the dot, found '.2'
    \x.2
      ^""",
    r"\x: Q. x": r"""line 1, column 5: expected a space, found 'Q'
    \x: Q. x
        ^""",
    r"\2. x": r"""line 1, column 2: expected a name, found '2'
    \2. x
     ^""",
    "let sin = 3 in x": """line 1, column 5: expected a name; "sin", in quotes, would be one, \
found an operation 'sin'
    let sin = 3 in x
        ^""",
    "let if = 3 in x": """line 1, column 5: expected a name; "if", in quotes, would be one, found \
a word of the language 'if'
    let if = 3 in x
        ^""",
    "let a 3 in x": """line 1, column 7: expected '=', found '3'
    let a 3 in x
          ^""",
    "let a = 1, b in a": """line 1, column 10: expected an operator, ';' or 'in', found ','
    let a = 1, b in a
             ^""",
    "if a then b": """line 1, column 12: expected an operator or 'else', found the end of the text
    if a then b
               ^""",
    "if a else b": """line 1, column 6: expected an operator or 'then', found 'else'
    if a else b
         ^""",
    "case s | x": """line 1, column 8: expected an operator or 'of', found '|'
    case s | x
           ^""",
    "case s of inr x -> x": """line 1, column 11: expected 'inl', found 'inr'
    case s of inr x -> x
              ^""",
    "case s of inl x -> x": """line 1, column 21: expected an operator or '|', found the end of \
the text
    case s of inl x -> x
                        ^""",
    "inl[R] x": """line 1, column 5: expected a sum of spaces that has such a summand, found 'R'
    inl[R] x
        ^""",
    "mul x": """line 1, column 1: expected an operation with 2 arguments, got 1, found 'mul'
    mul x
    ^""",
    "concatenate[axis=0]": """line 1, column 1: expected an operation with arguments, got 0, found \
'concatenate'
    concatenate[axis=0]
    ^""",
    "sum[axes=x] y": """line 1, column 10: expected a parameter, found 'x'
    sum[axes=x] y
             ^""",
    "sin.0": """line 1, column 4: expected an argument, found '.0'
    sin.0
       ^""",
    "a < b < c": """line 1, column 7: expected no second comparison: they do not chain, found '<'
    a < b < c
          ^""",
    "2x": """line 1, column 1: expected a number or a name, found '2x'
    2x
    ^""",
    "[1.0, [2.0]]": """line 1, column 12: expected rows of one length, found ']'
    [1.0, [2.0]]
               ^""",
    "[1.0, x]": """line 1, column 1: expected a constant (could not convert string to float: 'x'), \
found '['
    [1.0, x]
    ^""",
    "2.0:quux": """line 1, column 1: expected a constant (data type 'quux' not understood), found \
'2.0'
    2.0:quux
    ^""",
    "[1.5]:int8": """line 1, column 1: expected a constant (1.5 is no int8), found '['
    [1.5]:int8
    ^""",
    "[2]:bool": """line 1, column 1: expected a constant (2 is no bool), found '['
    [2]:bool
    ^""",
    "1e39:float32": """line 1, column 1: expected a constant (1e39 is no float32), found '1e39'
    1e39:float32
    ^""",
    'run["(x: R) -> in (x)"]': """line 1, column 5: expected a program in quotes that is one \
control word (its steps: none), found '"(x: R) -> in (x)"'
    run["(x: R) -> in (x)"]
        ^""",
    'run["(x: R) -> y = sin x in (y)"]': """line 1, column 5: expected a program in quotes that is \
one control word (its steps: sin), found '"(x: R) -> y = sin x in (y)"'
    run["(x: R) -> y = sin x in (y)"]
        ^""",
    "9223372036854775808": """line 1, column 1: expected a constant (Python int too large to \
convert to C long), found '9223372036854775808'
    9223372036854775808
    ^""",
    "'abc'": """line 1, column 1: expected a name, found ''abc''
    'abc'
    ^""",
    r"(\x. " + "x + " * 60 + ") y": """line 1, column 246: expected an expression, found ')'
    ... x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + ) y
                                                                            ^""",
}


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_term(text: str) -> None:
    with pytest.raises(TermError) as caught:
        parse(text)
    assert said(caught.value) == MALFORMED[text]


INTEGERS = "\n  Numbers without a point are integers: write 2.0 for the real number."
REALS = "\n  Write 2.0 for 2, or convert[dtype='float64'] n for an integer n."
CONVERT = "\n  Write convert[dtype='float64'] n for the integer n as a real number."
HERE = "\n  at <term>:1"

OWN = (
    "\n  Bind it, or, if it is an operation of your own, give it by its name: "
    "parse(text, primitives={%r: op})."
)

ILL_TYPED = {
    "y": "there is no variable `y` here" + HERE + OWN % "y",
    "sine x": "there is no variable `sine` here: did you mean `sin` or `sinh`?"
    + HERE
    + OWN % "sine",
    r"\value. valeu": "there is no variable `valeu` here: did you mean `value`?"
    + HERE
    + OWN % "valeu",
    "let y = y in y": "there is no variable `y` here" + HERE + OWN % "y",
    "x x": "`x` is in R, which is no function, and cannot be applied to `x`" + HERE,
    "x [0]": "`x` is in R, which is no function, and cannot be applied to `[0]`" + HERE,
    "f x x": "`f` takes 1 argument, got 2: `f x` is in R, which is no function, and cannot be "
    "applied to `x`" + HERE,
    "sin x x": "sin takes 1 argument, got 2: `sin x` is in R, which is no function, and cannot be "
    "applied to `x`" + HERE,
    "f v": "`f` takes R, and `v` is in R[3]" + HERE,
    "f 2": "`f` takes R, and `2` is in Int" + HERE + INTEGERS,
    "g (x + 1.0)": "`g` takes R[3], and `x + 1.0` is in R" + HERE,
    r"(\h. (h 1.0, h b)) (\y. y)": "`h` takes R, and `b` is in Bool" + HERE,
    "p.2": "`p.2`: `p` is in R * R and has 2 parts, counted from 0" + HERE,
    "x.0": "`x.0`: `x` is in R, which is no tuple" + HERE,
    r"\q. q.0": "`q.0`: nothing says how many parts `q` has"
    + HERE
    + "\n  Say its space where it is bound, as in `\\q: R * R. ...`.",
    "if x then x else x": "the condition `x` is in R, not in Bool" + HERE,
    "if b then 1 else x": "the branches of `if b then 1 else x` end in different spaces: Int and R"
    + HERE
    + INTEGERS,
    "if b then x else b": "the branches of `if b then x else b` end in different spaces: R and Bool"
    + HERE,
    "case x of inl a -> a | inr c -> c": "`x` is in R, not in a sum of 2 spaces" + HERE,
    "case s of inl a -> a | inr c -> c": "the branches of `case s of inl a -> a | inr c -> c` end "
    "in different spaces: R and Bool" + HERE,
    "case t of inl (a: Bool) -> a | inr c -> b": "a branch takes Bool, and gets R" + HERE,
    "inl[R + R] b": "`inl[R + R] b` injects R, and `b` is in Bool" + HERE,
    r"\y. y y": "`y y`: its space would contain itself"
    + HERE
    + "\n  A function cannot be applied to itself; say it without self-application.",
    "sum[axes=(3,)] v": "`sum[axes=(3,)] v`: (3,) are not axes of R[3]" + HERE,
    r"\y. sum[axes=(0,)] y": "`sum[axes=(0,)] y`: (0,) are not axes of R" + HERE,
    "sum[axis=0] v": "`sum[axis=0] v`: sum has no parameter 'axis': its parameters are axes" + HERE,
    "sum v": "`sum v`: sum needs its parameter 'axes'" + HERE,
    "sin[k=1] x": "`sin[k=1] x`: sin has no parameter 'k': it has none" + HERE,
    "reshape[shape=(2,)] v": "`reshape[shape=(2,)] v`: cannot reshape R[3] to R[2]: 3 entries, not "
    "2" + HERE,
    "x + p": "`x + p`: `p` is in R * R, and add works on numbers and arrays" + HERE,
    "sin f": "`sin f`: `f` is in R -> R, and sin works on numbers and arrays" + HERE,
    "n * x": "`n * x`: entrywise operation on different spaces: Int, R" + HERE + CONVERT,
    "A * v": "`A * v`: entrywise operation on different spaces: R[2, 3], R[3]"
    + HERE
    + "\n  Bring arrays to one shape with broadcast; only numbers are repeated by themselves.",
    "1 / 2": "`1 / 2`: div is an operation on real numbers, not on Int and Int" + HERE + REALS,
    "n ** -1": "`n ** -1`: ipow is an operation on real numbers, not on Int" + HERE + REALS,
    "x +\n" + "sin (" * 20 + "b" + ")" * 20: "`sin b`: sin is an operation on real numbers, not "
    "on Bool\n  at <term>:2" + REALS,
    "(" + "x, " * 40 + ").40": "`(x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,...`: "
    "`(x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,...` is in "
    + " * ".join(["R"] * 40)
    + " and has 40 parts, counted from 0"
    + HERE,
}


@pytest.mark.parametrize("text", ILL_TYPED)
def test_what_lies_in_no_space(text: str) -> None:
    with pytest.raises(TermError) as caught:
        infer(parse(text), ENV)
    assert said(caught.value) == ILL_TYPED[text]


def test_a_term_in_another_space_than_asked() -> None:
    with pytest.raises(TermError) as caught:
        check(parse("x"), Real((3,)), ENV)
    assert said(caught.value) == "`x` is in R, and was to be in R[3]" + HERE
    with pytest.raises(TermError) as caught:
        infer(parse(r"\y: R. y"), {}, (BOOL,))
    assert said(caught.value) == r"`\y: R. y` takes R, and an argument is in Bool" + HERE
    with pytest.raises(TermError) as caught:
        infer(parse(r"\y. y + 1.0"), {}, (R, R))
    assert said(caught.value) == r"`\y. y + 1.0` takes 1 argument, got 2" + HERE


BRANCH = """ is a term: whether it is true is not known before it is run
  Choose with if_(condition, then, other), which makes a term of both branches."""


def test_a_term_is_neither_true_nor_false() -> None:
    x = Var("x")
    asked: dict[str, Callable[[], object]] = {
        "`x > 1.0`": lambda: x if x > 1.0 else 0.0,
        "`x`": lambda: not x,
        "`x < 1.0`": lambda: max(x, 1.0),
        "`x >= 0.0`": lambda: 0.0 <= x <= 1.0,
        "`x < y`": lambda: sorted([Var("y"), x]),
    }
    for quoted, ask in asked.items():
        with pytest.raises(TermError) as caught:
            ask()
        assert said(caught.value) == quoted + BRANCH


@pytest.mark.parametrize("number", [1.0, 1, True, np.float32(1)])
def test_a_term_is_not_compared_with_a_number(number: object) -> None:
    asks: list[Callable[[], object]] = [lambda: Var("x") == number, lambda: Var("x") != number]
    for ask in asks:
        with pytest.raises(TermError) as caught:
            ask()
        assert said(caught.value) == (
            f"`x` is a term: whether it is equal to {number!r} is not known before it is run\n"
            "  Write equal(term, number), from cats.ir.prims.choice, which is a term."
        )


def test_terms_are_compared_with_terms_as_data() -> None:
    assert Var("x") == Var("x") != Var("y")
    assert Var("x") != "x" and Var("x") is not None and Var("x") != ()
    assert len({Var("x"), Var("x"), parse("sin x"), parse("sin x")}) == 2


def test_builders_take_numbers_for_terms() -> None:
    assert str(if_(True, 1.0, 2.0)) == "if True then 1.0 else 2.0"
    with pytest.raises(SpaceError, match="None is no number, so it is in no space of cats"):
        const(None)


def test_the_spaces_that_do_not_meet_are_shown_as_they_were() -> None:
    body = fn("c x", lambda c, x: tuple_(tuple_(c, c), c))
    with pytest.raises(TermError) as caught:
        infer(fn("xs", lambda xs: scan_(body, 1.0, xs, 3)))
    assert "is in ? -> ? -> (? * ?) * ?, not R -> ? -> R * ?" in said(caught.value)


def test_the_word_in_a_run_says_why_it_cannot_be_read() -> None:
    with pytest.raises(TermError, match="Python functions say cannot be read"):
        parse("""run['(x: R) -> y = custom[rule=f] x | (a: R) -> in (a) in (y)'] 1.0""")


def test_ends_of_a_program() -> None:
    remedy = "\n  Apply the function, or give it, within the term."
    with pytest.raises(TermError) as caught:
        program_of(parse(r"\h. h 1.0"))
    tail = "and a program has no function values at its ends" + HERE + remedy
    assert said(caught.value) == f"an input is in R -> R, {tail}"
    with pytest.raises(TermError) as caught:
        program_of(parse("(sin, 1.0)"))
    assert said(caught.value) == f"the result is in (R -> R) * R, {tail}"


def test_what_is_malformed_at_birth() -> None:
    x = Var("x")
    wrong: dict[str, Callable[[], object]] = {
        "add takes 2 arguments, got 1": lambda: Prim(add, (x,)),
        "contract takes at least 1 argument, got 0": lambda: Prim(contract, ()),
        "let binds 1 names to 0 values": lambda: Let(("a",), (), x),
        "the parts of a tuple are counted from 0, there is no -1": lambda: Proj(-1, x),
        "the parts of a tuple are counted from 0, there is no 0.5": lambda: proj(0.5, x),  # type: ignore[arg-type]
        "2 spaces for 1 parameter\n"
        "  Give a name for each space, as in fn('x y', ..., R, R).": lambda: fn(
            "x", lambda x: x, R, R
        ),
        "3 is no space that x may be in\n"
        "  Give a space of cats.ir.spaces, or read one with read_space.": lambda: fn(
            "x",
            lambda x: x,
            3,  # type: ignore[arg-type]
        ),
        "3 is no text\n  Give a str.": lambda: fn(3, lambda: 1.0),  # type: ignore[arg-type]
        "'if' with 1 part and parameters () is no control word\n"
        "  Use if_, inj, case_, scan_ or while_, which put the parts together.": lambda: Control(
            "if", (x,)
        ),
        "two variables named y are needed at the same place\n"
        "  Give one of them another name.": lambda: fn("y", lambda y: fn("y", lambda z: add(y, z))),
    }
    for sentence, make in wrong.items():
        with pytest.raises(TermError) as caught:
            make()
        assert said(caught.value) == sentence
