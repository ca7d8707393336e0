"""`telltale rebuild` at a terminal: what is asked before an unequal build serves, and whom."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from infra.cli.main import run
from infra.exit_codes import ExitCode
from projections.build_proof import Proof, RowDifference, TableDifference
from projections.builds import Move, Swap
from projections.checkpoints import TopicPartition
from projections.fingerprint import Bucket, Fingerprint
from projections.rebuild import Accept
from projections.rebuild_outcome import NotAccepted, ReadModelDrifted, Rebuilt
from tests.builders import NOON
from tests.wired import wired

DIFFERENT = TableDifference(
    table="readings",
    buckets=(Bucket(3),),
    only_here=1,
    only_there=0,
    different=0,
    examples=(RowDifference(key={"machine_id": "pump-07"}, here={"machine_id": "pump-07"}, there=None),),
)
PROOF = Proof(
    read_model="readings",
    build=2,
    against_build=1,
    proved_at=NOON,
    same_sql=False,
    seconds=0.5,
    positions={TopicPartition("sensor-events", 0): 40},
    fingerprint=Fingerprint({}),
    against_fingerprint=Fingerprint({}),
    differences=(DIFFERENT,),
)


class UnequalDesk:
    """A rebuild whose build is not equal; `because` is what lets it serve."""

    def __init__(self, proof: Proof | None, reason: str | None = None) -> None:
        self._proof, self._reason = proof, reason
        self.because: str | None = None

    def rebuild(self, read_model: str, *, accept: Accept, progress: Callable[[str, int, int], None]) -> Rebuilt:
        progress("load", 0, 0)
        self.because = accept(self._proof, self._reason)
        if self.because is None:
            if self._proof is not None and self._proof.same_sql:
                raise ReadModelDrifted(self._proof)
            raise NotAccepted(read_model, self._proof, self._reason)
        move = Move(read_model=read_model, from_build=1, to_build=2, undo=False, because=self.because, proof=1)
        swap = Swap(move=move, actor="ada", seconds=0.01)
        return Rebuilt(swap=swap, proof=self._proof, records=40, load_seconds=0.1, partial=(), discarded=())


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return how the command ends over a desk, with these lines typed."""

    def ask(desk: UnequalDesk, *words: str, typed: io.StringIO) -> int:
        monkeypatch.setattr("sys.stdin", typed)
        return run(["rebuild", "readings", *words], wired(rebuild_desk=desk))

    return ask


def test_yes_asks_why_writes_it_down_and_lets_the_build_serve(
    asked: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    desk = UnequalDesk(PROOF)
    assert asked(desk, typed=Terminal("y\nthe day begins at six\n")) == ExitCode.YES
    assert desk.because == "the day begins at six"
    said = capsys.readouterr().out
    assert said.index("machine_id pump-07: missing in the serving build") < said.index("Let the new build serve?")
    assert "build 2 serves now" in said


def test_no_swaps_nothing_and_names_the_way_to_say_why(
    asked: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    desk = UnequalDesk(None, "the log was restored")
    assert asked(desk, typed=Terminal("n\n")) == ExitCode.NO
    said = capsys.readouterr()
    assert "the log was restored Let the new build serve?" in said.out
    assert "nothing was swapped" in said.err
    assert '--accept "why"' in said.err


@pytest.mark.parametrize(
    ("desk", "words", "typed"),
    [
        (UnequalDesk(PROOF), (), io.StringIO("y\nwhy\n")),
        (UnequalDesk(PROOF), ("--json",), Terminal("y\nwhy\n")),
        (UnequalDesk(replace(PROOF, same_sql=True)), (), Terminal("y\nwhy\n")),
    ],
    ids=["no terminal", "json", "rows of the same SQL differ: an alarm, not a question"],
)
def test_where_nobody_may_be_asked_the_answer_is_no(
    asked: Callable[..., int],
    desk: UnequalDesk,
    words: tuple[str, ...],
    typed: io.StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert asked(desk, *words, typed=typed) == ExitCode.NO
    assert "Let the new build serve?" not in capsys.readouterr().out
    assert typed.tell() == 0


def test_the_reason_given_with_the_command_is_not_asked_for_again(
    asked: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    desk = UnequalDesk(PROOF)
    assert asked(desk, "--accept", "new day", typed=Terminal("")) == ExitCode.YES
    assert desk.because == "new day"
    assert "Let the new build serve?" not in capsys.readouterr().out
