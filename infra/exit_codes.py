"""How a command ends: the exit codes that scripts rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ends."""

    YES = 0
    NO = 1
    """The answer is no: differs, lagging, incompatible, stopped."""
    USAGE = 2
    NOT_REACHABLE = 3
    REFUSED = 4
    """A rule refused it."""
    INTERRUPTED = 130
    """By Ctrl-C; the same command again resumes."""
