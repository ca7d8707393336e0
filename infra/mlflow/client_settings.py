"""How MLflow's client behaves in a process of ours; said before it is imported, since it looks once."""

import os


def set_client_defaults() -> None:
    """Let calls give up within seconds, since who calls has its own way of trying again, and send nothing elsewhere."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
