"""The name of a command: what makes the same request again the same command."""

import hashlib
import json
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final
from uuid import uuid4

_NOT_ASKED: Final = frozenset({"actor"})
"""Who sends a command is no part of what it asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStamp:
    """Which command an event follows from; stands in the header of each of its events.

    command_id: the client's Idempotency-Key. body_sha256: hash of what the command asks for, so that the same id with
    another request is found out. repeatable: the client chose the id, so it can send the command again.
    """

    command_id: str
    body_sha256: str
    repeatable: bool = field(default=True, compare=False)


def stamp_of(command: Any, idempotency_key: str | None = None, *, if_match: str | None = None) -> CommandStamp:
    """Return the stamp of a command, which is a dataclass; without a key every request is a command of its own.

    A field that has its default is left out of the hash, so a field added later leaves earlier commands' hashes alone.
    """
    asked: dict[str, object] = {
        one.name: getattr(command, one.name)
        for one in fields(command)
        if one.name not in _NOT_ASKED and (one.default is MISSING or getattr(command, one.name) != one.default)
    }
    asked["command"] = type(command).__name__
    if if_match is not None:
        asked["if_match"] = if_match
    text = json.dumps(asked, sort_keys=True, default=str)
    return CommandStamp(
        command_id=idempotency_key or str(uuid4()),
        body_sha256=hashlib.sha256(text.encode()).hexdigest(),
        repeatable=idempotency_key is not None,
    )
