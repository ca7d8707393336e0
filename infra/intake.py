"""What brings readings and profiles in, put together: the part of the composition root that commands share.

Nothing is connected before a provider is called.
"""

from dependency_injector import containers, providers

from commands.define_profile import DefineProfileHandler
from commands.record_readings import RecordReadingsHandler
from infra.container import Container
from infra.kafka.known_readings import LoggedReadings
from infra.kafka.profile_log import KafkaProfileLog
from infra.kafka.reading_appender import ReadingAppender
from infra.kafka.reading_log import KafkaProfiles, KafkaReadingLog


class Intake(containers.DeclarativeContainer):
    """Providers over the log that `root` names."""

    root: "providers.Container[Container]" = providers.Container(Container)
    bootstrap = root.bootstrap
    contracts = root.contracts

    profile_log = providers.Singleton(KafkaProfileLog, bootstrap, contracts)
    define_profile = providers.Singleton(DefineProfileHandler, profile_log)
    appender = providers.Factory(ReadingAppender, bootstrap, contracts)
    logged_readings = providers.Factory(LoggedReadings, bootstrap, contracts)
    record_readings = providers.Singleton(
        RecordReadingsHandler,
        log=providers.Singleton(KafkaReadingLog, bootstrap, contracts),
        profiles=providers.Singleton(KafkaProfiles, profile_log),
    )
