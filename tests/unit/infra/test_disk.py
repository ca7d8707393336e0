from pathlib import Path

import pytest

from infra.host.disk_forecast import Forecast, ordinary
from infra.log_disk import DiskNearlyFull, LogDisk, log_disk
from infra.settings import Settings

GB = 1_000_000_000


def a_home_with_a_log(tmp_path: Path) -> Path:
    (tmp_path / "kafka" / "data").mkdir(parents=True)
    (tmp_path / "stack.env").write_text("TELLTALE_KAFKA_BOOTSTRAP=127.0.0.1:12345\n")
    return tmp_path


def test_there_is_room_down_to_the_reserve_and_not_below(tmp_path: Path) -> None:
    free = LogDisk(tmp_path, 0).free()
    LogDisk(tmp_path, 0).require_room()
    with pytest.raises(DiskNearlyFull, match="no reading is taken in"):
        LogDisk(tmp_path, free * 2).require_room()


def test_the_reserve_is_a_setting(tmp_path: Path) -> None:
    disk = log_disk(Settings(home=a_home_with_a_log(tmp_path), disk_reserve_mb=7))
    assert disk is not None
    assert disk.reserve == 7_000_000


def test_the_disks_of_another_cluster_are_not_ours_to_judge(tmp_path: Path) -> None:
    assert log_disk(Settings(home=a_home_with_a_log(tmp_path), kafka_bootstrap="kafka.example:9092")) is None


@pytest.mark.parametrize(
    ("free", "per_day", "said"),
    [
        (10 * GB, 2 * GB, "4.0 days left at 2.00 GB a day; readings are refused below 2.0 GB"),
        (10 * GB, None, "how long it lasts is told once more readings have come"),
        (10 * GB, 0, "no reading in the last hour"),
        (10 * GB, 1, "more than 1,000 days left"),
        (1 * GB, 2 * GB, "readings are refused until 2.0 GB are"),
    ],
)
def test_the_forecast_counts_to_where_readings_are_refused(free: int, per_day: float | None, said: str) -> None:
    assert said in str(Forecast(free=free, reserve=2 * GB, bytes_per_day=per_day))


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([100] * 12, 1200),
        ([288_000, *[100] * 11], 1200),  # the demo's history, then its fleet
        ([100, 0, 0, *[100] * 9], 1000),  # a pause is a pause
        ([0] * 11 + [5_000], 5_000),  # one file an hour is how they come
        ([0] * 12, 0),
    ],
)
def test_bulk_history_is_no_rate_at_which_the_disk_fills(counts: list[int], told: float) -> None:
    assert ordinary(counts) == told
