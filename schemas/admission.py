"""Admission of readings in columns: `domain.admission.admit` for many at once.

Whatever is plainly admissible passes in columns; every other row is put to `admit` itself, so that the rule
stands once. Nothing here may accept what `admit` refuses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.admission import EARLIEST, LATEST, LONGEST_ID, LONGEST_TEXT, ReadingRefused, UnknownProfile, admit
from domain.profiles import ProfileDefined, can_be_reference
from domain.readings import SensorReadingRecorded, microseconds, moment_of
from schemas.readings import ProfileBlock, map_entries

_EARLIEST_US, _LATEST_US = microseconds(EARLIEST), microseconds(LATEST)
_LONGEST = {
    "machine_id": (1, LONGEST_ID),
    "sensor_id": (1, LONGEST_ID),
    "profile": (0, LONGEST_TEXT),
    "source": (0, LONGEST_TEXT),
    "anomaly_type": (0, LONGEST_TEXT),
}


@dataclass(frozen=True, slots=True)
class Admission:
    """What was admitted: blocks with rows counted among the admitted; and why each refused row was refused."""

    blocks: tuple[ProfileBlock, ...]
    refused: Mapping[int, ReadingRefused]


def screen(
    table: pa.RecordBatch, keys: Sequence[bytes | None] | None, profiles: Mapping[str, ProfileDefined]
) -> Admission:
    """Return which rows of `table` are admitted; `keys` are the records' keys where there are records.

    Raises:
        UnknownProfile: a row that is not refused for another reason names a profile that is not in `profiles`.
    """
    doubtful = _doubtful_texts(table) | _doubtful_times(table)
    if keys is not None:
        doubtful |= ~_truth(pc.equal(pa.array(keys, pa.binary()), table.column("machine_id").cast(pa.binary())))
    refused: dict[int, ReadingRefused] = {}
    matrices = []
    for ref, rows in _rows_by_profile(table.column("profile")):
        profile = profiles.get(ref) if can_be_reference(ref) else None
        if profile is None:
            # `admit` refuses what it would refuse under any profile, and raises UnknownProfile for the rest.
            for row in rows:
                _put_to_rule(table, int(row), keys, profiles, refused)
            continue
        values, implausible = _matrix(table.column("measurements"), rows, profile)
        for row in rows[implausible | doubtful[rows]]:
            _put_to_rule(table, int(row), keys, profiles, refused)
        matrices.append((profile, rows, values))
    return Admission(tuple(_without(refused, len(table), matrices)), refused)


def unknown_profiles(
    table: pa.RecordBatch, keys: Sequence[bytes | None], profiles: Mapping[str, ProfileDefined]
) -> Iterator[tuple[int, UnknownProfile]]:
    """Yield the rows that only an unknown profile keeps from being admitted or refused."""
    for ref, rows in _rows_by_profile(table.column("profile")):
        if ref not in profiles:
            for row in rows.tolist():
                try:
                    _put_to_rule(table, row, keys, profiles, {})
                except UnknownProfile as unknown:
                    yield row, unknown


def reading_at(table: pa.RecordBatch, row: int) -> SensorReadingRecorded:
    """Return one row as the event it is."""
    plain = table.slice(row, 1).to_pylist()[0]
    return SensorReadingRecorded(
        **{
            **plain,
            "event_id": UUID(plain["event_id"]),
            "recorded_at": moment_of(plain["recorded_at"]),
            "measurements": dict(plain["measurements"]),
        }
    )


def _put_to_rule(
    table: pa.RecordBatch,
    row: int,
    keys: Sequence[bytes | None] | None,
    profiles: Mapping[str, ProfileDefined],
    refused: dict[int, ReadingRefused],
) -> None:
    try:
        if not _EARLIEST_US <= (moment := table.column("recorded_at")[row].as_py()) < _LATEST_US:
            # datetime can't hold every int64, so this one rule is applied before the event exists.
            raise ReadingRefused("recorded_at", f"{moment} µs since 1970 is not within 1970 to 2199")  # noqa: TRY301
        key = None
        if keys is not None:
            if (raw := keys[row]) is None:
                raise ReadingRefused("key", "is missing; it must be the machine_id")  # noqa: TRY301
            key = raw.decode(errors="replace")
        admit(reading_at(table, row), profiles, key=key)
    except ReadingRefused as refusal:
        refused[row] = refusal


def _doubtful_texts(table: pa.RecordBatch) -> NDArray[np.bool_]:
    doubtful = np.zeros(len(table), np.bool_)
    for name, (shortest, longest) in _LONGEST.items():
        texts = table.column(name).fill_null("")
        sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False)
        doubtful |= (sizes < shortest) | (sizes > longest)
        if _holds_nul(texts):
            doubtful |= _truth(pc.match_substring(texts, "\0"))
    return doubtful


def _holds_nul(texts: pa.StringArray) -> bool:
    text = texts.buffers()[2]
    return text is not None and not np.frombuffer(text, np.uint8).all()


def _doubtful_times(table: pa.RecordBatch) -> NDArray[np.bool_]:
    times = table.column("recorded_at").to_numpy()
    outside: NDArray[np.bool_] = (times < _EARLIEST_US) | (times >= _LATEST_US)
    return outside


def _rows_by_profile(refs: pa.StringArray) -> list[tuple[str, NDArray[np.intp]]]:
    coded = refs.dictionary_encode()
    codes = coded.indices.to_numpy()
    if len(coded.dictionary) == 1:
        return [(coded.dictionary[0].as_py(), np.arange(len(refs)))]
    return [(ref.as_py(), np.flatnonzero(codes == code)) for code, ref in enumerate(coded.dictionary)]


def _matrix(
    maps: pa.MapArray, rows: NDArray[np.intp], profile: ProfileDefined
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the values of `rows` in the profile's channel order, and which rows are not plainly admissible."""
    edges, entry_keys, entry_items = map_entries(maps)
    counts = np.diff(edges)[rows]
    keys = entry_keys.dictionary_encode()
    place = {name: index for index, name in enumerate(profile.channel_names)}
    channel_of = np.array([place.get(key.as_py(), -1) for key in keys.dictionary], np.intp)
    codes, items = keys.indices.to_numpy(), entry_items.to_numpy()
    entry_rows = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(entry_rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    entries = np.repeat(edges[rows], counts) + within
    channels = channel_of[codes[entries]] if len(entries) else np.empty(0, np.intp)
    doubtful = counts == 0
    doubtful[entry_rows[channels < 0]] = True
    known = channels >= 0
    values = np.full((len(rows), len(place)), np.nan)
    given = items[entries][known] if len(entries) else np.empty(0)
    values[entry_rows[known], channels[known]] = given
    low = np.array([channel.minimum for channel in profile.channels])[channels[known]]
    high = np.array([channel.maximum for channel in profile.channels])[channels[known]]
    doubtful[entry_rows[known][~((given >= low) & (given <= high))]] = True
    return values, doubtful


def _without(
    refused: Mapping[int, ReadingRefused],
    length: int,
    matrices: Sequence[tuple[ProfileDefined, NDArray[np.intp], NDArray[np.float64]]],
) -> list[ProfileBlock]:
    """Return the blocks without refused rows, their rows counted anew among the rows that stay."""
    if not refused:
        return [ProfileBlock(profile, rows, values) for profile, rows, values in matrices]
    stays = np.ones(length, np.bool_)
    stays[list(refused)] = False
    place = np.cumsum(stays) - 1
    kept = [(profile, rows[stays[rows]], values[stays[rows]]) for profile, rows, values in matrices]
    return [ProfileBlock(profile, place[rows], values) for profile, rows, values in kept if len(rows)]


def _truth(flags: Any) -> NDArray[np.bool_]:
    truth: NDArray[np.bool_] = flags.fill_null(False).to_numpy(zero_copy_only=False)
    return truth
