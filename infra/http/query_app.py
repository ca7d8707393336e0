"""The query API as it is served: its routes behind keys, its refusals as problems."""

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI

from infra.http.gate import LOOPBACK_HOSTS, Gate, Limits
from infra.http.keys import KeyGuard, KeyRefused, key_refusal
from infra.http.known_parameters import UnknownParameter, asked_rightly, unknown_parameter
from infra.http.problems import Refusal, install_problems
from infra.settings import Scope
from query_api.app import create_app
from query_api.drifting import DriftMeter
from query_api.errors import RequestRefused
from query_api.outlook import Outlooks
from query_api.store import ReadModelStore
from query_api.verification import VerdictVerifier


def query_app(
    *,
    store: ReadModelStore,
    outlooks: Outlooks,
    clock: Callable[[], datetime],
    guard: KeyGuard,
    version: str,
    hosts: frozenset[str] = LOOPBACK_HOSTS,
    verifier: VerdictVerifier | None = None,
    drift_meter: DriftMeter | None = None,
) -> FastAPI:
    """Return the query API with keys and problems."""
    may_read = asked_rightly(guard.requires(Scope.READ))
    app = create_app(
        store=store,
        outlooks=outlooks,
        clock=clock,
        may_read=may_read,
        version=version,
        verifier=verifier,
        drift_meter=drift_meter,
    )
    install_problems(
        app, {KeyRefused: key_refusal, RequestRefused: _request_refusal, UnknownParameter: unknown_parameter}
    )
    app.add_middleware(Gate, guard=guard, limits=Limits(hosts=hosts))
    return app


def _request_refusal(error: Exception) -> Refusal:
    assert isinstance(error, RequestRefused)  # noqa: S101 - registered for this class
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    return Refusal(error.status, str(error), headers)
