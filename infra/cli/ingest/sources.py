"""Files with their columns understood: what a dry run shows and an ingest brings in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.profiles import Channel, ProfileDefined
from infra.cli.ingest.wishes import Wishes
from infra.sources.files.columns_do_not_fit import ColumnsDoNotFit
from infra.sources.files.plan import plan_columns, profile_from
from infra.sources.files.reading import table_of
from infra.sources.files.source import Beginning, FileSource, beginning_of
from infra.sources.times.moments import Plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """Files in the order of their first times, and the profile that they would define by themselves."""

    sources: tuple[FileSource, ...]
    channels: tuple[Channel, ...]
    interval_s: float

    def profile(self, name: str) -> ProfileDefined:
        """Return that profile, as if it were the first of its name."""
        return ProfileDefined(name=name, version=1, channels=self.channels, expected_interval_s=self.interval_s)


def understood(
    paths: Sequence[Path], wishes: Wishes, profile: ProfileDefined | None, plausible: Plausible
) -> Understood:
    """Return the files with what their columns are; the beginning of each is read, and nothing appended.

    Raises:
        NotATable, ColumnsDoNotFit: a file can't be taken as asked.
    """
    choice = wishes.columns(wishes.profile or "profile")
    found: list[tuple[FileSource, Beginning]] = []
    for path in paths:
        table = table_of(path, wishes.form())
        source = FileSource(
            table=table, plan=plan_columns(table, choice, profile, plausible=plausible), plausible=plausible
        )
        found.append((source, beginning_of(source)))
    if not any(beginning.rows is not None for _, beginning in found):
        raise ColumnsDoNotFit(f"{', '.join(map(str, paths))}: no row is a reading")
    found.sort(key=_first_us)
    channels: dict[str, Channel] = {}
    for source, _ in found:
        own, _ = profile_from(source.plan, interval_s=1.0)
        for channel in own:
            channels.setdefault(channel.name, channel)
    intervals = [beginning.interval_s for _, beginning in found if beginning.rows is not None]
    return Understood(
        sources=tuple(source for source, _ in found),
        channels=tuple(channels.values()),
        interval_s=sorted(intervals)[len(intervals) // 2],
    )


def _first_us(found: tuple[FileSource, Beginning]) -> int:
    rows = found[1].rows
    return 0 if rows is None else int(rows.measured.recorded_at_us.min())
