"""`telltale train`: a model version from the readings of the log."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Final

import typer
from rich.markup import escape

from domain.admission import UnknownProfile
from domain.appending import EventNotAppended
from domain.readings import microseconds
from infra.cli.composition import composed
from infra.cli.models.families import known_family
from infra.cli.moments import parse_moment
from infra.cli.output import CommandFailed, JsonOption, print_json, say
from infra.cli.progress import reading_progress
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.settings import SettingMissing
from ml.families import FAMILIES
from ml.manifest import NotAManifest
from ml.training.ports import ModelNotStored, ReadingsGone, ReadingsWait, StoredModel
from ml.training.train import Reproduction
from ml.training.trainer import NotTrainable
from schemas.contracts import ContractNotPublished

app = typer.Typer()


DEFAULT: Final = next(iter(FAMILIES))


DetectorOption = Annotated[
    str, typer.Option(help="What kind of model.", metavar="|".join(FAMILIES), callback=known_family)
]


@app.command()
def train(
    profile: Annotated[str | None, typer.Argument(help="Profile, such as pump (its newest version) or pump@1.")] = None,
    *,
    detector: DetectorOption = DEFAULT,
    recorded_from: Annotated[str | None, typer.Option("--from", help="Only readings recorded at T or later.")] = None,
    recorded_to: Annotated[str | None, typer.Option("--to", help="Only readings recorded before T.")] = None,
    from_manifest: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Train this version again from its manifest, compare, append nothing."),
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Train a model version and append it to the log; it judges only once it is promoted.

    A panel, which tells kinds of failing apart, needs an hour of readings (3,600) of each sensor, better two days; with
    fewer, down to 300, it judges less and alarms falsely more often. An isolation forest takes 200 and judges each
    reading alone; one is trained beside every panel.

    Example: telltale train pump --from 2026-03-09T08:00Z --to 2026-03-09T09:00Z
    """
    if (profile is None) == (from_manifest is None):
        raise CommandFailed(
            "either a profile or --from-manifest is needed",
            then="telltale train pump, or telltale train --from-manifest pump/1",
            code=ExitCode.USAGE,
        )
    with refusals(), reading_progress() as on_progress:
        desk = composed().training()
        if profile is None:
            reproduction = desk.reproduce(str(from_manifest), on_progress=on_progress)
        else:
            stored = desk.train_profile(
                profile,
                trainer=FAMILIES[detector].new_trainer(),
                recorded_from_us=_microseconds(recorded_from),
                recorded_before_us=_microseconds(recorded_to),
                on_progress=on_progress,
            )
    if profile is None:
        _show_reproduction(reproduction, json_output=json_output)
    else:
        _show_trained(stored, json_output=json_output)


@contextmanager
def refusals() -> Iterator[None]:
    """Say what hinders a training in the words of the command line."""
    try:
        yield
    except (NotTrainable, UnknownProfile, ModelNotStored, ReadingsGone, ReadingsWait, NotAManifest) as error:
        raise CommandFailed(str(error), code=ExitCode.REFUSED) from error
    except (EventNotAppended, LogNotReachable, LogStalled, SettingMissing, ContractNotPublished) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error


def _microseconds(text: str | None) -> int | None:
    return None if text is None else microseconds(parse_moment(text))


def _show_trained(stored: StoredModel, *, json_output: bool) -> None:
    event = stored.event
    if json_output:
        print_json({"position": str(stored.position), **_summary(stored)})
        return
    say(f"[bold]{event.model}[/] trained on {event.rows:,} readings; it stands at {stored.position}")
    say(f"  manifest   {event.manifest_sha256}")
    say(f"  artifact   {event.model.artifact_sha256}")
    if "threshold" in event.metrics:  # a panel has one for each kind and channel
        say(f"  threshold  {event.metrics['threshold']:.6f}, {event.parameters['threshold_rule']}")
    for what, told in judged_by(event.parameters):
        say(f"  {what:<10} {escape(told)}")
    say(f'  next       telltale models promote {event.model} --because "…"')


def judged_by(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return lines (what, told) of what a model judges, and of what it does not and why; none for a forest."""
    if "kinds_at_work" not in parameters:
        return []
    lines = [("judges", parameters["kinds_at_work"])]
    for begins, what in (("not_at_work_", "not judged"), ("working_range_", "range")):
        lines += [
            (what, f"{name.removeprefix(begins)}: {told}")
            for name, told in sorted(parameters.items())
            if name.startswith(begins)
        ]
    return lines


def _summary(stored: StoredModel) -> dict[str, object]:
    event = stored.event
    return {
        "model": str(event.model),
        "profile": event.model.profile,
        "artifact_sha256": event.model.artifact_sha256,
        "manifest_sha256": event.manifest_sha256,
        "rows": event.rows,
        "metrics": dict(event.metrics),
        "parameters": dict(event.parameters),
    }


def _show_reproduction(reproduction: Reproduction, *, json_output: bool) -> None:
    if json_output:
        print_json(
            {
                "model": str(reproduction.original.model),
                "holds": reproduction.holds,
                "same_rows": reproduction.same_rows,
                "same_bytes": reproduction.same_bytes,
                "largest_difference": reproduction.largest_difference,
                "changed": list(reproduction.changed),
            }
        )
    else:
        rows = "same rows" if reproduction.same_rows else "[red]other rows[/]"
        scores = "same bytes" if reproduction.same_bytes else f"scores within {reproduction.largest_difference:.3g}"
        say(f"[bold]{reproduction.original.model}[/] trained again: {rows}, {scores}")
        for line in reproduction.changed:
            say(f"  {line}")
    if not reproduction.holds:
        raise typer.Exit(ExitCode.NO)
