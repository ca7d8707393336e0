"""How far the running processes are with the log, for `telltale status`; what does not answer in time says nothing."""

import psycopg
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from domain.topics import SENSOR_EVENTS
from infra.cli.stack.work import Work
from infra.kafka.client.clients import LogNotReachable, partitions_of
from infra.kafka.client.ends import LogEnds
from infra.kafka.scoring.scoring_log import GROUP
from infra.postgres.projector_list import IN_ORDER, ListedProjection, list_projections
from infra.settings import Settings

_ANSWER_S = 3.0


def projectors_work(settings: Settings) -> Work:
    """Return the largest lag of the serving read models, their rate together, and those that stand still."""
    try:
        with psycopg.connect(settings.postgres_dsn, connect_timeout=round(_ANSWER_S)) as connection:
            found = list_projections(connection)
    except psycopg.Error:
        return Work()
    if not found:
        return Work()
    serving = [one for one in found if one.serves]
    return Work(
        lag_offsets=max((one.lag_offsets for one in serving if one.lag_offsets is not None), default=None),
        lag_seconds=max((one.lag_seconds for one in serving if one.lag_seconds is not None), default=None),
        records_per_second=sum(one.records_per_second or 0.0 for one in serving),
        trouble="; ".join(map(_trouble, (one for one in found if one.state not in IN_ORDER))) or None,
    )


def scorers_work(settings: Settings) -> Work:
    """Return how many readings all scorers together have before them."""
    places = [(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)]
    asked = ConsumerGroupTopicPartitions(GROUP, [TopicPartition(*place) for place in places])
    try:
        ends = LogEnds(settings.kafka_bootstrap, timeout_s=_ANSWER_S).stable(places)
        admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 0})
        answer = admin.list_consumer_group_offsets([asked], request_timeout=_ANSWER_S)[GROUP].result(_ANSWER_S)
    except (KafkaException, LogNotReachable):
        return Work()
    done = {(at.topic, at.partition): max(at.offset, 0) for at in answer.topic_partitions}
    return Work(lag_offsets=sum(max(ends[place] - done.get(place, 0), 0) for place in places))


def _trouble(one: ListedProjection) -> str:
    return f"{one.read_model} is {one.state}: {one.cause}" if one.cause else f"{one.read_model} is {one.state}"
