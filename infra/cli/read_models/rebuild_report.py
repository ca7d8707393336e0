"""What `telltale rebuild` says: progress, proofs with the rows that differ, swaps, estimates."""

from contextlib import ExitStack
from dataclasses import asdict
from types import TracebackType
from typing import Any, Final, Self

from rich.markup import escape

from infra.cli.output import note, say
from infra.cli.progress import Bar, progress
from projections.build_proof import Proof, RowDifference, TableDifference, Texts
from projections.builds import Swap
from projections.rebuild_outcome import Estimate, Rebuilt

_GB: Final = 1e9


class ShownProgress:
    """Shows a rebuild's steps: a bar while records are read, a line for each other step."""

    def __init__(self, read_model: str) -> None:
        self._read_model = read_model
        self._bars = ExitStack()
        self._bar: Bar | None = None
        self._done = 0
        self._step = ""

    def __enter__(self) -> Self:
        """Show nothing yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Take the bar away."""
        self.finish()

    def finish(self) -> None:
        """Take the bar away, as before a question."""
        self._bars.close()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show where the rebuild is."""
        if step != self._step:
            self._step, self._bar, self._done = step, None, 0
            self._bars.close()
            if not total:
                note(f"{escape(self._read_model)}: {step}")
        if not total:
            return
        if self._bar is None:
            self._bar = self._bars.enter_context(progress(f"{self._read_model}: {step}", total=total, unit="records"))
        self._bar.advance(done - self._done)
        self._done = done


def say_estimate(estimate: Estimate) -> None:
    """Say what a rebuild would read, take and need."""
    sql = "the SQL is that of the serving build" if estimate.same_sql else "the SQL is other than the serving build's"
    free = "not known from here" if estimate.bytes_free is None else f"{estimate.bytes_free / _GB:,.2f} GB"
    say(f"[bold]{estimate.read_model}[/]: {estimate.events:,} records, about {estimate.seconds:,.0f} s; {sql}")
    say(f"  disk: about {estimate.bytes_needed / _GB:,.2f} GB needed, {free} free")
    if estimate.unfinished is not None:
        say(f"  build {estimate.unfinished} was left by an interrupted rebuild; with the same SQL it goes on")
    _say_partial(estimate.partial)


def say_rebuilt(rebuilt: Rebuilt) -> None:
    """Say what a rebuild did."""
    move, proof = rebuilt.swap.move, rebuilt.proof
    if proof is not None:
        say_proof(proof)
    _say_partial(rebuilt.partial)
    rate = rebuilt.records / rebuilt.load_seconds if rebuilt.load_seconds else 0
    read = f"{rebuilt.records:,} records read in {rebuilt.load_seconds:,.1f} s ({rate:,.0f}/s)"
    say(f"[bold]{move.read_model}[/]: build {move.to_build} serves now; {read}; {held(rebuilt.swap)}")
    if rebuilt.discarded:
        say(f"  discarded: {', '.join(f'build {number}' for number in rebuilt.discarded)}")
    say(f"  back to build {move.from_build}: telltale rebuild {move.read_model} --undo")


def held(swap: Swap) -> str:
    """Return for how long the serving build stood still."""
    return f"swapped in {swap.seconds * 1000:,.0f} ms"


def say_proof(proof: Proof) -> None:
    """Say what was compared and found, differing rows by name."""
    where = f"{proof.rows:,} rows, at {len(proof.positions)} positions, in {proof.seconds:,.2f} s"
    if proof.whole:
        say(f"[bold]{proof.read_model}[/]: build {proof.build} equals build {proof.against_build}: {where}")
        return
    verdict = "equal in what both have" if proof.equal else "[bold red]not equal[/]"
    builds = f"build {proof.build} (from the log), build {proof.against_build} (serving)"
    say(f"[bold]{proof.read_model}[/]: {builds}: {verdict}; {where}")
    if proof.unshared:
        say(f"  only in one of them: {escape(', '.join(proof.unshared))}")
    for table in proof.differences:
        _say_table(table)


def _say_table(table: TableDifference) -> None:
    here, there = f"{table.only_here:,} only from the log", f"{table.only_there:,} only in the serving build"
    counts = f"{here}, {there}, {table.different:,} with other values"
    buckets = ", ".join(map(str, table.buckets[:8])) + (", …" if len(table.buckets) > 8 else "")
    say(f"  {escape(table.table)}: {counts} (buckets {buckets})")
    for row in table.examples:
        say(f"    {escape(row_text(row))}")


def row_text(row: RowDifference) -> str:
    """Return one differing row as people read it: its key, then what the log and the serving build say."""
    if row.there is None:
        return f"{_columns(row.key)}: missing in the serving build"
    if row.here is None:
        return f"{_columns(row.key)}: not in the log"
    values = (f"{column}: log {row.here[column]}, serving {row.there[column]}" for column in row.here)
    return f"{_columns(row.key)}: {'; '.join(values)}"


def proof_json(proof: Proof | None) -> dict[str, Any] | None:
    """Return a proof as JSON says it: like `last_proof` of GET /projections."""
    if proof is None:
        return None
    return {
        "proved_at": proof.proved_at,
        "equal": proof.equal,
        "same_sql": proof.same_sql,
        "build": proof.build,
        "against_build": proof.against_build,
        "rows": proof.rows,
        "seconds": proof.seconds,
        "positions": {str(where): offset for where, offset in sorted(proof.positions.items())},
        "unshared": proof.unshared,
        "differences": [asdict(difference) for difference in proof.differences],
    }


def swap_json(swap: Swap) -> dict[str, Any]:
    """Return a swap as JSON says it."""
    return {**asdict(swap.move), "actor": swap.actor, "seconds": swap.seconds}


def _columns(columns: Texts) -> str:
    return ", ".join(f"{name} {value}" for name, value in columns.items())


def _say_partial(partial: object) -> None:
    if isinstance(partial, tuple) and partial:
        named = ", ".join(map(str, partial))
        say(f"  [bold]not a full rebuild[/]: the log has deleted the first records of {named}")
