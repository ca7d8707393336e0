"""What the real API answers about the system itself, for page Log: built from its own models."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from query_api.bodies.dead_letters import DeadLetter
from query_api.bodies.operations import (
    BuildStatus,
    Contract,
    ContractProof,
    ContractsState,
    DifferentRow,
    PartitionWatermark,
    ProofStatus,
    ProvenSchema,
    ReadModelStatus,
    TableDifference,
    TopicWatermarks,
    UnreadableRecords,
)
from tests.integration.dashboard.plant import HISTORY

READ_MODELS: Final = ("readings", "reading_buckets", "sensors", "anomalies", "scoring", "models", "dead_letters")
PROVEN_AGO: Final = timedelta(minutes=4, seconds=9)
EVENTS: Final = {
    "SensorReadingRecorded": ("sensor-events", 3, 181_060),
    "AnomalyDetected": ("anomaly-events", 2, 48_233),
    "ReadingsScored": ("anomaly-events", 4, 12_960),
    "ScoringModelChanged": ("anomaly-events", 1, 16),
    "ModelTrained": ("model-events", 2, 9),
    "ModelPromoted": ("model-events", 1, 6),
    "ProfileDefined": ("profile-events", 1, 4),
    "SchemaPublished": ("contracts", 1, 15),
}
ENDS: Final = {
    "sensor-events": (22_650, READ_MODELS[:3]),
    "anomaly-events": (7_650, READ_MODELS[3:5]),
    "model-events": (31, READ_MODELS[5:6]),
    "profile-events": (8, ("sensors",)),
    "dead-letters": (3, READ_MODELS[6:]),
    "scorer-state": (1_620, ()),
    "contracts": (30, ()),
}
DATA: Final = {"sensor-events", "anomaly-events", "dead-letters", "scorer-state"}


def projections(now: datetime, *, stopped: bool, rebuilding: bool) -> list[ReadModelStatus]:
    """Return read models in all conditions: proven, differing, never proven, swapped in, being rebuilt."""
    return [
        _read_model(name, place, now, stopped=stopped, rebuilding=rebuilding) for place, name in enumerate(READ_MODELS)
    ]


def _read_model(name: str, place: int, now: datetime, *, stopped: bool, rebuilding: bool) -> ReadModelStatus:
    halted = stopped and name == "anomalies"
    number = 12 + place
    builds = [_build(number, now, state="stopped" if halted else "running", serving=True)]
    if name == "readings":
        builds.append(_build(number - 1, now))
    if rebuilding and name == "anomalies":
        builds.insert(0, _build(number + 2, now, state="loading", lag_offsets=14_072))
    return ReadModelStatus(
        read_model=name,
        build=number,
        serving=True,
        state=builds[-1 if name != "readings" else 0].state,
        cause="the record can't be stored: year 300000" if halted else None,
        position="anomaly-events/3/48233" if halted else None,
        lag_offsets=place,
        lag_seconds=0.1 * place,
        rate_per_s=40.0 / (place + 1),
        known_at=now - timedelta(seconds=1),
        reported_at=now,
        builds=builds,
        last_proof=_proof(name, number, now),
        swapped_at=now - PROVEN_AGO if name == "readings" else None,
        swapped_because="equal" if name == "readings" else None,
    )


def _build(
    number: int, now: datetime, *, state: str = "running", serving: bool = False, lag_offsets: int = 0
) -> BuildStatus:
    return BuildStatus(
        build=number,
        serving=serving,
        state=state,
        created_at=now - timedelta(days=1),
        loaded_at=None if state == "loading" else now - timedelta(days=1),
        lag_offsets=lag_offsets,
        lag_seconds=0.1,
    )


def _proof(name: str, number: int, now: datetime) -> ProofStatus | None:
    if name in {"scoring", "dead_letters"}:
        return None
    differs = name == "sensors"
    row = DifferentRow(key={"machine_id": "pump-07"}, here={"readings": "7200"}, there={"readings": "7199"})
    return ProofStatus(
        proved_at=now - (timedelta(hours=2, minutes=10) if name == "anomalies" else PROVEN_AGO),
        equal=not differs,
        build=number if name == "readings" else number + 1,
        against_build=number - 1 if name == "readings" else number,
        rows=288_114,
        seconds=0.21,
        positions={"sensor-events/3": 181_000},
        differences=[
            TableDifference(table="sensors", buckets=[7], only_here=0, only_there=0, different=1, examples=[row])
        ]
        if differs
        else [],
    )


def contracts(origin: datetime) -> list[Contract]:
    """Return contracts of one to four versions."""
    return [
        Contract(
            subject=f"{topic}-telltale.{event}",
            version=version,
            id=10 * place + version,
            event=f"telltale.{event}",
            topic=topic,
            sha256=sha256(f"{event}{version}".encode()).hexdigest(),
            published_at=origin - HISTORY,
            position=f"contracts/0/{10 * place + version}",
        )
        for place, (event, (topic, versions, _)) in enumerate(EVENTS.items())
        for version in range(1, versions + 1)
    ]


def contracts_state(now: datetime, *, registry_answers: bool, holds: bool = True) -> ContractsState:
    """Return a proof some minutes old; what is newer in sensor-events it has not seen."""
    unknown = [] if holds else ["sensor-events/3/181007"]
    return ContractsState(
        registry_answers=registry_answers,
        last_proof=ContractProof(
            proved_at=now - PROVEN_AGO,
            seconds=1.9,
            holds=holds,
            records=sum(records for _, _, records in EVENTS.values()),
            ends={
                f"{topic}/{number}": end - (5 if topic == "sensor-events" else 0)
                for topic, (end, _) in ENDS.items()
                for number in range(8 if topic in DATA else 1)
            },
            readable=[
                ProvenSchema(
                    topic=topic,
                    schema_id=10 * place + versions,
                    event=f"telltale.{event}",
                    records=records,
                    first=f"{topic}/0/0",
                    last=f"{topic}/0/{records - 1}",
                )
                for place, (event, (topic, versions, records)) in enumerate(EVENTS.items())
            ],
            unreadable=[
                UnreadableRecords(
                    topic="sensor-events",
                    error="not_avro",
                    message="no schema id in bytes 1–4",
                    records=2 + len(unknown),
                    known=2,
                    first="sensor-events/5/90412",
                    last="sensor-events/5/90413",
                    unknown=unknown,
                )
            ],
        ),
    )


def dead_letters(origin: datetime) -> list[DeadLetter]:
    """Return two that wait for somebody, one sent again and one given up."""
    told = (
        ("sensor-events/3/181007", "not_admitted", "pump@2 has no channel “torque”", 4, "open"),
        ("sensor-events/5/90412", "not_avro", "no schema id in bytes 1–4", 30, "open"),
        ("sensor-events/5/90413", "not_avro", "no schema id in bytes 1–4", 31, "redriven"),
        ("sensor-events/1/77", "undecodable", "ends inside field measurements", 90, "discarded"),
    )
    return [
        DeadLetter(
            position=position,
            error=error,
            message=message,
            stage="scorer",
            dead_lettered_at=origin - timedelta(minutes=minutes),
            state=state,
            redriven_as="sensor-events/5/90611" if state == "redriven" else None,
            because="a test of the gateway" if state == "discarded" else None,
            actor=None if state == "open" else "A. Okafor",
            decided_at=None if state == "open" else origin - timedelta(minutes=1),
            command=f"telltale dead-letters redrive {position}" if state == "open" else None,
        )
        for position, error, message, minutes, state in told
    ]


def topics(now: datetime, *, away: bool) -> list[TopicWatermarks]:
    """Return topics; of scorer-state the oldest records are gone."""
    return [
        TopicWatermarks(
            topic=topic,
            kind="data" if topic in DATA else "control",
            read_models=list(readers),
            whole=None if away else topic != "scorer-state",
            partitions=[
                PartitionWatermark(
                    partition=number,
                    next_offset=max(0, end - number) if readers else None,
                    highest_next_offset=end if readers else None,
                    first_offset=None if away else 400 if topic == "scorer-state" else 0,
                    end_offset=None if away else end,
                    known_at=now if readers else None,
                )
                for number in range(8 if topic in DATA else 1)
            ],
        )
        for topic, (end, readers) in ENDS.items()
    ]
