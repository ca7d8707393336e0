"""Training on the real log: the rows of the named offsets, the same again tomorrow, and refusals with their reasons."""

from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest

from domain.profiles import ProfileDefined
from domain.topics import PROFILE_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import producer
from infra.registry.publish import publish_contracts
from infra.wiring.container import Container
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.manifest import Manifest
from ml.training.ports import ReadingsGone
from ml.training.train import TrainingDesk
from ml.training.trainer import NotTrainable
from schemas.codec import encode
from schemas.contracts import Contracts
from tests.builders import a_profile, a_reading
from tests.stacks import StackOfTests

TRAINER = IsolationForestTrainer(trees=10)


class Plant:
    """A profile of the test's own on the real log, its machines spread over the partitions."""

    def __init__(self, stack: StackOfTests) -> None:
        publish_contracts(stack.settings)
        container = Container()
        container.settings.override(stack.settings)
        self.desk: TrainingDesk = container.training()
        self.profile: ProfileDefined = a_profile(f"plant-{uuid4().hex[:8]}")
        self._contracts: Contracts = container.contracts()
        self._producer = producer(stack.settings.kafka_bootstrap)
        self._producer.produce(PROFILE_EVENTS, encode(self.profile, self._contracts), self.profile.name.encode())
        self._producer.flush(10)

    def measure(self, seconds: int, *, start: int = 0, machines: int = 5) -> None:
        """Append a reading a second and machine."""
        rng = np.random.default_rng(start)
        for second in range(start, start + seconds):
            for machine in range(machines):
                machine_id = f"{self.profile.name}-{machine}"
                reading = a_reading(
                    second,
                    machine_id=machine_id,
                    profile=self.profile.ref,
                    measurements={name: float(rng.normal(20, 2)) for name in self.profile.channel_names},
                )
                self._producer.produce(SENSOR_EVENTS, encode(reading, self._contracts), machine_id.encode())
        self._producer.flush(10)


@pytest.fixture
def plant(stack: StackOfTests) -> Plant:
    return Plant(stack)


def ignore(_done: int, _total: int) -> None:
    """Show nobody how far it is."""


def test_a_model_is_trained_on_all_partitions_and_made_again_after_the_log_has_grown(plant: Plant) -> None:
    plant.measure(100)
    told: list[tuple[int, int]] = []

    stored = plant.desk.train_profile(
        plant.profile.name, trainer=TRAINER, on_progress=lambda done, total: told.append((done, total))
    )
    plant.measure(50, start=100)
    again = plant.desk.reproduce(str(stored.event.model), on_progress=ignore)

    manifest = Manifest.parse(stored.event.manifest)
    assert stored.event.rows == 500
    assert told[-1][0] == told[-1][1] == sum(len(one) for one in manifest.selection.ranges)
    assert again.holds
    assert again.same_bytes


def test_a_period_takes_only_what_was_recorded_in_it(plant: Plant) -> None:
    plant.measure(100)
    everything = plant.desk.readings.everything(plant.profile.ref)
    first = plant.desk.readings.rows(everything, plant.profile, on_progress=ignore).recorded_at_us.min()

    stored = plant.desk.train_profile(
        plant.profile.ref,
        trainer=TRAINER,
        recorded_from_us=int(first) + 20_000_000,
        recorded_before_us=int(first) + 80_000_000,
        on_progress=ignore,
    )

    assert stored.event.rows == 300


def test_too_few_readings_are_refused(plant: Plant) -> None:
    plant.measure(10)

    with pytest.raises(NotTrainable, match="50 complete readings of 50, needed are 200"):
        plant.desk.train_profile(plant.profile.name, trainer=TRAINER, on_progress=ignore)


def test_ranges_that_the_log_does_not_hold_are_refused(plant: Plant) -> None:
    everything = plant.desk.readings.everything(plant.profile.ref)
    beyond = tuple(replace(one, next_offset=one.next_offset + 1_000_000) for one in everything.ranges)

    with pytest.raises(ReadingsGone, match="the manifest names"):
        plant.desk.train(replace(everything, ranges=beyond), TRAINER, on_progress=ignore)
    with pytest.raises(ReadingsGone, match="made anew or restored"):
        plant.desk.train(replace(everything, topic_id="another"), TRAINER, on_progress=ignore)
