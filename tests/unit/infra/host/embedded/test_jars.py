import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.host.embedded.jars import Jar, JarBroken, fetch, locked_jars, missing_bytes, unpack

RIGHT = b"the right bytes"
JAR = Jar(part="log", coordinates="org.example:thing:1.2", sha256=hashlib.sha256(RIGHT).hexdigest(), size=len(RIGHT))


class Repository:
    """A Maven repository on loopback that serves one answer after the other, the last for ever."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def answer(self, path: str) -> bytes:
        self.asked.append(path)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


Serve = Callable[[Repository], str]


class Handler(BaseHTTPRequestHandler):
    def __init__(self, repository: Repository, *rest: object) -> None:
        self._repository = repository
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        content = self._repository.answer(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_words: object) -> None: ...


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[ThreadingHTTPServer] = []

    def serving(repository: Repository) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, repository))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield serving
    for server in servers:
        server.shutdown()
        server.server_close()


def test_every_locked_jar_has_coordinates_a_hash_and_a_size_and_no_address() -> None:
    jars = [*locked_jars("kafka"), *locked_jars("registry")]
    assert len(jars) == 47
    assert all(len(jar.sha256) == 64 and jar.size > 0 and "/" not in jar.coordinates for jar in jars)


def test_a_jar_lies_where_maven_keeps_it() -> None:
    assert f"{JAR.folder}/{JAR.name}" == "org/example/thing/1.2/thing-1.2.jar"
    (registry,) = locked_jars("registry")
    assert registry.name == "apicurio-registry-app-3.3.3-all.tar.gz"


def test_a_missing_jar_is_downloaded_once(tmp_path: Path, serve: Serve) -> None:
    repository = Repository(RIGHT)
    url = serve(repository)
    came: list[int] = []
    for _ in range(2):
        (path,) = fetch([JAR], folder=tmp_path, repository=url, advance=came.append)
        assert path.read_bytes() == RIGHT
    assert repository.asked == ["/org/example/thing/1.2/thing-1.2.jar"]
    assert sum(came) == JAR.size


@pytest.mark.parametrize("broken", [b"the wrong bytes", RIGHT[:-1], b""])
def test_a_broken_or_truncated_jar_is_fetched_again(tmp_path: Path, serve: Serve, broken: bytes) -> None:
    (tmp_path / JAR.name).write_bytes(broken)
    assert missing_bytes([JAR], folder=tmp_path) == JAR.size
    url = serve(Repository(RIGHT))
    (path,) = fetch([JAR], folder=tmp_path, repository=url, advance=lambda _: None)
    assert path.read_bytes() == RIGHT


def test_a_download_that_comes_broken_is_tried_again(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    url = serve(Repository(RIGHT[:-1], RIGHT))
    (path,) = fetch([JAR], folder=tmp_path, repository=url, advance=lambda _: None)
    assert path.read_bytes() == RIGHT


def test_a_jar_that_never_comes_right_is_refused_and_not_kept(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    url = serve(Repository(b"something else"))
    with pytest.raises(JarBroken, match=r"thing-1\.2\.jar"):
        fetch([JAR], folder=tmp_path, repository=url, advance=lambda _: None)
    assert not (tmp_path / JAR.name).exists()


def test_an_unpacked_file_that_changed_is_unpacked_again(tmp_path: Path) -> None:
    archive = tmp_path / "program.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo("lib/part.jar")
        member.size = len(RIGHT)
        tar.addfile(member, io.BytesIO(RIGHT))
    folder = unpack(archive, folder=tmp_path / "program")
    (folder / "lib" / "part.jar").write_bytes(RIGHT[:-1])
    assert (unpack(archive, folder=folder) / "lib" / "part.jar").read_bytes() == RIGHT
