"""`telltale log`: what is written in the log, decoded."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import typer
from dateutil.parser import ParserError, isoparse

from domain.positions import NotAPosition, Position
from domain.topics import TOPICS
from infra.cli.log.record_text import json_of, line_of
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.meaning.decoded import DecodedRecord
from infra.kafka.meaning.log_view import LogView
from infra.settings import SettingMissing, load_settings

app = typer.Typer()


@app.command()
def log(
    topic: Annotated[str, typer.Argument(help="A topic, or one record's position such as sensor-events/3/180442.")],
    *,
    key: Annotated[str | None, typer.Option("--key", "-k", help="Only records of this key: a machine.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="From this moment on (ISO 8601; UTC unless it says).")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="At most so many; 0: all.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document a line.")] = False,
) -> None:
    """Print a topic's records, oldest first: the newest ones, or those from a moment on.

    Example: telltale log anomaly-events --key pump-07 --at 2026-03-09T12:00 -f
    """
    try:
        bootstrap = load_settings().kafka_bootstrap
        if "/" in topic:
            _show([_record_at(bootstrap, topic)], json_output=json_output)
            return
        _require(topic)
        _show_topic(LogView(bootstrap, topic, key=key), at=at, limit=limit, follow=follow, json_output=json_output)
    except (SettingMissing, LogNotReachable) as error:
        raise CommandFailed(str(error), code=ExitCode.NOT_REACHABLE) from error


def _show_topic(view: LogView, *, at: str | None, limit: int, follow: bool, json_output: bool) -> None:
    moment = _moment(at) if at else datetime(1970, 1, 1, tzinfo=UTC) if limit == 0 else None
    if moment is None:
        records, ends = view.newest(limit)
        _show(records, json_output=json_output)
    elif follow:
        ends = view.starts_at(moment)
    else:
        _show(islice(view.since(moment), limit or None), json_output=json_output)
        return
    if follow:
        _show(view.follow(ends), json_output=json_output)


def _record_at(bootstrap: str, text: str) -> DecodedRecord:
    try:
        position = Position.parse(text)
    except NotAPosition as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    _require(position.topic)
    if position.partition >= TOPICS[position.topic].partitions:
        raise CommandFailed(
            f"{position.topic} has partitions 0 to {TOPICS[position.topic].partitions - 1}", text, code=ExitCode.USAGE
        )
    record = LogView(bootstrap, position.topic).at(position)
    if record is None:
        raise CommandFailed(
            "no committed record stands there",
            text,
            "a transaction's marker or an aborted record may take the offset; look around it with "
            f"telltale log {position.topic}",
        )
    return record


def _require(topic: str) -> None:
    if topic not in TOPICS:
        raise CommandFailed(f"no topic is called {topic}", then=f"topics: {', '.join(TOPICS)}", code=ExitCode.USAGE)


def _moment(text: str) -> datetime:
    try:
        moment = isoparse(text)
    except (ParserError, ValueError) as error:
        raise CommandFailed(
            f"{text!r} is no moment",
            then="write it like 2026-03-09T12:00 or 2026-03-09T12:00:00+01:00",
            code=ExitCode.USAGE,
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _show(records: Iterable[DecodedRecord], *, json_output: bool) -> None:
    for record in records:
        text = json.dumps(json_of(record), ensure_ascii=False) if json_output else line_of(record)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
