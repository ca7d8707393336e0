"""The command DefineProfile: describe a kind of machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.aggregates import Aggregates
from commands.stamps import stamp_of
from commands.write_side import Request, WriteSide
from domain.positions import Position
from domain.profiles import Channel, ProfileDefined, define_profile, evolve, newest_profile

Profiles = Aggregates[tuple[ProfileDefined, ...], ProfileDefined]
"""The versions of each profile, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineProfile:
    """Describe profile `name`; a description that differs from its newest version becomes the next one."""

    name: str
    channels: Sequence[Channel]
    expected_interval_s: float


@dataclass(frozen=True, slots=True)
class Definition:
    """The version that now says what was asked; `position` is None when it said so already."""

    profile: ProfileDefined
    position: Position | None


def profiles_fold() -> Profiles:
    """Return the fold of profile-events that definitions are decided on."""
    return Aggregates(
        first=(), key_of=lambda event: event.name, evolve=lambda known, record: evolve(known, record.event)
    )


@dataclass(frozen=True, slots=True)
class DefineProfileHandler:
    """Carries out DefineProfile; `profiles` is one of the write side's folds."""

    write_side: WriteSide[ProfileDefined]
    profiles: Profiles

    def handle(self, command: DefineProfile) -> Definition:
        """Append ProfileDefined unless the newest version says the same.

        Raises:
            ProfileRefused: the description breaks a rule.
            EventNotAppended: the log did not take it.
        """
        answer = self.write_side.perform(
            Request.of(
                command,
                stamp_of(command),
                fold=self.profiles,
                key=command.name,
                decide=lambda known: define_profile(
                    known,
                    name=command.name,
                    channels=command.channels,
                    expected_interval_s=command.expected_interval_s,
                ),
            )
        )
        for record in answer.records:
            return Definition(record.event, record.position)
        newest = newest_profile(self.profiles.state(command.name), command.name)
        assert newest is not None  # noqa: S101 - what changes nothing is there already
        return Definition(newest, None)
