"""A profile never changes: the same description adds nothing, another one is the next version."""

import pytest

from commands.define_profile import DefineProfile, DefineProfileHandler
from domain.profiles import ProfileRefused
from tests.builders import a_profile
from tests.fakes.intake import FakeProfileLog


def a_command(*channels: str, interval_s: float = 1.0) -> DefineProfile:
    return DefineProfile(
        name="pump",
        channels=a_profile("pump", channels=channels or ("speed",)).channels,
        expected_interval_s=interval_s,
    )


def test_a_new_profile_is_its_first_version() -> None:
    log = FakeProfileLog()

    definition = DefineProfileHandler(log).handle(a_command())

    assert (definition.profile.ref, str(definition.position)) == ("pump@1", "profile-events/0/0")
    assert log.profiles == [definition.profile]


def test_the_same_description_adds_nothing() -> None:
    log = FakeProfileLog()
    first = DefineProfileHandler(log).handle(a_command())

    again = DefineProfileHandler(log).handle(a_command())

    assert (again.profile, again.position) == (first.profile, None)
    assert len(log.profiles) == 1


def test_another_description_is_the_next_version_and_the_first_stays() -> None:
    log = FakeProfileLog()
    first = DefineProfileHandler(log).handle(a_command())

    second = DefineProfileHandler(log).handle(a_command("speed", "flow"))

    assert second.profile.ref == "pump@2"
    assert log.profiles == [first.profile, second.profile]


def test_a_description_that_breaks_a_rule_is_refused() -> None:
    log = FakeProfileLog()

    with pytest.raises(ProfileRefused, match="interval"):
        DefineProfileHandler(log).handle(a_command(interval_s=0))

    assert log.profiles == []
