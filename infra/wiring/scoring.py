"""Makers of what judges: the scorer, its sides of the log, and re-scoring.

Each imports its class when it is called, so that a process loads only what it runs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from infra.host.waiting_file import WaitingFile
    from infra.kafka.meaning.contracts import ContractsFollower
    from infra.kafka.meaning.decoding import KafkaReadingDecoding
    from infra.kafka.models.scoring_models import KafkaModels
    from infra.kafka.scoring.adoption import KafkaScoringAdoption
    from infra.kafka.scoring.history import KafkaScoringHistory
    from infra.kafka.scoring.rescoring_log import KafkaRescoringLog
    from infra.kafka.scoring.rescoring_runs import KafkaRescoringRuns
    from infra.kafka.scoring.scoring_log import KafkaScoringLog
    from infra.registry.schema_names import RegistrySchemaNames
    from infra.settings import Settings
    from ml.scoring.ports import Models, ReadingDecoding, SchemaNames, ScoringHistory, ScoringLog, WaitingReport
    from ml.scoring.scorer import Scorer
    from ml.scoring.waiting import Waiting
    from schemas.contracts import Contracts


def reading_decoding(bootstrap: str, contracts: "ContractsFollower") -> "KafkaReadingDecoding":
    """Return what decodes and admits readings."""
    from infra.kafka.meaning.decoding import KafkaReadingDecoding  # noqa: PLC0415

    return KafkaReadingDecoding(bootstrap, contracts)


def scoring_log(bootstrap: str, slot: int, contracts: "Contracts") -> "KafkaScoringLog":
    """Return a slot's transaction in the log."""
    from infra.kafka.scoring.scoring_log import KafkaScoringLog  # noqa: PLC0415

    return KafkaScoringLog(bootstrap, slot, contracts)


def scoring_adoption(bootstrap: str, contracts: "Contracts") -> "KafkaScoringAdoption":
    """Return what sets lost offsets of the scorers to the ledger's end."""
    from infra.kafka.scoring.adoption import KafkaScoringAdoption  # noqa: PLC0415

    return KafkaScoringAdoption(bootstrap, contracts)


def scoring_history(bootstrap: str, contracts: "Contracts") -> "KafkaScoringHistory":
    """Return the scorer's own past in the log."""
    from infra.kafka.scoring.history import KafkaScoringHistory  # noqa: PLC0415

    return KafkaScoringHistory(bootstrap, contracts)


def scoring_models(bootstrap: str, contracts: "Contracts") -> "KafkaModels":
    """Return the champions and their artifacts, as the log has them."""
    from infra.kafka.models.scoring_models import KafkaModels  # noqa: PLC0415

    return KafkaModels(bootstrap, contracts)


def schema_names(settings: "Settings") -> "RegistrySchemaNames":
    """Return what the registry calls schemas."""
    from infra.registry.schema_names import RegistrySchemaNames  # noqa: PLC0415

    return RegistrySchemaNames(settings.registry_url if settings.has("registry_url") else "")


def waiting_file(home: "Path", slot: int) -> "WaitingFile":
    """Return where a scorer of this home says what it holds back."""
    from infra.host.waiting_file import WaitingFile  # noqa: PLC0415

    return WaitingFile(home, slot)


def waiting(
    *,
    log: "ScoringLog",
    decoding: "ReadingDecoding",
    registry: "SchemaNames",
    report: "WaitingReport",
    given_up_after_s: float,
    clock: "Callable[[], datetime]",
) -> "Waiting":
    """Return what one slot holds back."""
    from ml.scoring.waiting import Waiting  # noqa: PLC0415

    return Waiting(
        log=log,
        decoding=decoding,
        registry=registry,
        report=report,
        given_up_after_s=given_up_after_s,
        clock=clock,
    )


def scorer(
    *,
    log: "ScoringLog",
    history: "ScoringHistory",
    models: "Models",
    decoding: "ReadingDecoding",
    waiting: "Waiting",
    version: str,
) -> "Scorer":
    """Return the scorer of one slot."""
    from ml.scoring.scorer import Scorer  # noqa: PLC0415

    return Scorer(log=log, history=history, models=models, decoding=decoding, waiting=waiting, version=version)


def rescoring_runs(bootstrap: str, contracts: "Contracts") -> "KafkaRescoringRuns":
    """Return the re-scoring runs in the log."""
    from infra.kafka.scoring.rescoring_runs import KafkaRescoringRuns  # noqa: PLC0415

    return KafkaRescoringRuns(bootstrap, contracts)


def rescoring_log(bootstrap: str, contracts: "Contracts") -> "KafkaRescoringLog":
    """Return where a re-scoring run reads and writes."""
    from infra.kafka.scoring.rescoring_log import KafkaRescoringLog  # noqa: PLC0415

    return KafkaRescoringLog(bootstrap, contracts)
