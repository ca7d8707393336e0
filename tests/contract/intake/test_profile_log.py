"""One suite for the log of profiles, over fake and Kafka alike."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from commands.define_profile import DefineProfile, DefineProfileHandler
from commands.profile_log import ProfileLog
from domain.profiles import ProfileDefined
from tests.builders import a_profile
from tests.contract.intake.test_reading_ports import intake_of
from tests.fakes.intake import FakeProfileLog


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.timeout(120))])
def log(request: pytest.FixtureRequest) -> Iterator[ProfileLog]:
    if request.param == "fake":
        yield FakeProfileLog()
        return
    yield intake_of(request.getfixturevalue("stack_settings")).profile_log()


def define(log: ProfileLog, name: str, *channels: str) -> ProfileDefined:
    command = DefineProfile(name=name, channels=a_profile(channels=channels).channels, expected_interval_s=1.0)
    return DefineProfileHandler(log).handle(command).profile


def test_what_was_defined_is_known_in_the_order_of_the_log(log: ProfileLog) -> None:
    name = f"profile-{uuid4().hex[:8]}"

    first, second = define(log, name, "speed"), define(log, name, "speed", "flow")

    assert [profile for profile in log.known() if profile.name == name] == [first, second]


def test_the_same_again_adds_nothing(log: ProfileLog) -> None:
    name = f"profile-{uuid4().hex[:8]}"
    define(log, name, "speed")
    before = len(log.known())

    assert define(log, name, "speed").version == 1
    assert len(log.known()) == before
