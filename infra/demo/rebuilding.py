"""A row of a read model falsified by hand, found by the proof, put right by the swap; then the way back."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx
from psycopg import sql
from rich.markup import escape

from infra.postgres.builds import serving_build
from infra.postgres.connections import connect_for_writing
from projections.build_proof import RowDifference
from projections.rebuild import RebuildDesk
from projections.rebuild_outcome import ReadModelDrifted

READ_MODEL: Final = "anomalies"
FALSE_SCORE: Final = 1.01
"""Just above the threshold: an alarm talked down."""

_LOOK_EVERY_S: Final = 0.02
_FALSIFY: Final = sql.SQL("""
UPDATE {schema}.anomalies
SET score = %s, severity = 'warning'
WHERE event_id = (SELECT event_id FROM {schema}.anomalies ORDER BY score DESC, partition, "offset" LIMIT 1)
RETURNING event_id
""")


@dataclass(slots=True)
class Reads:
    """What somebody saw who asked the API all the while."""

    asked: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilding:
    """The rebuild's part of the story."""

    desk: RebuildDesk
    dsn: str
    api_url: str
    headers: Mapping[str, str] = field(repr=False)
    say: Callable[[str], None]

    def tell(self) -> None:
        """Falsify a row, let the proof name it, let the log's answer serve, rebuild once more and take that back."""
        self.say("a test of the proof: can a read model be changed behind the log's back? It should be found to differ")
        self.say(f"one row of {READ_MODEL} falsified by hand: {self._falsified()} now scores {FALSE_SCORE}")
        with self._reader() as reads:
            try:
                self.desk.rebuild(READ_MODEL)
            except ReadModelDrifted as drifted:
                proof = drifted.proof
                rows = sum(len(table.examples) for table in proof.differences)
                self.say(f"found, as it should be: [bold]DIFFERS[/] in {rows} of {proof.rows:,} rows, nothing swapped")
                self.say(f"  {escape(said(proof.differences[0].examples[0]))}")
            else:
                self.say("rebuild: MISSED the falsified row")
            true = self.desk.rebuild(READ_MODEL, accept=lambda _proof, _log: "a row was falsified by hand")
            self.say(
                f"the log's answer swapped in: build {true.swap.move.to_build} instead of "
                f"{true.swap.move.from_build}, pointer held for {true.swap.seconds * 1000:.0f} ms"
            )
            again = self.desk.rebuild(READ_MODEL)
            if (equal := again.proof) is not None:
                self.say(f"rebuilt once more: {equal.rows:,} rows equal, proven in {equal.seconds:.2f} s, swapped in")
            undone = self.desk.undo(READ_MODEL)
            self.say(f"undo: build {undone.move.to_build} serves again after {undone.seconds * 1000:.0f} ms")
        self.say(f"  meanwhile the API was asked {reads.asked:,} times: {reads.failed} failed")

    def _falsified(self) -> str:
        with closing(connect_for_writing(self.dsn, name="telltale demo")) as connection:
            build = serving_build(connection, READ_MODEL)
            assert build is not None  # noqa: S101 - verdicts have been shown from it
            statement = _FALSIFY.format(schema=sql.Identifier(build.schema))
            row = connection.execute(statement, [FALSE_SCORE]).fetchone()
            connection.commit()
        assert row is not None  # noqa: S101 - likewise
        return f"verdict {row[0]}"

    @contextmanager
    def _reader(self) -> Iterator[Reads]:
        """Ask the API for verdicts again and again while the block runs."""
        reads, stop = Reads(), threading.Event()

        def ask() -> None:
            with httpx.Client(base_url=self.api_url, headers=self.headers, timeout=10) as api:
                while not stop.wait(_LOOK_EVERY_S):
                    reads.asked += 1
                    try:
                        answer = api.get("/anomalies", params={"limit": 5})
                        reads.failed += answer.status_code != httpx.codes.OK or not answer.json()
                    except httpx.HTTPError:
                        reads.failed += 1

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield reads
        finally:
            stop.set()
            thread.join()


def said(row: RowDifference) -> str:
    """Return one row that differs, its key and the columns of both sides."""
    key = ", ".join(f"{name} {value}" for name, value in row.key.items())
    here, there = row.here or {}, row.there or {}
    columns = ", ".join(f"{name} {there.get(name)} instead of {here.get(name)}" for name in sorted({*here, *there}))
    return f"{key}: {columns}"
