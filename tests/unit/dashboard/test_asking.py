from datetime import timedelta
from itertools import count

from dashboard.answers.verdicts import ModelName, Verdict
from dashboard.sensor.asking import newest_worst
from tests.builders import NOON

_numbers = count()


def a_verdict(sensor_id: str, score: float, second: float, severity: str = "critical") -> Verdict:
    """Return a verdict on a sensor of one machine."""
    at = NOON + timedelta(seconds=second)
    return Verdict(
        event_id=str(next(_numbers)),
        position="anomaly-events/0/0",
        reading_position="sensor-events/0/0",
        machine_id="pump-07",
        sensor_id=sensor_id,
        recorded_at=at,
        known_at=at,
        kind="shift",
        score=score,
        raw_score=score,
        severity=severity,
        measurements={},
        expected={},
        contribution={},
        model=ModelName(model="pump/1", profile="pump@1", artifact_sha256=""),
    )


def test_of_sensors_that_show_one_fault_alike_the_one_with_the_largest_score_is_told() -> None:
    loud = [a_verdict("drive-end", 9.0, second) for second in range(5)]
    quiet = [a_verdict("motor", 5.0, second + 0.5) for second in range(6)]
    told = newest_worst((*loud, *quiet))
    assert told is not None
    assert (told.sensor_id, told.recorded_at) == ("drive-end", NOON + timedelta(seconds=4))


def test_one_outlier_does_not_hide_the_sensor_that_is_wrong_all_the_time() -> None:
    lasting = [a_verdict("motor", 3.1, second) for second in range(6)]
    told = newest_worst((*lasting, a_verdict("drive-end", 40.0, 3)))
    assert told is not None
    assert told.sensor_id == "motor"


def test_a_worse_severity_comes_before_a_newer_verdict() -> None:
    told = newest_worst((a_verdict("motor", 3.1, 1), a_verdict("drive-end", 1.2, 9, severity="warning")))
    assert told is not None
    assert told.sensor_id == "motor"
    assert newest_worst(()) is None
