"""Profiles are read from TOML, from JSON and from one text per channel, and say what is wrong with them."""

import json
from pathlib import Path

import pytest

from domain.profiles import Channel
from infra.sources.csv.profile_files import EXAMPLE, ProfileNotUnderstood, channel_of, read_description
from infra.sources.files.plan import WIDEST

SPEED = Channel(name="speed", unit="%", role="condition", minimum=0, maximum=120)
VIBRATION = Channel(name="vibration", unit="mm/s", role="response", minimum=-WIDEST, maximum=WIDEST)


def test_the_example_is_a_profile(tmp_path: Path) -> None:
    path = tmp_path / "pump.toml"
    path.write_text(EXAMPLE)

    description = read_description(path)

    assert (description.name, description.expected_interval_s) == ("pump", 1.0)
    assert description.channels == (SPEED, VIBRATION)


def test_json_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "pump.json"
    plain = {"name": "pump", "expected_interval_s": 2, "channels": [{"name": "vibration", "unit": "mm/s"}]}
    path.write_text(json.dumps(plain))

    assert read_description(path).channels == (VIBRATION,)


@pytest.mark.parametrize(("text", "channel"), [("speed:%:condition:0:120", SPEED), ("vibration:mm/s", VIBRATION)])
def test_a_channel_is_one_text(text: str, channel: Channel) -> None:
    assert channel_of(text) == channel


@pytest.mark.parametrize("text", ["", "speed:%:condition:0", "speed:%:condition:low:high", ":%"])
def test_a_text_that_is_no_channel_is_refused(text: str) -> None:
    with pytest.raises(ProfileNotUnderstood, match="channel"):
        channel_of(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = 1", "name must be a text"),
        ('name = "pump"', "channels is missing|expected_interval_s is missing"),
        ('name = "pump"\nspeed = 1', "speed is not understood"),
        ('name = "pump"\nexpected_interval_s = 1\nchannels = [1]', "a channel is a table"),
        ('name = "pump"\nexpected_interval_s = 1\n[[channels]]\nname="a"\nminimum="x"', "minimum must be a number"),
        ("name = ", "pump.toml"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "pump.toml"
    path.write_text(text)

    with pytest.raises(ProfileNotUnderstood, match=says):
        read_description(path)
