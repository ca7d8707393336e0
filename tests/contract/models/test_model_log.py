"""What every ModelLog promises, in memory and on Kafka."""

import hashlib
import threading
from uuid import uuid4

import numpy as np
import pytest

from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.models.model_log import CHUNK_BYTES, KafkaModelLog
from infra.registry.publish import publish_contracts
from ml.training.ports import ModelLog, ModelNotStored, NewModel
from tests.fakes.models import FakeModelLog
from tests.stacks import StackOfTests


@pytest.fixture(params=["fake", "kafka"])
def models(request: pytest.FixtureRequest) -> ModelLog:
    if request.param == "fake":
        return FakeModelLog()
    stack: StackOfTests = request.getfixturevalue("stack")
    publish_contracts(stack.settings)
    bootstrap = stack.settings.kafka_bootstrap
    return KafkaModelLog(bootstrap, load_contracts(bootstrap))


@pytest.fixture
def line() -> str:
    """Return a line that no other test appends to."""
    return f"line-{uuid4().hex[:8]}"


def a_model(line: str, content: bytes = b"numbers") -> NewModel:
    return NewModel(
        line=line,
        profile=f"{line}@1",
        format="parameters",
        content=content,
        detectors=("isolation_forest",),
        manifest='{"manifest":1}',
        manifest_sha256=hashlib.sha256(b'{"manifest":1}').hexdigest(),
        rows=400,
        metrics={"threshold": 0.6},
        parameters={"trees": "100"},
    )


def test_an_appended_model_is_read_back_whole(models: ModelLog, line: str) -> None:
    stored = models.append(a_model(line))

    assert stored.event in models.trained()
    assert stored.position.topic == "model-events"
    assert models.content(stored.event.model.artifact_sha256) == ("parameters", b"numbers")


def test_versions_count_from_one_in_every_line(models: ModelLog, line: str) -> None:
    versions = [
        str(models.append(a_model(name, content)).event.model)
        for name, content in ((line, b"a"), (line, b"b"), (f"{line}-other", b"a"), (line, b"a"))
    ]

    assert versions == [f"{line}/1", f"{line}/2", f"{line}-other/1", f"{line}/3"]


def test_a_model_larger_than_a_record_is_read_back_to_the_byte(models: ModelLog, line: str) -> None:
    content = np.random.default_rng(1).bytes(3 * CHUNK_BYTES + 17)

    stored = models.append(a_model(line, content))

    assert models.content(stored.event.model.artifact_sha256) == ("parameters", content)


def test_bytes_that_nobody_stored_are_not_found(models: ModelLog) -> None:
    with pytest.raises(ModelNotStored):
        models.content("0" * 64)


def test_runs_of_one_line_at_the_same_time_get_versions_of_their_own(stack: StackOfTests, line: str) -> None:
    publish_contracts(stack.settings)
    bootstrap = stack.settings.kafka_bootstrap
    contracts = load_contracts(bootstrap)
    versions: list[int] = []

    def run(content: bytes) -> None:
        versions.append(KafkaModelLog(bootstrap, contracts).append(a_model(line, content)).event.model.version)

    runs = [threading.Thread(target=run, args=(bytes([number]),)) for number in range(3)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()

    assert sorted(versions) == [1, 2, 3]
