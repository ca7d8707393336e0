from dataclasses import replace

import pytest

from projections.batch_table import batch_columns, create_batch_table, event_columns
from projections.folder import Folder, FolderRefused, NoSuchReadModel, folder_names, load_folder

READINGS = load_folder("readings")


@pytest.mark.parametrize("name", folder_names())
def test_every_folder_is_a_read_model_of_its_own_name(name: str) -> None:
    folder = load_folder(name)
    assert folder.name == name
    assert folder.purpose
    assert batch_columns(folder)


@pytest.mark.parametrize("name", folder_names())
def test_no_step_asks_for_time_chance_or_a_running_number(name: str) -> None:
    folder = load_folder(name)
    text = (folder.schema_sql + folder.apply_sql).lower()
    for word in ("now()", "random()", "serial", "clock_timestamp", "gen_random_uuid", "nextval"):
        assert word not in text


def test_a_table_belongs_to_one_read_model() -> None:
    tables = [table for name in folder_names() for table in load_folder(name).keys]
    assert len(tables) == len(set(tables))


def test_an_unknown_read_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NoSuchReadModel, match=r"there are .*readings"):
        load_folder("reading")


def test_a_build_is_told_apart_from_todays_files_by_its_texts() -> None:
    assert Folder.from_texts(READINGS.texts) == READINGS


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('purpose = "', 'aim = "', "lacks 'purpose'"),
        ("sensor-events", "sensor-event", "no topic is called sensor-event"),
        ('"SensorReadingRecorded"', '"ModelTrained"', "do not carry ModelTrained"),
        ("[keys]", "keepdays = 3\n[keys]", "unknown entries keepdays"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(old: str, new: str, reason: str) -> None:
    changed = READINGS.texts["projection.toml"].replace(old, new)
    with pytest.raises(FolderRefused, match=reason):
        Folder.from_texts({**READINGS.texts, "projection.toml": changed})


def test_batch_has_the_columns_that_the_step_names_and_no_other() -> None:
    folder = _with_step('SELECT "offset", machine_id FROM batch')
    assert [column.name for column in batch_columns(folder)] == ["offset", "machine_id"]
    assert create_batch_table(batch_columns(folder)) == (
        'CREATE TEMPORARY TABLE batch ("offset" bigint, "machine_id" text) ON COMMIT DELETE ROWS'
    )


def test_a_step_that_takes_everything_gets_everything() -> None:
    names = {column.name for column in batch_columns(_with_step("SELECT * FROM batch"))}
    assert {"topic", "appended_at", "key", "source", "values", "anomaly_injected"} <= names
    assert "measurements" not in names


def test_a_fields_column_follows_from_its_avro_type() -> None:
    columns = {column.name: column.sql for column in event_columns("AnomalyDetected")}
    assert columns["event_id"] == "uuid"
    assert columns["recorded_at"] == "timestamptz"
    assert columns["kinds"] == "text[]"
    assert columns["score"] == "float8"
    assert columns["measurements"] == columns["model"] == "jsonb"


def _with_step(apply_sql: str) -> Folder:
    return replace(READINGS, texts={**READINGS.texts, "apply.sql": apply_sql})
