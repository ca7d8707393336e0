"""Training in between: watch first, then train, promote, and wait, so that no word of the scorer is missed."""

from collections.abc import Callable

from domain.models import ModelRef
from infra.ingest.train_first import TrainFirst

MODEL = ModelRef(profile="pump@1", name="pump", version=1, artifact_sha256="ab")


def test_the_scorer_is_watched_before_anything_is_promoted() -> None:
    happened: list[str] = []

    def train(profile: str, recorded_before_us: int) -> ModelRef:
        happened.append(f"train {profile} before {recorded_before_us}")
        return MODEL

    class Watched:
        def watch(self, partitions: frozenset[int]) -> Callable[[ModelRef], None]:
            happened.append(f"watch {sorted(partitions)}")
            return lambda model: happened.append(f"wait for {model}")

    work = TrainFirst(train=train, promote=lambda model: happened.append(f"promote {model}"), in_force=Watched())

    assert work.run("pump@1", 401, frozenset({3})) == MODEL
    assert happened == ["watch [3]", "train pump@1 before 401", "promote pump/1", "wait for pump/1"]
