"""What ends a process is told with its cause and exit code, and has its row in docs/operations.md."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands.event_log import WriterFenced
from domain.appending import EventNotAppended
from domain.scoring import ScorerStateSaved
from infra.cli.main import run
from infra.exit_codes import ExitCode
from infra.http.keys import ApiKeysRefused, parse_keys
from infra.http.serving import AddressTaken
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.kafka.client.topics import TopicsDiffer
from infra.settings import SettingMissing
from ml.scoring.ports import ModelUnloadable, SlotFenced, TransactionStuck
from ml.scoring.taking import StateDoesNotMatchOffset, StateOfAnotherKind
from projections.builds import BuildBehind, BuildStillUsed, NothingServes, RebuildRunning
from projections.ports import LogUnavailable, StoreUnavailable
from projections.rebuild_outcome import NotAccepted
from tests.unit.ml.scoring.test_scorer import a_log, a_scorer, steps, temperatures
from tests.wired import wired

OPERATIONS = Path(__file__).parents[4] / "docs" / "operations.md"


def rows() -> Iterator[list[str]]:
    """Yield the message of each row of a table, cut at what differs from time to time; one that has two, twice."""
    for line in OPERATIONS.read_text(encoding="utf-8").splitlines():
        if line.startswith("| "):
            cell = line.split(" | ")[0].removeprefix("| ")
            for message in re.findall("`([^`]+)`", cell) or [cell]:
                yield [piece.strip() for piece in message.split("…") if piece.strip()]


def is_told(message: str) -> bool:
    return any(
        len("".join(pieces)) > 12 and re.search(".*".join(map(re.escape, pieces)), message, re.DOTALL)
        for pieces in rows()
    )


def keys_refused() -> ApiKeysRefused:
    with pytest.raises(ApiKeysRefused) as refused:
        parse_keys("nonsense")
    return refused.value


STOPS: list[BaseException] = [
    StateDoesNotMatchOffset(3, None, 57),
    StateDoesNotMatchOffset(3, 56, 57),
    StateOfAnotherKind("telltale-arrays/9"),
    ModelUnloadable("pump/1: model-artifacts holds 0 chunks of ab12, not all"),
    ModelUnloadable("pump/1: the bytes stored as ab12 have the hash cd34"),
    SlotFenced("another process took this scorer slot: fenced"),
    TopicsDiffer({"sensor-events": (9, 8)}),
    TransactionStuck(15),
    LogNotReachable("127.0.0.1:9092", "refused"),
    LogStalled(("scorer-state", 3), 5, 9),
    WriterFenced("another process took over telltale-commands: fenced"),
    WriterFenced("telltale-commands could not abort: fenced"),
    EventNotAppended("the log did not take the events: timed out"),
    EventNotAppended("model-events can't be read, so nothing can be decided: away"),
    AddressTaken("127.0.0.1:8000 can't be listened on: in use"),
    SettingMissing("kafka_bootstrap"),
    RebuildRunning(),
    NothingServes("readings"),
    BuildBehind("readings_b2", {}),
    BuildStillUsed("readings_b1", "a reader"),
    NotAccepted("readings", None, None),
    LogUnavailable("sensor-events/3/5 can't be read: schema id 9 is not in topic contracts"),
    StoreUnavailable("PostgreSQL does not answer: refused"),
]


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: type(stop).__name__)
def test_what_ends_a_process_has_its_row_in_the_operations_manual(stop: BaseException) -> None:
    assert is_told(str(stop)), f"docs/operations.md has no row for: {stop}"
    assert not is_told("it just does not work")


def test_a_setting_of_keys_that_is_refused_has_its_row_too() -> None:
    assert is_told(str(keys_refused()))


@pytest.fixture
def scorer_command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], int]:
    """Return how `telltale scorer` ends with this scorer."""
    settings = SimpleNamespace(log_level="INFO", kafka_bootstrap="")

    def ends(scorer: Any) -> int:
        monkeypatch.setattr("infra.processes.scorer.configure_logs", lambda *_, **__: None)
        monkeypatch.setattr("infra.processes.scorer.until_told_to_stop", lambda: lambda: True)
        return run(["scorer"], wired(settings=settings, scorer=scorer))

    return ends


def test_a_snapshot_whose_models_bytes_are_gone_ends_the_scorer_with_4_and_nothing_is_scored(
    scorer_command: Callable[[Any], int], capsys: pytest.CaptureFixture[str]
) -> None:
    log = a_log()
    model = log.promote()
    log.put(*temperatures(20, 20, 40))
    first = a_scorer(log)
    steps(first, 2)
    first.run(lambda: False)
    assert log.written(ScorerStateSaved)
    before = {topic: list(events) for topic, events in log.topics.items()}, log.offset
    del log.artifacts[model.artifact_sha256]
    log.promote(2)
    log.put(*temperatures(20, start=9))

    assert scorer_command(a_scorer(log)) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "environment/1 is not there" in said
    assert "telltale restore" in said
    assert ({topic: list(events) for topic, events in log.topics.items()}, log.offset) == before
