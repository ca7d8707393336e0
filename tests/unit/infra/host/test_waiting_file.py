"""What a scorer says that it holds back, for the lights of its machine."""

from pathlib import Path

from domain.positions import Position
from infra.host.waiting_file import WaitingFile, waiting_partitions
from ml.scoring.ports import Waits
from tests.builders import NOON

WAITS = Waits(position=Position("sensor-events", 3, 17), since=NOON, cause="schema id 999 …", then="telltale skip")


def test_what_waits_is_read_back_and_gone_when_nothing_waits_any_more(tmp_path: Path) -> None:
    first, second = WaitingFile(tmp_path, 0), WaitingFile(tmp_path, 1)
    first.write(())
    assert list(waiting_partitions(tmp_path)) == []
    first.write([WAITS])
    second.write([WAITS])
    assert list(waiting_partitions(tmp_path)) == [WAITS, WAITS]
    second.write(())
    assert list(waiting_partitions(tmp_path)) == [WAITS]
