"""The law of detectors: how readings are cut into batches and mixed with others' changes no bit."""

import numpy as np

from ml.detector import Batch, FloatArray, IntArray
from ml.panel.detector import PanelDetector
from tests.unit.ml.panel.machines import SECOND, batch, pump_rows, state_of

SPLITS = 220


def fleet(detector: PanelDetector, rows: int) -> tuple[Batch, FloatArray]:
    """Return readings of three known pumps and an unknown one, mixed, with gaps and faults, and their fresh states.

    A gap of 15 s changes nothing, one of 25 s begins a new stretch.
    """
    rng = np.random.default_rng(77)
    values = np.stack([pump_rows(rows, machine=machine, seed=40 + machine) for machine in range(4)])
    values[0, rows // 2 :, 2] += 0.5
    values[1, rows // 3, 1] += 20.0
    values[2, rows // 2 : rows // 2 + 40, 3] = values[2, rows // 2, 3]
    times = np.cumsum(rng.choice([1, 1, 1, 1, 15, 25], size=(4, rows), p=[0.9, 0.05, 0.03, 0.01, 0.006, 0.004]), axis=1)
    order = np.argsort(times + rng.uniform(0, 0.4, size=times.shape), axis=None, kind="stable")
    sensors = np.repeat(np.arange(4, dtype=np.int64), rows)[order]
    names = [("machine-0", "main"), ("machine-1", "main"), ("machine-2", "main"), ("stranger", "main")]
    states = np.stack([detector.fresh(machine_id=machine, sensor_id=sensor) for machine, sensor in names])
    return Batch(
        values=values.reshape(-1, values.shape[2])[order],
        recorded_at_us=(times.reshape(-1)[order] * SECOND).astype(np.int64),
        sensors=sensors,
    ), states


def in_pieces(detector: PanelDetector, whole: Batch, states: FloatArray, cuts: IntArray) -> tuple[bytes, bytes, bytes]:
    """Return the bytes of ratios, raw scores and last states of `whole`, scored piece by piece."""
    ratios, raw = [], []
    for piece in np.split(np.arange(len(whole.values)), cuts):
        part = Batch(
            values=whole.values[piece], recorded_at_us=whole.recorded_at_us[piece], sensors=whole.sensors[piece]
        )
        verdicts, states = detector.score(part, states)
        ratios.append(verdicts.ratios)
        raw.append(verdicts.raw)
    return np.concatenate(ratios).tobytes(), np.concatenate(raw).tobytes(), states.tobytes()


def test_any_split_into_batches_gives_equal_bits_of_ratios_raw_scores_and_states(pump: PanelDetector) -> None:
    whole, states = fleet(PanelDetector(panel=pump.panel), rows=900)
    count = len(whole.values)
    quick = PanelDetector(panel=pump.panel)
    expected = in_pieces(quick, whole, states, np.empty(0, np.int64))
    rng = np.random.default_rng(5)

    for _ in range(SPLITS):
        cuts = np.sort(rng.choice(np.arange(1, count), size=int(rng.integers(1, 12)), replace=False))
        assert in_pieces(quick, whole, states, cuts) == expected


def test_readings_scored_one_by_one_give_the_bits_of_one_batch(pump: PanelDetector) -> None:
    whole, states = fleet(pump, rows=200)

    together = in_pieces(pump, whole, states, np.empty(0, np.int64))

    assert in_pieces(pump, whole, states, np.arange(1, len(whole.values))) == together


def test_a_sensor_is_judged_the_same_alone_and_among_others(pump: PanelDetector) -> None:
    whole, states = fleet(pump, rows=900)
    mixed, _ = pump.score(whole, states)

    for sensor in range(4):
        own = whole.sensors == sensor
        alone = Batch(
            values=whole.values[own],
            recorded_at_us=whole.recorded_at_us[own],
            sensors=np.zeros(int(own.sum()), np.int64),
        )
        verdicts, _ = pump.score(alone, states[[sensor]])
        assert verdicts.ratios.tobytes() == mixed.ratios[own].tobytes()


def test_a_state_that_was_stored_as_bytes_goes_on_as_if_it_had_not(pump: PanelDetector) -> None:
    values = pump_rows(2000, machine=1, seed=8)
    verdicts, _ = pump.score(batch(values), state_of(pump, 1))
    _, half = pump.score(batch(values[:1000]), state_of(pump, 1))

    stored = np.frombuffer(half.tobytes(), dtype="<f8").reshape(half.shape)
    rest, _ = pump.score(batch(values[1000:], start=1000), stored)

    assert rest.ratios.tobytes() == verdicts.ratios[1000:].tobytes()


def test_a_gap_of_more_than_twenty_intervals_begins_afresh(pump: PanelDetector) -> None:
    values = pump_rows(400, machine=1, seed=8)
    _, states = pump.score(batch(values[:200]), state_of(pump, 1))

    soon, _ = pump.score(batch(values[200:], start=219), states)
    late, _ = pump.score(batch(values[200:], start=221), states)

    assert not soon.unjudged.all()
    assert late.unjudged[:60].all()
    assert soon.unjudged[:60].sum() < 60
