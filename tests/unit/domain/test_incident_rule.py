"""Given readings of one machine: when there are incidents, and what they say."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from domain.anomalies import Severity
from domain.incident_rule import (
    Ends,
    Extends,
    JudgedReading,
    MachineWatch,
    Opens,
    Quiet,
    Step,
    end_if_quiet,
    is_idle,
    watch,
)

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def reading(
    second: float,
    *,
    sensor: str = "main",
    channels: Iterable[str] = (),
    scores: Mapping[str, float] | None = None,
    **kinds: float,
) -> JudgedReading:
    return JudgedReading(sensor_id=sensor, recorded_at=at(second), scores=scores or kinds, channels=frozenset(channels))


def follow(*readings: JudgedReading, watching: MachineWatch | None = None) -> tuple[list[Step], MachineWatch]:
    state: MachineWatch = watching or Quiet()
    steps: list[Step] = []
    for one in readings:
        new, state = watch(state, one)
        steps += new
    return steps, state


def opened(second: float, *kinds: str, channels: Iterable[str] = (), severity: Severity = Severity.WARNING) -> Opens:
    return Opens(
        at=at(second), sensor_id="main", kinds=frozenset(kinds), channels=frozenset(channels), severity=severity
    )


@pytest.mark.parametrize("kind", ["spike", "drift", "stuck"])
def test_a_spike_a_drift_and_a_stuck_channel_open_at_once(kind: str) -> None:
    steps, _ = follow(reading(0), reading(1, channels=["flow"], scores={kind: 1.2}))

    assert steps == [opened(1, kind, channels=["flow"])]


@pytest.mark.parametrize("kind", ["shift", "noise"])
def test_a_shift_and_noise_open_after_ten_readings_in_a_row(kind: str) -> None:
    nine, state = follow(*(reading(second, scores={kind: 1.2}) for second in range(9)))
    tenth, _ = follow(reading(9, scores={kind: 1.2}), watching=state)
    broken, _ = follow(reading(9), *(reading(second, scores={kind: 1.2}) for second in range(10, 19)), watching=state)

    assert nine == []
    assert tenth == [opened(9, kind)]
    assert broken == []


def test_two_sensors_do_not_confirm_one_another() -> None:
    steps, _ = follow(*(reading(second, sensor=f"sensor-{second % 2}", shift=1.2) for second in range(18)))

    assert steps == []


def test_what_comes_within_fifteen_minutes_belongs_to_the_same_episode() -> None:
    steps, _ = follow(reading(0, spike=1.2), reading(900, spike=1.2), reading(1800, spike=1.2))

    assert steps == [opened(0, "spike")]


def test_an_episode_ends_with_its_last_alarm_and_the_next_alarm_opens_another() -> None:
    steps, state = follow(reading(0, spike=1.2), reading(5, spike=1.2), reading(906), reading(907, drift=1.1))

    assert steps == [opened(0, "spike"), Ends(at=at(5)), opened(907, "drift")]
    assert not is_idle(state)


def test_one_reading_can_end_an_episode_and_open_the_next() -> None:
    steps, _ = follow(reading(0, spike=1.2), reading(2000, stuck=1.0))

    assert steps == [opened(0, "spike"), Ends(at=at(0)), opened(2000, "stuck")]


def test_an_episode_is_extended_by_what_is_new_and_by_nothing_else() -> None:
    steps, _ = follow(
        reading(0, spike=1.2, channels=["flow"]),
        reading(1, spike=1.3, channels=["flow"]),
        reading(2, spike=1.2, drift=1.1, channels=["flow"]),
        reading(3, drift=1.6, channels=["pressure"]),
        reading(4, spike=1.2, channels=["pressure"]),
    )

    assert steps[1:] == [
        Extends(at=at(2), sensor_id="main", kinds=frozenset({"drift"}), channels=frozenset(), severity=None),
        Extends(
            at=at(3), sensor_id="main", kinds=frozenset(), channels=frozenset({"pressure"}), severity=Severity.HIGH
        ),
    ]


def test_an_unconfirmed_shift_does_not_keep_an_episode_open() -> None:
    readings = [reading(0, spike=1.2), *(reading(895 + second, shift=1.2) for second in range(9))]
    steps, _ = follow(*readings)

    assert steps == [opened(0, "spike"), Ends(at=at(0))]


def test_a_silent_machine_s_episode_ends_when_somebody_asks() -> None:
    _, state = follow(reading(0, spike=1.2))

    assert end_if_quiet(state, at(900), sensor_id="main") == ((), state)
    assert end_if_quiet(state, at(901), sensor_id="main") == ((Ends(at=at(0)),), Quiet(standing={("main", "spike"): 1}))


def test_a_machine_at_peace_need_not_be_followed_reading_by_reading() -> None:
    _, at_peace = follow(reading(0), reading(1, shift=1.2), reading(2))
    _, uneasy = follow(reading(0, shift=1.2))

    assert is_idle(at_peace)
    assert watch(at_peace, reading(3)) == ((), at_peace)
    assert not is_idle(uneasy)


def test_a_sensor_whose_clock_is_ahead_does_not_end_what_another_sensor_shows() -> None:
    """One alarm that stands would be an incident for every reading, were it ended by the clock of a neighbour."""
    ahead = timedelta(minutes=20)
    steps: list[Step] = []
    state: MachineWatch = Quiet()
    for second in range(0, 600, 10):
        for one in (
            JudgedReading(sensor_id="drive-end", recorded_at=at(second), scores={"spike": 1.2}),
            JudgedReading(sensor_id="fan-end", recorded_at=at(second) + ahead),
        ):
            more, state = watch(state, one)
            steps += more
    assert [type(step) for step in steps] == [Opens]
    more, state = watch(state, JudgedReading(sensor_id="drive-end", recorded_at=at(590 + 901)))
    assert more == (Ends(at=at(590)),)
