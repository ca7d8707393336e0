"""`telltale explain --verify` over a history that holds, and one that was damaged."""

import json
from dataclasses import dataclass
from typing import cast

import pytest

from infra.cli.main import run
from infra.exit_codes import ExitCode
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.models.lineage import LineageDesk
from infra.wiring.container import Container
from ml.lineage.lineage import VerdictNotFound, lineage_of
from ml.lineage.verify import Verifier
from schemas.contracts import Contracts
from tests.fakes.lineage import FakeLineageLog
from tests.fakes.scoring import FakeDecoding
from tests.fakes.store import FakeReadModelStore
from tests.unit.ml.lineage.judged import History, damaged
from tests.wired import wired


def explaining(history: History) -> Container:
    """Return the container of `telltale explain` over a history; no read model answers."""
    log = FakeLineageLog(history.log, history.artifacts)
    contracts = cast("ContractsFollower", Known(history.log.contracts))
    return wired(
        read_store=FakeReadModelStore(missing={"anomalies"}),
        lineage_desk=LineageDesk(log, contracts, Verifier(log, FakeDecoding(history.log))),
    )


@dataclass
class Known:
    contracts: Contracts


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_explain_ends_with_0_for_what_holds_and_with_1_for_a_damaged_model(
    history: History, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = history.verdicts()[-1]
    command = ["explain", str(verdict.event_id), "--verify", *words]
    assert run(command, explaining(history)) == ExitCode.YES
    assert verdict.reading_position in capsys.readouterr().out
    sha256 = verdict.model.artifact_sha256
    history.artifacts.stored[sha256] = damaged(history.artifacts.stored[sha256])
    assert run(command, explaining(history)) == ExitCode.NO
    said = capsys.readouterr().out
    if words:
        checks = json.loads(said)["verification"]["checks"]
        assert "model's bytes" in {check["what"] for check in checks if check["equal"] is False}
    else:
        assert "DIFFERS" in said.splitlines()[-1]


def test_an_unknown_verdict_is_not_found(history: History) -> None:
    with pytest.raises(VerdictNotFound):
        lineage_of(
            history.verdicts()[0].reading_event_id,
            FakeLineageLog(history.log, history.artifacts),
            history.log.contracts,
        )
