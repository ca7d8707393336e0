"""The profile that a dry run judges a file by: the log's, where a log answers.

Must never be needed: a dry run tells of a file also where nothing runs, and says then what it did not check.
"""

from dataclasses import dataclass

from domain.profiles import ProfileDefined, newest_profile
from infra.cli.composition import composed
from infra.cli.doctor.log import log_answers
from infra.cli.ingest.run import require_definable
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.settings import load_settings
from schemas.contracts import UnknownSchemaId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSeen:
    """A profile as the log has it; `checked` is false when no log could be asked."""

    profile: ProfileDefined | None
    checked: bool
    said: str


def profile_seen(name: str) -> ProfileSeen:
    """Return what the log says of a profile name, with or without a version.

    Raises:
        CommandFailed: it names a version that is not defined, which no file can define.
    """
    if not log_answers(load_settings()):
        return _unchecked("no log answers")
    try:
        known = composed().profile_log().known()
    except (LogNotReachable, LogStalled, UnknownSchemaId) as error:
        return _unchecked(str(error))
    profile = newest_profile(known, name)
    if profile is None:
        require_definable(name)
        return ProfileSeen(profile=None, checked=True, said=f"{name} is new: the header would define it")
    return ProfileSeen(profile=profile, checked=True, said=f"{profile.ref}: columns and values are checked against it")


def _unchecked(because: str) -> ProfileSeen:
    return ProfileSeen(profile=None, checked=False, said=f"not checked against the profile: {because}")
