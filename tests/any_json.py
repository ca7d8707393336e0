"""Bodies of POST /readings that hypothesis makes: good readings, near misses, and whatever else JSON can say."""

import json
from typing import Any, Final

from fastapi.testclient import TestClient
from hypothesis import strategies as st

TEXTS: Final = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["pump-07", "pump", "pump@1", "pump@0", "", "\0", "a\nb", "\ud800", "x" * 300, "=1+1"]),
)
NUMBERS: Final = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**400), 10**400),
    st.integers(-5, 5),
)
ANYTHING: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
MOMENTS: Final = st.one_of(
    st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
    st.sampled_from(["2026-03-09T10:14:33Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "now", 1e300]),
    ANYTHING,
)
ITEMS: Final = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {
            "machine_id": st.one_of(st.just("pump-07"), TEXTS, ANYTHING),
            "profile": st.one_of(st.just("pump"), TEXTS, ANYTHING),
            "recorded_at": MOMENTS,
            "measurements": st.one_of(
                st.just({"speed": 80}), st.dictionaries(st.one_of(st.just("speed"), TEXTS), ANYTHING, max_size=3)
            ),
        },
        optional={
            "sensor_id": ANYTHING,
            "source": ANYTHING,
            "event_id": ANYTHING,
            "anomaly_injected": ANYTHING,
            "anomaly_type": ANYTHING,
            "colour": ANYTHING,
        },
    ),
)
BODIES: Final = st.one_of(
    st.lists(ITEMS, max_size=4), st.fixed_dictionaries({"readings": st.lists(ITEMS, max_size=4)}), ANYTHING
)


def require_an_answer_for_every_item(client: TestClient, body: Any) -> None:
    """Send `body`; whatever it is, the answer is 2xx or 4xx and tells each item's fate with index and reason."""
    answer = client.post("/readings", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code in {201, 413, 422}, (answer.status_code, answer.text)
    told = answer.json()
    items = body.get("readings") if isinstance(body, dict) else body
    if not isinstance(items, list) or not items or "refused" not in told:
        assert answer.status_code != 201
        assert told["detail"]
        return
    fates = [item["index"] for item in (*told.get("appended", ()), *told["refused"])]
    assert sorted(fates) == list(range(len(items)))
    assert all(item["reason"] for item in told["refused"])
