"""Makers of what judges: the scorer, its sides of the log, and re-scoring.

Each imports its class when it is called, so that a process loads only what it runs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.kafka.meaning.contracts import ContractsFollower
    from infra.kafka.meaning.decoding import KafkaReadingDecoding
    from infra.kafka.models.scoring_models import KafkaModels
    from infra.kafka.scoring.adoption import KafkaScoringAdoption
    from infra.kafka.scoring.history import KafkaScoringHistory
    from infra.kafka.scoring.rescoring_log import KafkaRescoringLog
    from infra.kafka.scoring.rescoring_runs import KafkaRescoringRuns
    from infra.kafka.scoring.scoring_log import KafkaScoringLog
    from ml.scoring.ports import Models, ReadingDecoding, ScoringHistory, ScoringLog
    from ml.scoring.scorer import Scorer
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


def scorer(
    log: "ScoringLog", history: "ScoringHistory", models: "Models", decoding: "ReadingDecoding", version: str
) -> "Scorer":
    """Return the scorer of one slot."""
    from ml.scoring.scorer import Scorer  # noqa: PLC0415

    return Scorer(log=log, history=history, models=models, decoding=decoding, version=version)


def rescoring_runs(bootstrap: str, contracts: "Contracts") -> "KafkaRescoringRuns":
    """Return the re-scoring runs in the log."""
    from infra.kafka.scoring.rescoring_runs import KafkaRescoringRuns  # noqa: PLC0415

    return KafkaRescoringRuns(bootstrap, contracts)


def rescoring_log(bootstrap: str, contracts: "Contracts") -> "KafkaRescoringLog":
    """Return where a re-scoring run reads and writes."""
    from infra.kafka.scoring.rescoring_log import KafkaRescoringLog  # noqa: PLC0415

    return KafkaRescoringLog(bootstrap, contracts)
