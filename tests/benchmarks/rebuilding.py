"""Rebuilding read models: rate beside the bare loop, swaps under the eyes of readers, and what a proof costs."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Final, Self

import httpx
import psycopg

from infra.postgres.builds import ensure_serving_build
from infra.postgres.connections import connect_for_writing
from infra.postgres.migrate import migrate
from projections.folder import folder_names, load_folder
from projections.rebuild import RebuildDesk
from projections.rebuild_outcome import Rebuilt
from tests.benchmarks.bare_loop import BareLoop
from tests.benchmarks.figures import Figure, at_least, at_most
from tests.benchmarks.plant import Plant
from tests.benchmarks.sizes import Sizes
from tests.stacks import wait_until

RATE: Final = 250_000
SHARE: Final = 0.70
PROOF_S: Final = 1.0
SWAP_S: Final = 1.0
SWAPS: Final = 20
READERS: Final = 4
FLOW: Final = 50
FLOW_EVERY_S: Final = 0.1
_READY_WITHIN_S: Final = 300.0


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Rebuild everything while a projector follows and readers ask, then swap back and forth."""
    while sum(plant.ends().values()) < 2 * sizes.scored:
        plant.append(sizes.scored)
    ends = plant.ends()
    count = sum(ends.values())
    bare_s = BareLoop(plant.bootstrap, plant.settings.postgres_dsn, plant.profile).run(ends)
    _make_first_builds(plant)
    desk = plant.container().rebuild_desk()
    with ExitStack() as stack:
        for name in ("projector", "api"):
            log = stack.enter_context((plant.stack.home / "logs" / f"bench-{name}.log").open("w"))
            process = plant.start(name, log=log)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        wait_until(lambda: _at_end(plant), deadline_s=_READY_WITHIN_S, what="every read model is at the log's end")
        yield from _rates(desk, count, bare_s)
        yield from _swaps(plant, desk)
        for name in folder_names():  # what is measured next follows each read model once, as a plant does
            desk.discard(name)


def _rates(desk: RebuildDesk, count: int, bare_s: float) -> Iterator[Figure]:
    rebuilds: list[Rebuilt] = []
    for name in ("readings", *(name for name in folder_names() if name != "readings")):
        rebuilt = desk.rebuild(name)
        rebuilds.append(rebuilt)
        if not rebuilt.records:
            continue
        rate = rebuilt.records / rebuilt.load_seconds
        if name == "readings":
            beside = ("bare consume-decode-COPY loop", count / bare_s)
            yield at_least("rebuilding readings", rate, "records/s", goal=RATE, beside=beside, share=SHARE)
        else:
            yield Figure(name=f"rebuilding {name}", value=round(rate), unit="records/s")
    proven = [one.proof for one in rebuilds if one.proof is not None]
    readings = next(proof for proof in proven if proof.read_model == "readings")
    words = f"both builds of readings: {readings.rows:,} rows in {readings.seconds:.2f} s; "
    words += f"read models equal: {sum(proof.whole for proof in proven)} of {len(rebuilds)}"
    million = readings.seconds / max(readings.rows, 1) * 1e6
    yield at_most("proof of a million rows", million, "s", goal=PROOF_S, compared_with=words)


def _swaps(plant: Plant, desk: RebuildDesk) -> Iterator[Figure]:
    before = sum(plant.ends().values())
    with _flowing(plant), _Watched(plant.settings.api_url) as watched:
        seconds = [desk.undo("readings").seconds for _ in range(SWAPS)]
    came = sum(plant.ends().values()) - before
    told = f"{SWAPS} swaps, {watched.answers:,} answers of {READERS} readers, while {came:,} readings came"
    yield at_most("failed reads during swaps", len(watched.failed), "reads", goal=0, compared_with=told)
    yield at_most("wrong reads during swaps", watched.wrong, "reads", goal=0, compared_with=told)
    median = sorted(seconds)[len(seconds) // 2]
    yield at_most("swap", max(seconds), "s", goal=SWAP_S, compared_with=f"longest of {SWAPS}; median {median:.3f} s")


@contextmanager
def _flowing(plant: Plant) -> Iterator[None]:
    """Append readings without rest while the block runs, so that every swap has to catch up with something."""
    stop = Event()

    def flow() -> None:
        with plant.container().appender() as sink:
            while not stop.wait(FLOW_EVERY_S):
                for table in plant.readings(FLOW):
                    sink.append(table)
                sink.flush()

    thread = Thread(target=flow)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@dataclass
class _Watched:
    """Readers that ask for the same rows without rest: nothing but the build's number may ever change in the answer."""

    url: str
    answers: int = 0
    wrong: int = 0
    failed: list[str] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [Thread(target=self._read) for _ in range(READERS)]
        for thread in self._threads:
            thread.start()
        time.sleep(1)  # all have begun
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        first: object = None
        with httpx.Client(base_url=self.url, timeout=30) as api:
            while not self._stop.is_set():
                answer = api.get("/read-models/readings/readings", params={"limit": 200})
                if answer.status_code != httpx.codes.OK:
                    self.failed.append(answer.text)
                    continue
                rows = answer.json()["rows"]
                first = first or rows
                self.answers += 1
                self.wrong += rows != first


def _make_first_builds(plant: Plant) -> None:
    with closing(connect_for_writing(plant.settings.postgres_dsn, name="bench")) as connection:
        migrate(connection)
        for name in folder_names():
            ensure_serving_build(connection, load_folder(name))


def _at_end(plant: Plant) -> bool:
    """Return whether the API answers and every serving build has reached the log's end."""
    try:
        items = httpx.get(f"{plant.settings.api_url}/projections", timeout=5).json()["items"]
    except (httpx.HTTPError, KeyError):
        return False
    with psycopg.connect(plant.settings.postgres_dsn) as connection:
        (serving,) = connection.execute("SELECT count(*) FROM telltale.serving").fetchone() or (0,)
    return len(items) == serving and all(item["state"] == "running" and item["lag_offsets"] == 0 for item in items)
