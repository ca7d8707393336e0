"""The models' show-case: MLflow with its store in PostgreSQL and its artifacts in S3, loopback only."""

import sys
from typing import Final

import httpx

from infra.host.embedded.home import Home
from infra.host.embedded.seaweed import ACCESS_KEY, BUCKET
from infra.host.supervisor.part import RunOnce
from infra.host.supervisor.program import NotReady, Program
from infra.host.supervisor.state import PartKind

TIMEOUT_S: Final = 10


class MlflowService:
    """MLflow as a part of the stack."""

    name = "mlflow"
    kind = PartKind.SERVICE
    needs: tuple[str, ...] = ("postgres",)  # not S3: it is asked for with the first artifact only
    after: tuple[str, ...] = ()
    ready_deadline_s = 240.0
    fix = "look at the log above; MLflow shows what the log holds and can always be filled again"

    def __init__(self, home: Home, *, port: int, store: str, s3_endpoint: str, s3_secret_key: str) -> None:
        self._home = home
        self._port = port
        self._store = store
        self._s3_endpoint = s3_endpoint
        self._s3_secret_key = s3_secret_key

    @property
    def address(self) -> str:
        """Return its URL."""
        return f"http://127.0.0.1:{self._port}"

    def prepare(self, run: RunOnce) -> None:
        """Do nothing: it makes its tables itself."""

    def program(self) -> Program:
        """Return the server: one worker and no job runners, which would be ten processes. Secrets go by environment."""
        return Program(
            arguments=(
                *(sys.executable, "-m", "mlflow", "server"),
                *("--host", "127.0.0.1", "--port", str(self._port), "--workers", "1"),
                *("--serve-artifacts", "--artifacts-destination", f"s3://{BUCKET}/mlflow"),
            ),
            environment={
                "MLFLOW_BACKEND_STORE_URI": self._store.replace("postgresql://", "postgresql+psycopg://", 1),
                "MLFLOW_S3_ENDPOINT_URL": self._s3_endpoint,
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "true",
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": self._s3_secret_key,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "OMP_NUM_THREADS": "1",
                "TMPDIR": str(self._home.temporary),
            },
            folder=self._home.folder("mlflow"),
            niceness=10,  # its start costs more than all others' together, and nothing waits for it
        )

    def probe(self) -> None:
        """Answer from its store."""
        try:
            httpx.get(f"{self.address}/health", timeout=TIMEOUT_S).raise_for_status()
            httpx.post(
                f"{self.address}/api/2.0/mlflow/experiments/search", json={"max_results": 1}, timeout=TIMEOUT_S
            ).raise_for_status()
        except httpx.HTTPError as failure:
            raise NotReady(str(failure) or type(failure).__name__) from failure

    def settle(self) -> None:
        """Do nothing."""
