"""Reads conditions: text to a small tree.

`or` binds tighter than `and`; word operators may be in any case; a missing last `)` is
tolerated. Source: reference/runtime/conditions.md sections 1 to 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from gateway.flow.condition_tree import (
    Bare,
    Comparison,
    Joined,
    Literal,
    Not,
    Operand,
    Tree,
    Variable,
)
from gateway.flow.expressions import ExpressionError

MOST_LEVELS = 64
"""Nested parentheses; real conditions have less than ten."""

MOST_CHARACTERS = 65_536


class ConditionError(ExpressionError):
    """A condition that the reference's grammar does not allow."""


SYMBOLS = {
    "==": "equals",
    "=": "equals",
    "!=": "notequals",
    ":=": "equalscaseinsensitive",
    ">": "greaterthan",
    ">=": "greaterthanorequals",
    "<": "lesserthan",
    "<=": "lesserthanorequals",
    "~~": "javaregex",
    "~": "matches",
    "~/": "matchespath",
    "/~": "matchespath",
    "=|": "startswith",
}

WORDS = {word: word for word in SYMBOLS.values()} | {
    "is": "equals",
    "isnot": "notequals",
    "like": "matches",
    "likepath": "matchespath",
}

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | "(?P<text>[^"]*)"
    | '(?P<quoted>[^']*)'
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?[fFdDlL]?)(?![\w.])
    | (?P<word>[^\W\d][\w.\-]*)
    | (?P<symbol>&&|\|\||[()]|==|=\||=|!=(?!\|)|:=|>=|>|<=|<|~~|~/|/~|~|!)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """text, quoted, number, word, symbol or end."""
    text: str
    """A word that may be an operator comes in lower case as `key`."""
    offset: int

    @property
    def key(self) -> str:
        return self.text.lower() if self.kind == "word" else self.text

    @property
    def is_operator(self) -> bool:
        return self.kind == "symbol" or (self.kind == "word" and self.key in _RESERVED)


_AND, _OR, _NOT = ("&&", "and"), ("||", "or"), ("!", "not")
_RESERVED = frozenset({"and", "or", "not", *WORDS})


def parse(text: str) -> tuple[Tree | None, tuple[str, ...]]:
    """The tree of a condition (None: empty, which is true) and warnings.

    Raises `ConditionError` with the place of what cannot be read.
    """
    if len(text) > MOST_CHARACTERS:
        raise ConditionError(f"longer than {MOST_CHARACTERS} characters", MOST_CHARACTERS)
    tokens = list(_tokens(text))
    if tokens[0].kind == "end":
        return None, ()
    parser = _Parser(tokens)
    tree = parser.conjunction()
    parser.finish()
    return tree, tuple(parser.warnings)


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ConditionError(_unreadable(text, place), place)
        kind = match.lastgroup
        assert kind is not None
        if kind != "space":
            yield _Token(kind, match[kind], place)
        place = match.end()
    yield _Token("end", "", len(text))


def _unreadable(text: str, place: int) -> str:
    if text[place] in "\"'":
        return f"{text[place]} is not closed"
    return f"unexpected {text[place]!r}"


@dataclass(slots=True)
class _Parser:
    tokens: list[_Token]
    place: int = 0
    levels: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def token(self) -> _Token:
        return self.tokens[self.place]

    def take(self, *keys: str) -> bool:
        token = self.token
        if token.kind not in ("symbol", "word") or token.key not in keys:
            return False
        self.place += 1
        return True

    def refuse(self, wanted: str) -> NoReturn:
        token = self.token
        found = "the condition ends" if token.kind == "end" else f"{token.text!r} stands"
        raise ConditionError(f"{found} where {wanted} is expected", token.offset)

    def finish(self) -> None:
        if self.token.text == ")" and self.token.kind == "symbol":
            raise ConditionError("a ')' that no '(' opened", self.token.offset)
        if self.token.kind != "end":
            self.refuse("an operator, or the end,")

    def conjunction(self) -> Tree:
        terms = [self.disjunction()]
        while self.take(*_AND):
            terms.append(self.disjunction())
        if len(terms) == 1:
            return terms[0][0]
        if any(mixed for _, mixed in terms):
            self.warn(
                "'or' binds tighter than 'and' here: a and b or c is a and (b or c); "
                "write the parentheses"
            )
        return Joined("and", tuple(term for term, _ in terms))

    def disjunction(self) -> tuple[Tree, bool]:
        """The term, and whether it has an `or` outside parentheses."""
        terms = [self.unary()]
        while self.take(*_OR):
            terms.append(self.unary())
        if len(terms) == 1:
            return terms[0], False
        return Joined("or", tuple(terms)), True

    def unary(self) -> Tree:
        negations = 0
        while self.take(*_NOT):
            negations += 1
        term = self.group() if self.take("(") else self.comparison()
        return Not(term) if negations % 2 else term

    def group(self) -> Tree:
        self.levels += 1
        if self.levels > MOST_LEVELS:
            raise ConditionError(
                f"parentheses nested deeper than {MOST_LEVELS} levels", self.token.offset
            )
        term = self.conjunction()
        if self.token.kind == "end":
            self.warn("a ')' is missing at the end")
        elif not self.take(")"):
            self.refuse("an operator or ')'")
        self.levels -= 1
        return term

    def comparison(self) -> Tree:
        left = self.operand()
        negated = self.take(*_NOT)
        if negated and self.take("null"):
            return Comparison(left, "notequals", Literal(None), False, self.token.offset)
        token = self.token
        operator = (SYMBOLS if token.kind == "symbol" else WORDS).get(token.key)
        if operator is None or token.kind not in ("symbol", "word"):
            if negated:
                self.refuse("an operator after 'not'")
            return Bare(left)
        self.place += 1
        offset = self.token.offset
        return Comparison(left, operator, self.operand(), negated, offset)

    def operand(self) -> Operand:
        token = self.token
        if token.kind == "end" or token.is_operator:
            self.refuse("a variable or a literal")
        self.place += 1
        if token.kind == "text":
            return Literal(token.text)
        if token.kind == "number":
            return Literal(_number(token.text))
        if token.kind == "quoted":
            self.warn(f"'{token.text}' is the variable of that name: text stands in double quotes")
            return Variable(token.text)
        constants: dict[str, bool | None] = {"null": None, "true": True, "false": False}
        if token.key in constants:
            return Literal(constants[token.key])
        return Variable(token.text)

    def warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)


def _number(text: str) -> int | float:
    digits = text.rstrip("fFdDlL")
    return float(digits) if "." in digits or text[-1] in "fFdD" else int(digits)
