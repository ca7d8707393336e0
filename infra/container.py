"""The composition root: the only place where adapters meet their users.

Nothing is connected before a provider is called; a command asks for the one thing it runs.
"""

from importlib.metadata import version

from dependency_injector import containers, providers

from infra.kafka.contracts import ContractsFollower
from infra.kafka.decoding import KafkaReadingDecoding
from infra.kafka.scoring_history import KafkaScoringHistory
from infra.kafka.scoring_log import KafkaScoringLog
from infra.kafka.scoring_models import KafkaModels
from infra.settings import load_settings
from ml.scoring.scorer import Scorer


def followed_contracts(bootstrap: str) -> ContractsFollower:
    """Return the contracts of the log, read up to now."""
    follower = ContractsFollower(bootstrap)
    follower.refresh()
    return follower


class Container(containers.DeclarativeContainer):
    """Providers of everything a process runs."""

    settings = providers.Singleton(load_settings)
    bootstrap = settings.provided.kafka_bootstrap
    followed_contracts = providers.Singleton(followed_contracts, bootstrap)
    contracts = followed_contracts.provided.contracts
    decoding = providers.Singleton(KafkaReadingDecoding, bootstrap, followed_contracts)

    slot = providers.Object(0)
    scoring_log = providers.Singleton(KafkaScoringLog, bootstrap, slot, contracts)
    scorer = providers.Singleton(
        Scorer,
        log=scoring_log,
        history=providers.Singleton(KafkaScoringHistory, bootstrap, contracts),
        models=providers.Singleton(KafkaModels, bootstrap, contracts),
        decoding=decoding,
        version=version("telltale"),
    )
