"""Every error of the tree has its answer; none becomes a bare 500 by being forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from offcut import errors
from offcut.client import refusals
from offcut.errors import OffcutError
from offcut.server.api.codes import all_codes
from offcut.server.api.errors import TABLE, line_for

NEVER_FROM_A_CALL = {
    # Errors of the command line, of other servers' APIs, of people's pages, of money and settings. Should one
    # come out of an API call all the same, it is a fault of ours: 500.
    errors.OutputError, errors.ServiceError, errors.UsageError, errors.UnexpectedError, errors.SettingError,
    errors.MailError, errors.AccountError, errors.CreditError, errors.PaymentError, errors.RemovalError,
}  # fmt: skip

CONTRACT = {
    400: {
        "missing_source", "multiple_sources", "invalid_image_url", "failed_image_download",
        "failed_to_read_image", "invalid_file_type", "invalid_dimensions", "file_too_large",
        "resolution_too_high", "unknown_foreground",
    },
    402: {"insufficient_credits"},
    403: {"auth_failed"},
    429: {"rate_limit_exceeded"},
}  # fmt: skip


def tree(kind: type[OffcutError] = OffcutError) -> Iterator[type[OffcutError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from tree(below)


@pytest.mark.parametrize("kind", sorted(set(tree()), key=lambda kind: kind.__name__))
def test_every_error_has_an_answer(kind: type[OffcutError]) -> None:
    line = line_for(kind)
    if line.status == 500:
        assert kind is OffcutError or NEVER_FROM_A_CALL & set(kind.__mro__), kind
    else:
        assert 400 <= line.status < 504
        assert line.code or kind.code


def test_the_contracts_codes_are_all_there() -> None:
    for status, codes in CONTRACT.items():
        assert codes <= {line.code for line in TABLE.values() if line.status == status}


def test_the_table_has_only_lines_of_the_tree() -> None:
    assert set(TABLE) <= set(tree())


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.GigapixelPhotoError, "resolution_too_high"),
        (errors.PhotoTooSmallError, "invalid_dimensions"),
        (errors.PhotoTooNarrowError, "invalid_dimensions"),
        (errors.PhotoTooLongError, "invalid_dimensions"),
        (errors.BackgroundImageError, "invalid_bg_image_file"),
    ],
)
def test_finer_errors_keep_the_contracts_codes(kind: type[OffcutError], code: str) -> None:
    assert (line_for(kind).status, line_for(kind).code) == (400, code)


def test_the_client_has_an_error_for_every_code() -> None:
    tables = (refusals.PHOTO_ERRORS, refusals.OPTION_ERRORS, refusals.SERVICE_ERRORS)
    # The kind of file is read out of the answer of this one.
    known = [code for table in tables for code in table] + ["invalid_file_type"]
    assert sorted(known) == all_codes()


def test_an_invalid_value_is_an_option_error_for_the_client() -> None:
    others = {*refusals.PHOTO_ERRORS, "invalid_file_type", "invalid_body"}
    invalid = {code for code in all_codes() if code.startswith("invalid_")} - others
    assert invalid <= set(refusals.OPTION_ERRORS)
