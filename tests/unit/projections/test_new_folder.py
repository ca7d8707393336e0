from pathlib import Path

import pytest

from projections.folder import FolderRefused, Folders, NoSuchReadModel
from projections.new_folder import make_folder


def test_a_new_folder_is_a_read_model_from_the_first_moment(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "own")
    place = make_folder(folders, "daily")
    assert place == tmp_path / "own" / "daily"
    assert "daily" in folders.names()
    assert folders.load("daily").keys == {"daily": ("machine_id", "day")}
    assert [entry.name for entry in (tmp_path / "own").iterdir()] == ["daily"]


@pytest.mark.parametrize("name", ["readings", "daily"])
def test_a_name_that_is_taken_is_refused(tmp_path: Path, name: str) -> None:
    folders = Folders(tmp_path)
    make_folder(folders, "daily")
    with pytest.raises(FolderRefused, match="already"):
        make_folder(folders, name)


@pytest.mark.parametrize("name", ["Daily", "../daily", "a", "daily-readings", "daily_b3", "x" * 41, 'a"b'])
def test_a_name_that_no_schema_may_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FolderRefused, match="no name for a read model"):
        make_folder(Folders(tmp_path), name)


def test_a_folder_that_lacks_a_file_or_bears_another_name_is_refused(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    place = make_folder(folders, "daily")
    place.rename(tmp_path / "renamed")
    with pytest.raises(FolderRefused, match="calls it daily"):
        folders.load("renamed")
    (tmp_path / "renamed" / "apply.sql").unlink()
    with pytest.raises(FolderRefused, match=r"apply\.sql"):
        folders.load("renamed")
    with pytest.raises(NoSuchReadModel):
        folders.load("daily")
