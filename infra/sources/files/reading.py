"""Any file as a table, by what its first bytes say."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.sources.csv.long_form import long_form_of
from infra.sources.csv.text_table import Said, text_table
from infra.sources.files.columnar import columnar_table
from infra.sources.files.opening import kind_of
from infra.sources.files.table import Table


@dataclass(frozen=True, slots=True)
class FormChoice:
    """What a person said about the form of a file; None where it is to be found. `wide`: it has no row per channel."""

    text: Said = field(default_factory=Said)
    sheet: str | None = None
    long: str | None = None
    wide: bool = False


def table_of(path: Path, choice: FormChoice) -> Table:
    """Return the file as a table.

    Raises:
        NotATable: it can't be read as rows of named columns.
        OSError: it can't be opened.
    """
    kind = kind_of(path)
    if kind in {"parquet", "arrow", "arrow stream"}:
        table = columnar_table(path, kind)
    elif kind == "workbook":
        from infra.sources.files.workbook import workbook_table  # noqa: PLC0415 - loads a library few files need

        table = workbook_table(path, sheet=choice.sheet, header_line=choice.text.header_line)
    else:
        table = text_table(path, choice.text)
    if choice.long is not None:
        return replace(table, long=long_form_of(choice.long, table.columns, _sample(table)))
    return replace(table, long=None) if choice.wide else table


def _sample(table: Table) -> list[tuple[str, ...]]:
    places = [place for place, name in enumerate(table.header) if name]
    return [tuple(row[place] for place in places) for row in table.sample]
