"""The API's way to the verifier, loaded when the first verdict is to be verified: what judges is compiled code."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from query_api.bodies.anomalies import Verdict, Verification

if TYPE_CHECKING:
    from infra.kafka.models.lineage import LineageDesk


class LateVerifier:
    """A VerdictVerifier over a desk that is made on first use."""

    def __init__(self, desk: "Callable[[], LineageDesk]") -> None:
        self._desk = desk

    async def verify(self, verdict: Verdict) -> Verification:
        """Return every check of a verdict of the read model. See `VerdictVerifier`."""
        from infra.kafka.models.lineage import LogVerdictVerifier  # noqa: PLC0415 - see above

        return await LogVerdictVerifier(self._desk).verify(verdict)
