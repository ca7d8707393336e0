"""A comparison of two models that say what a test wants, over readings that carry it."""

import json
import math
from collections.abc import Sequence
from typing import Any

from domain.comparison import ModelsCompared
from domain.models import ModelTrained
from domain.readings import SensorReadingRecorded
from ml.comparison.compare import Bounds, ComparisonDesk, everything
from ml.manifest import CodeIdentity
from tests.comparisons import trained
from tests.fakes.comparison import (
    FakeComparedModels,
    FakeComparedReadings,
    FakeComparisons,
    load,
)

NOT_JUDGED = math.nan
CODE = CodeIdentity(code_version="0.1.0", lock_sha256="ab", runtime={})


def a_desk(
    *partitions: Sequence[SensorReadingRecorded],
    sizes: Sequence[int] = (1000,),
    comparisons: FakeComparisons | None = None,
    versions: Sequence[ModelTrained] = (),
) -> ComparisonDesk:
    events = versions or (trained(1), trained(2))
    contents = {event.model.artifact_sha256: b"challenger" for event in events}
    return ComparisonDesk(
        models=FakeComparedModels(events, contents | {events[0].model.artifact_sha256: b"champion"}),
        readings=FakeComparedReadings(dict(enumerate(partitions)), sizes),
        comparisons=comparisons or FakeComparisons(),
        code=CODE,
        loader=load,
    )


def compare(
    *partitions: Sequence[SensorReadingRecorded], bounds: Bounds = everything, **said: Any
) -> tuple[ModelsCompared, dict[str, Any]]:
    desk = a_desk(*partitions, **said)
    event = desk.compare("pump/1", "pump/2", on_progress=lambda _done, _total: None, bounds=bounds).event
    return event, json.loads(event.report)
