"""How far the running processes are with the log, for `telltale status`; what can't be asked is trouble."""

import psycopg

from infra.cli.stack.work import Work
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.scoring.judging_look import JudgingLook
from infra.postgres.projector_list import IN_ORDER, ListedProjection, list_projections
from infra.settings import Settings

_ANSWER_S = 3.0


def projectors_work(settings: Settings) -> Work:
    """Return the largest lag of the serving read models, their rate together, and those that stand still."""
    try:
        with psycopg.connect(settings.postgres_dsn, connect_timeout=round(_ANSWER_S)) as connection:
            found = list_projections(connection)
    except psycopg.Error as error:
        return Work(trouble=f"PostgreSQL does not answer: {str(error).splitlines()[0]}")
    if not found:
        return Work()
    serving = [one for one in found if one.serves]
    return Work(
        lag_offsets=max((one.lag_offsets for one in serving if one.lag_offsets is not None), default=None),
        lag_seconds=max((one.lag_seconds for one in serving if one.lag_seconds is not None), default=None),
        records_per_second=sum(one.records_per_second or 0.0 for one in serving),
        trouble="; ".join(map(_trouble, (one for one in found if one.state not in IN_ORDER))) or None,
    )


def judging_work(look: JudgingLook) -> Work:
    """Return how many readings wait to be judged, for how long, and what is wrong when nobody judges them."""
    try:
        found = look.look()
    except LogNotReachable as away:
        return Work(trouble=f"nobody can say whether readings are judged: {away}")
    return Work(
        lag_offsets=found.unjudged,
        lag_seconds=found.oldest_s,
        trouble=None if found.holds else found.cause or str(found.state),
    )


def _trouble(one: ListedProjection) -> str:
    return f"{one.read_model} is {one.state}: {one.cause}" if one.cause else f"{one.read_model} is {one.state}"
