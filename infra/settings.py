"""Where everything is and how to get in: the one place that reads configuration.

Later sources give way to earlier ones: environment (`TELLTALE_…`), `.env` in the current folder, and `stack.env` in
Telltale's home, which the embedded stack writes. Nothing else in the code reads the environment.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from domain.anomalies import Severity

PREFIX: Final = "TELLTALE_"
STACK_ENV: Final = "stack.env"
HOME_NAME: Final = ".telltale"
PORTS: Final = "ports.json"
"""The file of the ports once chosen: the first that a home has."""

ADDRESSES: Final = frozenset(
    {
        "kafka_bootstrap",
        "registry_url",
        "postgres_dsn",
        "postgres_reader_dsn",
        "s3_endpoint",
        "s3_access_key",
        "s3_secret_key",
        "mlflow_url",
    }
)
"""What must be told, never guessed: a guessed address could be another system's."""


class SettingMissing(Exception):
    """An address is needed that no source gives."""

    def __init__(self, name: str, home: Path | None = None) -> None:
        looked = "" if home is None else f". Looked in the home {home}; --home names another"
        super().__init__(
            f"{PREFIX}{name.upper()} is not set: run `telltale up`, or set it in the environment or .env{looked}"
        )
        self.name = name


class Scope(StrEnum):
    """What the bearer of an API key may do; each includes the ones before."""

    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"


class Settings(BaseSettings):
    """Every setting. Asking for an address that no source gives raises SettingMissing."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default=Path(HOME_NAME), description="Folder of the embedded stack: data, logs, secrets.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")

    kafka_bootstrap: str = Field(default="", description="Kafka's host:port.")
    registry_url: str = Field(default="", description="Schema registry, up to and with /apis/ccompat/v7.")
    postgres_dsn: str = Field(default="", repr=False, description="Owner of the read models.")
    postgres_reader_dsn: str = Field(default="", repr=False, description="Read-only role of the query API.")
    s3_endpoint: str = Field(default="", description="S3's URL.")
    s3_access_key: str = Field(default="", description="S3's access key.")
    s3_secret_key: str = Field(default="", repr=False, description="S3's secret key.")
    s3_bucket: str = Field(default="telltale", description="Bucket of the model artifacts.")
    mlflow_url: str = Field(default="", description="MLflow's tracking server.")

    unknown_after_s: float = Field(
        default=60.0,
        ge=0,
        description="A reading of a schema or profile that nobody has defined becomes a dead letter after so long.",
    )
    disk_reserve_mb: int = Field(
        default=2000, ge=0, description="Readings are refused while less is free on the embedded log's disk; 0: never."
    )

    api_host: str = Field(default="127.0.0.1", description="Address the query API listens on.")
    api_port: int = Field(default=8000, description="Port of the query API.")
    api_url: str = Field(default="http://127.0.0.1:8000", description="Query API as others reach it.")
    commands_host: str = Field(default="127.0.0.1", description="Address the command service listens on.")
    commands_port: int = Field(default=8001, description="Port of the command service.")
    commands_url: str = Field(default="http://127.0.0.1:8001", description="Command service as others reach it.")
    dashboard_port: int = Field(default=8501, description="Port of the dashboard, on loopback.")
    dashboard_url: str = Field(default="http://127.0.0.1:8501", description="Dashboard as people reach it.")
    allowed_hosts: str = Field(
        default="", description="Names, joined by commas, that both services answer to besides this machine's own."
    )
    slack_webhook_url: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("slack_webhook_url", "TELLTALE_SLACK_WEBHOOK_URL", "SLACK_WEBHOOK_URL"),
        description="Whom to call for incidents: a Slack webhook, or anything that takes its JSON.",
    )
    alert_cooldown_seconds: float = Field(
        default=300,
        ge=0,
        validation_alias=AliasChoices(
            "alert_cooldown_seconds", "TELLTALE_ALERT_COOLDOWN_SECONDS", "ALERT_COOLDOWN_SECONDS"
        ),
        description="For how long a machine that called somebody calls nobody again.",
    )
    alert_severity: Severity = Field(default=Severity.HIGH, description="From which severity on somebody is called.")
    api_keys: SecretStr = Field(
        default=SecretStr(""), description="name:scope:key, several joined by commas; none: no key is asked for."
    )

    projections: Path | None = Field(
        default=None, description="Folder of read models of your own; default: projections in the home."
    )

    java: Path | None = Field(default=None, description="A Java to use instead of the installed one.")
    jar_repository: str = Field(default="", description="Maven repository to use instead of the public one.")
    cache: Path | None = Field(default=None, description="Folder of downloads, shared by all homes.")

    def __getattribute__(self, name: str) -> Any:
        """Return the setting; an address that was not given is an error with its fix, not an empty text."""
        value = super().__getattribute__(name)
        if name in ADDRESSES and not value:
            raise SettingMissing(name, super().__getattribute__("home").absolute())
        return value

    def has(self, name: str) -> bool:
        """Return whether an address is given."""
        try:
            getattr(self, name)
        except SettingMissing:
            return False
        return True

    @property
    def own_projections(self) -> Path:
        """Return the folder of the user's own read models: outside the program, whose files an update replaces."""
        return self.projections or self.home / "projections"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add the embedded stack's file behind the others."""
        home = init_settings().get("home") or home_folder()
        stack = DotEnvSettingsSource(settings_cls, env_file=Path(home) / STACK_ENV, env_file_encoding="utf-8")
        return init_settings, env_settings, dotenv_settings, stack


def home_folder() -> Path:
    """Return Telltale's home as environment or `.env` say, absolute; else that of this folder or the nearest above it.

    Where there is none yet, it is to be made in this folder.
    """
    told = os.environ.get(f"{PREFIX}HOME") or dotenv_values(".env").get(f"{PREFIX}HOME")
    if told:
        return Path(told).absolute()
    here = Path.cwd()
    homes = (folder / HOME_NAME for folder in (here, *here.parents))
    return next((home for home in homes if (home / PORTS).exists()), here / HOME_NAME)


def use_home(folder: str) -> None:
    """Let this process, and every one that it starts, use this home, whatever else says otherwise."""
    os.environ[f"{PREFIX}HOME"] = str(Path(folder).absolute())


def load_settings() -> Settings:
    """Read the configuration as it is now, its home absolute."""
    return Settings(home=home_folder())
