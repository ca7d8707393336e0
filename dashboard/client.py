"""The query API as typed questions: nothing is changed here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from dashboard.answers.incidents import Incident, IncidentInFull
from dashboard.answers.machines import Machine, Profile, ReadingSeries, Sensor
from dashboard.answers.models import ModelDrift, ModelsDiff, Timeline, TrainedVersion
from dashboard.answers.operations import (
    Contract,
    ContractsState,
    DeadLetter,
    Freshness,
    ReadModel,
    TopicWatermarks,
)
from dashboard.answers.swimlane import Swimlane
from dashboard.answers.verdicts import Explanation, ModelVersion, Verdict

AnswerT = TypeVar("AnswerT")

COMPLETE: Final = "Telltale-Complete"
"""Header of an answer as of an earlier time: "false" while some of what was known then is still to be read."""

MOST_ROWS: Final = 1000
"""The API's largest page."""

TIMEOUT: Final = httpx.Timeout(5.0, connect=1.0)
"""Longer than any of its queries takes, short enough that a page still says that nobody answers."""

PATIENT: Final = httpx.Timeout(60.0, connect=1.0)
"""For judging again: from the nearest snapshot of the scorer up to the reading, thousands of readings."""


class ApiError(Exception):
    """Root of what can go wrong with a question."""


class ApiDown(ApiError):
    """Nobody answers, or the answer is that it can't be given now."""


class ApiRefused(ApiError):
    """The API answered that the question is not allowed or not answerable; the text is its reason."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[AnswerT]):
    """One page of a list."""

    items: tuple[AnswerT, ...]
    next_cursor: str | None = None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


class QueryApi:
    """Typed GETs. Every method raises ApiDown or ApiRefused. May be shared by threads."""

    def __init__(self, url: str, *, key: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"X-API-Key": key} if key else {}
        # trust_env: a proxy of the environment has no business between two processes of one installation.
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT, transport=transport, trust_env=False)

    def freshness(self) -> Freshness:
        """Return how complete the answers are."""
        return self._get(Freshness, "/freshness")

    def projections(self) -> tuple[ReadModel, ...]:
        """Return every read model."""
        return self._items(ReadModel, "/projections")

    def dead_letters(self, as_of: datetime | None = None) -> tuple[DeadLetter, ...]:
        """Return the newest records that could not be accepted, at most MOST_ROWS."""
        return self._items(DeadLetter, "/dead-letters", {"limit": MOST_ROWS, "as_of": as_of})

    def contracts(self, as_of: datetime | None = None) -> tuple[Contract, ...]:
        """Return every published version of every schema."""
        return self._items(Contract, "/contracts", {"limit": MOST_ROWS, "as_of": as_of})

    def contracts_state(self) -> ContractsState:
        """Return whether the registry answers, and the last proof of what is stored."""
        return self._get(ContractsState, "/contracts/proof")

    def topics(self) -> tuple[TopicWatermarks, ...]:
        """Return every topic."""
        return self._items(TopicWatermarks, "/topics")

    def machines(self, as_of: datetime | None = None) -> tuple[Machine, ...]:
        """Return the machines, at most MOST_ROWS of them."""
        return self._items(Machine, "/machines", {"limit": MOST_ROWS, "as_of": as_of})

    def sensors(self, machine_id: str, as_of: datetime | None = None) -> tuple[Sensor, ...]:
        """Return the sensors of one machine."""
        return self._items(Sensor, "/sensors", {"machine_id": machine_id, "limit": MOST_ROWS, "as_of": as_of})

    def profiles(self) -> tuple[Profile, ...]:
        """Return every version of every profile."""
        return self._items(Profile, "/profiles")

    def models(self, name: str) -> tuple[ModelVersion, ...]:
        """Return the versions of one line of models."""
        return self._items(ModelVersion, "/models", {"name": name, "limit": MOST_ROWS})

    def trained(self, as_of: datetime | None = None) -> tuple[TrainedVersion, ...]:
        """Return the versions of every line, newest first, at most MOST_ROWS."""
        return self._items(TrainedVersion, "/models", {"limit": MOST_ROWS, "as_of": as_of})

    def timeline(self, name: str, as_of: datetime | None = None, *, min_position: str | None = None) -> Timeline:
        """Return who was champion of a line when, and what was refused; waits until `min_position` is in it."""
        asked = {"as_of": as_of, "min_position": min_position}
        return self._get(Timeline, f"/models/{quote(name, safe='')}/timeline", asked)

    def models_diff(self, name: str, *, champion: str, challenger: str, as_of: datetime | None = None) -> ModelsDiff:
        """Return the newest comparison of two versions; ApiRefused 404 when there is none."""
        asked = {"a": champion, "b": challenger, "as_of": as_of}
        return self._get(ModelsDiff, f"/models/{quote(name, safe='')}/diff", asked)

    def drift(self, name: str, *, window_s: int, as_of: datetime | None = None) -> ModelDrift:
        """Return how far the newest readings are from what the champion was trained on; ApiRefused 404: no champion."""
        asked = {"window_s": window_s, "as_of": as_of}
        return self._get(ModelDrift, f"/models/{quote(name, safe='')}/drift", asked, timeout=PATIENT)

    def swimlane(
        self,
        *,
        machine_id: str | None,
        starts_at: datetime,
        ends_at: datetime,
        bucket_s: int,
        as_of: datetime | None,
    ) -> Swimlane:
        """Return machines, or the sensors of one machine, over time."""
        by = "machine" if machine_id is None else "sensor"
        asked = {"by": by, "machine_id": machine_id, "bucket": bucket_s, "as_of": as_of}
        found, headers = self._ask(Swimlane, "/swimlane", asked | {"from": starts_at, "to": ends_at})
        answer: Swimlane = replace(found, complete=headers.get(COMPLETE) != "false")
        return answer

    def incidents(
        self,
        *,
        needs_someone: bool,
        machine_id: str | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        as_of: datetime | None = None,
        min_position: str | None = None,
    ) -> tuple[Incident, ...]:
        """Return incidents, at most MOST_ROWS: those that need somebody worst first, else all, newest first."""
        asked: dict[str, Any] = {
            "needs_someone": str(needs_someone).lower(),
            "machine_id": machine_id,
            "limit": MOST_ROWS,
            "from": starts_at,
            "to": ends_at,
            "as_of": as_of,
            "min_position": min_position,
        }
        return self._items(Incident, "/incidents", asked)

    def incident(
        self, incident_id: str, as_of: datetime | None = None, *, min_position: str | None = None
    ) -> IncidentInFull:
        """Return one incident with its history; ApiRefused 404 when there is none."""
        asked = {"as_of": as_of, "min_position": min_position}
        return self._get(IncidentInFull, f"/incidents/{quote(incident_id, safe='')}", asked)

    def verdicts(
        self,
        *,
        machine_id: str | None = None,
        sensor_id: str | None = None,
        severity: str | None = None,
        starts_at: datetime,
        ends_at: datetime,
        as_of: datetime | None,
        limit: int = MOST_ROWS,
    ) -> tuple[Verdict, ...]:
        """Return verdicts, newest first."""
        asked = {"machine_id": machine_id, "sensor_id": sensor_id, "severity": severity, "as_of": as_of}
        return self._items(Verdict, "/verdicts", asked | {"from": starts_at, "to": ends_at, "limit": limit})

    def verdict(self, event_id: str, as_of: datetime | None = None) -> Verdict:
        """Return one verdict."""
        return self._get(Verdict, f"/anomalies/{event_id}", {"as_of": as_of})

    def explanation(self, event_id: str, as_of: datetime | None = None) -> Explanation:
        """Return where a verdict comes from."""
        return self._get(Explanation, f"/anomalies/{event_id}/explanation", {"as_of": as_of})

    def verified(self, event_id: str, as_of: datetime | None = None) -> Explanation:
        """Return where a verdict comes from, and what judging its reading again gave; may take long."""
        asked = {"verify": "true", "as_of": as_of}
        return self._get(Explanation, f"/anomalies/{event_id}/explanation", asked, timeout=PATIENT)

    def readings(
        self,
        *,
        machine_id: str,
        sensor_id: str,
        starts_at: datetime,
        ends_at: datetime,
        points: int,
        as_of: datetime | None,
    ) -> ReadingSeries:
        """Return one sensor's readings, averaged over buckets when there are more than `points`."""
        asked = {"machine_id": machine_id, "from": starts_at, "to": ends_at, "points": points, "as_of": as_of}
        return self._get(ReadingSeries, f"/sensors/{quote(sensor_id, safe='')}/readings", asked)

    def _items(self, kind: type[AnswerT], path: str, asked: Mapping[str, object] | None = None) -> tuple[AnswerT, ...]:
        page: Page[AnswerT] = self._ask(Page[kind], path, asked)[0]  # type: ignore[valid-type]
        return page.items

    def _get(
        self,
        kind: type[AnswerT],
        path: str,
        asked: Mapping[str, object] | None = None,
        *,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> AnswerT:
        answer: AnswerT = self._ask(kind, path, asked, timeout=timeout)[0]
        return answer

    def _ask(
        self, kind: Any, path: str, asked: Mapping[str, object] | None, *, timeout: httpx.Timeout = TIMEOUT
    ) -> tuple[Any, Mapping[str, str]]:
        """Return the answer and its headers."""
        parameters = {name: _text(value) for name, value in (asked or {}).items() if value is not None}
        try:
            response = self._http.get(path, params=parameters, timeout=timeout)
        except httpx.HTTPError as error:
            raise ApiDown(str(error) or type(error).__name__) from error
        if response.is_server_error:
            raise ApiDown(_reason(response))
        if response.is_error:
            raise ApiRefused(response.status_code, _reason(response))
        try:
            return _adapter(kind).validate_json(response.content), response.headers
        except ValidationError as error:
            raise ApiDown(f"GET {path}: this dashboard does not understand the answer ({error})") from error


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _reason(response: httpx.Response) -> str:
    """Return the problem's detail, else the status."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"
