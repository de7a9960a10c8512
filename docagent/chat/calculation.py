"""Arithmetic for a model that cannot be trusted with it: numbers and signs only, bounded.

The expression is parsed, never run: names, calls, attributes, text and comparisons are errors.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, DivisionByZero, InvalidOperation

LONGEST = 300
"""Characters of an expression."""
DIGITS = 30
LARGEST = Decimal(10) ** DIGITS
LARGEST_POWER = 64
DEEPEST = 60
ALLOWED = "plain numbers, + - * / ** and brackets"

_CONTEXT = Context(prec=DIGITS + 12, Emax=200, Emin=-200)
_SMALLEST = Decimal("1e-10")
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+")
_SIGNS = {
    ast.Add: _CONTEXT.add,
    ast.Sub: _CONTEXT.subtract,
    ast.Mult: _CONTEXT.multiply,
    ast.Div: _CONTEXT.divide,
    ast.Pow: _CONTEXT.power,
}


@dataclass(frozen=True)
class Calculation:
    """An expression, its value, and the numbers in it, in order."""

    expression: str
    value: Decimal
    numbers: tuple[Decimal, ...]


def calculate(expression: str) -> Calculation:
    """What an arithmetic expression such as ``(120.00 - 12) * 3`` gives.

    Numbers are decimal, so that cents add up. Raises ValueError, saying what is allowed, for
    anything else, for a number beyond 10^30, and for a division by zero.
    """
    text = " ".join(expression.split())
    if not text or len(text) > LONGEST:
        raise ValueError(f"an expression has 1 to {LONGEST} characters, not {len(text)}")
    numbers: list[Decimal] = []
    try:
        value = _value(ast.parse(text, mode="eval").body, text, numbers, 0)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text[:80]!r} is no expression; allowed are {ALLOWED}") from error
    except (DivisionByZero, InvalidOperation) as error:
        raise ValueError(f"{text[:80]!r} has no value; is there a division by zero?") from error
    except DecimalException as error:
        raise ValueError(f"{text[:80]!r}: the numbers get too large") from error
    return Calculation(text, value, tuple(numbers))


def plain(value: Decimal) -> str:
    """A number as it would be printed: no exponent, at most ten places, cents kept as cents."""
    shown = value.quantize(_SMALLEST, context=_CONTEXT)
    whole, _, places = f"{shown:f}".partition(".")
    cents = min(len(places), 2, max(0, -int(value.as_tuple().exponent)))
    kept = places.rstrip("0").ljust(cents, "0")
    return f"{whole}.{kept}" if kept else whole


def _value(node: ast.expr, text: str, numbers: list[Decimal], depth: int) -> Decimal:
    """The value of a node; the numbers in it are added to ``numbers``."""
    if depth > DEEPEST:
        raise ValueError(f"the expression is nested deeper than {DEEPEST}")
    if isinstance(node, ast.Constant):
        numbers.append(_number(node, text))
        return numbers[-1]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        inner = _value(node.operand, text, numbers, depth + 1)
        return _CONTEXT.minus(inner) if isinstance(node.op, ast.USub) else inner
    if not isinstance(node, ast.BinOp) or type(node.op) not in _SIGNS:
        raise ValueError(f"{type(node).__name__} is not allowed; allowed are {ALLOWED}")
    left = _value(node.left, text, numbers, depth + 1)
    right = _value(node.right, text, numbers, depth + 1)
    if isinstance(node.op, ast.Pow) and (abs(right) > LARGEST_POWER or right != int(right)):
        raise ValueError(f"a power is a whole number up to {LARGEST_POWER}, not {plain(right)}")
    return _bounded(_SIGNS[type(node.op)](left, right))


def _number(node: ast.Constant, text: str) -> Decimal:
    """A number from its text, not from what Python made of it: 0.1 is a tenth here."""
    written = text.encode()[node.col_offset : node.end_col_offset].decode("utf-8", "replace")
    if not _NUMBER.fullmatch(written):
        raise ValueError(f"{written[:40]!r} is not allowed; allowed are {ALLOWED}")
    return _bounded(_CONTEXT.create_decimal(written))


def _bounded(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) > LARGEST:
        raise ValueError(f"a number is beyond 10^{DIGITS}")
    return value
