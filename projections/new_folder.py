"""A folder for a new read model: four commented files that work as they are, to be changed into one's own.

It never writes over a file that is there.
"""

from pathlib import Path
from typing import Final

from projections.folder import FILES, Folder, FolderRefused, Folders, require_name

_TOML: Final = """\
# A read model: which part of the log it reads, and the tables it makes of it. The files of a build are kept with it and
# run for its life, so a change here takes effect with `telltale rebuild {name}`.
name = "{name}"
purpose = "How many readings each machine sent on each day, and when the log learned of the last."

# Topics to read, and the events in them that become rows of the table `batch`; others are passed over.
# Events and their fields: `telltale contracts list`, schemas/telltale.<Event>.avsc.
topics = ["sensor-events"]
events = ["SensorReadingRecorded"]

[keys] # each table and the columns that name one of its rows
{name} = ["machine_id", "day"]

[fingerprint.exclude] # "table.column" = "why no two builds can agree on it"; best empty
"""

_SCHEMA: Final = """\
-- Tables and unique keys; indexes for questions stand in indexes.sql. Names without a schema: each build has its own.
-- Keep known_at (when the log learned of it), so that an earlier state of knowledge can be asked.
CREATE TABLE {name} (
    machine_id text NOT NULL,
    day date NOT NULL, -- of the device's clock, UTC
    readings bigint NOT NULL,
    last_known_at timestamptz NOT NULL,
    PRIMARY KEY (machine_id, day)
);
"""

_APPLY: Final = """\
-- The step: rows of the temporary table `batch` become rows of the tables, in sets. It and the checkpoint are one
-- transaction, so a record is counted once whatever dies.
-- `batch` has topic, partition, "offset", key, event, appended_at, known_at, and the fields of the events; of a reading
-- the measurements come as "values": float8[] in the order of its profile's channels, NaN where one was not measured.
--
-- The law: the tables may depend on the set of records read and on their order within a partition, on nothing else: not
-- on batch borders, nor on the order between partitions. So no now(), random(), serials and no sums of floats; what
-- several partitions feed may merge by count, min, max, numeric sum, or newest by (known_at, partition, "offset").
INSERT INTO {name} AS counted (machine_id, day, readings, last_known_at)
SELECT
    machine_id,
    (recorded_at AT TIME ZONE 'UTC')::date,
    count(*),
    max(known_at)
FROM batch
WHERE event = 'SensorReadingRecorded'
GROUP BY 1, 2
ON CONFLICT (machine_id, day) DO UPDATE SET
    readings = counted.readings + EXCLUDED.readings,
    last_known_at = greatest(counted.last_known_at, EXCLUDED.last_known_at);
"""

_INDEXES: Final = """\
-- Built once the log has been read to its end for the first time, then ANALYZE: a load without them is twice as fast.
CREATE INDEX {name}_day ON {name} (day);
"""

_TEXTS: Final = {"projection.toml": _TOML, "schema.sql": _SCHEMA, "apply.sql": _APPLY, "indexes.sql": _INDEXES}


def example(name: str) -> Folder:
    """Return the read model that a new folder holds.

    Raises:
        FolderRefused: no read model may bear the name.
    """
    require_name(name)
    return Folder.of_today({file: _TEXTS[file].replace("{name}", name) for file in FILES})


def make_folder(folders: Folders, name: str) -> Path:
    """Write the files of a new read model into the user's own folder and return where they are.

    Raises:
        FolderRefused: the name is taken or is none, or there is no folder of the user's own.
    """
    if folders.own is None:
        raise FolderRefused("there is no folder for read models of your own")
    if name in folders.names():
        raise FolderRefused(f"a read model is called {name} already")
    made = example(name)
    place = folders.own / name
    # Made beside and renamed: a projector that looks meanwhile finds all files or none.
    half = folders.own / f".{name}.part"
    half.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        (half / file).write_text(made.texts[file], encoding="utf-8")
    try:
        half.rename(place)
    except OSError as error:
        raise FolderRefused(f"{place} can't be made: {error}") from error
    return place
