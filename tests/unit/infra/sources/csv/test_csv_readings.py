"""Rows become readings of a profile; what is wrong is refused with file, line, column and reason, the rest goes in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.appending import ReadingsNotAppended
from domain.profiles import ProfileDefined
from domain.readings import derive_event_id
from infra.sources.csv.text_table import Said, text_table
from infra.sources.files.columns_do_not_fit import ColumnsDoNotFit
from infra.sources.files.ingest_file import FileIngest, Pause, Tally
from infra.sources.files.plan import WIDEST, ColumnChoice, ColumnPlan, plan_columns
from infra.sources.files.read_rows import RefusedRow
from infra.sources.files.source import FileSource, beginning_of, provisional_profile
from infra.sources.files.survey import survey
from infra.sources.novelty import Novelty
from infra.sources.times.moments import Plausible
from infra.sources.units import name_and_unit
from tests.builders import a_profile
from tests.fakes.intake import FakeReadings

ANY_TIME = Plausible(datetime(2026, 11, 28, tzinfo=UTC), any_time=True)


def a_choice(**said: Any) -> ColumnChoice:
    return ColumnChoice(**{"time": "time", "profile": "pump", "zone": UTC, **said})


@dataclass(slots=True)
class Ingested:
    """A file brought into a fake log."""

    path: Path
    choice: ColumnChoice
    profile: ProfileDefined | None = None
    log: FakeReadings = field(default_factory=FakeReadings)
    pause: Pause | None = None

    @property
    def source(self) -> FileSource:
        table = text_table(self.path, Said())
        return FileSource(table=table, plan=self.plan, plausible=ANY_TIME)

    @property
    def plan(self) -> ColumnPlan:
        return plan_columns(text_table(self.path, Said()), self.choice, self.profile, plausible=ANY_TIME)

    def run(self) -> Tally:
        source = self.source
        profile = self.profile or provisional_profile(source.plan, interval_s=1.0)
        work = FileIngest(self.log, Novelty(self.log), pause=self.pause)
        return work.run(source.readings(profile))


def ingested(folder: Path, text: str, *, profile: ProfileDefined | None = None, **said: Any) -> Ingested:
    path = folder / "pump-07.csv"
    path.write_text(text, encoding="utf-8")
    return Ingested(path, a_choice(**said), profile)


THREE = "time,speed [%],vibration (mm/s)\n1,80,2.5\n2,81,2.6\n3,82,\n"


def test_a_wide_file_becomes_a_reading_per_row(tmp_path: Path) -> None:
    file = ingested(tmp_path, THREE)

    tally = file.run()

    assert (tally.appended, tally.duplicate, tally.refused) == (3, 0, [])
    assert [dict(row["measurements"]) for row in file.log.rows] == [  # type: ignore[call-overload]
        {"speed": 80.0, "vibration": 2.5},
        {"speed": 81.0, "vibration": 2.6},
        {"speed": 82.0},
    ]
    first = file.log.rows[0]
    assert (first["machine_id"], first["sensor_id"]) == ("pump-07", "pump-07")
    assert (first["profile"], first["source"], first["recorded_at"]) == ("pump@1", "csv", 1_000_000)
    content = {"speed": 80.0, "vibration": 2.5}
    assert first["event_id"] == str(derive_event_id("pump-07", "pump-07", 1_000_000, content))


def test_a_new_profile_takes_names_and_units_from_the_header_and_refuses_no_later_value(tmp_path: Path) -> None:
    file = ingested(tmp_path, THREE)
    profile = provisional_profile(file.plan, interval_s=1.0)

    assert [(channel.name, channel.unit, str(channel.role)) for channel in profile.channels] == [
        ("speed", "%", "response"),
        ("vibration", "mm/s", "response"),
    ]
    assert {(channel.minimum, channel.maximum) for channel in profile.channels} == {(-WIDEST, WIDEST)}


@pytest.mark.parametrize(
    ("column", "named"),
    [
        ("flow [m³/h]", ("flow", "m³/h")),
        ("flow (m³/h)", ("flow", "m³/h")),
        ("temperature_celsius", ("temperature", "°C")),
        ("Volume Flow RateRMS", ("Volume Flow RateRMS", "")),
        ("[x]", ("[x]", "")),
    ],
)
def test_units_stand_in_the_header(column: str, named: tuple[str, str]) -> None:
    assert name_and_unit(column) == named


def test_every_refused_row_has_file_line_column_and_reason(tmp_path: Path) -> None:
    text = (
        "time,speed,vibration\n1,80,2.5\nsoon,80,2.5\n2,fast,2.5\n3,80,nan\n4,,\n5,80\n6,80,-3\n\n"
        "99999999999999999,80,2.5\n7,80,2.5\n"
    )
    file = ingested(tmp_path, text, profile=a_profile("pump", channels=("speed", "vibration"), minimum=0))

    tally = file.run()

    assert (tally.appended, tally.refused_rows, tally.refused_cells) == (5, 3, 2)
    assert (tally.counts.empty, tally.counts.missing) == (1, 1)
    assert tally.refused == [
        RefusedRow(str(file.path), 3, "time", "'soon' is no time (seconds since 1970)"),
        RefusedRow(str(file.path), 4, "speed", "'fast' is not a finite number", whole=False),
        RefusedRow(str(file.path), 7, "", "has 2 cells, the header names 3 columns"),
        RefusedRow(str(file.path), 8, "vibration", "-3  is outside the plausible 0 to 1000", whole=False),
        RefusedRow(str(file.path), 10, "time", "'99999999999999999' is no time (seconds since 1970)"),
    ]


def test_machines_and_sensors_come_from_columns_or_are_one(tmp_path: Path) -> None:
    text = "time,machine,place,speed\n1,pump-07,motor,80\n1,pump-08, drive-end ,80\n1,,motor,80\n"

    both = ingested(tmp_path, text, machine="machine", sensor="place")
    tally = both.run()
    one = ingested(tmp_path, text, sensor="place", machine_id="pump-09", ignore=["machine"])
    one.run()
    alone = ingested(tmp_path, text, machine="machine", ignore=["place"])
    alone.run()

    assert [(row["machine_id"], row["sensor_id"]) for row in both.log.rows] == [
        ("pump-07", "motor"),
        ("pump-08", "drive-end"),
    ]
    assert [(row.line, row.column) for row in tally.refused] == [(4, "machine")]
    assert set(one.log.column("machine_id")) == {"pump-09"}
    assert alone.log.column("sensor_id") == ["pump-07", "pump-08"]


def test_labels_are_truth_and_never_a_channel(tmp_path: Path) -> None:
    text = "time,speed,label\n1,80,0\n2,80,1\n3,80,bearing\n4,80,\n5,80,0.0\n6,80,normal\n"
    file = ingested(tmp_path, text, labels="label")

    file.run()

    assert file.log.column("anomaly_injected") == [False, True, True, None, False, False]
    assert file.log.column("anomaly_type") == [None, None, "bearing", None, None, None]
    assert all(dict(row["measurements"]).keys() == {"speed"} for row in file.log.rows)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"time": "when"}, "no column 'when'; its columns are time, speed, note"),
        ({"machine": "unit"}, "no column 'unit'"),
        ({}, "column 'note' holds text such as 'ok', no numbers; say --ignore 'note'"),
        ({"channels": ["speed", "torque"]}, "no column 'torque'"),
        ({"ignore": ["speed", "note"]}, "no column is left to be a channel"),
        ({"time": "note"}, "'ok' is no time that is understood"),
    ],
)
def test_columns_that_do_not_fit_are_named_before_anything_is_appended(
    tmp_path: Path, said: dict[str, Any], says: str
) -> None:
    file = ingested(tmp_path, "time,speed,note\n1,80,ok\n2,80,ok\n", **said)

    with pytest.raises(ColumnsDoNotFit, match=says):
        file.run()

    assert file.log.rows == []


def test_an_unknown_channel_is_named_with_those_there_are(tmp_path: Path) -> None:
    file = ingested(tmp_path, "time,speed,torque\n1,80,2\n", profile=a_profile("pump", channels=("speed", "flow")))

    with pytest.raises(ColumnsDoNotFit, match="no channel of pump@1 is called 'torque'; its channels are speed, flow"):
        file.run()


def test_columns_can_be_named_as_channels(tmp_path: Path) -> None:
    file = ingested(
        tmp_path, "time,n1,x\n1,80,2\n", channels=["n1=speed"], profile=a_profile("pump", channels=["speed"])
    )

    assert file.run().appended == 1
    assert dict(file.log.rows[0]["measurements"]) == {"speed": 80.0}  # type: ignore[call-overload]


def test_the_same_file_twice_adds_nothing(tmp_path: Path) -> None:
    file = ingested(tmp_path, THREE)
    file.run()

    again = file.run()

    assert (again.appended, again.duplicate) == (0, 3)
    assert len(file.log.rows) == 3
    assert file.log.asked == [{"pump-07"}, {"pump-07"}]


def test_a_row_that_stands_twice_in_a_file_is_one_reading(tmp_path: Path) -> None:
    file = ingested(tmp_path, "time,speed\n1,80\n1,80\n1,81\n")

    tally = file.run()

    assert (tally.appended, tally.duplicate) == (2, 1)


def test_an_interrupted_ingest_goes_on_where_it_was(tmp_path: Path) -> None:
    text = "time,speed\n" + "".join(f"{second},80\n" for second in range(100))
    file = ingested(tmp_path, text)
    file.log.takes = 0
    with pytest.raises(ReadingsNotAppended):
        file.run()
    file.log.flush()
    file.log.rows = file.log.rows[:40]
    file.log.takes = None

    tally = file.run()

    assert (tally.appended, tally.duplicate) == (60, 40)
    assert len(set(file.log.column("event_id"))) == 100


def test_the_pause_comes_after_exactly_so_many_readings_are_in_the_log(tmp_path: Path) -> None:
    file = ingested(tmp_path, "time,speed\n" + "".join(f"{second},80\n" for second in range(100)))
    seen: list[tuple[int, int | None, int]] = []
    file.pause = Pause(30, lambda tally: seen.append((len(file.log.rows), tally.oldest_us, tally.newest_us)))

    tally = file.run()

    assert seen == [(30, 0, 29_000_000)]
    assert tally.appended == 100


def test_a_file_shorter_than_the_pause_does_not_pause(tmp_path: Path) -> None:
    file = ingested(tmp_path, THREE)
    file.pause = Pause(30, lambda _: pytest.fail("paused"))

    assert file.run().appended == 3


def test_a_survey_tells_channels_units_interval_and_what_would_be_refused(tmp_path: Path) -> None:
    text = "time;m;speed [%]\n10;a;80,5\n10;b;70\n12;a;82\n12;b;x\n14;a;81\n"
    file = ingested(tmp_path, text, machine="m")

    source = file.source
    interval_s = beginning_of(source).interval_s
    found = survey([source], provisional_profile(source.plan, interval_s=interval_s))

    (speed,) = found.channels
    assert (speed.column, speed.channel, speed.unit) == ("speed [%]", "speed", "%")
    assert (speed.values, speed.minimum, speed.maximum) == (4, 70.0, 82.0)
    assert (found.interval_s, found.readings) == (2.0, 4)
    assert found.sensors == {("a", "a"), ("b", "b")}
    assert [(row.line, row.column) for row in found.refused] == [(5, "speed [%]")]
