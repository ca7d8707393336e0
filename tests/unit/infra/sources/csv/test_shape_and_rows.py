"""Files are read as they are: any separator, decimal mark and encoding, each row with its line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.sources.csv.rows import Dialect, row_blocks
from infra.sources.csv.text_table import Said, text_table
from infra.sources.files.opening import NotATable
from infra.sources.files.table import RowBlock, Table
from tests.repetition import examples


def shape_of(path: Path, *, separator: str | None = None) -> Table:
    return text_table(path, Said(separator=separator))


def a_file(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = folder / "readings.csv"
    path.write_bytes(text.encode(encoding))
    return path


def rows_of(path: Path, *columns: str) -> list[tuple[Any, ...]]:
    shape = shape_of(path)
    return [
        (int(line), *cells)
        for block in shape.rows(columns)
        for line, *cells in zip(block.lines, *(block.columns[name].to_pylist() for name in columns), strict=True)
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    lines = ["time;temperature;note", "1;2.5;x, y", "2;2.6;z"]
    path = a_file(tmp_path, "\n".join(lines).replace(";", separator).replace("x, y", '"x, y"'))

    assert shape_of(path).form.startswith({",": "comma", ";": "semi", "\t": "tab", "|": "bar"}[separator])
    assert rows_of(path, "temperature", "note") == [(2, "2.5", "x, y"), (3, "2.6", "z")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = a_file(tmp_path, "time;Öldruck [°C]\r\n1;2,5\r\n", encoding=encoding)

    assert shape_of(path).header == ("time", "Öldruck [°C]")
    assert rows_of(path, "Öldruck [°C]") == [(2, "2,5")]


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("a;b\n1,5;2\n", ","), ("a;b\n1.5;2\n", "."), ("a,b\n1.5,2\n", "."), ("a;b\n1;2\n", ".")],
)
def test_the_decimal_mark_is_found(tmp_path: Path, text: str, decimal: str) -> None:
    assert shape_of(a_file(tmp_path, text)).decimal == decimal


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("1,2,3\n4,5,6\n", "no row of names"),
        ("time,a,a\n1,2,3\n", "names column 'a' twice"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(NotATable, match=says):
        shape_of(a_file(tmp_path, text))


def test_blank_lines_are_passed_over_and_ragged_ones_named(tmp_path: Path) -> None:
    path = a_file(tmp_path, "time;a\n1;2\n\n3\n  \n4;5;6\n7;8")
    (block,) = shape_of(path).rows(["time", "a"])

    assert block.lines.tolist() == [2, 7]
    assert [(row.line, row.reason) for row in block.malformed] == [
        (4, "has 1 cell, the header names 2 columns"),
        (6, "has 3 cells, the header names 2 columns"),
    ]


def test_a_quoted_cell_may_hold_separator_and_line_break_and_lines_stay_right(tmp_path: Path) -> None:
    path = a_file(tmp_path, 'time;note;a\n1;"x;\ny";2\n3;z;4\n')

    assert rows_of(path, "time", "note", "a") == [(2, "1", "x;\ny", "2"), (4, "3", "z", "4")]


def test_a_quoted_cell_may_cross_from_one_block_into_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.sources.csv.rows.BLOCK_CHARACTERS", 8)
    path = a_file(tmp_path, 'time;note;a\n1;"x\ny\nz";2\n3;w;4\n5;v;6\n')

    assert rows_of(path, "time", "note") == [(2, "1", "x\ny\nz"), (5, "3", "w"), (6, "5", "v")]


cells = st.text(
    st.characters(codec="utf-8", exclude_characters='";\r\n\0\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029'), max_size=4
)


quoted_cells = st.builds('"{}"'.format, st.text(st.sampled_from("a; é1"), max_size=3))


@settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells | quoted_cells, min_size=0, max_size=4), max_size=12))
def test_arrow_and_the_csv_module_read_the_same_rows(tmp_path: Path, drawn: list[list[str]]) -> None:
    lines = "".join(";".join(row) + "\n" for row in drawn)
    plain = a_file(tmp_path, "one;two;three\n" + lines)
    by_arrow = [(block.lines.tolist(), block.columns["two"].to_pylist(), block.malformed) for block in blocks(plain)]
    quoted = a_file(tmp_path, "one;two;three\n" + lines + '"\n";"";""\n')
    by_csv = [(block.lines.tolist(), block.columns["two"].to_pylist(), block.malformed) for block in blocks(quoted)]

    if not by_arrow:
        by_arrow = [([], [], ())]
    ((lines_a, cells_a, malformed_a),), ((lines_c, cells_c, malformed_c),) = by_arrow, by_csv
    assert (lines_a, cells_a, malformed_a) == (lines_c[:-1], cells_c[:-1], malformed_c)


def blocks(path: Path) -> list[RowBlock]:
    dialect = Dialect(names=("one", "two", "three"), separator=";", first_line=2)
    return list(row_blocks(lambda: path.open(encoding="utf-8", newline=""), dialect, ["one", "two"]))
