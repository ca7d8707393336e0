"""`telltale models diff`: two versions over the same history, as tables, and how it stands against the gate."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.admission import UnknownProfile
from domain.comparison import ModelsCompared, budget_checks, within_budgets
from infra.cli.composition import composed
from infra.cli.models.comparison_tables import show_comparison
from infra.cli.models.history_bounds import bounds_of
from infra.cli.output import CommandFailed, JsonOption, print_json
from infra.cli.progress import reading_progress
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.settings import SettingMissing
from schemas.contracts import ContractNotPublished

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml.comparison.compare import Comparison, ComparisonDesk


def diff(
    champion: Annotated[str, typer.Argument(metavar="A", help="Champion, such as pump/1.")],
    challenger: Annotated[str, typer.Argument(metavar="B", help="Challenger, such as pump/2.")],
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="T", help="Only readings recorded at T or later, or from these positions on."),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--to", metavar="T", help="Only readings recorded before T, or below these positions."),
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Let two versions judge the same history, say where they differ, and write it down for the gate.

    Both judge every reading of the profile in the log, or those of --from and --to: moments of the devices' clocks, or
    positions joined by commas. Exit code 1 when B would not pass the gate as champion instead of A.

    Example: telltale models diff pump/1 pump/2
    """
    compared = compare(composed().comparing, champion, challenger, since=since, before=before)
    checks = budget_checks(compared.event.numbers)
    if json_output:
        print_json(as_json(compared))
    else:
        show_comparison(compared, checks)
    if not within_budgets(checks):
        raise typer.Exit(ExitCode.NO)


def compare(
    comparing: "Callable[[], ComparisonDesk]",
    champion: str,
    challenger: str,
    *,
    since: str | None = None,
    before: str | None = None,
) -> "Comparison":
    """Compare two versions with progress, and append the outcome; `comparing` makes the desk.

    Raises:
        CommandFailed: they can't be compared, or the log does not answer.
    """
    # What judges is compiled code, which the other commands on models need not load.
    from domain.appending import EventNotAppended  # noqa: PLC0415
    from ml.artifact import NotAnArtifact  # noqa: PLC0415
    from ml.comparison.ports import ComparisonContradicted, NotComparable  # noqa: PLC0415
    from ml.training.ports import ModelNotStored, ReadingsGone, ReadingsWait  # noqa: PLC0415

    bounds = bounds_of(since, before)
    try:
        with reading_progress(f"{champion} and {challenger} judge the same readings") as on_progress:
            compared = comparing().compare(champion, challenger, on_progress=on_progress, bounds=bounds)
    except (NotComparable, ModelNotStored, ReadingsGone, ReadingsWait, UnknownProfile, NotAnArtifact) as error:
        raise CommandFailed(str(error), code=ExitCode.REFUSED) from error
    except ComparisonContradicted as error:
        raise CommandFailed(str(error), code=ExitCode.NO) from error
    except (
        EventNotAppended,
        ContractNotPublished,
        LogNotReachable,
        LogStalled,
        SettingMissing,
    ) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
    return compared


def as_json(compared: "Comparison") -> dict[str, Any]:
    """Return a comparison as `--json` prints it: the event, its report opened, and the budgets."""
    event: ModelsCompared = compared.event
    checks = budget_checks(event.numbers)
    return {
        "comparison_id": event.comparison_id,
        "champion": str(event.champion),
        "challenger": str(event.challenger),
        "profile": event.challenger.profile,
        "ranges": list(event.ranges),
        "recorded_from": event.recorded_from,
        "recorded_before": event.recorded_before,
        "numbers": event.numbers,
        "checks": list(checks),
        "within_budgets": within_budgets(checks),
        "position": str(compared.recorded.position),
        "appended": compared.recorded.appended,
        "report": json.loads(event.report),
        "report_sha256": event.report_sha256,
    }
