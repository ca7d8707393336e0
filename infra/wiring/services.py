"""Makers of what people ask: read models, the query API and its ways to the other parts.

Each imports its class when it is called, so that a process loads only what it runs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from fastapi import FastAPI
    from pydantic import SecretStr

    from infra.host.parts_outlook import SupervisedParts
    from infra.http.keys import KeyGuard
    from infra.kafka.client.log_edges import KafkaLogOutlook
    from infra.kafka.meaning.vocabulary import KafkaVocabulary
    from infra.kafka.scoring.judging_look import JudgingLook
    from infra.kafka.scoring.judging_outlook import KafkaJudgingOutlook
    from infra.postgres.read_store import PostgresReadStore
    from infra.registry.outlook import HttpRegistryOutlook
    from infra.settings import Settings
    from projections.folder import Folders
    from projections.rebuild import RebuildDesk
    from query_api.drifting import DriftMeter
    from query_api.outlook import JudgingOutlook, LogOutlook, Outlooks, RegistryOutlook, StackOutlook
    from query_api.store import ReadModelStore
    from query_api.verification import VerdictVerifier


def vocabulary(bootstrap: str) -> "KafkaVocabulary":
    """Return what projections decode with."""
    from infra.kafka.meaning.vocabulary import KafkaVocabulary  # noqa: PLC0415

    return KafkaVocabulary(bootstrap)


def folders(own: "Path") -> "Folders":
    """Return the read models: the program's and those in the user's folder."""
    from projections.folder import Folders  # noqa: PLC0415

    return Folders(own)


def key_guard(api_keys: "SecretStr") -> "KeyGuard":
    """Return what asks for API keys."""
    from infra.http.keys import guard_of  # noqa: PLC0415

    return guard_of(api_keys)


def read_store(dsn: str) -> "PostgresReadStore":
    """Return the read models as the query API asks them."""
    from infra.postgres.read_store import PostgresReadStore  # noqa: PLC0415

    return PostgresReadStore(dsn)


def log_edges(settings: "Settings") -> "KafkaLogOutlook":
    """Return what asks the log where it begins and ends."""
    from infra.kafka.client.log_edges import KafkaLogOutlook  # noqa: PLC0415

    return KafkaLogOutlook(address(settings, "kafka_bootstrap"))


def registry_outlook(settings: "Settings") -> "HttpRegistryOutlook":
    """Return what asks whether the registry answers."""
    from infra.registry.outlook import HttpRegistryOutlook  # noqa: PLC0415

    return HttpRegistryOutlook(address(settings, "registry_url"))


def judging_look(bootstrap: str) -> "JudgingLook":
    """Return what looks whether every arriving reading is being judged."""
    from infra.kafka.scoring.judging_look import JudgingLook  # noqa: PLC0415

    return JudgingLook(bootstrap)


def judging_outlook(settings: "Settings") -> "KafkaJudgingOutlook":
    """Return the same for the query API."""
    from infra.kafka.scoring.judging_outlook import KafkaJudgingOutlook  # noqa: PLC0415

    bootstrap = address(settings, "kafka_bootstrap")
    return KafkaJudgingOutlook(judging_look(bootstrap).look if bootstrap else None)


def stack_outlook(settings: "Settings") -> "SupervisedParts":
    """Return what tells of the parts that a supervisor of this home runs."""
    from infra.host.parts_outlook import SupervisedParts  # noqa: PLC0415

    return SupervisedParts(settings.home)


def outlooks(
    log: "LogOutlook", registry: "RegistryOutlook", judging: "JudgingOutlook", stack: "StackOutlook"
) -> "Outlooks":
    """Return all that the query API looks at beside its read models."""
    from query_api.outlook import Outlooks  # noqa: PLC0415

    return Outlooks(log=log, registry=registry, judging=judging, stack=stack)


def address(settings: "Settings", name: str) -> str:
    """Return an address that is only looked at, empty when no source gives it."""
    return str(getattr(settings, name)) if settings.has(name) else ""


def answered_hosts(settings: "Settings") -> frozenset[str]:
    """Return the host names that both services answer to: this machine's, those of their addresses, and more."""
    from urllib.parse import urlsplit  # noqa: PLC0415

    from infra.http.gate import allowed_hosts  # noqa: PLC0415

    addresses = (settings.api_url, settings.commands_url, settings.dashboard_url)
    own = [urlsplit(address).hostname or "" for address in addresses]
    return allowed_hosts([*own, *settings.allowed_hosts.split(",")])


def query_app(
    *,
    store: "ReadModelStore",
    outlooks: "Outlooks",
    clock: "Callable[[], datetime]",
    guard: "KeyGuard",
    version: str,
    hosts: frozenset[str],
    verifier: "VerdictVerifier",
    drift_meter: "DriftMeter",
) -> "FastAPI":
    """Return the query API."""
    from infra.http.query_app import query_app as application  # noqa: PLC0415

    return application(
        store=store,
        outlooks=outlooks,
        clock=clock,
        guard=guard,
        version=version,
        hosts=hosts,
        verifier=verifier,
        drift_meter=drift_meter,
    )


def rebuild_desk(settings: "Settings", vocabulary: "KafkaVocabulary", folders: "Folders") -> "RebuildDesk":
    """Return what rebuilds read models."""
    from infra.wiring.rebuilding import rebuild_desk as desk  # noqa: PLC0415

    return desk(settings, vocabulary, folders)
