"""Something put into every store of a stack, and the question whether it is still there."""

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from obstore.store import S3Store
from psycopg import connect

from infra.registry.client import RegistryClient
from infra.settings import Settings

TOPIC = "kept"
"""No topic of Telltale's, where something that is no event would be in the way of everybody."""


def put_everywhere(settings: Settings, text: str) -> None:
    """Put a text into the log, the read models' database, the registry, and S3 where there is one."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap})
    if TOPIC not in admin.list_topics(timeout=30).topics:
        admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].result()
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap, "acks": "all"})
    producer.produce(TOPIC, text.encode())
    assert producer.flush(30) == 0
    with connect(settings.postgres_dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (text text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [text])
    with RegistryClient(settings.registry_url) as registry:
        registry.register(f"kept-{text}", '"string"')
    if settings.has("s3_endpoint"):
        bucket(settings).put(f"kept/{text}", text.encode())


def where_kept(settings: Settings, text: str) -> list[str]:
    """Return the stores that still have the text."""
    found = ["log"] if text.encode() in _log(settings) else []
    with connect(settings.postgres_reader_dsn) as connection:
        if connection.execute("SELECT FROM kept WHERE text = %s", [text]).fetchone() is not None:
            found.append("postgres")
    with RegistryClient(settings.registry_url) as registry:
        if f"kept-{text}" in registry.subjects():
            found.append("registry")
    if settings.has("s3_endpoint") and bytes(bucket(settings).get(f"kept/{text}").bytes()) == text.encode():
        found.append("s3")
    return found


def _log(settings: Settings) -> set[bytes | None]:
    consumer = Consumer(
        {"bootstrap.servers": settings.kafka_bootstrap, "group.id": "kept", "enable.auto.commit": False}
    )
    try:
        first, end = consumer.get_watermark_offsets(TopicPartition(TOPIC, 0), timeout=30)
        consumer.assign([TopicPartition(TOPIC, 0, first)])
        records: list[Message] = []
        # A transaction's marker takes an offset too and is never delivered: the position tells the end, no count does.
        while max(at.offset for at in consumer.position([TopicPartition(TOPIC, 0)])) < end:
            records += consumer.consume(100, timeout=1)
        return {record.value() for record in records}
    finally:
        consumer.close()


def bucket(settings: Settings) -> S3Store:
    """Return the stack's store of objects."""
    return S3Store(
        settings.s3_bucket,
        endpoint=settings.s3_endpoint,
        access_key_id=settings.s3_access_key,
        secret_access_key=settings.s3_secret_key,
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
