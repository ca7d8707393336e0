"""What an error of the database is blamed on: a record only when its values can be the reason."""

import pytest
from psycopg import Error
from psycopg.errors import lookup

from infra.postgres.connections import translated
from projections.ports import StorageRefused, StoreUnavailable


@pytest.mark.parametrize(
    "state",
    ["22003", "22P05", "23505", "54000"],
    ids=["a number out of range", "a character that can't be stored", "a key that is there", "a row that is too large"],
)
def test_values_constraints_and_limits_are_the_rows_fault(state: str) -> None:
    assert isinstance(translated(lookup(state)("said")), StorageRefused)


@pytest.mark.parametrize(
    "state",
    [
        "25006",
        "XX000",
        "XX001",
        "XX002",
        "42P01",
        "42501",
        "0A000",
        "28P01",
        "3D000",
        "53100",
        "57P01",
        "40001",
        "F0000",
    ],
)
def test_whatever_else_goes_wrong_no_record_is_to_blame_and_it_is_tried_again(state: str) -> None:
    found = translated(lookup(state)("said"))
    assert isinstance(found, StoreUnavailable)
    assert state in str(found)
    assert "skip" not in str(found)


def test_a_connection_that_was_lost_blames_nobody() -> None:
    assert isinstance(translated(Error("server closed the connection")), StoreUnavailable)
