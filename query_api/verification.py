"""The port to whoever judges a verdict's reading again; the API itself knows neither the log nor a model."""

from typing import Protocol

from query_api.bodies.anomalies import Verdict, Verification


class VerdictVerifier(Protocol):
    """Holds a verdict of the read model against the log and against its model."""

    async def verify(self, verdict: Verdict) -> Verification:
        """Return every check; takes seconds, since readings are judged again from the nearest snapshot.

        Raises:
            VerifierAway: the log does not answer.
        """
