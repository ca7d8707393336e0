"""Makers of what writes: readings, profiles, commands and the service that takes them.

Each imports its class when it is called, so that a process loads only what it runs.
"""

from typing import TYPE_CHECKING, Final, TypeVar

from domain.topics import ALERT_EVENTS, INCIDENT_EVENTS, MODEL_EVENTS, PROFILE_EVENTS, SKIPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fastapi import FastAPI

    from commands.aggregates import Fold
    from commands.call_people import Caller
    from commands.decide_on_dead_letter import DeadLetterHandler
    from commands.define_profile import DefineProfileHandler
    from commands.handle_incident import IncidentHandler, Incidents
    from commands.model_lines import ModelLines
    from commands.promote_model import PromoteModelHandler
    from commands.record_readings import RecordReadingsHandler
    from commands.skip_record import SkipRecordHandler
    from commands.write_side import WriteSide
    from domain.alerts import AlertEvent
    from domain.incident_events import IncidentEvent
    from domain.profiles import ProfileDefined
    from domain.promotion import ModelEvent
    from infra.http.keys import KeyGuard
    from infra.http.webhook import Webhook
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

Event = TypeVar("Event")

_SHARED_WRITERS: Final = {PROFILE_EVENTS: "telltale-profiles", SKIPS: "telltale-dead-letters"}
"""For ever: a process of an earlier version must be shut out by a later one."""


def log_disk(settings: "Settings") -> "LogDisk | None":
    """Return the disk of the embedded log, None when the log is elsewhere."""
    from infra.log_disk import log_disk as disk  # noqa: PLC0415

    return disk(settings)


def profile_log(bootstrap: str, contracts: "Contracts") -> "KafkaProfileLog":
    """Return the profiles in the log."""
    from infra.kafka.decisions.profile_log import KafkaProfileLog  # noqa: PLC0415

    return KafkaProfileLog(bootstrap, contracts)


def one_command(bootstrap: str, contracts: "Contracts", topic: str, fold: "Fold[object, Event]") -> "WriteSide[Event]":
    """Return where any process carries out commands of a topic that must work without the command service.

    It takes the topic's writer's name for each command and gives it back to whoever comes next.
    """
    from infra.kafka.decisions.event_log import shared_write_side  # noqa: PLC0415

    return shared_write_side(bootstrap, contracts, topic, fold, writer=_SHARED_WRITERS[topic])


def define_profile(bootstrap: str, contracts: "Contracts") -> "DefineProfileHandler":
    """Return what defines profiles."""
    from commands.define_profile import DefineProfileHandler, profiles_fold  # noqa: PLC0415

    profiles = profiles_fold()
    return DefineProfileHandler(one_command(bootstrap, contracts, PROFILE_EVENTS, profiles), profiles)


def skip_record(bootstrap: str, contracts: "Contracts") -> "SkipRecordHandler":
    """Return what makes builds pass over records."""
    from commands.skip_record import SkipRecordHandler, skips_fold  # noqa: PLC0415
    from infra.kafka.decisions.record_ends import KafkaRecordEnds  # noqa: PLC0415

    skips = skips_fold()
    return SkipRecordHandler(one_command(bootstrap, contracts, SKIPS, skips), skips, KafkaRecordEnds(bootstrap).end_of)


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
    bootstrap: str,
    contracts: "Contracts",
    *,
    letters: "KafkaDeadLetterLog",
    profiles: "Callable[[], Sequence[ProfileDefined]]",
) -> "DeadLetterHandler":
    """Return what carries out decisions on dead letters."""
    from commands.decide_on_dead_letter import DeadLetterHandler, decisions_fold  # noqa: PLC0415

    decisions = decisions_fold()
    return DeadLetterHandler(
        write_side=one_command(bootstrap, contracts, SKIPS, decisions),
        decisions=decisions,
        letters=letters,
        profiles=profiles,
        contracts=contracts,
    )


def model_lines() -> "ModelLines":
    """Return the state that promotions are decided on."""
    from commands.model_lines import ModelLines  # noqa: PLC0415

    return ModelLines()


def command_service_writes(
    bootstrap: str, contracts: "Contracts", topic: str, fold: "Fold[object, Event]"
) -> "WriteSide[Event]":
    """Return where the command service carries out the commands of one topic, as its one writer."""
    from commands.write_side import WriteSide  # noqa: PLC0415
    from infra.kafka.decisions.event_log import KafkaEventLog  # noqa: PLC0415

    # For ever: a service of an earlier version must be shut out by a later one.
    writer = "telltale-commands" if topic == MODEL_EVENTS else f"telltale-commands-{topic}"
    log: KafkaEventLog[Event] = KafkaEventLog(bootstrap, contracts, topic, writer=writer, keeps_answers=True)
    return WriteSide(log, [fold])


def promote_model(write_side: "WriteSide[ModelEvent]", lines: "ModelLines") -> "PromoteModelHandler":
    """Return what promotes and rolls back."""
    from commands.promote_model import PromoteModelHandler  # noqa: PLC0415

    return PromoteModelHandler(write_side=write_side, lines=lines)


def incidents_fold() -> "Incidents":
    """Return the state that commands on incidents are decided on."""
    from commands.handle_incident import incidents_fold as fold  # noqa: PLC0415

    return fold()


def incident_handler(write_side: "WriteSide[IncidentEvent]", incidents: "Incidents") -> "IncidentHandler":
    """Return what carries out commands on incidents."""
    from commands.handle_incident import IncidentHandler  # noqa: PLC0415

    return IncidentHandler(write_side=write_side, incidents=incidents)


def receiver(settings: "Settings") -> "Webhook":
    """Return whom incidents are told to."""
    from infra.http.webhook import Webhook  # noqa: PLC0415

    return Webhook(settings.slack_webhook_url.get_secret_value(), page=settings.dashboard_url)


def caller(
    settings: "Settings", contracts: "Contracts", receiver: "Webhook", clock: "Callable[[], datetime]"
) -> "Caller":
    """Return what decides who is called."""
    from datetime import timedelta  # noqa: PLC0415

    from commands.call_people import Caller  # noqa: PLC0415
    from domain.alerts import AlertRule  # noqa: PLC0415
    from infra.kafka.decisions.event_log import KafkaEventLog  # noqa: PLC0415

    bootstrap = settings.kafka_bootstrap
    incidents: KafkaEventLog[IncidentEvent] = KafkaEventLog(bootstrap, contracts, INCIDENT_EVENTS, writer="")
    alerts: KafkaEventLog[AlertEvent] = KafkaEventLog(bootstrap, contracts, ALERT_EVENTS, writer="telltale-alerts")
    return Caller(
        incidents=incidents,
        alerts=alerts,
        receiver=receiver,
        rule=AlertRule(severity=settings.alert_severity, cooldown=timedelta(seconds=settings.alert_cooldown_seconds)),
        clock=clock,
    )


def command_service(
    *,
    record_readings: "RecordReadingsHandler",
    promote_model: "PromoteModelHandler",
    incidents: "IncidentHandler",
    guard: "KeyGuard",
    version: str,
    hosts: frozenset[str],
    end: "Callable[[], None]",
) -> "FastAPI":
    """Return the command service; `end` ends its process."""
    from infra.http.command_service import command_service as service  # noqa: PLC0415

    return service(
        record_readings=record_readings,
        promote_model=promote_model,
        incidents=incidents,
        guard=guard,
        version=version,
        hosts=hosts,
        end=end,
    )
