"""`telltale explain`: an alarm followed back to the reading, the model and the person, and judged again."""

from typing import Annotated
from uuid import UUID

import typer

from infra.cli.composition import composed
from infra.cli.models.explain_report import as_json, show
from infra.cli.output import CommandFailed, JsonOption, print_json
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.kafka.models.lineage import has_passed, stored_row
from infra.settings import SettingMissing
from ml.lineage.lineage import VerdictNotFound
from ml.lineage.verify import StoredRow
from schemas.contracts import UnknownSchemaId

app = typer.Typer()


@app.command()
def explain(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="The verdict's event_id.")],
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Judge the reading again from the log and compare.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Say where a verdict comes from: reading, model, training rows, promotion. All of it is read from the log.

    With --verify the reading is judged again, from the nearest snapshot of the scorer's state and the model's bytes in
    the log, and compared; exit code 1 when anything differs.

    Example: telltale explain 9b1deb4d-3b7d-5bad-9bdd-2b0d7b3dcb6d --verify
    """
    container = composed()
    try:
        row = stored_row(container.read_store(), _id(event_id)) if verify else None
        desk = container.lineage_desk()
        lineage = desk.lineage(_id(event_id))
        verification = None
        if verify:
            seen = None
            if row is not None:
                seen = StoredRow(verdict=row[0].verdict, passed=has_passed(row[1], lineage.verdict.position))
            verification = desk.verify(lineage, seen)
    except VerdictNotFound as error:
        raise CommandFailed(str(error), then="telltale log anomaly-events", code=ExitCode.NO) from error
    except (LogNotReachable, LogStalled, SettingMissing, UnknownSchemaId) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
    if json_output:
        print_json(as_json(lineage, verification))
    else:
        show(lineage, verification)
    if verification is not None and not verification.equal:
        raise typer.Exit(ExitCode.NO)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandFailed(
            f"{text!r} is no event_id of a verdict: those look like 9b1deb4d-3b7d-5bad-9bdd-2b0d7b3dcb6d",
            then="telltale log anomaly-events lists verdicts with theirs; so do GET /anomalies/latest and the page",
            code=ExitCode.USAGE,
        ) from error
