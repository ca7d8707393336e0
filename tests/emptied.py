"""A running stack made as new: what one module of tests left there goes, without a start of Kafka and registry.

Contracts stay in log and registry alike, as the stack itself published them when it came up.
"""

import shutil
from typing import Final

import psycopg
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from psycopg import sql

from domain.topics import CONTRACTS, TOPICS
from infra.kafka.client.clients import LogNotReachable, partitions_of
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.topics import ensure_topics
from infra.settings import Settings
from tests.stacks import StackOfTests, wait_until

ANSWER_S: Final = 15.0
DEADLINE_S: Final = 60.0
_OF_THE_SERVICES: Final = frozenset({"kafka", "registry", "postgres", "supervisor", "up"})


def empty(stack: StackOfTests) -> None:
    """Leave a log without readings, groups without offsets, a database without tables, a home without read models."""
    settings = stack.settings
    _empty_log(settings)
    _empty_database(settings)
    shutil.rmtree(stack.home / "projections", ignore_errors=True)
    for log in (stack.home / "logs").glob("*.log"):
        if log.stem not in _OF_THE_SERVICES:
            log.unlink()


def _empty_log(settings: Settings) -> None:
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 0})
    listed = admin.list_topics(timeout=ANSWER_S).topics
    theirs = [name for name in TOPICS if name != CONTRACTS and name in listed]
    for deleted in admin.delete_topics(theirs, request_timeout=ANSWER_S).values() if theirs else ():
        deleted.result(ANSWER_S)
    wait_until(
        lambda: not admin.list_topics(timeout=ANSWER_S).topics.keys() & {*theirs},
        deadline_s=DEADLINE_S,
        what="the topics are gone",
    )
    wait_until(lambda: _groups_are_gone(admin), deadline_s=DEADLINE_S, what="no group of ours is left")
    ensure_topics(settings.kafka_bootstrap)
    wait_until(
        lambda: _answers(settings.kafka_bootstrap),
        deadline_s=DEADLINE_S,
        what="every partition of the new topics has a leader",
    )


def _answers(bootstrap: str) -> bool:
    try:
        LogEnds(bootstrap).written((topic, partition) for topic in TOPICS for partition in partitions_of(topic))
    except LogNotReachable:
        return False
    return True


def _groups_are_gone(admin: AdminClient) -> bool:
    """Delete every group but the registry's; one that died without leaving is there until its session is over."""
    groups = our_groups(admin)
    for deleted in admin.delete_consumer_groups(groups, request_timeout=ANSWER_S).values() if groups else ():
        try:
            deleted.result(ANSWER_S)
        except KafkaException as failure:
            if failure.args[0].code() == KafkaError.NON_EMPTY_GROUP:
                return False
            if failure.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise
    return True


def our_groups(admin: AdminClient) -> list[str]:
    """Return the groups of scorers and projectors; the registry has one too."""
    listed = admin.list_consumer_groups(request_timeout=ANSWER_S).result(ANSWER_S).valid
    return [one.group_id for one in listed if one.group_id.startswith("telltale-")]


def _empty_database(settings: Settings) -> None:
    with psycopg.connect(settings.postgres_dsn, autocommit=True) as connection:
        ours = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        )
        for (schema,) in ours.fetchall():
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
