"""`telltale alerts`: the process that calls people, and a call to try."""

from datetime import UTC, datetime
from uuid import UUID

import typer

from commands.call_people import NotDelivered
from commands.event_log import WriterFenced
from domain.alerts import Undecided
from domain.incident_events import IncidentOpened
from domain.models import ModelRef
from infra.cli.composition import composed
from infra.cli.output import CommandFailed, say
from infra.exit_codes import ExitCode
from infra.processes.alerts import run_alerts

app = typer.Typer()


@app.callback(invoke_without_command=True)
def alerts(context: typer.Context) -> None:
    """Call people for incidents as they come, until told to stop; needs SLACK_WEBHOOK_URL.

    Only what is new calls: alarms older than ten minutes, replays and imports page nobody. Try: telltale alerts test
    """
    if context.invoked_subcommand is not None:
        return
    try:
        run_alerts(composed())
    except WriterFenced as error:
        raise CommandFailed(str(error), then="one such process is enough", code=ExitCode.REFUSED) from error


@app.command()
def test() -> None:
    """Send one call that says it is a test, and nothing into the log.

    Example: SLACK_WEBHOOK_URL=https://hooks.example/T0/B0/secret telltale alerts test
    """
    container = composed()
    if not container.settings().slack_webhook_url.get_secret_value():
        raise CommandFailed("there is nobody to call", then="set SLACK_WEBHOOK_URL", code=ExitCode.USAGE)
    receiver, now = container.receiver(), datetime.now(UTC)
    opened = IncidentOpened(
        incident_id=UUID(int=0),
        machine_id="this is a test",
        sensor_id="no sensor",
        recorded_at=now,
        reading_position="",
        kinds=("test",),
        channels=(),
        severity="warning",
        score=1.0,
        model=ModelRef(profile="", name="", version=0, artifact_sha256=""),
        late=False,
    )
    try:
        receiver.call(
            [Undecided(opened=opened, severity="test", score=1.0, recorded_at=now, at=now)],
            idempotency_key=f"test/{now:%s}",
        )
    except NotDelivered as error:
        raise CommandFailed(str(error), "SLACK_WEBHOOK_URL", code=ExitCode.NOT_REACHABLE) from error
    say(f"{receiver.name} took it")
