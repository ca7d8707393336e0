"""Training in between: watch first, then train, promote, and wait, so that no word of the scorer is missed."""

from collections.abc import Callable

from domain.models import ModelRef
from infra.ingest.train_first import TrainFirst

MODEL = ModelRef(profile="pump@1", name="pump", version=1, artifact_sha256="ab")


def test_the_scorer_is_watched_before_anything_is_promoted() -> None:
    happened: list[str] = []

    def train(profile: str) -> ModelRef:
        happened.append(f"train {profile}")
        return MODEL

    class Watched:
        def watch(self, partitions: frozenset[int]) -> Callable[[ModelRef], None]:
            happened.append(f"watch {sorted(partitions)}")
            return lambda model: happened.append(f"wait for {model}")

    work = TrainFirst(train=train, promote=lambda model: happened.append(f"promote {model}"), in_force=Watched())

    assert work.run("pump@1", frozenset({3})) == MODEL
    assert happened == ["watch [3]", "train pump@1", "promote pump/1", "wait for pump/1"]
