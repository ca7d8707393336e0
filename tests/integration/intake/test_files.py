"""Files of this trade through the command line into the real log: each kind as a small file of our own."""

import gzip
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.stacks import StackOfTests, must

pytestmark = pytest.mark.timeout(240)

INFLUX = (
    "#group,false,false,true,true,false,false,true,true\n#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,"
    "dateTime:RFC3339,double,string,string\n#default,_result,,,,,,,\n,result,table,_start,_stop,_time,_value,_field,asset\n"
    ",,0,2026-11-20T06:00:00Z,2026-11-20T08:00:00Z,2026-11-20T06:00:00Z,41.5,torque,mixer-4\n"
    ",,0,2026-11-20T06:00:00Z,2026-11-20T08:00:00Z,2026-11-20T06:00:30Z,41.6,torque,mixer-4\n"
    ",,1,2026-11-20T06:00:00Z,2026-11-20T08:00:00Z,2026-11-20T06:00:00Z,63.5,oil,mixer-4\n"
    ",,1,2026-11-20T06:00:00Z,2026-11-20T08:00:00Z,2026-11-20T06:00:30Z,63.6,oil,mixer-4\n"
)
TOA5 = (
    '"TOA5","BRH-12","CR1000X","1","x","y","2","MinTab"\n"TIMESTAMP","RECORD","Well","Amps"\n"TS","RN","Deg C","Amp"\n'
    '"","","Avg","Max"\n"2026-11-19 22:00:00",1,9.4,11.5\n"2026-11-19 22:01:00",2,9.5,"NAN"\n'
)
WORDS = (
    "Timestamp,F.PV,T.PV\n17-Nov-26 00:00:00,57.0,Bad Input\n17-Nov-26 00:01:00,No Data,141.3\n17-Nov-26 00:02:00,1,2\n"
)
FOLD = "local time;flow [°C]\n" + "".join(
    f"25.10.2026 {hour:02d}:{minute:02d};{35 + place / 10:.1f}\n"
    for place, (hour, minute) in enumerate((h, m) for h in (1, 2, 2, 3) for m in (0, 30))
)
EQUAL = "time,kg\n2026-11-05T08:00:00Z,81\n2026-11-05T08:00:00Z,84\n2026-11-05T08:00:01Z,81\n2026-11-05T08:00:01Z,84\n"
EXCEL = "Zeit;Last\n46345,250000;10,81\n46345,260417;11,68\n"


@pytest.fixture(scope="module")
def published(stack: StackOfTests) -> StackOfTests:
    must(stack.run("contracts", "publish"))
    return stack


def ingested(stack: StackOfTests, path: Path, *words: str) -> tuple[int, Any]:
    done = stack.run("ingest", str(path), "--profile", f"files-{uuid4().hex[:8]}", "--json", *words)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


@pytest.mark.parametrize(
    ("name", "text", "words", "rows"),
    [
        ("influx.csv", INFLUX, (), 2),
        ("logger.dat", TOA5, (), 2),
        ("words.csv", WORDS, (), 3),
        ("fold.csv", FOLD, ("--timezone", "Europe/Berlin"), 8),
        ("equal.csv", EQUAL, (), 4),
        ("excel.csv", EXCEL, ("--time-format", "excel"), 2),
    ],
)
def test_a_file_goes_in_whole_and_a_second_time_adds_nothing(
    published: StackOfTests, tmp_path: Path, *, name: str, text: str, words: tuple[str, ...], rows: int
) -> None:
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(text.encode()))
    machine = () if name.startswith(("influx", "logger")) else ("--machine-id", f"m-{uuid4().hex[:8]}")

    first = ingested(published, path, *words, *machine)

    again = published.run("ingest", str(path), "--profile", first[1]["profile"], "--json", *words, *machine)

    assert (first[0], first[1]["appended"], first[1]["refused"]) == (0, rows, [])
    assert json.loads(again.stdout)["duplicate"] == rows


def test_a_refused_command_leaves_nothing_behind(published: StackOfTests, tmp_path: Path) -> None:
    profile = f"files-{uuid4().hex[:8]}"
    path = tmp_path / "excel.csv"
    path.write_text(EXCEL)

    done = published.run("ingest", str(path), "--profile", profile)

    assert (done.returncode, "reads as an Excel date: --time-format excel" in " ".join(done.stderr.split())) == (
        2,
        True,
    )
    assert published.run("profiles", "show", profile).returncode == 1
