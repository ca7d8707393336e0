from confluent_kafka import KafkaError, KafkaException

from infra.kafka.client.clients import LogNotReachable


def test_a_broker_that_does_not_answer_is_told_in_words() -> None:
    error = KafkaException(KafkaError(KafkaError._TRANSPORT, "Failed to get metadata: Local: Broker transport failure"))
    assert "KafkaError{" in str(error)
    said = str(LogNotReachable("127.0.0.1:9", str(error)))
    assert said == (
        "Kafka at 127.0.0.1:9 does not answer: Failed to get metadata: Local: Broker transport failure. "
        "Is the stack up? telltale up"
    )
