"""The story that `telltale demo` tells: every line says what was measured, misses too."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.anomalies import AnomalyDetected
from domain.models import ModelPromoted, ModelRef, ModelTrained
from domain.readings import microseconds, moment_of
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.demo.audience import PATIENCE_S, Audience, NotSeen, newest_reading, visible_after_s
from infra.demo.fleet_life import FAULT, FleetLife
from infra.kafka.models.lineage import LineageDesk
from infra.settings import Settings
from infra.sources.simulator.faults import MACHINE_FAULTS, Fault
from infra.sources.simulator.fleet import Station
from infra.sources.train_first import InForce

FOUND_TIMES: Final = 5.0
"""A labelled fault counts as found when the share of abnormal readings of its machine while it lasts is at least this
many times the share among the machines without a fault: one stray verdict is no find."""

LARGEST_SCORE: Final = 1000.0
"""Beyond a thousand times the threshold the digits of a score say nothing."""

FAULT_FOUND_WITHIN_S: Final = 120.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The demo's actors.

    train: profile and bounds of recorded_at in µs → version.
    promote: through the service; False when the gate keeps the champion that judges already.
    """

    settings: Settings
    headers: Mapping[str, str]
    fleet: FleetLife
    audience: Audience
    in_force: Callable[[], InForce]
    train: Callable[[str, int, int], ModelRef]
    promote: Callable[[ModelRef, str], bool]
    scorer_pid: Callable[[], int | None]
    lineage: LineageDesk
    say: Say
    doing: Say
    _starts: dict[str, Mapping[int, int]] = field(default_factory=dict)

    def past(self) -> None:
        """Tell the history, unless this log has one that reaches into it: late readings are judged by nobody."""
        self._starts.update({topic: self.audience.written(topic) for topic in (SENSOR_EVENTS, ANOMALY_EVENTS)})
        newest = newest_reading(self.settings.api_url, self.headers, FAULT.machine)
        if newest is None or microseconds(newest) < self.fleet.moment_us(0):
            self._history()
        else:
            self.say(
                f"this log has readings of {FAULT.machine} up to {newest:%H:%M:%S} already; a second history would be "
                "too late to be judged, so on with the live fault (from the beginning: telltale reset)"
            )

    def _history(self) -> None:
        """Append the first half, train on it, and let the models judge the second."""
        began = time.monotonic()
        self.doing(f"the first of {self.fleet.ticks / 3600:.3g} h of history is written")
        first = self.fleet.append(range(self.fleet.half))
        self.say(
            f"{first:,} readings of the first half written; models are trained on them, one for each kind of machine"
        )
        models = [self._trained(profile.name) for profile in self.fleet.plan.profiles.values()]
        told = (f"{model}{'' if promoted else ' (not promoted)'}" for model, promoted in models)
        self.say(f"trained on the first half: {', '.join(told)}; the promoted are in force")
        middle = self.audience.written(SENSOR_EVENTS)
        anomalies = self.audience.written(ANOMALY_EVENTS)
        self.doing("the second half is written")
        second = self.fleet.append(range(self.fleet.half, self.fleet.ticks))
        end = self.audience.written(SENSOR_EVENTS)
        self.doing(f"{second:,} readings of the second half are judged")
        self.audience.wait_until_scored(end)
        took_s = time.monotonic() - began
        faults = self.fleet.faults()
        self.say(
            f"{self.fleet.ticks / 3600:.3g} h of history: {len(self.fleet.plan.stations)} machines, "
            f"{self.fleet.plan.sensors} sensors, {first + second:,} readings, {len(faults)} labelled faults, "
            f"written, learned from and scored in {took_s:.1f} s"
        )
        ledger = self.audience.ledger(anomalies, middle)
        self._found(faults, ledger.verdicts)

    def live_fault(self, onset_us: int) -> AnomalyDetected:
        """Wait until two readings in a row of the failing machine are judged abnormal, then until the API shows it."""
        at = moment_of(onset_us)
        self.doing(f"the fault on {FAULT.machine} grows until it is found")
        self.say(f"at {at:%H:%M:%S} a {FAULT.kind} fault begins on {FAULT.machine}; the scorer is not told")
        verdict = self._second_in_a_row(onset_us)
        now_us = time.time_ns() // 1000
        shown_s = visible_after_s(self.settings.api_url, self.headers, verdict)
        self.say(f"[bold]{FAULT.machine} · {verdict.sensor_id}[/]: {reason(verdict)}")
        self.say(
            f"  {(now_us - onset_us) / 1e6:.1f} s after onset, "
            f"{(now_us - microseconds(verdict.recorded_at)) * 1e-3:.0f} ms after the reading; "
            f"through the API {shown_s * 1000:.0f} ms later"
        )
        return verdict

    def explain(self, verdict: AnomalyDetected) -> None:
        """Follow a verdict back through the log and judge its reading again."""
        lineage = self.lineage.lineage(verdict.event_id)
        verified = self.lineage.verify(lineage, None)
        trained = None if lineage.trained is None else lineage.trained.event
        rows = f"{trained.rows:,} training rows" if isinstance(trained, ModelTrained) else "rows unknown"
        promotion = None if lineage.promotion is None else lineage.promotion.event
        by = f"promoted by {promotion.actor}" if isinstance(promotion, ModelPromoted) else "promotion not in the log"
        again = verified.judged_again
        judged = "could not be judged again" if again is None else f"judged again: {again.ratio!r}"
        self.say(
            f"explain {verdict.event_id} --verify: {verdict.reading_position} → {verdict.model} → {rows} → {by}; "
            f"{judged}, recorded {verdict.score!r}: {'equal' if verified.equal else '[bold]DIFFERS[/]'}"
        )

    def kill_scorer(self) -> None:
        """Kill the scorer with -9 and see that nothing is lost or said twice."""
        pid = self.scorer_pid()
        if pid is None:
            self.say("no scorer runs under this supervisor: nothing to kill")
            return
        stream = self.audience.verdicts(self.audience.written(ANOMALY_EVENTS))
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        killed_at_us = time.time_ns() // 1000
        for verdict in stream:
            if verdict is not None and microseconds(verdict.recorded_at) > killed_at_us:
                break
            if time.monotonic() - began > PATIENCE_S:
                raise NotSeen("the scorer did not come back: telltale status")
        back_s = time.monotonic() - began
        ledger = self.audience.ledger(self._starts[ANOMALY_EVENTS], self._starts[SENSOR_EVENTS])
        self.say(
            f"kill -9 scorer … verdicts flow again after {back_s:.1f} s: of {ledger.readings:,} readings "
            f"{ledger.lost} lost, {ledger.twice} twice"
        )

    def _second_in_a_row(self, onset_us: int) -> AnomalyDetected:
        """Return the first verdict on FAULT's machine whose sensor's reading before was judged abnormal too."""
        newest: dict[str, int] = {}
        deadline = time.monotonic() + FAULT_FOUND_WITHIN_S
        for verdict in self.audience.verdicts(self.audience.written(ANOMALY_EVENTS)):
            if time.monotonic() > deadline:
                raise NotSeen(f"MISSED: no two verdicts in a row on {FAULT.machine} in {FAULT_FOUND_WITHIN_S:g} s")
            if verdict is None or verdict.machine_id != FAULT.machine:
                continue
            recorded_us = microseconds(verdict.recorded_at)
            before_us, newest[verdict.sensor_id] = newest.get(verdict.sensor_id, onset_us), recorded_us
            if onset_us < before_us and recorded_us - before_us <= 1.5 * self.fleet.plan.interval_us:
                return verdict
        raise AssertionError("the stream of verdicts has no end")

    def _trained(self, profile: str) -> tuple[ModelRef, bool]:
        wait_for = self.in_force().watch(frozenset(self.audience.written(SENSOR_EVENTS)))
        model = self.train(profile, self.fleet.moment_us(0), self.fleet.moment_us(self.fleet.half))
        promoted = self.promote(model, "trained on the demo's healthy hour")
        if promoted:
            wait_for(model)
        return model, promoted

    def _found(self, faults: Sequence[tuple[Station, Fault]], verdicts: Sequence[AnomalyDetected]) -> None:
        spans = [(one, fault, self._span(fault)) for one, fault in faults]
        inside = [
            sum(v.machine_id == one.machine_id and start <= microseconds(v.recorded_at) < end for v in verdicts)
            for one, _, (start, end) in spans
        ]
        broken = {one.machine_id for one, _, _ in spans}
        sound = [one for one in self.fleet.plan.stations if one.machine_id not in broken]
        healthy = sum(len(one.sensors) for one in sound) * (self.fleet.ticks - self.fleet.half)
        healthy_share = sum(v.machine_id not in broken for v in verdicts) / max(1, healthy)
        missed = []
        for (one, fault, (start, end)), count in zip(spans, inside, strict=True):
            sensors = 1 if fault.kind not in MACHINE_FAULTS else len(one.sensors)
            share = count / max(1, (end - start) // self.fleet.plan.interval_us * sensors)
            if share < FOUND_TIMES * healthy_share:
                missed.append(f"{fault.kind} on {one.machine_id}")
        self.say(
            f"scored the second half: {len(faults) - len(missed)} of {len(faults)} faults found, "
            f"{healthy_share:.2%} of the readings of {len(sound)} sound machines judged abnormal"
            + (f". MISSED: {', '.join(missed)}" if missed else "")
        )

    def _span(self, fault: Fault) -> tuple[int, int]:
        end = self.fleet.ticks if fault.end is None else min(fault.end, self.fleet.ticks)
        return self.fleet.moment_us(fault.at), self.fleet.moment_us(end)


def reason(verdict: AnomalyDetected) -> str:
    """Return a verdict in one sentence: the channel that did most, its value, and what was expected."""
    channel = max(verdict.contribution, key=lambda name: verdict.contribution[name], default=None)
    score = "> 1,000" if verdict.score > LARGEST_SCORE else f"{verdict.score:.2f}"
    judged = f"{verdict.kind.replace('_', ' ')}, {score} × threshold"
    if channel is None or channel not in verdict.expected or channel not in verdict.measurements:
        return judged
    return f"{channel} {verdict.measurements[channel]:.4g}, expected {verdict.expected[channel]:.4g}; {judged}"
