"""The artifacts' object store: SeaweedFS behind its S3 gateway, loopback only, no anonymous reader."""

import json
import sysconfig
from pathlib import Path
from typing import Final

from obstore.exceptions import BaseError
from obstore.store import S3Store

from infra.files import write_private
from infra.host.embedded.home import Home
from infra.host.supervisor.part import RunOnce
from infra.host.supervisor.program import NotReady, Program
from infra.host.supervisor.state import PartKind

PORTS: Final = ("s3", "s3-master", "s3-volume", "s3-filer", "s3-admin")
"""Each takes the port 10,000 above it as well: the gateway's parts find each other by that rule."""

ACCESS_KEY: Final = "telltale"
BUCKET: Final = "telltale"
PROBE: Final = "stack-probe"

LONGEST_SOCKET_PATH: Final = 100
"""Linux allows 107 bytes."""


class SeaweedService:
    """SeaweedFS as a part of the stack."""

    name = "s3"
    kind = PartKind.SERVICE
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    ready_deadline_s = 60.0
    fix = "look at the log above; artifacts are in the log too, so `telltale reset` loses none that the log has"

    def __init__(self, home: Home, *, ports: tuple[int, ...], secret_key: str) -> None:
        self._home = home
        self._ports = dict(zip(PORTS, ports, strict=True))
        self._secret_key = secret_key

    @property
    def address(self) -> str:
        """Return the endpoint."""
        return f"http://127.0.0.1:{self._ports['s3']}"

    def prepare(self, run: RunOnce) -> None:  # noqa: ARG002 - nothing to run
        """Write the options and the one identity."""
        folder = self._home.folder("s3")
        (folder / "data").mkdir(exist_ok=True)
        identity = {
            "name": ACCESS_KEY,
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": self._secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        write_private(folder / "identities.json", json.dumps({"identities": [identity]}))
        options = {
            "dir": str(folder / "data"),
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "disableHttp": "true",  # else master, volume and filer serve every object to anybody
            "master.telemetry": "false",
            "master.port": self._ports["s3-master"],
            "volume.port": self._ports["s3-volume"],
            "filer.port": self._ports["s3-filer"],
            "admin.port": self._ports["s3-admin"],
            "admin.ui": "false",
            "webdav": "false",
            "s3.port": self._ports["s3"],
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "s3.iam": "false",
            "s3.config": str(folder / "identities.json"),
            "s3.autoCreateBucket": "false",
            "bucket": BUCKET,
            **self._sockets(),
        }
        write_private(folder / "options", "".join(f"{name}={value}\n" for name, value in options.items()))

    def _sockets(self) -> dict[str, str]:
        """Return where its two sockets lie: in the home, unless a path there is longer than the system allows."""
        filer, s3 = (self._home.temporary / name for name in ("filer.sock", "s3.sock"))
        if len(str(filer)) > LONGEST_SOCKET_PATH:
            return {}
        return {"filer.localSocket": str(filer), "s3.localFilerSocket": str(filer), "s3.localSocket": str(s3)}

    def program(self) -> Program:
        """Return the object store."""
        folder = self._home.folder("s3")
        weed = Path(sysconfig.get_path("scripts")) / "weed"
        return Program(
            arguments=(str(weed), "mini", f"-options={folder / 'options'}"),
            environment={"TMPDIR": str(self._home.temporary)},
            folder=folder,
        )

    def probe(self) -> None:
        """Put an object, get it, delete it."""
        store = S3Store(
            BUCKET,
            endpoint=self.address,
            access_key_id=ACCESS_KEY,
            secret_access_key=self._secret_key,
            region="us-east-1",
            virtual_hosted_style_request=False,
            client_options={"allow_http": True, "timeout": "5s"},
            retry_config={"max_retries": 0},
        )
        try:
            store.put(PROBE, PROBE.encode())
            if bytes(store.get(PROBE).bytes()) != PROBE.encode():
                raise NotReady("an object came back changed")
            store.delete(PROBE)
        except (BaseError, OSError) as failure:
            raise NotReady(str(failure).split("\n", maxsplit=1)[0]) from failure

    def settle(self) -> None:
        """Do nothing: the bucket is made by its start."""
