"""What `telltale doctor` says of a log that does not answer: NO to every question, and none is left out."""

import socket
from pathlib import Path

import pytest

from infra.cli.doctor import champions, log
from infra.cli.doctor.finding import Finding
from infra.host.embedded.home import Home
from infra.settings import Settings

CHECKS = (*log.CHECKS, champions.champions)


def findings(settings: Settings) -> dict[str, Finding]:
    return {found.check: found for look in CHECKS for found in look(Home(settings.home), settings)}


def test_with_kafka_away_every_question_to_the_log_is_answered_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "ANSWERS_WITHIN_S", 0.2)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        bootstrap = f"127.0.0.1:{nobody.getsockname()[1]}"
        found = findings(
            Settings(
                home=tmp_path, kafka_bootstrap=bootstrap, registry_url="http://127.0.0.1:9", postgres_dsn="dbname=x"
            )
        )
    assert set(found) == {"log", "judging", "contracts", "dead letters", "champions"}
    assert not any(one.good for one in found.values())
    assert {one.fix for one in found.values()} == {"telltale up"}
    assert found["log"].found.startswith(f"Kafka at {bootstrap} does not answer: ")
    assert "KafkaError" not in found["log"].found


def test_a_home_without_a_log_says_so(tmp_path: Path) -> None:
    found = findings(Settings(home=tmp_path))
    assert set(found) == {"log"}
    assert (found["log"].good, found["log"].found) == (True, f"none yet in {tmp_path}")
