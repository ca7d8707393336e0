"""Makers of what tells the meaning of bytes.

Each imports its class when it is called, so that a process loads only what it runs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.kafka.meaning.contracts import ContractsFollower
    from infra.settings import Settings
    from schemas.contracts import Contracts


def followed_contracts(bootstrap: str) -> "ContractsFollower":
    """Return the contracts that the log has now, and a way to look again."""
    from infra.kafka.meaning.contracts import ContractsFollower  # noqa: PLC0415

    follower = ContractsFollower(bootstrap)
    follower.refresh()
    return follower


def contracts_to_write(settings: "Settings", contracts: "Contracts") -> "Contracts":
    """Return what every producer encodes with: nothing while the registry contradicts the log."""
    from infra.registry.agreement import contracts_to_write as agreed  # noqa: PLC0415

    return agreed(settings, contracts)
