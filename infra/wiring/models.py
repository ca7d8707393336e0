"""Makers of what learns: training, comparison, lineage, population shift, MLflow.

Each imports its class when it is called, so that a process loads only what it runs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.kafka.meaning.contracts import ContractsFollower
    from infra.kafka.meaning.decoding import KafkaReadingDecoding
    from infra.kafka.models.comparisons import KafkaComparisons
    from infra.kafka.models.late_verifier import LateVerifier
    from infra.kafka.models.lineage import LineageDesk
    from infra.kafka.models.lineage_log import KafkaLineageLog
    from infra.kafka.models.logged_models import KafkaModelEvents
    from infra.kafka.models.model_log import KafkaModelLog
    from infra.kafka.models.population_shift import LoggedDriftMeter
    from infra.kafka.readings.compared_readings import KafkaComparedReadings
    from infra.kafka.readings.training_rows import KafkaReadingLog
    from infra.mlflow.mirror import Mirror
    from infra.mlflow.reconcile import ModelShowcase
    from infra.mlflow.showcase import MlflowShowcase
    from ml.comparison.compare import ComparisonDesk
    from ml.lineage.verify import Verifier
    from ml.manifest import CodeIdentity
    from ml.training.train import TrainingDesk
    from schemas.contracts import Contracts


def model_log(bootstrap: str, contracts: "Contracts") -> "KafkaModelLog":
    """Return the versions and artifacts in the log."""
    from infra.kafka.models.model_log import KafkaModelLog  # noqa: PLC0415

    return KafkaModelLog(bootstrap, contracts)


def training_readings(bootstrap: str, decoding: "KafkaReadingDecoding") -> "KafkaReadingLog":
    """Return the readings that models are trained on."""
    from infra.kafka.readings.training_rows import KafkaReadingLog  # noqa: PLC0415

    return KafkaReadingLog(bootstrap, decoding)


def compared_readings(bootstrap: str, decoding: "KafkaReadingDecoding") -> "KafkaComparedReadings":
    """Return the readings that models are compared over."""
    from infra.kafka.readings.compared_readings import KafkaComparedReadings  # noqa: PLC0415

    return KafkaComparedReadings(bootstrap, decoding)


def comparisons(bootstrap: str, contracts: "Contracts") -> "KafkaComparisons":
    """Return the comparisons in the log."""
    from infra.kafka.models.comparisons import KafkaComparisons  # noqa: PLC0415

    return KafkaComparisons(bootstrap, contracts)


def model_events(bootstrap: str, contracts: "ContractsFollower") -> "KafkaModelEvents":
    """Return a follower of model-events."""
    from infra.kafka.models.logged_models import KafkaModelEvents  # noqa: PLC0415

    return KafkaModelEvents(bootstrap, contracts)


def lineage_log(bootstrap: str, contracts: "ContractsFollower") -> "KafkaLineageLog":
    """Return the log as lineage asks it."""
    from infra.kafka.models.lineage_log import KafkaLineageLog  # noqa: PLC0415

    return KafkaLineageLog(bootstrap, contracts)


def lineage_desk(log: "KafkaLineageLog", contracts: "ContractsFollower", verifier: "Verifier") -> "LineageDesk":
    """Return what follows verdicts back and judges them again."""
    from infra.kafka.models.lineage import LineageDesk  # noqa: PLC0415

    return LineageDesk(log, contracts, verifier)


def verifier(log: "KafkaLineageLog", decoding: "KafkaReadingDecoding") -> "Verifier":
    """Return what judges a verdict again and compares."""
    from ml.lineage.verify import Verifier  # noqa: PLC0415

    return Verifier(log, decoding)


def verdict_verifier(desk: "Callable[[], LineageDesk]") -> "LateVerifier":
    """Return the API's way to the verifier."""
    from infra.kafka.models.late_verifier import LateVerifier  # noqa: PLC0415

    return LateVerifier(desk)


def drift_meter(artifacts: "Callable[[], KafkaModelLog]") -> "LoggedDriftMeter":
    """Return the API's way to the models' training distributions."""
    from infra.kafka.models.population_shift import LoggedDriftMeter  # noqa: PLC0415

    return LoggedDriftMeter(artifacts)


def showcase(mlflow_url: str) -> "MlflowShowcase":
    """Return MLflow, as the mirror fills it."""
    from infra.mlflow.showcase import MlflowShowcase  # noqa: PLC0415

    return MlflowShowcase(mlflow_url)


def mirror(events: "KafkaModelEvents", showcase: "ModelShowcase") -> "Mirror":
    """Return what keeps MLflow equal to the log."""
    from infra.mlflow.mirror import Mirror  # noqa: PLC0415

    return Mirror(events, showcase)


def code_identity() -> "CodeIdentity":
    """Return which program this is."""
    from infra.wiring.code_identity import code_identity as identity  # noqa: PLC0415

    return identity()


def training(readings: "KafkaReadingLog", models: "KafkaModelLog", code: "CodeIdentity") -> "TrainingDesk":
    """Return what trains from the log."""
    from ml.training.train import TrainingDesk  # noqa: PLC0415

    return TrainingDesk(readings=readings, models=models, code=code)


def comparing(
    models: "KafkaModelLog", readings: "KafkaComparedReadings", comparisons: "KafkaComparisons", code: "CodeIdentity"
) -> "ComparisonDesk":
    """Return what compares versions over the same history."""
    from ml.comparison.compare import ComparisonDesk  # noqa: PLC0415

    return ComparisonDesk(models=models, readings=readings, comparisons=comparisons, code=code)
