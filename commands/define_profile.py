"""The command DefineProfile: describe a kind of machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.profile_log import ProfileLog
from domain.positions import Position
from domain.profiles import Channel, ProfileDefined, define_profile, newest_profile


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


@dataclass(frozen=True, slots=True)
class DefineProfileHandler:
    """Carries out DefineProfile."""

    log: ProfileLog

    def handle(self, command: DefineProfile) -> Definition:
        """Append ProfileDefined unless the newest version says the same.

        Raises:
            ProfileRefused: the description breaks a rule.
            ProfileNotAppended: the log did not take it.
        """
        self.log.open()
        known = self.log.known()
        defined = define_profile(
            known, name=command.name, channels=command.channels, expected_interval_s=command.expected_interval_s
        )
        if defined is not None:
            return Definition(defined, self.log.append(defined))
        newest = newest_profile(known, command.name)
        assert newest is not None  # noqa: S101 - what changes nothing is there already
        return Definition(newest, None)
