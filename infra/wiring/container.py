"""The composition root: the only place where adapters meet their users.

Nothing is connected, and no adapter even imported, before a provider is called: a process pays for what it runs, and
a test overrides what it wants to fake, such as `container.read_store.override(FakeReadModelStore())`.
"""

from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from dependency_injector import providers

from domain.topics import INCIDENT_EVENTS, MODEL_EVENTS
from infra.wiring import contracts as bytes_mean
from infra.wiring import models, scoring, services, write_side
from infra.wiring.declarative import containers

if TYPE_CHECKING:
    from infra.settings import Settings


def _settings() -> "Settings":
    from infra.settings import load_settings  # noqa: PLC0415 - slow, and `--help` needs none

    return load_settings()


def _now() -> datetime:
    return datetime.now(UTC)


class Container(containers.DeclarativeContainer):
    """Providers of everything a process runs."""

    settings = providers.Singleton(_settings)
    program_version = providers.Callable(version, "telltale")
    clock = providers.Object(_now)

    bootstrap = settings.provided.kafka_bootstrap
    followed_contracts = providers.Singleton(bytes_mean.followed_contracts, bootstrap)
    contracts = followed_contracts.provided.contracts
    contracts_to_write = providers.Singleton(bytes_mean.contracts_to_write, settings, contracts)
    decoding = providers.Singleton(scoring.reading_decoding, bootstrap, followed_contracts)

    slot = providers.Object(0)
    scoring_log = providers.Singleton(scoring.scoring_log, bootstrap, slot, contracts_to_write)
    scoring_adoption = providers.Singleton(scoring.scoring_adoption, bootstrap, contracts)
    logged_models = providers.Singleton(scoring.scoring_models, bootstrap, contracts)
    scorer = providers.Singleton(
        scoring.scorer,
        log=scoring_log,
        history=providers.Singleton(scoring.scoring_history, bootstrap, contracts),
        models=logged_models,
        decoding=decoding,
        waiting=providers.Singleton(
            scoring.waiting,
            log=scoring_log,
            decoding=decoding,
            registry=providers.Singleton(scoring.schema_names, settings),
            report=providers.Singleton(scoring.waiting_file, settings.provided.home, slot),
            given_up_after_s=settings.provided.unknown_after_s,
            clock=providers.Object(_now),
        ),
        version=program_version,
    )
    rescoring_runs = providers.Singleton(scoring.rescoring_runs, bootstrap, contracts_to_write)
    rescoring_log = providers.Singleton(scoring.rescoring_log, bootstrap, contracts_to_write)

    code = providers.Callable(models.code_identity)
    model_log = providers.Singleton(models.model_log, bootstrap, contracts_to_write)
    training = providers.Singleton(
        models.training,
        readings=providers.Singleton(models.training_readings, bootstrap, decoding),
        models=model_log,
        code=code,
    )
    comparing = providers.Singleton(
        models.comparing,
        models=model_log,
        readings=providers.Singleton(models.compared_readings, bootstrap, decoding),
        comparisons=providers.Singleton(models.comparisons, bootstrap, contracts_to_write),
        code=code,
    )

    lineage_log = providers.Singleton(models.lineage_log, bootstrap, followed_contracts)
    lineage_desk = providers.Singleton(
        models.lineage_desk,
        lineage_log,
        followed_contracts,
        providers.Singleton(models.verifier, lineage_log, decoding),
    )
    verdict_verifier = providers.Singleton(models.verdict_verifier, lineage_desk.provider)
    drift_meter = providers.Singleton(
        models.drift_meter, providers.Singleton(models.model_log, bootstrap, contracts).provider
    )

    disk = providers.Callable(write_side.log_disk, settings)

    profile_log = providers.Singleton(write_side.profile_log, bootstrap, contracts)
    define_profile = providers.Singleton(write_side.define_profile, bootstrap, contracts_to_write)
    skip_record = providers.Factory(write_side.skip_record, bootstrap, contracts_to_write)
    appender = providers.Factory(write_side.reading_appender, bootstrap, contracts_to_write, disk)
    logged_readings = providers.Factory(write_side.logged_readings, bootstrap, contracts)
    in_force = providers.Factory(write_side.model_in_use, bootstrap, contracts)

    dead_letter_log = providers.Singleton(write_side.dead_letter_log, bootstrap, contracts)
    dead_letter_handler = providers.Factory(
        write_side.dead_letter_handler,
        bootstrap,
        contracts_to_write,
        letters=dead_letter_log,
        profiles=profile_log.provided.known,
    )

    model_events = providers.Factory(models.model_events, bootstrap, followed_contracts)
    """A follower of its own for each who asks, since one yields every event once."""
    showcase = providers.Singleton(models.showcase, settings.provided.mlflow_url)
    mirror = providers.Singleton(models.mirror, events=model_events, showcase=showcase)

    vocabulary = providers.Singleton(services.vocabulary, bootstrap)
    folders = providers.Singleton(services.folders, settings.provided.own_projections)
    rebuild_desk = providers.Factory(services.rebuild_desk, settings, vocabulary, folders)

    key_guard = providers.Singleton(services.key_guard, settings.provided.api_keys)
    hosts = providers.Callable(services.answered_hosts, settings)

    model_lines = providers.Singleton(write_side.model_lines)
    model_commands = providers.Singleton(
        write_side.command_service_writes, bootstrap, contracts_to_write, MODEL_EVENTS, model_lines
    )
    incidents_fold = providers.Singleton(write_side.incidents_fold)
    incident_commands = providers.Singleton(
        write_side.command_service_writes, bootstrap, contracts_to_write, INCIDENT_EVENTS, incidents_fold
    )
    receiver = providers.Singleton(write_side.receiver, settings)
    caller = providers.Singleton(write_side.caller, settings, contracts_to_write, receiver, clock)
    command_streams = providers.List(model_commands, incident_commands)
    """What the command service writes; it becomes the one writer of each when it starts."""
    command_service = providers.Factory(
        write_side.command_service,
        record_readings=providers.Singleton(
            write_side.record_readings,
            log=providers.Singleton(write_side.reading_log, bootstrap, followed_contracts, disk),
            profiles=profile_log,
        ),
        promote_model=providers.Singleton(write_side.promote_model, write_side=model_commands, lines=model_lines),
        incidents=providers.Singleton(
            write_side.incident_handler, write_side=incident_commands, incidents=incidents_fold
        ),
        guard=key_guard,
        version=program_version,
        hosts=hosts,
    )

    read_store = providers.Singleton(services.read_store, settings.provided.postgres_reader_dsn)
    log_outlook = providers.Singleton(services.log_edges, settings)
    registry_outlook = providers.Singleton(services.registry_outlook, settings)
    judging_look = providers.Singleton(services.judging_look, bootstrap)
    judging_outlook = providers.Singleton(services.judging_outlook, settings)
    stack_outlook = providers.Singleton(services.stack_outlook, settings)
    query_app = providers.Factory(
        services.query_app,
        store=read_store,
        outlooks=providers.Factory(
            services.outlooks,
            log=log_outlook,
            registry=registry_outlook,
            judging=judging_outlook,
            stack=stack_outlook,
        ),
        clock=clock,
        guard=key_guard,
        version=program_version,
        hosts=hosts,
        verifier=verdict_verifier,
        drift_meter=drift_meter,
    )
