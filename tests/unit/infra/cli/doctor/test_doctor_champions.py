"""What `telltale doctor` says of profiles whose readings nobody judges."""

import pytest

from infra.cli.doctor.champions import judged


def test_a_profile_that_sends_readings_without_a_champion_is_named_with_what_to_do() -> None:
    finding = judged({"pump@1", "fan@2", "room@1"}, {"fan@1", "room@1"})
    assert not finding.good
    assert finding.found == "fan@2, pump@1: no champion, so its readings are unscored"
    assert finding.fix == 'telltale train fan@2; then telltale models promote fan/N --because "why"'


@pytest.mark.parametrize(
    ("sending", "promoted", "found"),
    [
        (set(), set(), "no readings yet"),
        ({"pump@1"}, {"pump@1", "fan@1"}, "every profile of the newest readings has one"),
    ],
)
def test_a_log_whose_readings_are_judged_is_good(sending: set[str], promoted: set[str], found: str) -> None:
    finding = judged(sending, promoted)
    assert (finding.good, finding.found) == (True, found)
