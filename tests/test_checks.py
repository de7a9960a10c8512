"""Rules between fields: what passes, what fails with which numbers, and what to read again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.evidence.checks import run_checks, suspect_paths
from docagent.results import Check, Field
from docagent.schemas import Schema, load_schema

RECEIPT, INVOICE, STATEMENT = (load_schema(n) for n in ("receipt", "invoice", "bank_statement"))
PRODUCT = "quantity times unit price gives the line amount"
LINES = "line items sum to the subtotal or the total"
TOTAL = "subtotal, tax and charges give the total"
BALANCES = "each balance follows from the one before"


def field(path: str, value: Any) -> Field:
    return Field(path=path, raw_text=str(value), value=value, status="found")


def checks_of(schema: Schema, values: dict[str, Any]) -> dict[tuple[str, str], Check]:
    """Checks by name and status."""
    checks = run_checks(schema, [field(path, value) for path, value in values.items()])
    return {(check.name, check.status): check for check in checks}


def lines(*amounts: float) -> dict[str, Any]:
    return {f"line_items[{i}].amount": amount for i, amount in enumerate(amounts)}


def schema_with(rule: dict[str, Any]) -> Schema:
    number = {"type": ["number", "null"]}
    row = {"type": "object", "properties": {"x": number, "y": number, "z": number}}
    properties = {"a": number, "b": number, "c": number, "t": {"type": "array", "items": row}}
    day = {"type": ["string", "null"], "format": "date"}
    properties |= {"from": day, "to": day}
    return load_schema({"properties": properties, "x-checks": [{"name": "rule", **rule}]})


def test_line_items_that_do_not_sum_are_told_with_both_numbers() -> None:
    check = checks_of(RECEIPT, {**lines(20.5, 20.5), "total": 14.1})[LINES, "failed"]
    assert "sum to 41.00" in check.message and "total says 14.10" in check.message
    assert check.paths == ("line_items[0].amount", "line_items[1].amount", "total")


@pytest.mark.parametrize(
    "values",
    [
        {**lines(10, 4.1), "total": 14.1},
        {**lines(10, 4.1), "subtotal": 14.1, "total": 14.95},
        {**lines(10, 4.1), "subtotal": 13.3, "total": 14.1},
        {**lines(10, 4.1), "discount": 1.1, "total": 13.0},
        lines(0.1, 0.2) | {"total": 0.3},
    ],
)
def test_line_items_that_sum(values: dict[str, Any]) -> None:
    assert (LINES, "passed") in checks_of(RECEIPT, values)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"subtotal": 10.0, "tax": 0.6, "total": 10.6}, "passed"),
        ({"subtotal": 10.6, "tax": 0.6, "total": 10.6}, "passed"),  # tax already included
        ({"subtotal": 10.0, "tax": 0.6, "rounding": -0.02, "total": 10.58}, "passed"),
        ({"subtotal": 10.0, "tax": 0.6, "total": 10.9}, "failed"),
        ({"subtotal": 10.0, "total": 10.6}, "failed"),
        ({"tax": 0.6, "total": 10.6}, "skipped"),
        ({"subtotal": 10.0, "tax": 0.6}, "skipped"),
        ({}, "skipped"),
    ],
)
def test_subtotal_and_tax(values: dict[str, Any], status: str) -> None:
    assert (TOTAL, status) in checks_of(RECEIPT, values)


def test_a_failed_sum_names_the_terms_that_were_not_found() -> None:
    message = checks_of(RECEIPT, {"subtotal": 10.0, "total": 10.6})[TOTAL, "failed"].message
    assert message.startswith("subtotal is 10.00 but total says 10.60")
    assert "tax" in message and "not found" in message


def test_products_are_checked_row_by_row() -> None:
    rows = [(2, 3.0, 6.0), (3, 1.5, 4.5), (4, 2.5, 16.0)]
    values = {
        f"line_items[{i}].{name}": value
        for i, row in enumerate(rows)
        for name, value in zip(("quantity", "unit_price", "amount"), row, strict=True)
    }
    checks = checks_of(INVOICE, values)
    failed, passed = checks[PRODUCT, "failed"], checks[PRODUCT, "passed"]
    assert all(path.startswith("line_items[2].") for path in failed.paths)
    assert "4 x" in failed.message and "10.00" in failed.message and "16.00" in failed.message
    assert len(passed.paths) == 6


def test_the_cell_that_no_row_confirms_is_the_first_suspect() -> None:
    values: dict[str, Any] = {"total": 20.5}
    for i, (quantity, price, amount) in enumerate([(2, 3.0, 6.0), (3, 1.5, 4.5), (4, 2.5, 16.0)]):
        cells = {"quantity": quantity, "unit_price": price, "amount": amount}
        values |= {f"line_items[{i}].{name}": value for name, value in cells.items()}
    order = suspect_paths(run_checks(INVOICE, [field(p, v) for p, v in values.items()]))
    assert order[0] == "line_items[2].amount"
    assert set(order[-2:]) == {"line_items[0].amount", "line_items[1].amount"}


def test_nothing_is_suspect_where_nothing_failed() -> None:
    assert suspect_paths(run_checks(RECEIPT, [field("total", 3.0)])) == ()


def statement(*rows: tuple[float | None, float | None, float], opening: float) -> dict[str, Any]:
    values: dict[str, Any] = {"opening_balance": opening}
    for i, row in enumerate(rows):
        for name, value in zip(("credit", "debit", "balance"), row, strict=True):
            if value is not None:
                values[f"transactions[{i}].{name}"] = value
    return values


def test_running_balances() -> None:
    values = statement((50, None, 150), (None, 30, 120), (None, 20, 100), opening=100)
    values["closing_balance"] = 100.0
    checks = checks_of(STATEMENT, values)
    assert (BALANCES, "passed") in checks and (BALANCES, "failed") not in checks
    assert ("opening balance and transactions give the closing balance", "passed") in checks


def test_running_balances_newest_first() -> None:
    values = statement((None, 20, 100), (None, 30, 120), (50, None, 150), opening=100)
    assert (BALANCES, "failed") not in checks_of(STATEMENT, values)


def test_running_balances_in_one_signed_column() -> None:
    values = {"opening_balance": 100.0, "closing_balance": 120.0}
    for i, (amount, balance) in enumerate([(50.0, 150.0), (-30.0, 120.0)]):
        values |= {f"transactions[{i}].amount": amount, f"transactions[{i}].balance": balance}
    checks = checks_of(STATEMENT, values)
    assert (BALANCES, "passed") in checks and (BALANCES, "failed") not in checks
    assert ("opening balance and transactions give the closing balance", "passed") in checks


def test_a_wrong_balance_fails_with_the_row_and_the_one_after() -> None:
    values = statement((50, None, 150), (None, 30, 180), (None, 20, 100), opening=100)
    check = checks_of(STATEMENT, values)[BALANCES, "failed"]
    assert "transactions[1].balance says 180.00" in check.message
    assert "transactions[0].credit" not in check.paths


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2017-01-01", "2017-01-31", "passed"),
        ("2017-01-01", "2017-01-01", "passed"),
        ("2017-02-01", "2017-01-31", "failed"),
        ("2017-02-01", None, "skipped"),
    ],
)
def test_order_of_dates(start: str, end: str | None, status: str) -> None:
    schema = schema_with({"rule": "order", "before": "from", "after": "to"})
    values = {"from": start} | ({"to": end} if end else {})
    assert ("rule", status) in checks_of(schema, values)


def test_order_is_applied_to_every_row() -> None:
    values = {"period_start": "2020-01-01", "period_end": "2020-01-31"}
    values |= {"transactions[0].date": "2020-01-05", "transactions[1].date": "2019-12-31"}
    checks = checks_of(STATEMENT, values)
    assert (
        "transactions[1].date" in checks["transactions are not before the period", "failed"].paths
    )
    assert ("transactions are not after the period", "failed") not in checks


@pytest.mark.parametrize(
    ("path", "bounds", "value", "status"),
    [
        ("from", {"minimum": "1950-01-01"}, "2017-01-01", "passed"),
        ("from", {"minimum": "1950-01-01"}, "1917-01-01", "failed"),
        ("a", {"minimum": 0, "maximum": 12}, 12, "passed"),
        ("a", {"minimum": 0, "maximum": 12}, 13, "failed"),
        ("a", {"minimum": 0, "maximum": 12}, None, "skipped"),
        ("t[].x", {"maximum": 5}, None, "skipped"),
    ],
)
def test_ranges(path: str, bounds: dict[str, Any], value: Any, status: str) -> None:
    schema = schema_with({"rule": "range", "of": path, **bounds})
    assert ("rule", status) in checks_of(schema, {path: value} if value is not None else {})


def test_scale_makes_a_product_of_a_percentage() -> None:
    rule = {"rule": "product", "of": ["a", "b"], "scale": 0.01, "equals": "c", "tolerance": 0.005}
    checks = checks_of(schema_with(rule), {"a": 200, "b": 6, "c": 12.0})
    assert checks["rule", "passed"].message == "a 200 x b 6 x 0.01 = 12.00 = c"


def test_a_sum_within_rows() -> None:
    schema = schema_with({"rule": "sum", "of": ["t[].x", "-t[].y"], "equals": "t[].z"})
    values = {"t[0].x": 5, "t[0].y": 2, "t[0].z": 3, "t[1].x": 5, "t[1].y": 2, "t[1].z": 7}
    checks = checks_of(schema, values)
    assert (
        checks["rule", "failed"].message == "t[1].x 5.00 - t[1].y 2.00 = 3.00 but t[1].z says 7.00"
    )
    assert checks["rule", "passed"].paths == ("t[0].x", "t[0].y", "t[0].z")


def test_values_that_could_not_be_read_are_reported_without_a_rule() -> None:
    unread = Field(path="tax", raw_text="o.b", status="invalid", message="'o.b' is not an amount")
    schema = schema_with({"rule": "range", "of": "a", "minimum": 0})
    checks = run_checks(schema, [field("a", 1), unread])
    assert checks[0] == Check(
        kind="readable",
        name="every value that was found could be read",
        status="failed",
        message="tax: 'o.b' is not an amount",
        paths=("tax",),
    )
    assert run_checks(schema, [field("a", 1)])[0].status == "passed"


def test_numbers_as_text_are_not_added() -> None:
    values = {"subtotal": "10.00", "tax": 0.6, "total": 10.6}
    assert (TOTAL, "skipped") in checks_of(RECEIPT, values)


@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=30), st.integers(3, 10**4))
def test_a_sum_passes_exactly_within_its_tolerance(cents: list[int], off: int) -> None:
    values = {f"t[{i}].x": c / 100 for i, c in enumerate(cents)}
    schema = schema_with({"rule": "sum", "of": "t[].x", "equals": "a", "tolerance": 0.02})
    for miss, status in ((0, "passed"), (2, "passed"), (off, "failed"), (-off, "failed")):
        assert ("rule", status) in checks_of(schema, {**values, "a": (sum(cents) + miss) / 100})
