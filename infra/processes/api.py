"""The process that answers questions over HTTP."""

from infra.http.serving import serve
from infra.logs import configure_logs
from infra.wiring.container import Container


def run_api(container: Container) -> None:
    """Serve the query API until SIGTERM or SIGINT.

    Raises:
        ApiKeysRefused: the setting can't be understood.
        AddressTaken: somebody listens there already.
        SettingMissing: the read models' address is not set.
    """
    settings = container.settings()
    configure_logs(settings.log_level, process="api")
    serve(container.query_app(), host=settings.api_host, port=settings.api_port)
