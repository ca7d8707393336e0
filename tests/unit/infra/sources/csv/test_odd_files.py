"""Files that are odd but whole are read whole, and what is wrong with a cell is said in a line."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from infra.sources.csv.numbers import not_finite, numbers_of
from infra.sources.csv.text_table import Said, text_table
from infra.sources.files.time_columns import find_time
from infra.sources.times.moments import Plausible

NOW = Plausible(datetime(2026, 11, 28, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("separator", "cells"),
    [(";", ("1.200,5", "1.201,5")), (",", ('"1,200.5"', '"1,201.5"')), (";", ("1 200,5", "1 201,5"))],
)
def test_a_channel_with_thousands_marks_is_no_time(tmp_path: Path, separator: str, cells: tuple[str, str]) -> None:
    path = tmp_path / "readings.csv"
    rows = [f"17.11.2026 06:0{place}{separator}{cell}" for place, cell in enumerate(cells)]
    path.write_text("\n".join([f"when{separator}load", *rows]))

    assert find_time(text_table(path, Said()), None, plausible=NOW, every=False) == ("when",)


def test_whole_seconds_under_any_name_are_the_time(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("x,load\n1795000000,5\n1795000001,4\n")

    assert find_time(text_table(path, Said()), None, plausible=NOW, every=False) == ("x",)


def test_a_logger_without_the_line_of_processing_keeps_its_first_row(tmp_path: Path) -> None:
    path = tmp_path / "logger.dat"
    header = '"TOA5","well-3","CR1000X"\n"TIMESTAMP","RECORD","Level"\n"TS","RN","m"\n'
    data = '"2026-11-17 06:00:00",0,1.5\n"2026-11-17 06:01:00",1,1.6\n'
    for processing in ("", '"","","Avg"\n'):
        path.write_text(header + processing + data)
        table = text_table(path, Said())
        assert [cell for block in table.rows(["Level"]) for cell in block.columns["Level"].to_pylist()] == [
            "1.5",
            "1.6",
        ]
        assert table.units["Level"] == "m"


def test_a_cell_of_megabytes_is_told_by_its_beginning() -> None:
    cell = "9" * 1_000_000

    assert numbers_of(pa.array([cell])).wrong.tolist() == [True]
    assert not_finite(cell) == f"'{'9' * 80}'… (1,000,000 characters) is not a finite number"
    assert not_finite("off") == "'off' is not a finite number"
