"""Cases of real and standard data: a folder per set, a `.npz` per case with rows and their labels."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from domain.profiles import Channel, ProfileDefined, Role
from ml.detector import BoolArray, FloatArray, IntArray
from tests.benchmarks.detection.judging import Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One machine's rows to learn from and to be judged on.

    fault, ignore, event: bool (n,) over the rows of `test`. ignore: neither fault nor sound. event: where finding
    counts. contiguous: the test goes on where the training ended.
    """

    set_name: str
    profile: ProfileDefined
    training: Stretch
    test: Stretch
    contiguous: bool
    fault: BoolArray
    ignore: BoolArray
    event: BoolArray

    @property
    def name(self) -> str:
        """Return the case's own name."""
        return self.test.machine

    @property
    def sound(self) -> BoolArray:
        """Return the rows in which every alarm is a false one."""
        return np.asarray(~self.fault & ~self.ignore)


def sets_of(folder: Path) -> list[str]:
    """Return the names of the sets in `folder`."""
    return sorted(path.name for path in folder.iterdir() if any(path.glob("*.npz")))


def cases_of(folder: Path, set_name: str, *, only: Sequence[str] = ()) -> Iterator[Case]:
    """Yield a set's cases in the order of their names; `only` those whose names hold one of the words."""
    for path in sorted((folder / set_name).glob("*.npz")):
        if not only or any(word in path.stem for word in only):
            yield _read(path)


def _read(path: Path) -> Case:
    with np.load(path, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    meta = json.loads(str(arrays["meta"]))
    machine = path.stem
    fault = arrays["label"].astype(np.bool_)
    return Case(
        set_name=meta["set"],
        profile=ProfileDefined(
            name=meta["set"],
            version=1,
            expected_interval_s=float(meta["interval_s"]),
            channels=tuple(
                Channel(
                    name=name,
                    unit="",
                    role=Role.CONDITION if name in meta["conditions"] else Role.RESPONSE,
                    minimum=-1e300,
                    maximum=1e300,
                )
                for name in meta["channels"]
            ),
        ),
        training=_stretch(machine, arrays["train"], arrays["train_t"]),
        test=_stretch(machine, arrays["test"], arrays["test_t"]),
        contiguous=bool(meta["contiguous"]),
        fault=fault,
        ignore=arrays["ignore"].astype(np.bool_) if "ignore" in arrays else np.zeros(len(fault), dtype=np.bool_),
        event=arrays["event"].astype(np.bool_) if "event" in arrays else fault,
    )


def _stretch(machine: str, values: FloatArray, times: IntArray) -> Stretch:
    return Stretch(
        machine=machine,
        values=np.ascontiguousarray(values, dtype=np.float64),
        recorded_at_us=np.ascontiguousarray(times, dtype=np.int64),
    )
