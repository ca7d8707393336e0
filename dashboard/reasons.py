"""Why a reading was judged abnormal, in words: which channel, how much, what was expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.answers.machines import Profile
from dashboard.answers.verdicts import ModelVersion, Verdict
from dashboard.client import ApiError
from dashboard.connection import Connection
from dashboard.look.formats import digits_for, kind_name, number, times

FALLING_KINDS: Final = frozenset({"isolation_forest"})
"""Kinds whose contribution is the fall of the raw score when the channel is set to its usual value; of the others it
is the channel's own ratio to its threshold."""

LEADS: Final = 0.75
"""A channel with this part of the largest contribution is a reason as good as that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What a model expects of a channel."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One channel's part in a verdict."""

    channel: str
    unit: str
    value: float | None
    expected: float | None
    band: Band | None

    @property
    def digits(self) -> int:
        """Return the channel's decimals."""
        return digits_for(self.expected if self.expected is not None else self.value)

    @property
    def measured_text(self) -> str:
        """Return `6.8 mm/s`."""
        return number(self.value, self.unit, self.digits)

    @property
    def expected_text(self) -> str:
        """Return `2.1–2.9`, or the one usual value where the model knows no range, or where the value lies in it.

        A forest judges channels together: one may be the reason while it stays inside its own range.
        """
        if self.band is None or not self.outside:
            return number(self.expected if self.expected is not None else self._middle, digits=self.digits)
        return f"{number(self.band.low, digits=self.digits)}–{number(self.band.high, digits=self.digits)}"

    @property
    def outside(self) -> float:
        """Return how far the value is outside its band, in widths of the band; 0 inside and where either is unknown."""
        if self.band is None or self.value is None:
            return 0.0
        beyond = max(self.band.low - self.value, self.value - self.band.high, 0.0)
        return beyond / max(self.band.high - self.band.low, 1e-9)

    @property
    def _middle(self) -> float | None:
        return None if self.band is None else (self.band.low + self.band.high) / 2


def channel_shares(verdict: Verdict) -> dict[str, float]:
    """Return each judged channel's part in the score, in thresholds, largest first."""
    factor = 1.0
    if verdict.kind in FALLING_KINDS:
        factor = verdict.score / verdict.raw_score if verdict.raw_score else 0.0
    shares = {channel: part * factor for channel, part in verdict.contribution.items() if part is not None}
    return dict(sorted(shares.items(), key=lambda share: -share[1]))


def leading_channels(verdict: Verdict) -> tuple[str, ...]:
    """Return the channels that are the reason: the largest contribution, and those nearly as large."""
    shares = channel_shares(verdict)
    most = max(shares.values(), default=0.0)
    if most <= 0:
        return tuple(_by_departure(verdict)[:1])
    return tuple(channel for channel, share in shares.items() if share >= LEADS * most)


def _by_departure(verdict: Verdict) -> list[str]:
    """Return channels by how far they are from what was expected, relative to it: where no part is known."""

    def departure(channel: str) -> float:
        expected = verdict.expected.get(channel)
        if expected is None:
            return 0.0
        return abs(verdict.measurements[channel] - expected) / max(abs(expected), 1e-9)

    return sorted(verdict.measurements, key=departure, reverse=True)


def reason_of(verdict: Verdict, *, profile: Profile | None, model: ModelVersion | None) -> Reason | None:
    """Return the leading channel's part; None when the verdict names no channel at all.

    Of several that lead, the one farthest outside what the model expects of it: there a reader sees the reason too.
    """
    reasons = [
        Reason(
            channel=channel,
            unit=profile.unit_of(channel) if profile else "",
            value=verdict.measurements.get(channel),
            expected=verdict.expected.get(channel),
            band=band_of(model.metrics, channel) if model else None,
        )
        for channel in leading_channels(verdict)
    ]
    return max(reasons, key=lambda reason: reason.outside, default=None)


def band_of(metrics: Mapping[str, float | None], channel: str) -> Band | None:
    """Return what the model expects of a channel, if its training wrote it down."""
    low, high = metrics.get(f"expected_low.{channel}"), metrics.get(f"expected_high.{channel}")
    return Band(low=low, high=high) if low is not None and high is not None else None


def summary(verdict: Verdict, reason: Reason | None) -> tuple[str, str]:
    """Return who and why: `pump-07 · drive-end`, `vibration 6.8 mm/s, expected 2.1–2.9; shift, 3.2 × threshold`."""
    judged = f"{kind_name(verdict.kind)}, {times(verdict.score)} threshold"
    who = sensor_name(verdict.machine_id, verdict.sensor_id)
    if reason is None:
        return who, judged
    return who, f"{reason.channel} {reason.measured_text}, expected {reason.expected_text}; {judged}"


def sensor_name(machine_id: str, sensor_id: str) -> str:
    """Return `pump-07 · drive-end`, or the one name of a machine that is its own sensor."""
    return machine_id if machine_id == sensor_id else f"{machine_id} · {sensor_id}"


def explain(connection: Connection, verdicts: Sequence[Verdict]) -> dict[str, Reason | None]:
    """Return each verdict's reason by event_id; profiles and models never change, so they are asked for once."""
    if not verdicts:
        return {}
    profiles = _profiles(connection, {verdict.model.profile for verdict in verdicts})
    models = _models(connection, {verdict.model.model for verdict in verdicts})
    return {
        verdict.event_id: reason_of(
            verdict, profile=profiles.get(verdict.model.profile), model=models.get(verdict.model.model)
        )
        for verdict in verdicts
    }


def _profiles(connection: Connection, wanted: set[str]) -> dict[str, Profile]:
    question = f"profiles|{','.join(sorted(wanted))}"
    try:
        answered = connection.memory.ask(question, connection.api.profiles, fresh_for_s=60)
    except ApiError:
        return {}
    return {profile.profile: profile for profile in answered.value}


def _models(connection: Connection, wanted: set[str]) -> dict[str, ModelVersion]:
    found: dict[str, ModelVersion] = {}
    for name in sorted({model.partition("/")[0] for model in wanted}):
        question = f"models|{name}|{','.join(sorted(wanted))}"
        try:
            answered = connection.memory.ask(question, lambda name=name: connection.api.models(name), fresh_for_s=60)  # type: ignore[misc]
        except ApiError:
            continue
        found |= {version.model: version for version in answered.value}
    return found
