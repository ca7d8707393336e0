"""What Prometheus scrapes: how the API answers, how far the read models are, and how the stack stands."""

import time
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from query_api.bodies.operations import ProjectionStatus
from query_api.stack_metrics import StackMetrics

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
_LABELS: Final = ("read_model", "build")


class Metrics:
    """One service's figures; nothing is shared between two services in one process."""

    def __init__(self) -> None:
        self._registry: Final = CollectorRegistry()
        self.requests: Final = Histogram(
            "telltale_http_request_seconds",
            "Time to answer a request.",
            ("route", "status"),
            registry=self._registry,
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
        )
        self._lag_offsets: Final = Gauge(
            "telltale_projection_lag_offsets",
            "Last stable offsets minus checkpoints.",
            _LABELS,
            registry=self._registry,
        )
        self._lag_seconds: Final = Gauge(
            "telltale_projection_lag_seconds", "Age of what is still to be read.", _LABELS, registry=self._registry
        )
        self._rate: Final = Gauge(
            "telltale_projection_records_per_second", "Records applied.", _LABELS, registry=self._registry
        )
        self._moving: Final = Gauge(
            "telltale_projection_moving",
            "1 while the projector works, 0 when it stalled or stopped.",
            _LABELS,
            registry=self._registry,
        )

        self.stack: Final = StackMetrics(self._registry)

    def exposition(self, statuses: Sequence[ProjectionStatus]) -> bytes:
        """Return the figures as text; builds that are gone are left out."""
        for gauge in (self._lag_offsets, self._lag_seconds, self._rate, self._moving):
            gauge.clear()
        for status in statuses:
            labels = (status.read_model, str(status.build))
            self._moving.labels(*labels).set(status.moving)
            for gauge, value in (
                (self._lag_offsets, status.lag_offsets),
                (self._lag_seconds, status.lag_seconds),
                (self._rate, status.rate_per_s),
            ):
                if value is not None:
                    gauge.labels(*labels).set(value)
        return generate_latest(self._registry)


class Timed:
    """Middleware that measures each request under its route's template, so that ids make no new series."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(route, str(status)).observe(time.perf_counter() - started)
