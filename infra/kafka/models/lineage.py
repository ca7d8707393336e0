"""Verdicts held against the log, for the API and for the command line: what the read model says, and the comparison."""

import asyncio
from collections.abc import Callable
from threading import Lock
from uuid import UUID

from domain.anomalies import AnomalyDetected
from domain.models import ModelRef
from domain.positions import Position
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.kafka.meaning.contracts import ContractsFollower
from infra.settings import SettingMissing
from ml.lineage.lineage import Lineage, VerdictNotFound, lineage_of
from ml.lineage.ports import LineageLog
from ml.lineage.verify import Check, StoredRow, Verifier
from ml.lineage.verify import Verification as Verified
from query_api.bodies.anomalies import Verdict, VerdictCheck, Verification
from query_api.errors import RequestRefused, VerifierAway
from query_api.routes.verdicts import VERDICT, verdict
from query_api.store import ReadModelStore, Snapshot


class LineageDesk:
    """Follows verdicts back and judges them again, one at a time: its clients of the log are one thread's."""

    def __init__(self, log: LineageLog, contracts: ContractsFollower, verifier: Verifier) -> None:
        self._log = log
        self._contracts = contracts
        self._verifier = verifier
        self._one_at_a_time = Lock()

    def lineage(self, event_id: UUID, *, near: Position | None = None) -> Lineage:
        """Return where a verdict comes from.

        Raises:
            VerdictNotFound: it is not in the log.
            LogNotReachable, LogStalled: the log can't be read.
        """
        with self._one_at_a_time:
            return lineage_of(event_id, self._log, self._contracts.contracts, near=near)

    def verify(self, lineage: Lineage, row: StoredRow | None) -> Verified:
        """Return every check of a verdict; raises what `lineage` raises."""
        with self._one_at_a_time:
            return self._verifier.verify(lineage, row)


class LogVerdictVerifier:
    """The API's VerdictVerifier; the desk is made when the first verdict is to be verified."""

    def __init__(self, desk: Callable[[], LineageDesk]) -> None:
        self._desk = desk

    async def verify(self, verdict: Verdict) -> Verification:
        """Return every check of a verdict of the read model. See `VerdictVerifier`."""
        return await asyncio.to_thread(self._verify, verdict)

    def _verify(self, row: Verdict) -> Verification:
        try:
            desk = self._desk()
            lineage = desk.lineage(row.event_id, near=Position.parse(row.position))
            verified = desk.verify(lineage, StoredRow(verdict=event_of(row), passed=True))
        except VerdictNotFound as error:
            missing = Check(what="verdict in the log", equal=False, recorded="none", found=repr(row.score))
            return Verification(equal=False, same_runtime=None, checks=[_told(missing)], because=str(error))
        except (LogNotReachable, LogStalled, SettingMissing) as error:
            raise VerifierAway(f"verify: the log can't be read: {error}") from error
        return Verification(
            equal=verified.equal,
            same_runtime=verified.same_runtime,
            checks=[_told(check) for check in verified.checks],
            because=None,
        )


def _told(check: Check) -> VerdictCheck:
    return VerdictCheck(what=check.what, equal=check.equal, recorded=check.recorded, found=check.found)


def event_of(row: Verdict) -> AnomalyDetected:
    """Return the event that a row of the read model says."""
    line, _, version = row.model.model.rpartition("/")
    return AnomalyDetected(
        event_id=row.event_id,
        reading_event_id=row.reading_event_id,
        reading_position=row.reading_position,
        machine_id=row.machine_id,
        sensor_id=row.sensor_id,
        recorded_at=row.recorded_at,
        kind=row.kind,
        kinds=tuple(row.kinds),
        score=row.score,
        raw_score=row.raw_score,
        severity=row.severity,
        measurements=row.measurements,
        expected={channel: value for channel, value in row.expected.items() if value is not None},
        contribution={channel: value for channel, value in row.contribution.items() if value is not None},
        model=ModelRef(
            profile=row.model.profile, name=line, version=int(version), artifact_sha256=row.model.artifact_sha256
        ),
    )


def stored_row(store: ReadModelStore, event_id: UUID) -> tuple[StoredRow, tuple[Position, ...]] | None:
    """Return a verdict as the read model tells it, with the next positions it will read; None: it does not answer."""

    async def question(snapshot: Snapshot) -> tuple[list[Verdict], tuple[Position, ...]]:
        rows = await snapshot.fetch(VERDICT, {"event_id": event_id, "as_of": None}, verdict)
        return rows, tuple(Position(at.topic, at.partition, at.next_offset) for at in snapshot.checkpoints)

    async def ask() -> tuple[list[Verdict], tuple[Position, ...]]:
        await store.open()
        try:
            return await store.read(("anomalies",), question)
        finally:
            await store.close()

    try:
        rows, read_to = asyncio.run(ask())
    except RequestRefused:
        return None
    return StoredRow(verdict=event_of(rows[0]) if rows else None, passed=False), read_to


def has_passed(read_to: tuple[Position, ...], position: Position) -> bool:
    """Return whether a read model whose next positions these are has read the record at `position`."""
    return any(
        (at.topic, at.partition) == (position.topic, position.partition) and at.offset > position.offset
        for at in read_to
    )
