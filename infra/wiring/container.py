"""The composition root: the only place where adapters meet their users.

Nothing is connected, and no adapter even imported, before a provider is called: a process pays for what it runs, and
a test overrides what it wants to fake, such as `container.read_store.override(FakeReadModelStore())`.
"""

import importlib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dependency_injector import providers

from infra.settings import Settings, load_settings
from infra.wiring.declarative import containers

if TYPE_CHECKING:
    from fastapi import FastAPI

    from infra.http.keys import KeyGuard
    from infra.kafka.meaning.contracts import ContractsFollower
    from infra.kafka.models.lineage import LineageDesk
    from infra.kafka.models.lineage_log import KafkaLineageLog
    from infra.kafka.models.logged_models import KafkaModelEvents
    from infra.kafka.models.model_log import KafkaModelLog
    from infra.kafka.models.scoring_models import KafkaModels
    from infra.kafka.scoring.adoption import KafkaScoringAdoption
    from infra.kafka.scoring.rescoring_log import KafkaRescoringLog
    from infra.kafka.scoring.rescoring_runs import KafkaRescoringRuns
    from infra.kafka.scoring.scoring_log import KafkaScoringLog
    from infra.mlflow.mirror import Mirror
    from infra.mlflow.reconcile import ModelShowcase
    from infra.processes.projector import ProjectorProcess
    from ml.comparison.compare import ComparisonDesk
    from ml.scoring.scorer import Scorer
    from ml.training.train import TrainingDesk
    from projections.folder import Folders
    from projections.rebuild import RebuildDesk
    from query_api.drifting import DriftMeter
    from query_api.outlook import LogOutlook, RegistryOutlook
    from query_api.store import ReadModelStore
    from query_api.verification import VerdictVerifier
    from schemas.contracts import Contracts


def late(place: str) -> Callable[..., Any]:
    """Return what stands at `module:name`, imported when it is called."""
    module, _, name = place.partition(":")

    def made(*args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    return made


def _now() -> datetime:
    return datetime.now(UTC)


def _followed_contracts(bootstrap: str) -> "ContractsFollower":
    follower: ContractsFollower = late("infra.kafka.meaning.contracts:ContractsFollower")(bootstrap)
    follower.refresh()
    return follower


def _address(settings: Settings, name: str) -> str:
    """Return an address that is only looked at, empty when no source gives it."""
    return str(getattr(settings, name)) if settings.has(name) else ""


class Container(containers.DeclarativeContainer):
    """Providers of everything a process runs."""

    settings: "providers.Singleton[Settings]" = providers.Singleton(load_settings)
    program_version = providers.Callable(version, "telltale")
    clock = providers.Object(_now)

    bootstrap = settings.provided.kafka_bootstrap
    followed_contracts: "providers.Singleton[ContractsFollower]" = providers.Singleton(_followed_contracts, bootstrap)
    contracts = followed_contracts.provided.contracts
    contracts_to_write: "providers.Singleton[Contracts]" = providers.Singleton(
        late("infra.registry.agreement:contracts_to_write"), settings, contracts
    )
    """What every producer encodes with: none is made while the registry contradicts the log."""
    decoding = providers.Singleton(
        late("infra.kafka.meaning.decoding:KafkaReadingDecoding"), bootstrap, followed_contracts
    )

    slot = providers.Object(0)
    scoring_log: "providers.Singleton[KafkaScoringLog]" = providers.Singleton(
        late("infra.kafka.scoring.scoring_log:KafkaScoringLog"), bootstrap, slot, contracts_to_write
    )
    scoring_adoption: "providers.Singleton[KafkaScoringAdoption]" = providers.Singleton(
        late("infra.kafka.scoring.adoption:KafkaScoringAdoption"), bootstrap, contracts
    )
    scorer: "providers.Singleton[Scorer]" = providers.Singleton(
        late("ml.scoring.scorer:Scorer"),
        log=scoring_log,
        history=providers.Singleton(late("infra.kafka.scoring.history:KafkaScoringHistory"), bootstrap, contracts),
        models=providers.Singleton(late("infra.kafka.models.scoring_models:KafkaModels"), bootstrap, contracts),
        decoding=decoding,
        version=program_version,
    )

    model_log: "providers.Singleton[KafkaModelLog]" = providers.Singleton(
        late("infra.kafka.models.model_log:KafkaModelLog"), bootstrap, contracts_to_write
    )
    training: "providers.Singleton[TrainingDesk]" = providers.Singleton(
        late("ml.training.train:TrainingDesk"),
        readings=providers.Singleton(late("infra.kafka.readings.training_rows:KafkaReadingLog"), bootstrap, decoding),
        models=model_log,
        code=providers.Callable(late("infra.wiring.code_identity:code_identity")),
    )
    comparing: "providers.Singleton[ComparisonDesk]" = providers.Singleton(
        late("ml.comparison.compare:ComparisonDesk"),
        models=model_log,
        readings=providers.Singleton(
            late("infra.kafka.readings.compared_readings:KafkaComparedReadings"), bootstrap, decoding
        ),
        comparisons=providers.Singleton(
            late("infra.kafka.models.comparisons:KafkaComparisons"), bootstrap, contracts_to_write
        ),
        code=providers.Callable(late("infra.wiring.code_identity:code_identity")),
    )

    rescoring_runs: "providers.Singleton[KafkaRescoringRuns]" = providers.Singleton(
        late("infra.kafka.scoring.rescoring_runs:KafkaRescoringRuns"), bootstrap, contracts_to_write
    )
    rescoring_log: "providers.Singleton[KafkaRescoringLog]" = providers.Singleton(
        late("infra.kafka.scoring.rescoring_log:KafkaRescoringLog"), bootstrap, contracts_to_write
    )
    logged_models: "providers.Singleton[KafkaModels]" = providers.Singleton(
        late("infra.kafka.models.scoring_models:KafkaModels"), bootstrap, contracts
    )

    lineage_log: "providers.Singleton[KafkaLineageLog]" = providers.Singleton(
        late("infra.kafka.models.lineage_log:KafkaLineageLog"), bootstrap, followed_contracts
    )
    lineage_desk: "providers.Singleton[LineageDesk]" = providers.Singleton(
        late("infra.kafka.models.lineage:LineageDesk"),
        lineage_log,
        followed_contracts,
        providers.Singleton(late("ml.lineage.verify:Verifier"), lineage_log, decoding),
    )
    verdict_verifier: "providers.Singleton[VerdictVerifier]" = providers.Singleton(
        late("infra.kafka.models.late_verifier:LateVerifier"), lineage_desk.provider
    )

    drift_meter: "providers.Singleton[DriftMeter]" = providers.Singleton(
        late("infra.kafka.models.drift_meter:LoggedDriftMeter"),
        providers.Singleton(late("infra.kafka.models.model_log:KafkaModelLog"), bootstrap, contracts).provider,
    )

    model_events: "providers.Factory[KafkaModelEvents]" = providers.Factory(
        late("infra.kafka.models.logged_models:KafkaModelEvents"), bootstrap, followed_contracts
    )
    """A follower of its own for each who asks, since one yields every event once."""
    vocabulary = providers.Singleton(late("infra.kafka.meaning.vocabulary:KafkaVocabulary"), bootstrap)
    folders: "providers.Singleton[Folders]" = providers.Singleton(
        late("projections.folder:Folders"), settings.provided.own_projections
    )
    rebuild_desk: "providers.Factory[RebuildDesk]" = providers.Factory(
        late("infra.wiring.rebuilding:rebuild_desk"), settings, vocabulary, folders
    )
    projector_process: "providers.Singleton[ProjectorProcess]" = providers.Singleton(
        late("infra.processes.projector:ProjectorProcess"),
        bootstrap=bootstrap,
        dsn=settings.provided.postgres_dsn,
        vocabulary=vocabulary,
        folders=folders,
    )

    showcase: "providers.Singleton[ModelShowcase]" = providers.Singleton(
        late("infra.mlflow.showcase:MlflowShowcase"), settings.provided.mlflow_url
    )
    mirror: "providers.Singleton[Mirror]" = providers.Singleton(
        late("infra.mlflow.mirror:Mirror"),
        events=model_events,
        showcase=showcase,
    )

    key_guard: "providers.Singleton[KeyGuard]" = providers.Singleton(
        late("infra.http.keys:guard_of"), settings.provided.api_keys
    )
    read_store: "providers.Singleton[ReadModelStore]" = providers.Singleton(
        late("infra.postgres.read_store:PostgresReadStore"), settings.provided.postgres_reader_dsn
    )
    log_outlook: "providers.Singleton[LogOutlook]" = providers.Singleton(
        late("infra.kafka.client.log_edges:KafkaLogOutlook"), providers.Callable(_address, settings, "kafka_bootstrap")
    )
    registry_outlook: "providers.Singleton[RegistryOutlook]" = providers.Singleton(
        late("infra.registry.outlook:HttpRegistryOutlook"), providers.Callable(_address, settings, "registry_url")
    )
    query_app: "providers.Factory[FastAPI]" = providers.Factory(
        late("infra.http.query_app:query_app"),
        store=read_store,
        log=log_outlook,
        registry=registry_outlook,
        clock=clock,
        guard=key_guard,
        version=program_version,
        verifier=verdict_verifier,
        drift_meter=drift_meter,
    )
