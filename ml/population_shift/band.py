"""The null band: how large the index becomes when nothing has changed.

Live readings and the reference are both drawn anew from the training set's own blocks, so the band knows how much a
window of that length wanders by itself. Neighbouring readings resemble each other, and so do neighbouring minutes:
blocks are drawn in runs of 1, 2, 4 … neighbours, up to a quarter of the training, and the widest band counts. Source:
circular block bootstrap, Politis and Romano (1992); one band for all signals together by the largest of their ranks,
Westfall and Young (1993), the min-P method.
"""

from math import ceil
from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray, IntArray
from ml.population_shift.stability import stability_index

DRAWS: Final = 400
ALARMS: Final = 0.01
"""Share of windows in which any signal may leave the band though nothing changed."""

SEED: Final = 20240229
"""Fixed: the same model and the same counts have the same band."""

_TINY: Final = 1e-6


def null_band(counts: IntArray, *, live_blocks: IntArray, live_readings: IntArray) -> FloatArray:
    """Return the upper end of every signal's band: float64 (signals,).

    counts: int64 (blocks, signals, bins). live_blocks: int64 (signals,), how many blocks long the live window of each
    is, 1 at least. live_readings: int64 (signals,), how many readings it has; fewer than so many blocks hold make the
    index wander more. Those of which there is none have no part in the band of the others.
    """
    chance = np.random.default_rng(SEED)
    blocks = len(counts)
    upper = np.zeros(counts.shape[1])
    run = 1
    while run <= max(1, blocks // 4):
        reference = _drawn(counts, blocks, run, chance)
        live = np.zeros_like(reference)
        for wanted in np.unique(live_blocks).tolist():
            of_it = live_blocks == wanted
            drawn = _drawn(counts[:, of_it], wanted, min(run, wanted), chance)
            live[:, of_it] = _thinned(drawn, live_readings[of_it], chance)
        upper = np.maximum(upper, _joint_upper(stability_index(reference, live), np.asarray(live_readings > 0)))
        run *= 2
    return upper


def _drawn(counts: IntArray, wanted: int, run: int, chance: np.random.Generator) -> IntArray:
    """Return DRAWS histograms, each the sum of `wanted` blocks in runs of neighbours: int64 (DRAWS, signals, bins)."""
    blocks = len(counts)
    starts = chance.integers(blocks, size=(DRAWS, -(-wanted // run)))
    places = (starts[:, :, np.newaxis] + np.arange(run)) % blocks
    places = places.reshape(DRAWS, -1)[:, :wanted]
    times = np.zeros((DRAWS, blocks), np.int64)
    np.add.at(times, (np.arange(DRAWS)[:, np.newaxis], places), 1)
    return np.asarray(np.tensordot(times, counts, axes=1), np.int64)


def _thinned(drawn: IntArray, readings: IntArray, chance: np.random.Generator) -> IntArray:
    """Return the histograms with as many readings as the window has, where they have more."""
    totals = drawn.sum(axis=2)
    shares = (drawn + _TINY) / (totals + _TINY * drawn.shape[2])[:, :, np.newaxis]
    fewer = chance.multinomial(np.minimum(totals, readings), shares)
    return np.where((totals > readings)[:, :, np.newaxis], fewer, drawn)


def _joint_upper(indices: FloatArray, counted: BoolArray) -> FloatArray:
    """Return for each signal the index that, of all the counted ones together, a share ALARMS of the draws exceeds.

    Every signal is cut at the same rank among its own draws, so that one that wanders more has the wider band.
    """
    if not counted.any():
        return np.zeros(indices.shape[1])
    ranked = np.sort(indices, axis=0)
    ranks = np.argsort(np.argsort(indices, axis=0, kind="stable"), axis=0, kind="stable")
    worst = np.sort(ranks[:, counted].max(axis=1))
    return np.asarray(ranked[worst[ceil((1.0 - ALARMS) * DRAWS) - 1]], np.float64)
