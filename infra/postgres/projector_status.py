"""What projectors say of themselves, kept where the API and `telltale projections list` read it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import psycopg

from domain.readings import moment_of
from infra.postgres.builds import Build
from projections.status import Progress

_SAY: Final = """
INSERT INTO telltale.projector_status AS status (
    read_model, build, state, cause, position, lag_offsets, lag_seconds, records_per_second, known_at, updated_at,
    complete_to
)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (read_model, build) DO UPDATE SET
    state = EXCLUDED.state,
    cause = EXCLUDED.cause,
    position = EXCLUDED.position,
    lag_offsets = EXCLUDED.lag_offsets,
    lag_seconds = EXCLUDED.lag_seconds,
    records_per_second = EXCLUDED.records_per_second,
    known_at = EXCLUDED.known_at,
    updated_at = EXCLUDED.updated_at,
    -- What was complete stays so: a projector that has just started must not take it back.
    complete_to = greatest(status.complete_to, EXCLUDED.complete_to)
"""


def say_status(connection: psycopg.Connection, progress: Sequence[tuple[Build, Progress]]) -> None:
    """Write down how these builds' projectors stand now."""
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.executemany(
            _SAY,
            [
                (
                    build.read_model,
                    build.number,
                    at.status.state,
                    at.status.cause,
                    None if at.status.position is None else str(at.status.position),
                    at.lag_offsets,
                    at.lag_seconds,
                    at.records_per_second,
                    _moment(at.status.known_at_us),
                    now,
                    _moment(at.complete_to_us),
                )
                for build, at in progress
            ],
        )


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment_of(microseconds)
