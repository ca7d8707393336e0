"""Re-scorings: a stretch of the readings judged again by one model, beside the live verdicts and never among them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid5

from domain.models import ModelRef

RUN_NAMESPACE: Final = UUID("5f0a7a52-3f3a-5c0d-8a6e-0c8d5d1e7b94")
"""Namespace of run ids. For ever: ids in logs follow from it."""

_UNNUMBERED: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RescoredRange:
    """Offsets from_offset to next_offset, half-open, of one partition."""

    partition: int
    from_offset: int
    next_offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoringRequested:
    """A model is to judge a stretch again. Schema: telltale.RescoringRequested.avsc."""

    run_id: UUID
    model: ModelRef
    source_topic: str
    source_topic_id: str
    ranges: tuple[RescoredRange, ...]
    follow: bool
    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoringCompleted:
    """A run has judged all of its ranges. Schema: telltale.RescoringCompleted.avsc."""

    run_id: UUID
    offsets: int
    judged: int
    abnormal: int
    flagged: Mapping[str, int]
    ledger_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoringFailed:
    """A run stopped before its end; the same request goes on. Schema: telltale.RescoringFailed.avsc."""

    run_id: UUID
    reason: str


RescoringEvent = RescoringRequested | RescoringCompleted | RescoringFailed


def requested(
    model: ModelRef,
    *,
    source_topic: str,
    source_topic_id: str,
    ranges: tuple[RescoredRange, ...],
    follow: bool,
    asked: str,
) -> RescoringRequested:
    """Return the request with the id that follows from all the rest of it."""
    unnumbered = RescoringRequested(
        run_id=_UNNUMBERED,
        model=model,
        source_topic=source_topic,
        source_topic_id=source_topic_id,
        ranges=ranges,
        follow=follow,
        asked=asked,
    )
    said = [
        *(model.profile, model.name, model.version, model.artifact_sha256),
        *(source_topic, source_topic_id, follow, asked),
        [[one.partition, one.from_offset, one.next_offset] for one in ranges],
    ]
    return replace(unnumbered, run_id=uuid5(RUN_NAMESPACE, json.dumps(said, separators=(",", ":"))))


def unfinished(events: Iterable[RescoringEvent], wanted: RescoringRequested) -> RescoringRequested | None:
    """Return the run of the same words that has not completed, with the ranges it was begun with; None: none.

    A request without an end means the log's end when it was first asked, so the same words asked again later go on
    with that end, and name a new run only once it is completed.
    """
    found: RescoringRequested | None = None
    for event in events:
        match event:
            case RescoringRequested():
                same = (event.model, event.source_topic_id, event.follow, event.asked) == (
                    wanted.model,
                    wanted.source_topic_id,
                    wanted.follow,
                    wanted.asked,
                )
                found = event if same else found
            case RescoringCompleted(run_id=run_id) if found is not None and found.run_id == run_id:
                found = None
            case _:
                pass
    return found


def completion(events: Iterable[RescoringEvent], run_id: UUID) -> RescoringCompleted | None:
    """Return how a run ended; None while it has not."""
    return next((one for one in events if isinstance(one, RescoringCompleted) and one.run_id == run_id), None)
