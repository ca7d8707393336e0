"""Makers of what writes: readings, profiles, commands and the service that takes them.

Each imports its class when it is called, so that a process loads only what it runs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastapi import FastAPI

    from commands.decide_on_dead_letter import DeadLetterHandler
    from commands.define_profile import DefineProfileHandler
    from commands.desk import CommandDesk
    from commands.model_lines import ModelLines
    from commands.promote_model import PromoteModelHandler
    from commands.record_readings import RecordReadingsHandler
    from domain.profiles import ProfileDefined
    from infra.http.keys import KeyGuard
    from infra.kafka.decisions.command_log import KafkaEventLog
    from infra.kafka.decisions.dead_letter_log import KafkaDeadLetterLog
    from infra.kafka.decisions.profile_log import KafkaProfileLog
    from infra.kafka.meaning.contracts import ContractsFollower
    from infra.kafka.readings.known_readings import LoggedReadings
    from infra.kafka.readings.reading_appender import ReadingAppender
    from infra.kafka.readings.reading_log import KafkaReadingLog
    from infra.kafka.scoring.model_in_use import KafkaInForce
    from infra.log_disk import LogDisk
    from infra.settings import Settings
    from schemas.contracts import Contracts


def log_disk(settings: "Settings") -> "LogDisk | None":
    """Return the disk of the embedded log, None when the log is elsewhere."""
    from infra.log_disk import log_disk as disk  # noqa: PLC0415

    return disk(settings)


def profile_log(bootstrap: str, contracts: "Contracts") -> "KafkaProfileLog":
    """Return the profiles in the log."""
    from infra.kafka.decisions.profile_log import KafkaProfileLog  # noqa: PLC0415

    return KafkaProfileLog(bootstrap, contracts)


def define_profile(log: "KafkaProfileLog") -> "DefineProfileHandler":
    """Return what defines profiles."""
    from commands.define_profile import DefineProfileHandler  # noqa: PLC0415

    return DefineProfileHandler(log)


def reading_appender(bootstrap: str, contracts: "Contracts", disk: "LogDisk | None") -> "ReadingAppender":
    """Return what appends many readings."""
    from infra.kafka.readings.reading_appender import ReadingAppender  # noqa: PLC0415

    return ReadingAppender(bootstrap, contracts, disk)


def logged_readings(
    bootstrap: str,
    contracts: "Contracts",
    profiles: "Mapping[str, ProfileDefined]",
    *,
    on_read: "Callable[[int, int], None]" = lambda _done, _total: None,
) -> "LoggedReadings":
    """Return the readings that the log has already."""
    from infra.kafka.readings.known_readings import LoggedReadings  # noqa: PLC0415

    return LoggedReadings(bootstrap, contracts, profiles, on_read=on_read)


def reading_log(bootstrap: str, contracts: "ContractsFollower", disk: "LogDisk | None") -> "KafkaReadingLog":
    """Return what appends the readings of a request."""
    from infra.kafka.readings.reading_log import KafkaReadingLog  # noqa: PLC0415

    return KafkaReadingLog(bootstrap, contracts, disk)


def record_readings(log: "KafkaReadingLog", profiles: "KafkaProfileLog") -> "RecordReadingsHandler":
    """Return what takes readings in over HTTP."""
    from commands.record_readings import RecordReadingsHandler  # noqa: PLC0415
    from infra.kafka.readings.reading_log import KafkaProfiles  # noqa: PLC0415

    return RecordReadingsHandler(log=log, profiles=KafkaProfiles(profiles))


def model_in_use(bootstrap: str, contracts: "Contracts") -> "KafkaInForce":
    """Return what waits until a scorer judges with a model."""
    from infra.kafka.scoring.model_in_use import KafkaInForce  # noqa: PLC0415

    return KafkaInForce(bootstrap, contracts)


def dead_letter_log(bootstrap: str, contracts: "Contracts") -> "KafkaDeadLetterLog":
    """Return the dead letters in the log, and what was decided on them."""
    from infra.kafka.decisions.dead_letter_log import KafkaDeadLetterLog  # noqa: PLC0415

    return KafkaDeadLetterLog(bootstrap, contracts)


def dead_letter_handler(
    *, log: "KafkaDeadLetterLog", profiles: "Callable[[], Sequence[ProfileDefined]]", contracts: "Contracts"
) -> "DeadLetterHandler":
    """Return what carries out decisions on dead letters."""
    from commands.decide_on_dead_letter import DeadLetterHandler  # noqa: PLC0415

    return DeadLetterHandler(log=log, profiles=profiles, contracts=contracts)


def command_log(bootstrap: str, contracts: "Contracts") -> "KafkaEventLog":
    """Return the log as commands are decided by it."""
    from infra.kafka.decisions.command_log import KafkaEventLog  # noqa: PLC0415

    return KafkaEventLog(bootstrap, contracts)


def model_lines() -> "ModelLines":
    """Return the state that promotions are decided by."""
    from commands.model_lines import ModelLines  # noqa: PLC0415

    return ModelLines()


def desk(log: "KafkaEventLog", lines: "ModelLines") -> "CommandDesk":
    """Return where commands are carried out."""
    from commands.desk import CommandDesk  # noqa: PLC0415

    return CommandDesk(log, [lines])


def promote_model(desk: "CommandDesk", lines: "ModelLines") -> "PromoteModelHandler":
    """Return what promotes and rolls back."""
    from commands.promote_model import PromoteModelHandler  # noqa: PLC0415

    return PromoteModelHandler(desk=desk, lines=lines)


def command_service(
    *,
    record_readings: "RecordReadingsHandler",
    promote_model: "PromoteModelHandler",
    guard: "KeyGuard",
    version: str,
    end: "Callable[[], None]",
) -> "FastAPI":
    """Return the command service; `end` ends its process."""
    from infra.http.command_service import command_service as service  # noqa: PLC0415

    return service(record_readings=record_readings, promote_model=promote_model, guard=guard, version=version, end=end)
