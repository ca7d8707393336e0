"""A champion is replaced by a version that judged the same history inside the budgets; all else is on the record."""

import json
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import pytest
from dependency_injector import providers
from fastapi.testclient import TestClient

from commands.define_profile import DefineProfile
from domain.comparison import budget_checks, within_budgets
from domain.logged_models import LoggedModelEvent
from domain.models import ModelPromoted
from domain.profiles import ProfileDefined
from domain.promotion import PromotionRejected
from domain.readings import microseconds
from infra.registry.publish import publish_contracts
from infra.sources.simulator.faults import Fault, FaultKind
from infra.sources.simulator.fleet import SENSORS, Station
from infra.sources.simulator.profiles import SIMULATED, TICK_S
from infra.sources.simulator.world import World, WorldPlan
from infra.wiring.container import Container
from ml.comparison.compare import Comparison, ComparisonDesk
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.panel.trainer import PanelTrainer
from ml.training.trainer import Trainer
from tests.builders import NOON
from tests.stacks import StackOfTests

HOUR: Final = 3600
MACHINES: Final = 2
FAULTS: Final = (
    Fault(kind=FaultKind.CAVITATION, at=HOUR + 900, end=HOUR + 1500, size=2.5, over=120),
    Fault(kind=FaultKind.SHIFT, at=HOUR + 400, end=HOUR + 700, size=10.0, over=0, sensor=1, channel=3),
)
"""One of each machine, in the second hour."""


def ignore(_done: int, _total: int) -> None:
    """Show nobody how far it is."""


class Plant:
    """Two simulated pumps of a profile of the test's own: an hour in health, then half an hour with labelled faults."""

    def __init__(self, stack: StackOfTests) -> None:
        publish_contracts(stack.settings)
        self.intake = Container(settings=providers.Object(stack.settings))
        self.name = f"pump-{uuid4().hex[:8]}"
        command = DefineProfile(name=self.name, channels=SIMULATED["pump"], expected_interval_s=TICK_S)
        self.profile: ProfileDefined = self.intake.define_profile().handle(command).profile
        with self.intake.appender() as sink:
            for table in World(self._plan()).readings(0, HOUR + 1800):
                sink.append(table)
        self.intake.model_commands().open()
        self.client = TestClient(self.intake.command_service(end=lambda: None))

    def train(self, trainer: Trainer, *, first: int = 0, after: int = HOUR) -> str:
        """Train on the readings of some seconds; return the version."""
        start = microseconds(NOON)
        stored = self.intake.training().train_profile(
            self.name,
            trainer=trainer,
            on_progress=ignore,
            recorded_from_us=start + first * 1_000_000,
            recorded_before_us=start + after * 1_000_000,
        )
        return str(stored.event.model)

    def compare(self, champion: str, challenger: str) -> Comparison:
        desk: ComparisonDesk = self.intake.comparing()
        return desk.compare(champion, challenger, on_progress=ignore)

    def promote(self, version: str, **said: Any) -> Any:
        wish = {"version": int(version.rpartition("/")[2]), "because": "the test", **said}
        return self.client.post(f"/models/{self.name}/promote", json=wish)

    def events(self) -> list[LoggedModelEvent]:
        """Return what model-events says of this line beside its comparisons."""
        events = self.intake.model_events().news(0)
        mine = (ModelPromoted, PromotionRejected)
        return [one for one in events if isinstance(one.event, mine) and one.event.model.name == self.name]

    def _plan(self) -> WorldPlan:
        stations = [
            Station(machine_id=f"{self.name}-{number}", kind="pump", sensors=SENSORS["pump"], seed=number)
            for number in range(MACHINES)
        ]
        return WorldPlan(
            stations=stations,
            profiles={"pump": self.profile},
            faults={station.machine_id: [fault] for station, fault in zip(stations, FAULTS, strict=True)},
            start_us=microseconds(NOON),
            interval_us=1_000_000,
        )


@pytest.fixture(scope="module")
def plant(stack: StackOfTests) -> Plant:
    return Plant(stack)


def test_only_what_was_compared_inside_the_budgets_replaces_a_champion_and_the_rest_is_told(plant: Plant) -> None:
    champion = plant.train(PanelTrainer())
    like_it = plant.train(PanelTrainer(), first=60)
    on_faults = plant.train(PanelTrainer(), first=HOUR, after=HOUR + 1800)
    assert plant.promote(champion).status_code == 201

    unknown = plant.promote(like_it)
    assert unknown.status_code == 409
    assert f"telltale models diff {champion} {like_it}" in unknown.json()["detail"]

    better = plant.compare(champion, like_it)
    assert within_budgets(budget_checks(better.event.numbers)), better.event.numbers
    assert better.event.numbers.labelled_faults == 2
    accepted = plant.promote(like_it)
    assert accepted.status_code == 201
    assert accepted.json()["comparison_id"] == better.event.comparison_id

    worse = plant.compare(like_it, on_faults)
    assert worse.event.numbers.lost_labelled_faults > 0
    refused = plant.promote(on_faults)
    assert refused.status_code == 409
    rejection = refused.json()["rejection"]
    assert rejection["numbers"]["lost_labelled_faults"] == worse.event.numbers.lost_labelled_faults
    assert "lost_labelled_faults" in {check["budget"] for check in rejection["checks"] if not check["kept"]}

    forced = plant.promote(on_faults, force=True)
    assert (forced.status_code, forced.json()["forced"]) == (201, True)
    undone = plant.client.post(f"/models/{plant.name}/rollback", json={"because": "the test says so"})
    assert (undone.json()["model"], undone.json()["rollback"]) == (like_it, True)

    assert [type(one.event).__name__ for one in plant.events()] == [
        "ModelPromoted",
        "PromotionRejected",
        "ModelPromoted",
        "PromotionRejected",
        "ModelPromoted",
        "ModelPromoted",
    ]


def test_whoever_asks_for_the_events_of_models_gets_all_of_them_however_often(plant: Plant) -> None:
    plant.promote(plant.train(IsolationForestTrainer(trees=10)), force=True)

    first = plant.events()

    assert first
    assert plant.events() == first


def test_a_comparison_of_the_same_history_is_in_the_log_once_and_equal_to_the_bit(plant: Plant) -> None:
    first = plant.compare(*_two(plant.train))
    again = plant.compare(str(first.event.champion), str(first.event.challenger))

    assert again.event == first.event
    assert (first.recorded.appended, again.recorded.appended) == (True, False)
    assert again.recorded.position == first.recorded.position


def test_a_panel_is_compared_with_a_forest_that_is_a_model_of_its_own(plant: Plant) -> None:
    found = plant.compare(plant.train(PanelTrainer()), plant.train(IsolationForestTrainer())).event

    kinds = json.loads(found.report)["kinds"]
    assert kinds["isolation_forest"]["champion"] == 0
    assert kinds["isolation_forest"]["challenger"] > 0
    assert found.numbers.challenger_judged > found.numbers.champion_judged


def _two(train: Callable[..., str]) -> tuple[str, str]:
    forest = IsolationForestTrainer(trees=10)
    return train(forest), train(forest, after=1800)
