"""What a record of readings lacks, so that whoever judges has to wait with it: its schema or its profile."""

from typing import Final

from domain.profiles import newest_profile
from domain.readings import SensorReadingRecorded
from infra.kafka.decisions.profile_log import KafkaProfileLog
from schemas.codec import decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.wire import BadRecord


class WaitingCause:
    """Looks at single records, by the contracts that somebody else keeps up to date."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts
        self._profiles: KafkaProfileLog | None = None

    def of(self, value: bytes | None) -> str | None:
        """Return what the record lacks; None when nothing keeps it from being judged, or from being a dead letter.

        Raises:
            LogNotReachable, LogStalled: the profiles can't be read.
        """
        try:
            event = decode(value, self._contracts)
        except UnknownSchemaId as unknown:
            return str(unknown)
        except BadRecord:
            return None
        if not isinstance(event, SensorReadingRecorded) or self._is_known(event.profile):
            return None
        return f"profile {event.profile} is not defined: telltale profiles define"

    def close(self) -> None:
        """Leave the broker."""
        if self._profiles is not None:
            self._profiles.close()
            self._profiles = None

    def _is_known(self, profile: str) -> bool:
        if self._profiles is None:
            self._profiles = KafkaProfileLog(self._bootstrap, self._contracts)
        return newest_profile(self._profiles.known(), profile) is not None
