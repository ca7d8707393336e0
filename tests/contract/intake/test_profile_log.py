"""Profiles are defined once, over fake and Kafka alike."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import pytest

from commands.define_profile import DefineProfile, DefineProfileHandler, profiles_fold
from commands.write_side import SHARED, WriteSide
from domain.profiles import ProfileDefined
from domain.topics import PROFILE_EVENTS
from tests.builders import a_profile
from tests.contract.intake.test_reading_ports import intake_of
from tests.fakes.event_log import FakeEventLog, SharedLog


@dataclass(frozen=True, slots=True)
class Profiles:
    """Two processes that define profiles, and a reader of the log."""

    handlers: Sequence[DefineProfileHandler]
    known: Callable[[], Sequence[ProfileDefined]]

    def define(self, name: str, *channels: str, by: int = 0) -> ProfileDefined:
        command = DefineProfile(name=name, channels=a_profile(channels=channels).channels, expected_interval_s=1.0)
        return self.handlers[by].handle(command).profile


def a_handler(shared: SharedLog) -> DefineProfileHandler:
    profiles = profiles_fold()
    return DefineProfileHandler(WriteSide(FakeEventLog(shared), [profiles], takeovers=SHARED), profiles)


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.timeout(120))])
def profiles(request: pytest.FixtureRequest) -> Iterator[Profiles]:
    if request.param == "fake":
        shared = SharedLog(PROFILE_EVENTS)
        yield Profiles([a_handler(shared), a_handler(shared)], lambda: [record.event for record in shared.records])
        return
    settings = request.getfixturevalue("stack_settings")
    one, other = intake_of(settings), intake_of(settings)
    yield Profiles([one.define_profile(), other.define_profile()], one.profile_log().known)


def test_what_was_defined_is_known_in_the_order_of_the_log(profiles: Profiles) -> None:
    name = f"profile-{uuid4().hex[:8]}"

    first, second = profiles.define(name, "speed"), profiles.define(name, "speed", "flow")

    assert [profile for profile in profiles.known() if profile.name == name] == [first, second]


def test_the_same_again_adds_nothing(profiles: Profiles) -> None:
    name = f"profile-{uuid4().hex[:8]}"
    profiles.define(name, "speed")
    before = len(profiles.known())

    assert profiles.define(name, "speed", by=1).version == 1
    assert len(profiles.known()) == before


def test_processes_that_define_in_turns_count_on_from_each_other(profiles: Profiles) -> None:
    name = f"profile-{uuid4().hex[:8]}"

    defined = [
        profiles.define(name, "speed", *(f"extra-{turn}" for _ in range(bool(turn))), by=turn % 2) for turn in range(4)
    ]

    assert [profile.version for profile in defined] == [1, 2, 3, 4]
