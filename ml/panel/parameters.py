"""The panel as an artifact: every number it judges with, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.artifact import Artifact, Json, NotAnArtifact
from ml.detector import FloatArray
from ml.panel.features import PER_DRIVER
from ml.panel.options import SECOND, Options, options_as_dict, options_from
from ml.panel.sharper import JOINT_TESTS, LAGS, Sharper, without
from ml.panel.tables import PERSONAL_FIELDS, Tables

DETECTOR: Final = "panel"
"""`detector` of an artifact's header."""

_TYPES: Final = {
    "drivers": np.int64,
    "judged": np.bool_,
    "wanders": np.bool_,
    "own_steps": np.bool_,
    "together": np.int64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelParameters:
    """A trained panel.

    sensors: (machine_id, sensor_id) of those known from training; numbers: float64 array (sensors, PERSONAL_FIELDS, c).
    """

    channels: tuple[str, ...]
    interval_s: float
    options: Options
    tables: Tables
    sensors: tuple[tuple[str, str], ...]
    numbers: FloatArray
    sharper: Sharper
    """Without effect in a panel of the first generation."""


def to_artifact(parameters: PanelParameters) -> Artifact:
    """Return the parameters in a form that `from_artifact` reads back whole."""
    return Artifact(
        header={
            "detector": DETECTOR,
            "channels": list(parameters.channels),
            "interval_s": parameters.interval_s,
            "options": dict(options_as_dict(parameters.options)),
            "sensors": [list(sensor) for sensor in parameters.sensors],
        },
        arrays={
            **parameters.tables._asdict(),
            "numbers": parameters.numbers,
            **(parameters.sharper._asdict() if parameters.options.generation >= SECOND else {}),
        },
    )


def from_artifact(artifact: Artifact) -> PanelParameters:
    """Return the panel that `artifact` holds.

    Raises:
        NotAnArtifact: it holds something else, or its numbers don't fit together.
    """
    header, arrays = artifact.header, artifact.arrays
    try:
        if header["detector"] != DETECTOR:
            raise NotAnArtifact(f"the model is a {header['detector']}, not a {DETECTOR}")
        # Copied: the compiled pass is made for arrays that own their memory, and would be made again for others.
        tables = Tables(**{name: np.array(arrays[name], dtype=_TYPES.get(name, np.float64)) for name in Tables._fields})
        channels = tuple(str(name) for name in _list(header["channels"]))
        sensors = tuple(_pair(sensor) for sensor in _list(header["sensors"]))
        options = _options(header["options"])
        sharper = without(channels=len(channels), sensors=len(sensors))
        if options.generation >= SECOND:
            sharper = Sharper(
                **{name: np.array(arrays[name], dtype=_TYPES.get(name, np.float64)) for name in Sharper._fields}
            )
        parameters = PanelParameters(
            channels=channels,
            interval_s=float(str(header["interval_s"])),
            options=options,
            tables=tables,
            sensors=sensors,
            sharper=sharper,
            numbers=np.array(arrays["numbers"], dtype=np.float64),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotAnArtifact(f"the panel's parameters are damaged: {error}") from error
    _check(parameters)
    return parameters


def _list(value: Json) -> Sequence[Json]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def _pair(value: Json) -> tuple[str, str]:
    machine_id, sensor_id = _list(value)
    return str(machine_id), str(sensor_id)


def _options(value: Json) -> Options:
    if not isinstance(value, dict):
        raise TypeError("the options are no mapping")
    return options_from(value)


def _check(parameters: PanelParameters) -> None:
    """Refuse arrays that would send the compiled pass outside them: it checks no bounds."""
    tables, channels = parameters.tables, len(parameters.channels)
    drivers = len(tables.drivers)
    shapes = {
        **dict.fromkeys(Tables._fields, (channels,)),
        **dict.fromkeys(("drivers", "driver_scale", "driver_low", "driver_high", "step_limit"), (drivers,)),
        "weights": (channels, PER_DRIVER * drivers),
        "centre": (PER_DRIVER * drivers,),
        "low_pass": (5,),
        "joint_limit": (1,),
    }
    wrong = [name for name, shape in shapes.items() if getattr(tables, name).shape != shape]
    if wrong:
        raise NotAnArtifact(f"the panel's {', '.join(wrong)} have another size than its channels and conditions")
    if drivers and not 0 <= int(tables.drivers.min()) <= int(tables.drivers.max()) < channels:
        raise NotAnArtifact("a condition of the panel is none of its channels")
    _check_sharper(parameters.sharper, channels=channels, sensors=len(parameters.sensors))
    if parameters.numbers.shape != (len(parameters.sensors), PERSONAL_FIELDS, channels):
        raise NotAnArtifact("the panel's sensors and their numbers don't fit together")


def _check_sharper(sharper: Sharper, *, channels: int, sensors: int) -> None:
    count = len(sharper.together)
    shapes = {
        **dict.fromkeys(Sharper._fields, (count,)),
        "noise_usual": (channels,),
        "bounds": (sensors, 2, channels),
        "swings": (sensors, channels),
        "strange_bounds": (2, channels),
        "centres": (sensors, count),
        "forecast": (count, LAGS * count),
        "step_white": (count, count),
        "white": (count, count),
        "caps": (2,),
        "memory": (2,),
        "joint_limits": (len(JOINT_TESTS),),
    }
    wrong = [name for name, shape in shapes.items() if getattr(sharper, name).shape != shape]
    if wrong:
        raise NotAnArtifact(f"the panel's {', '.join(wrong)} have another size than its channels and sensors")
    if count and not 0 <= int(sharper.together.min()) <= int(sharper.together.max()) < channels:
        raise NotAnArtifact("the panel's joint kind takes a channel that is none of its own")
