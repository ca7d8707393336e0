"""Training in between: watch first, then train on the file's first rows alone, promote, and wait."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from domain.models import ModelRef
from domain.topics import DATA_PARTITIONS, SENSOR_EVENTS
from infra.cli.ingest.run import IngestOutcome, Request, append
from infra.cli.ingest.sources import understood
from infra.cli.ingest.training_first import family_for, only_first
from infra.cli.ingest.wishes import Wishes
from infra.kafka.client.partitioning import partition_of
from infra.sources.novelty import Novelty
from infra.sources.times.moments import Plausible
from infra.sources.train_first import FirstRows, TrainFirst
from infra.wiring.container import Container
from ml.manifest import OffsetRange, Selection
from tests.fakes.intake import FakeReadings

MODEL = ModelRef(profile="pump@1", name="pump", version=1, artifact_sha256="ab")
FIRST = FirstRows(partitions=frozenset({3}), recorded_from_us=100, recorded_before_us=401, from_offsets={3: 7, 4: 9})
SECOND_US = 1_000_000


def test_the_scorer_is_watched_before_anything_is_promoted() -> None:
    happened: list[str] = []

    def train(profile: str, first: FirstRows) -> ModelRef:
        happened.append(f"train {profile} before {first.recorded_before_us}")
        return MODEL

    class Watched:
        def watch(self, partitions: frozenset[int]) -> Callable[[ModelRef], None]:
            happened.append(f"watch {sorted(partitions)}")
            return lambda model: happened.append(f"wait for {model}")

    work = TrainFirst(train=train, promote=lambda model: happened.append(f"promote {model}"), in_force=Watched())

    assert work.run("pump@1", FIRST) == MODEL
    assert happened == ["watch [3]", "train pump@1 before 401", "promote pump/1", "wait for pump/1"]


def test_readings_of_the_profile_that_were_there_before_train_nothing() -> None:
    everything = Selection(
        profile="pump@1",
        topic=SENSOR_EVENTS,
        topic_id="id",
        ranges=(OffsetRange(partition=2, from_offset=0, next_offset=50), a_range(0, 20), a_range(4, 9, partition=4)),
    )
    narrowed = only_first(everything, FIRST)
    assert narrowed.ranges == (a_range(7, 20),)
    assert (narrowed.recorded_from_us, narrowed.recorded_before_us) == (100, 401)
    assert only_first(everything, without_offsets(FIRST)).ranges == (a_range(0, 20),)


def a_range(from_offset: int, next_offset: int, *, partition: int = 3) -> OffsetRange:
    return OffsetRange(partition=partition, from_offset=from_offset, next_offset=next_offset)


def without_offsets(first: FirstRows) -> FirstRows:
    return FirstRows(
        partitions=first.partitions,
        recorded_from_us=first.recorded_from_us,
        recorded_before_us=first.recorded_before_us,
        from_offsets={},
    )


def test_four_hundred_readings_of_each_machine_make_a_panel_and_fewer_an_isolation_forest_unless_somebody_says() -> (
    None
):
    assert family_for(None, readings=800, machines=2) == "panel"
    assert family_for(None, readings=799, machines=2) == "isolation_forest"
    assert family_for("isolation_forest", readings=7200, machines=1) == "isolation_forest"


@pytest.mark.parametrize("known", [0, 1])
def test_a_file_is_trained_on_its_own_first_rows_and_where_this_run_appended_them(
    known: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, began_at = FakeReadings(), {partition: 100 + partition for partition in range(DATA_PARTITIONS)}
    asked: list[tuple[int, FirstRows]] = []

    def training_first(_intake: Container, _family: str) -> Any:
        def run(_profile: str, first: FirstRows) -> ModelRef:
            asked.append((len(log.rows), first))
            return MODEL

        return SimpleNamespace(run=run)

    monkeypatch.setattr("infra.cli.ingest.training_first.training_first", training_first)
    monkeypatch.setattr("infra.cli.ingest.training_first.champion_of", lambda *_: None)
    monkeypatch.setattr("infra.cli.ingest.run._ends", lambda _: began_at)
    intake = cast("Container", SimpleNamespace(appender=lambda: log))
    file = tmp_path / "pump.csv"
    file.write_text("time,flow\n" + "".join(f"{second},{second % 7}\n" for second in range(100, 120)))
    wishes = Wishes(time="time", profile="pump", machine_id="pump-07")
    plausible = Plausible(datetime(2026, 11, 28, tzinfo=UTC), any_time=True)
    profile = understood([file], wishes, None, plausible).profile("pump")

    for upto, train_first in ((known, None), (20, 8)):
        if not upto:
            continue
        file.write_text("time,flow\n" + "".join(f"{second},{second % 7}\n" for second in range(100, 100 + upto)))
        outcome = IngestOutcome(file=str(file), profile=profile, defined=True)
        request = Request(paths=[file], wishes=wishes, plausible=plausible, train_first=train_first)
        append(intake, request, understood([file], wishes, profile, plausible), outcome, Novelty(log))

    ((there, first),) = asked
    assert there == 8
    assert first == FirstRows(
        partitions=frozenset({partition_of("pump-07", DATA_PARTITIONS)}),
        recorded_from_us=100 * SECOND_US,
        recorded_before_us=107 * SECOND_US + 1,
        from_offsets={} if known else began_at,
    )
    assert len(log.rows) == 20
    assert outcome.model == MODEL
