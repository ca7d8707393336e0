"""`telltale contracts`: the events' schemas, checked, published, listed and kept."""

import time
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from infra.cli.output import CommandFailed, JsonOption, print_json, print_table, say
from infra.cli.progress import progress
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.kafka.meaning.contracts import ContractsNotAppended, load_contracts
from infra.kafka.meaning.proving import ProvenLog, prove_contracts
from infra.postgres.contract_proofs import keep_contract_proof
from infra.registry.client import RegistryNotReachable, SchemaRefused
from infra.registry.publish import PublishRefused, SchemasIncompatible, publish_contracts
from infra.settings import SettingMissing, load_settings
from projections.ports import StoreUnavailable
from schemas.catalogue import catalogue, subjects
from schemas.contract_check import Violation, check_all
from schemas.history import freeze as keep_version
from schemas.parsed import machine_form
from schemas.proof import Proof

app = typer.Typer(no_args_is_help=True, help="Check, publish, list and keep the events' schemas.")


@app.command()
def check(*, json_output: JsonOption = False) -> None:
    """Check today's schemas against every version ever published, both ways; needs nothing running.

    Example: telltale contracts check
    """
    checked = check_all()
    violations = [violation for event in checked for violation in event.violations]
    if json_output:
        print_json(checked)
    else:
        rows = [(event.event, event.earlier, _verdict(event.violations, changed=event.changed)) for event in checked]
        print_table(("event", "versions", "verdict"), rows)
        for violation in violations:
            say(f"[red]{escape(str(violation))}[/]")
    if violations:
        raise typer.Exit(ExitCode.NO)


@app.command()
def publish(*, json_output: JsonOption = False) -> None:
    """Register today's schemas at FULL_TRANSITIVE and write their ids into topic contracts; a second time, nothing.

    Example: telltale contracts publish
    """
    try:
        report = publish_contracts(load_settings())
    except SchemasIncompatible as refusal:
        raise CommandFailed(
            "today's schemas can't stand beside what was published; nothing was published",
            "\n         ".join(map(str, refusal.violations)),
            "give new fields a default, keep old ones; docs/contracts.md says which changes are allowed",
            ExitCode.REFUSED,
        ) from refusal
    except (PublishRefused, SchemaRefused) as refusal:
        raise CommandFailed(str(refusal), code=ExitCode.REFUSED) from refusal
    except (SettingMissing, LogNotReachable, LogStalled, RegistryNotReachable, ContractsNotAppended) as error:
        raise CommandFailed(str(error), code=ExitCode.NOT_REACHABLE) from error
    if json_output:
        print_json(report)
        return
    print_table(("subject", "version", "id", ""), ((s.subject, s.version, s.id, s.outcome) for s in report.schemas))
    restored = f"; {report.restored} lost by the registry are back in it" if report.restored else ""
    say(f"{len(report.schemas)} schemas at FULL_TRANSITIVE, {report.appended} new in topic contracts{restored}")


@app.command(name="list")
def list_published(*, json_output: JsonOption = False) -> None:
    """List what topic contracts says: every id a record can name, and which one producers write with.

    Example: telltale contracts list
    """
    try:
        published = tuple(load_contracts(load_settings().kafka_bootstrap))
    except (SettingMissing, LogNotReachable, LogStalled) as error:
        raise CommandFailed(str(error), code=ExitCode.NOT_REACHABLE) from error
    today = {subject: machine_form(schema.text) for subject, schema in subjects().items()}
    rows = [
        (contract, today.get(contract.subject) == machine_form(contract.text))
        for contract in sorted(published, key=lambda contract: (contract.subject, contract.version))
    ]
    missing = sorted(today.keys() - {contract.subject for contract, current in rows if current})
    if json_output:
        print_json({"published": [contract for contract, _ in rows], "not_published": missing})
    else:
        print_table(
            ("subject", "version", "id", "sha256", ""),
            [(c.subject, c.version, c.id, c.sha256[:12], "written today" if now else "") for c, now in rows],
        )
    if missing:
        raise CommandFailed(
            f"today's schema is not published of {', '.join(missing)}", then="telltale contracts publish"
        )


@app.command()
def prove(*, json_output: JsonOption = False) -> None:
    """Read every record of every topic with today's schemas; exit 1 if one is unreadable and nobody knows of it.

    What was found is kept in PostgreSQL, where GET /contracts/proof and the dashboard's page Log show it with its age.

    Example: telltale contracts prove
    """
    try:
        began_s = time.monotonic()
        with progress("contracts", unit="records") as bar:
            proven = prove_contracts(load_settings().kafka_bootstrap, bar)
    except (SettingMissing, LogNotReachable, LogStalled) as error:
        raise CommandFailed(str(error), code=ExitCode.NOT_REACHABLE) from error
    proof = proven.proof
    not_kept = _keep(proven, time.monotonic() - began_s)
    if json_output:
        print_json({"holds": proof.holds, "records": proof.records, "kept": not_kept is None, **asdict(proof)})
    else:
        _show_proof(proof)
        if not_kept:
            say(f"not kept for the dashboard: {escape(not_kept)}")
    if not proof.holds:
        raise typer.Exit(ExitCode.NO)


@app.command()
def freeze(
    *,
    folder: Annotated[Path | None, typer.Option("--folder", help="schemas/published of a source tree.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Keep today's schemas in schemas/published as the next version, where they say something new; commit the result.

    Example: telltale contracts freeze
    """
    if violations := [violation for event in check_all() for violation in event.violations]:
        raise CommandFailed(
            "today's schemas can't stand beside what was published; nothing was kept",
            "\n         ".join(map(str, violations)),
            "telltale contracts check",
            ExitCode.REFUSED,
        )
    target = folder or Path(str(resources.files("schemas"))) / "published"
    added = [version for schema in catalogue().values() if (version := keep_version(schema, target))]
    if json_output:
        print_json(added)
        return
    for version in added:
        say(f"kept {version.event} as version {version.version}")
    say(f"{len(added)} schemas kept in {target}" if added else f"{target} has them all")


def _keep(proven: ProvenLog, seconds: float) -> str | None:
    """Keep the proof where the API reads it; return why it could not be. A proof needs no database."""
    settings = load_settings()
    ends = {f"{topic}/{partition}": end for (topic, partition), end in proven.ends.items()}
    try:
        keep_contract_proof(settings.postgres_dsn, proven.proof, ends=ends, proved_at=proven.asked_at, seconds=seconds)
    except (SettingMissing, StoreUnavailable) as error:
        return str(error)
    return None


def _show_proof(proof: Proof) -> None:
    print_table(
        ("topic", "schema id", "event", "records", "first", "last"),
        [(g.topic, g.schema_id, g.event, f"{g.records:,}", g.first, g.last) for g in proof.readable],
    )
    for bad in proof.unreadable:
        known = "all known as dead letters or skipped" if bad.known == bad.records else f"{bad.known:,} known"
        say(f"{bad.topic}: {bad.records:,} unreadable ({escape(bad.error)}: {escape(bad.message)}), {known}")
        for position in bad.unknown:
            say(f"  [red]{position}[/]  telltale log {position}")
    say(f"{proof.records:,} records read with today's schemas: {'proven' if proof.holds else '[red]NOT proven[/]'}")


def _verdict(violations: tuple[Violation, ...], *, changed: bool) -> str:
    if violations:
        return f"{len(violations)} broken"
    return "suits all versions; not kept yet: telltale contracts freeze" if changed else "unchanged"
