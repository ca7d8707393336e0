"""Profiles: what kinds of machine there are and what their sensors measure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.rejections import CommandRejected


class Role(StrEnum):
    """What a channel is for in judging."""

    CONDITION = "condition"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One measured quantity; `minimum` and `maximum` bound what is plausible, in `unit`."""

    name: str
    unit: str
    role: str
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDefined:
    """A kind of machine was described. Schema: telltale.ProfileDefined.avsc."""

    name: str
    version: int
    channels: tuple[Channel, ...]
    expected_interval_s: float

    @property
    def ref(self) -> str:
        """Return the profile with its version, such as `pump@1`: what a reading names."""
        return f"{self.name}@{self.version}"

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Return the channels' names in the profile's order, which is the order of every matrix of values."""
        return tuple(channel.name for channel in self.channels)


def can_be_reference(ref: str) -> bool:
    """Return whether a profile of this reference can ever be defined: a name, an @, and a version from 1 on."""
    return re.fullmatch(_REFERENCE, ref) is not None


class ProfileRefused(CommandRejected, ValueError):
    """The description can't be a profile."""


_LONGEST_NAME = 64
_REFERENCE = rf"[^@/\0]{{1,{_LONGEST_NAME}}}@[1-9][0-9]{{0,8}}"


def is_sound(profile: ProfileDefined) -> bool:
    """Return whether a definition in the log keeps the rules; whoever folds the log passes over one that does not."""
    try:
        _check(profile.name, profile.channels, profile.expected_interval_s)
    except ProfileRefused:
        return False
    return can_be_reference(profile.ref)


def define_profile(
    known: Sequence[ProfileDefined], *, name: str, channels: Sequence[Channel], expected_interval_s: float
) -> tuple[ProfileDefined, ...]:
    """Return the next version of profile `name`; () when its newest version already says this.

    Raises:
        ProfileRefused: the description breaks a rule; the message names it.
    """
    _check(name, channels, expected_interval_s)
    versions = [profile for profile in known if profile.name == name]
    newest = max(versions, key=lambda profile: profile.version, default=None)
    defined = ProfileDefined(
        name=name,
        version=newest.version + 1 if newest else 1,
        channels=tuple(channels),
        expected_interval_s=expected_interval_s,
    )
    if newest and (newest.channels, newest.expected_interval_s) == (defined.channels, defined.expected_interval_s):
        return ()
    return (defined,)


def evolve(known: tuple[ProfileDefined, ...], event: ProfileDefined) -> tuple[ProfileDefined, ...]:
    """Return the profiles after `event`; of one version the first sound description counts."""
    if not is_sound(event) or any(profile.ref == event.ref for profile in known):
        return known
    return (*known, event)


def newest_profile(known: Sequence[ProfileDefined], name: str) -> ProfileDefined | None:
    """Return the profile that `name` means: a full reference means itself, a bare name its newest version."""
    matching = [profile for profile in known if name in (profile.ref, profile.name)]
    return max(matching, key=lambda profile: profile.version, default=None)


def _check(name: str, channels: Sequence[Channel], expected_interval_s: float) -> None:
    if not name or len(name) > _LONGEST_NAME or any(mark in name for mark in "@/\0"):
        raise ProfileRefused(f"profile name {name!r}: use 1 to {_LONGEST_NAME} characters without @ and /")
    if not channels:
        raise ProfileRefused(f"profile {name}: it has no channels")
    names = [channel.name for channel in channels]
    for channel in channels:
        if not channel.name or len(channel.name) > _LONGEST_NAME or "\0" in channel.name:
            raise ProfileRefused(f"profile {name}: channel name {channel.name!r}: use 1 to {_LONGEST_NAME} characters")
        if names.count(channel.name) > 1:
            raise ProfileRefused(f"profile {name}: channel {channel.name!r} is named twice")
        if channel.role not in set(Role):
            raise ProfileRefused(
                f"profile {name}: channel {channel.name!r} has role {channel.role!r}, not condition or response"
            )
        if not float("-inf") < channel.minimum < channel.maximum < float("inf"):
            raise ProfileRefused(f"profile {name}: channel {channel.name!r} needs finite minimum < maximum")
    if not 0 < expected_interval_s < float("inf"):
        raise ProfileRefused(f"profile {name}: expected interval must be above 0 s")
