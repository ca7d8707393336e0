"""The whole log judged once more, from nothing and without a stop: what whoever died or took over must have written."""

import struct
from collections.abc import Iterator
from math import isnan

from dependency_injector import providers

from domain.scoring import ReadingsScored, ScoringModelChanged
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import load_contracts
from infra.settings import Settings
from infra.wiring.container import Container
from ml.lineage.replay import StoredModels, changed
from ml.scoring.judge import score
from ml.scoring.records import Stretch, ledgers_of
from ml.scoring.state import PartitionState
from ml.scoring.warming import Warming
from tests.guarantees.reading_back import event_or_none

Slot = tuple[int, str]
"""An offset and the detector that judged it."""


def scores_that_differ(settings: Settings) -> list[str]:
    """Return where the ledger says anything else than one pass over each partition does, in words; [] when nowhere.

    The pass takes over what cannot be computed: which model judged from which offset on. States, snapshots and borders
    of transactions are its own.
    """
    container = Container(settings=providers.Object(settings))
    log, decoding = container.lineage_log(), container.decoding()
    models, warming = StoredModels(log), Warming(log, decoding)
    found = []
    for partition in partitions_of(SENSOR_EVENTS):
        written: dict[Slot, bytes] = {}
        changes: list[ScoringModelChanged] = []
        end = 0
        for event in _written(settings.kafka_bootstrap, partition):
            if isinstance(event, ScoringModelChanged):
                changes.append(event)
            else:
                written.update(_scores(event))
                end = event.next_offset
        once: dict[Slot, bytes] = {}
        state = PartitionState(0)
        for change, until in zip([None, *changes], [*(one.from_offset for one in changes), end], strict=True):
            if change is not None:
                state = changed(state, change, models=models, warming=warming)
            for batch in log.records(partition, state.next_offset, until):
                readings = decoding.decode(batch)
                stretch = Stretch(SENSOR_EVENTS, partition, state.next_offset, batch.next_offset)
                judgement, state = score(readings, state, next_offset=batch.next_offset)
                for ledger in ledgers_of(stretch, readings, judgement, state):
                    once.update(_scores(ledger))
            state = state.at(until)
        different = {slot for slot in written.keys() | once.keys() if written.get(slot) != once.get(slot)}
        if different:
            offset, detector = min(different)
            place = f"{SENSOR_EVENTS}/{partition}/{offset}"
            found.append(f"{len(different)} of {len(once)} scores differ in partition {partition}: {place}, {detector}")
    return found


def _written(bootstrap: str, partition: int) -> Iterator[ReadingsScored | ScoringModelChanged]:
    """Yield a partition's live ledger and changes of model in the order of the log."""
    contracts = load_contracts(bootstrap)
    for batch in read_to_end(bootstrap, ANOMALY_EVENTS, partition):
        for value in batch.values:
            event = event_or_none(value, contracts)
            if isinstance(event, ReadingsScored | ScoringModelChanged):
                yield event


def _scores(ledger: ReadingsScored) -> Iterator[tuple[Slot, bytes]]:
    """Yield every score to the bit, and that a reading was called abnormal."""
    for column in ledger.columns:
        for place, value in enumerate(column.scores):
            if not isnan(value):
                yield (ledger.from_offset + place, column.detector), struct.pack(">d", value)
    for offset in ledger.abnormal:
        yield (offset, "abnormal"), b""
