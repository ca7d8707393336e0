"""`telltale models publish`: MLflow held against the log, and made equal to it, once and now."""

from dataclasses import dataclass
from typing import Annotated, Final

import typer

from domain.logged_models import fold
from infra.cli.composition import composed
from infra.cli.models.logged_models import logged_model_events
from infra.cli.output import CommandFailed, JsonOption, print_json, print_table, say
from infra.exit_codes import ExitCode
from infra.mlflow.client_settings import set_client_defaults
from infra.settings import SettingMissing

_NEXT: Final = "telltale status; where MLflow is not part of the stack (--light), telltale up starts it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How MLflow stood beside one line of the log; no differences: equal."""

    line: str
    versions: int
    champion: str | None
    differences: tuple[str, ...]


def publish(
    *,
    check: Annotated[bool, typer.Option("--check", help="Tell what differs and mend nothing; exit 1 if any.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Make MLflow show the log's models: runs, metrics, files, versions, champion; and tell what differed.

    The process mirror does the same within a second of every event, and once a minute; this is for now, and for asking.

    Example: telltale models publish --check
    """
    published = _publish(check=check)
    differ = any(one.differences for one in published)
    if json_output:
        print_json({"equal": not differ, "mended": differ and not check, "lines": published})
    else:
        _show(published, check=check)
    if check and differ:
        raise typer.Exit(ExitCode.NO)


def _publish(*, check: bool) -> list[Published]:
    set_client_defaults()
    from infra.mlflow.reconcile import (  # noqa: PLC0415 - MLflow's client takes two seconds to import
        Onlooker,
        ShowcaseNotReachable,
        ShowcaseRefused,
        reconcile,
    )
    from infra.mlflow.run_content import RunContents  # noqa: PLC0415 - likewise

    lines, _ = fold({}, logged_model_events())
    container = composed()
    contents = RunContents(container.model_events().content)
    try:
        showcase = Onlooker(container.showcase()) if check else container.showcase()
        return [
            Published(
                line=name,
                versions=len(line.versions),
                champion=str(line.champion.model) if line.champion else None,
                differences=reconcile(line, showcase, contents),
            )
            for name, line in sorted(lines.items())
        ]
    except (ShowcaseNotReachable, SettingMissing) as error:
        raise CommandFailed(str(error), then=_NEXT, code=ExitCode.NOT_REACHABLE) from error
    except ShowcaseRefused as error:
        raise CommandFailed(str(error), then="telltale models list", code=ExitCode.REFUSED) from error


def _show(published: list[Published], *, check: bool) -> None:
    if not published:
        say("no model has been trained, so there is nothing to show; telltale train PROFILE trains one")
        return
    print_table(
        ("line", "versions", "champion", "MLflow"),
        ((one.line, one.versions, one.champion, "; ".join(one.differences) or "equal to the log") for one in published),
    )
    if any(one.differences for one in published):
        say("MLflow differs; telltale models publish makes it equal" if check else "MLflow is equal to the log now")
