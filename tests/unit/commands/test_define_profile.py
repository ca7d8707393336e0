"""A profile never changes: the same description adds nothing, another one is the next version."""

import pytest

from commands.define_profile import DefineProfile, DefineProfileHandler, profiles_fold
from commands.write_side import SHARED, WriteSide
from domain.profiles import ProfileRefused
from domain.topics import PROFILE_EVENTS
from tests.builders import a_profile
from tests.fakes.event_log import FakeEventLog, SharedLog


def a_command(*channels: str, interval_s: float = 1.0) -> DefineProfile:
    return DefineProfile(
        name="pump",
        channels=a_profile("pump", channels=channels or ("speed",)).channels,
        expected_interval_s=interval_s,
    )


def a_handler(log: SharedLog) -> DefineProfileHandler:
    profiles = profiles_fold()
    return DefineProfileHandler(WriteSide(FakeEventLog(log), [profiles], takeovers=SHARED), profiles)


def test_a_new_profile_is_its_first_version() -> None:
    log = SharedLog(PROFILE_EVENTS)

    definition = a_handler(log).handle(a_command())

    assert (definition.profile.ref, str(definition.position)) == ("pump@1", "profile-events/0/0")
    assert [record.event for record in log.records] == [definition.profile]


def test_the_same_description_adds_nothing() -> None:
    log = SharedLog(PROFILE_EVENTS)
    first = a_handler(log).handle(a_command())

    again = a_handler(log).handle(a_command())

    assert (again.profile, again.position) == (first.profile, None)
    assert len(log.records) == 1


def test_another_description_is_the_next_version_and_the_first_stays() -> None:
    log = SharedLog(PROFILE_EVENTS)
    first = a_handler(log).handle(a_command())

    second = a_handler(log).handle(a_command("speed", "flow"))

    assert second.profile.ref == "pump@2"
    assert [record.event for record in log.records] == [first.profile, second.profile]


def test_a_description_that_breaks_a_rule_is_refused() -> None:
    log = SharedLog(PROFILE_EVENTS)

    with pytest.raises(ProfileRefused, match="interval"):
        a_handler(log).handle(a_command(interval_s=0))

    assert [record.event for record in log.records] == []
