"""The desk that rebuilds read models, on the real log and the real database."""

import getpass
import os

from infra.kafka.client.record_source import KafkaRecordSource
from infra.postgres.kept_builds import PostgresBuilds
from infra.settings import Settings
from projections.folder import Folders
from projections.ports import Vocabulary
from projections.rebuild import RebuildDesk


def rebuild_desk(settings: Settings, vocabulary: Vocabulary, folders: Folders) -> RebuildDesk:
    """Return a desk; as many partitions are loaded side by side as there are cores, at most four."""
    bootstrap = settings.kafka_bootstrap
    return RebuildDesk(
        builds=PostgresBuilds(settings.postgres_dsn, files=settings.home / "postgres"),
        sources=lambda group: KafkaRecordSource(bootstrap, group=group),
        vocabulary=vocabulary,
        folder=folders.load,
        actor=getpass.getuser(),
        threads=max(1, min(4, os.cpu_count() or 1)),
    )
