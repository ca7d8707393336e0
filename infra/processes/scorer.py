"""The process that scores readings, one for each slot."""

from dependency_injector import providers

from infra.logs import configure_logs
from infra.processes.stopping import until_told_to_stop
from infra.wiring.container import Container


def run_scorer(container: Container, *, slot: int) -> None:
    """Score readings as they come until SIGTERM or SIGINT.

    Raises what `Scorer.run` raises: the log does not answer, the slot is another's, a state or model can't be had.
    """
    container.slot.override(providers.Object(slot))
    configure_logs(container.settings().log_level, process=f"scorer-{slot}")
    container.scorer().run(until_told_to_stop())
    container.scoring_log().close()
