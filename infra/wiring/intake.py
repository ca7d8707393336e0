"""What brings readings, profiles and commands in, put together: the write side's part of the composition root.

Nothing is connected before a provider is called.
"""

from typing import TYPE_CHECKING

from dependency_injector import providers

from infra.wiring.container import Container, late
from infra.wiring.declarative import containers

if TYPE_CHECKING:
    from fastapi import FastAPI

    from commands.decide_on_dead_letter import DeadLetterHandler
    from commands.define_profile import DefineProfileHandler
    from commands.desk import CommandDesk
    from infra.kafka.decisions.dead_letter_log import KafkaDeadLetterLog
    from infra.kafka.decisions.profile_log import KafkaProfileLog
    from infra.kafka.readings.known_readings import LoggedReadings
    from infra.kafka.readings.reading_appender import ReadingAppender
    from infra.log_disk import LogDisk
    from infra.sources.train_first import InForce


class Intake(containers.DeclarativeContainer):
    """Providers over the log that `root` names."""

    root: "providers.Container[Container]" = providers.Container(Container)
    bootstrap = root.bootstrap
    contracts = root.contracts
    contracts_to_write = root.contracts_to_write
    disk: "providers.Callable[LogDisk | None]" = providers.Callable(late("infra.log_disk:log_disk"), root.settings)

    profile_log: "providers.Singleton[KafkaProfileLog]" = providers.Singleton(
        late("infra.kafka.decisions.profile_log:KafkaProfileLog"), bootstrap, contracts
    )
    define_profile: "providers.Singleton[DefineProfileHandler]" = providers.Singleton(
        late("commands.define_profile:DefineProfileHandler"),
        providers.Singleton(late("infra.kafka.decisions.profile_log:KafkaProfileLog"), bootstrap, contracts_to_write),
    )
    appender: "providers.Factory[ReadingAppender]" = providers.Factory(
        late("infra.kafka.readings.reading_appender:ReadingAppender"), bootstrap, contracts_to_write, disk
    )
    logged_readings: "providers.Factory[LoggedReadings]" = providers.Factory(
        late("infra.kafka.readings.known_readings:LoggedReadings"), bootstrap, contracts
    )
    in_force: "providers.Factory[InForce]" = providers.Factory(
        late("infra.kafka.scoring.model_in_use:KafkaInForce"), bootstrap, contracts
    )

    dead_letter_log: "providers.Singleton[KafkaDeadLetterLog]" = providers.Singleton(
        late("infra.kafka.decisions.dead_letter_log:KafkaDeadLetterLog"), bootstrap, contracts
    )
    dead_letter_handler: "providers.Factory[DeadLetterHandler]" = providers.Factory(
        late("commands.decide_on_dead_letter:DeadLetterHandler"),
        log=providers.Singleton(
            late("infra.kafka.decisions.dead_letter_log:KafkaDeadLetterLog"), bootstrap, contracts_to_write
        ),
        profiles=profile_log.provided.known,
        contracts=contracts_to_write,
    )

    model_lines = providers.Singleton(late("commands.model_lines:ModelLines"))
    desk: "providers.Singleton[CommandDesk]" = providers.Singleton(
        late("commands.desk:CommandDesk"),
        providers.Singleton(late("infra.kafka.decisions.command_log:KafkaEventLog"), bootstrap, contracts_to_write),
        providers.List(model_lines),
    )
    command_service: "providers.Factory[FastAPI]" = providers.Factory(
        late("infra.http.command_service:command_service"),
        record_readings=providers.Singleton(
            late("commands.record_readings:RecordReadingsHandler"),
            log=providers.Singleton(
                late("infra.kafka.readings.reading_log:KafkaReadingLog"), bootstrap, root.followed_contracts, disk
            ),
            profiles=providers.Singleton(late("infra.kafka.readings.reading_log:KafkaProfiles"), profile_log),
        ),
        promote_model=providers.Singleton(
            late("commands.promote_model:PromoteModelHandler"), desk=desk, lines=model_lines
        ),
        guard=root.key_guard,
        version=root.program_version,
    )
