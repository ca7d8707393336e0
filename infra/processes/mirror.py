"""The process that keeps MLflow equal to the log."""

from infra.logs import configure_logs
from infra.mlflow.client_settings import set_client_defaults
from infra.processes.stopping import until_told_to_stop
from infra.wiring.container import Container


def run_mirror(container: Container) -> None:
    """Mirror model-events into MLflow until SIGTERM or SIGINT.

    Raises:
        LogNotReachable, LogStalled: the log can't be read.
        SettingMissing: MLflow's or the log's address is not set.
    """
    set_client_defaults()
    configure_logs(container.settings().log_level, process="mirror")
    container.mirror().run(until_told_to_stop())
