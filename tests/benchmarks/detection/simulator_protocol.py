"""Recall and delay per kind of fault, and false incidents on healthy days, on machines that nothing was tuned on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from domain.incident_rule import CONFIRMED_AFTER
from infra.sources.simulator.faults import FaultKind
from infra.sources.simulator.profiles import SIMULATED, simulated_profile
from ml.detector import FloatArray
from ml.panel.detector import PanelDetector
from tests.benchmarks.detection.fleet import (
    TRIALS,
    FaultEpisode,
    Place,
    episodes,
    fleet,
    healthy_day,
    training_stretch,
)
from tests.benchmarks.detection.judging import VOTING, forest_part, incidents, panel_part, ratios, trained

SEED: Final = 400
"""First machine of the fleet; no default was chosen by looking at these machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How one kind of fault was found: recall and median delay by size, and what the forest alone would have found."""

    small: float
    large: float
    delay_small_s: float
    delay_large_s: float
    forest_large: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorResult:
    """False incidents per machine-day of panel and forest, and what was found by kind."""

    false_incidents: float
    forest_false_incidents: float
    found: dict[FaultKind, Found]


def run(*, hours: float, kinds: Iterable[FaultKind], on_done: Callable[[str], None]) -> SimulatorResult:
    """Train on `hours` of each machine, then judge a healthy day of each and 24 episodes per kind and size."""
    places = fleet(SEED)
    detectors: dict[str, PanelDetector] = {}
    for kind in SIMULATED:
        own = [training_stretch(place, hours) for place in places if place.kind == kind]
        detectors[kind] = trained(own, simulated_profile(kind))
        on_done(f"trained {kind}")
    false, forest_false = _false_incidents(places, detectors, on_done=on_done)
    return SimulatorResult(
        false_incidents=false,
        forest_false_incidents=forest_false,
        found={kind: _found(kind, detectors, on_done=on_done) for kind in kinds},
    )


def _false_incidents(
    places: list[Place], detectors: dict[str, PanelDetector], *, on_done: Callable[[str], None]
) -> tuple[float, float]:
    counts = []
    for place in places:
        day = healthy_day(place)
        judged = ratios(detectors[place.kind], day)
        counts.append((incidents(panel_part(judged), day), incidents(forest_part(judged), day)))
        on_done(f"healthy day of {place.name}")
    panel, forest = np.mean(counts, axis=0)
    return float(panel), float(forest)


def _found(kind: FaultKind, detectors: dict[str, PanelDetector], *, on_done: Callable[[str], None]) -> Found:
    small = [_delays(one, detectors) for one in episodes(kind, large=False, seed=SEED)]
    large = [_delays(one, detectors) for one in episodes(kind, large=True, seed=SEED)]
    on_done(f"{kind}, {len(small) + len(large)} episodes of {TRIALS[kind].rows} rows")
    return Found(
        small=_share([panel for panel, _ in small]),
        large=_share([panel for panel, _ in large]),
        delay_small_s=_median([panel for panel, _ in small]),
        delay_large_s=_median([panel for panel, _ in large]),
        forest_large=_share([forest for _, forest in large]),
    )


def _delays(episode: FaultEpisode, detectors: dict[str, PanelDetector]) -> tuple[float | None, float | None]:
    """Return the seconds from onset to the first alarm of the panel and of the forest; None: not found."""
    judged = ratios(detectors[episode.place.kind], episode.readings)
    return (
        _delay(panel_part(judged), VOTING, episode),
        _delay(forest_part(judged), ("isolation_forest",), episode),
    )


def _delay(judged: FloatArray, kinds: tuple[str, ...], episode: FaultEpisode) -> float | None:
    """Return when a kind first stood as long as the incident rule asks; one that stood at onset must rise anew."""
    first = []
    for column, kind in enumerate(kinds):
        alarm = np.nan_to_num(judged[:, column], nan=0.0) > 1
        counted = alarm[episode.onset : episode.onset + episode.counted].copy()
        if alarm[episode.onset - 1]:
            counted[: int(np.argmin(counted)) if not counted.all() else len(counted)] = False
        needed = CONFIRMED_AFTER.get(kind, 1)
        standing = np.convolve(counted, np.ones(needed), "valid") >= needed - 0.5
        if standing.any():
            first.append(float(np.argmax(standing) + needed - 1))
    return min(first, default=None)


def _share(delays: list[float | None]) -> float:
    return sum(delay is not None for delay in delays) / len(delays)


def _median(delays: list[float | None]) -> float:
    found = [delay for delay in delays if delay is not None]
    return float(np.median(found)) if found else float("nan")
