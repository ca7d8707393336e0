"""Numbers, times and reasons, as people read them."""

from datetime import UTC, datetime

import pytest

from dashboard.answers.machines import Channel, Profile
from dashboard.answers.verdicts import ModelName, ModelVersion, Verdict
from dashboard.look.formats import clock, digits_for, number, span, times, width
from dashboard.reasons import channel_shares, leading_channels, reason_of, summary
from dashboard.sensor.rows import verdict_rows

AT = datetime(2026, 11, 22, 13, 2, 11, tzinfo=UTC)
PUMP = Profile(profile="pump@1", channels=(Channel(name="vibration", unit="mm/s", role="response"),))
MODEL = ModelVersion(
    model="pump/1",
    profile="pump@1",
    metrics={
        "expected_low.vibration": 2.1,
        "expected_high.vibration": 2.9,
        "expected_low.temperature": 40.0,
        "expected_high.temperature": 70.0,
    },
)


def a_verdict(
    *,
    kind: str = "shift",
    score: float = 3.2,
    raw_score: float = 3.2,
    measurements: dict[str, float] | None = None,
    contribution: dict[str, float | None] | None = None,
) -> Verdict:
    return Verdict(
        event_id="9b1d",
        position="anomaly-events/3/57",
        reading_position="sensor-events/3/28799",
        machine_id="pump-07",
        sensor_id="drive-end",
        recorded_at=AT,
        known_at=AT,
        kind=kind,
        score=score,
        raw_score=raw_score,
        severity="critical",
        measurements=measurements or {"vibration": 6.8, "temperature": 58.1},
        expected={"vibration": 2.4, "temperature": 57.9},
        contribution=contribution if contribution is not None else {"vibration": 3.2, "temperature": 0.3},
        model=ModelName(model="pump/1", profile="pump@1", artifact_sha256="4be1"),
    )


def test_verdict_reads_as_one_sentence() -> None:
    verdict = a_verdict()
    who, why = summary(verdict, reason_of(verdict, profile=PUMP, model=MODEL))
    assert who == "pump-07 · drive-end"
    assert why.replace("\u202f", " ") == "vibration 6.8 mm/s, expected 2.1–2.9; shift, 3.2 × threshold"


def test_value_inside_its_range_is_told_with_what_is_usual() -> None:
    verdict = a_verdict(measurements={"vibration": 2.8, "temperature": 58.1})
    reason = reason_of(verdict, profile=PUMP, model=MODEL)
    assert reason is not None
    assert reason.expected_text == "2.4"


def test_of_channels_that_lead_alike_the_one_outside_its_range_is_named() -> None:
    verdict = a_verdict(kind="isolation_forest", contribution={"temperature": 0.09, "vibration": 0.07})
    reason = reason_of(verdict, profile=PUMP, model=MODEL)
    assert reason is not None
    assert reason.channel == "vibration"


def test_verdict_without_contributions_names_the_channel_farthest_from_what_was_expected() -> None:
    assert leading_channels(a_verdict(contribution={})) == ("vibration",)


def test_contribution_that_is_not_known_counts_as_none() -> None:
    assert leading_channels(a_verdict(contribution={"temperature": None, "vibration": 2.0})) == ("vibration",)


def test_forests_contribution_is_given_in_thresholds() -> None:
    verdict = a_verdict(kind="isolation_forest", score=1.6, raw_score=0.8, contribution={"vibration": 0.2})
    assert channel_shares(verdict) == {"vibration": pytest.approx(0.4)}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.3, "0.3 s"),
        (48, "48 s"),
        (59.7, "1 min 00 s"),
        (769, "12 min 49 s"),
        (7500, "2 h 05 min"),
        (352_800, "4 d 2 h"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, text: str) -> None:
    assert span(seconds).replace("\u202f", " ") == text


def test_numbers_have_their_unit_sign_and_thousands() -> None:
    assert number(6.84, "mm/s", 1) == "6.8\u202fmm/s"
    assert number(-4) == "−4"
    assert number(288_000) == "288,000"
    assert number(None) == "–"


def test_score_just_above_its_threshold_never_reads_as_one() -> None:
    assert [times(ratio).replace("\u202f", " ") for ratio in (3.21, 1.03, 1.004, 0.98)] == [
        "3.2 ×",
        "1.03 ×",
        "1.004 ×",
        "1.0 ×",
    ]


def test_digits_of_a_channel_follow_from_its_typical_value() -> None:
    assert [digits_for(value) for value in (1450.0, 61.0, 2.5, 0.4, 0.03, 0.0)] == [0, 1, 1, 2, 3, 1]


def test_times_of_another_day_say_the_day() -> None:
    assert clock(AT, AT) == "13:02:11"
    assert clock(AT, AT.replace(day=23)) == "22 Nov 13:02:11"
    assert clock(AT, AT.replace(year=2027)) == "22 Nov 2026 13:02:11"


def test_width_of_a_bucket_is_whole() -> None:
    assert [width(seconds).replace("\u202f", " ") for seconds in (60, 1200, 3600)] == ["1 min", "20 min", "1 h"]


def test_a_verdict_is_drawn_with_what_was_expected_in_the_channels_that_lead() -> None:
    [row] = verdict_rows([a_verdict()], "vibration")
    assert (row["value"], row["expected"]) == (6.8, 2.4)
    assert verdict_rows([a_verdict()], "temperature") == []
