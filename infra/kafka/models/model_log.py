"""Models in the log: ModelTrained in model-events, the bytes in model-artifacts, both by one transaction."""

from collections.abc import Iterator
from typing import Final
from uuid import uuid4

import numpy as np

from commands.aggregates import Aggregates
from commands.event_log import Beside, Following
from commands.stamps import CommandStamp
from commands.write_side import Request
from domain.appending import EventNotAppended
from domain.models import ModelArtifactStored, ModelPromoted, ModelRef, ModelTrained
from domain.promotion import ModelEvent, ModelLine, Untrained, evolve, line_of
from domain.promotion import next_version as version_after
from domain.topics import MODEL_ARTIFACTS, MODEL_EVENTS
from infra.kafka.client.log_range import read_to_end
from infra.kafka.decisions.event_log import shared_write_side
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.control_topic import ControlDecoder, control_records
from ml.artifact import sha256_of
from ml.training.ports import ModelNotStored, NewModel, StoredModel
from schemas.contracts import Contracts

CHUNK_BYTES: Final = 512 * 1024
"""Half of what a broker takes in one record by default (message.max.bytes, 1 MiB)."""


class KafkaModelLog:
    """The ModelLog of one cluster."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts

    def append(self, model: NewModel) -> StoredModel:
        """Append the model's bytes and its ModelTrained, both or neither; its version is the next of its line.

        Runs of one line share a writer's name, so nobody else can append a version between deciding and appending.

        Raises:
            EventNotAppended: the log did not take it.
        """
        lines: Aggregates[ModelLine, ModelEvent] = Aggregates(
            first=Untrained(), key_of=line_of, evolve=lambda line, record: evolve(line, record.event)
        )
        answer = shared_write_side(
            self._bootstrap, self._contracts, MODEL_EVENTS, lines, writer=f"telltale-trainer-{model.line}"
        ).perform(
            Request(
                stamp=CommandStamp(command_id=str(uuid4()), body_sha256=model.manifest_sha256, repeatable=False),
                command="TrainModel",
                actor="",
                fold=lines,
                key=model.line,
                decide=lambda line: Following(
                    beside=_chunks(model), events=lambda _where: [_numbered(model, version_after(line))]
                ),
            )
        )
        for record in answer.records:
            if isinstance(record.event, ModelTrained):
                return StoredModel(event=record.event, position=record.position)
        raise EventNotAppended(f"{model.line}: the model can't be read back; telltale models list shows what is there")

    def trained(self) -> tuple[ModelTrained, ...]:
        """Return every version of every line, in log order."""
        return tuple(event for event in self._events() if isinstance(event, ModelTrained))

    def content(self, artifact_sha256: str) -> tuple[str, bytes]:
        """Return format and bytes of an artifact, its hash verified.

        Raises:
            ModelNotStored: the log does not hold it whole.
        """
        return read_artifact(self._bootstrap, self._contracts, artifact_sha256)

    def _events(self) -> Iterator[ModelTrained | ModelPromoted]:
        for record in control_records(self._bootstrap, MODEL_EVENTS, self._contracts):
            if isinstance(record.event, ModelTrained | ModelPromoted):
                yield record.event


def read_artifact(bootstrap: str, contracts: Contracts, artifact_sha256: str) -> tuple[str, bytes]:
    """Return format and bytes of an artifact in model-artifacts, its hash verified.

    Chunks that somebody else wrote under the artifact's key are passed over when they don't fit its hash.

    Raises:
        ModelNotStored: the log does not hold it whole.
    """
    key = artifact_sha256.encode()
    chunks: dict[tuple[int, int], ModelArtifactStored] = {}
    found = f"model-artifacts holds no chunk of {artifact_sha256}"
    decoder = ControlDecoder(ContractsFollower(bootstrap, contracts))
    for batch in read_to_end(bootstrap, MODEL_ARTIFACTS, 0):
        own = np.array([row for row, named in enumerate(batch.keys) if named == key], np.intp)
        for event in (record.event for record in decoder.events(batch.take(own))):
            if not isinstance(event, ModelArtifactStored):
                continue
            chunks[event.chunks, event.chunk] = event
            parts = [chunks.get((event.chunks, index)) for index in range(event.chunks)]
            there = [part.content for part in parts if part is not None]
            found = f"model-artifacts holds {len(there)} of {event.chunks} chunks of {artifact_sha256}"
            if len(there) == event.chunks:
                if (digest := sha256_of(content := b"".join(there))) == artifact_sha256:
                    return event.format, content
                found = f"the bytes stored as {artifact_sha256} have the hash {digest}"
    raise ModelNotStored(found)


def _numbered(model: NewModel, version: int) -> ModelTrained:
    return ModelTrained(
        model=ModelRef(
            profile=model.profile, name=model.line, version=version, artifact_sha256=sha256_of(model.content)
        ),
        detectors=model.detectors,
        manifest=model.manifest,
        manifest_sha256=model.manifest_sha256,
        rows=model.rows,
        metrics=model.metrics,
        parameters=model.parameters,
    )


def _chunks(model: NewModel) -> list[Beside]:
    digest = sha256_of(model.content)
    parts = [model.content[start : start + CHUNK_BYTES] for start in range(0, len(model.content), CHUNK_BYTES)]
    return [
        Beside(
            key=digest,
            event=ModelArtifactStored(
                artifact_sha256=digest,
                format=model.format,
                chunk=index,
                chunks=len(parts),
                size=len(model.content),
                content=part,
            ),
        )
        for index, part in enumerate(parts)
    ]
