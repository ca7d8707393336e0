from pathlib import Path

import pytest

from infra.settings import SettingMissing, Settings, load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the current one, and the environment free of settings."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TELLTALE_{name.upper()}", raising=False)
    (tmp_path / ".telltale").mkdir()
    return tmp_path


def test_environment_comes_before_dotenv_and_dotenv_before_the_stack(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".telltale" / "stack.env").write_text(
        "TELLTALE_KAFKA_BOOTSTRAP=stack\nTELLTALE_MLFLOW_URL=stack\nTELLTALE_S3_BUCKET=stack\n"
    )
    (folder / ".env").write_text("TELLTALE_KAFKA_BOOTSTRAP=dotenv\nTELLTALE_MLFLOW_URL=dotenv\n")
    monkeypatch.setenv("TELLTALE_KAFKA_BOOTSTRAP", "environment")
    settings = load_settings()
    assert (settings.kafka_bootstrap, settings.mlflow_url, settings.s3_bucket) == ("environment", "dotenv", "stack")


def test_the_home_is_the_current_folders_unless_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().home == folder / ".telltale"
    (folder / ".env").write_text("TELLTALE_HOME=elsewhere\n")
    assert load_settings().home == folder / "elsewhere"
    monkeypatch.setenv("TELLTALE_HOME", "/nowhere")
    assert load_settings().home == Path("/nowhere")


def test_an_address_nobody_gave_is_an_error_with_its_fix(folder: Path) -> None:
    with pytest.raises(SettingMissing, match=r"TELLTALE_POSTGRES_DSN is not set: run `telltale up`"):
        _ = load_settings().postgres_dsn


def test_settings_show_no_password(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLTALE_POSTGRES_DSN", "postgresql://telltale:hidden@127.0.0.1/telltale")
    monkeypatch.setenv("TELLTALE_API_KEYS", "ada:read:hidden")
    assert "hidden" not in repr(load_settings())
