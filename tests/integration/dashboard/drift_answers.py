"""Population shift as the API answers it."""

from datetime import datetime, timedelta

from query_api.bodies.drift import DriftPart, DriftSignal, DriftState, ModelDrift
from tests.integration.dashboard.model_answers import REIGNS


def drift(name: str, at: datetime, window_s: int) -> ModelDrift:
    """Return drift: the pumps are as in training, the fans' vibration is not, environment/7 kept no reference."""
    number = REIGNS[name][-1][0]
    known = name != "environment"
    width = timedelta(seconds=window_s)
    moved = name == "fan"
    return ModelDrift(
        model=f"{name}/{number}",
        profile=f"{name}@1",
        state=(DriftState.OUTSIDE if moved else DriftState.INSIDE) if known else DriftState.UNKNOWN,
        because=None if known else f"{name}/{number} was trained by a version that kept no reference",
        starts_at=at - width if known else None,
        ends_at=at if known else None,
        readings=4 * window_s if known else 0,
        sampled=4 * window_s if known else 0,
        signals=_signals(0.52 if moved else 0.06, band=0.17) if known else [],
        parts=[
            DriftPart(
                starts_at=at - width * (6 - place) / 6,
                ends_at=at - width * (5 - place) / 6,
                signals=_signals(0.1 + 0.14 * place if moved else 0.08 + 0.03 * (place % 3), band=0.31),
            )
            for place in range(6)
        ]
        if known
        else [],
    )


def _signals(vibration: float, *, band: float) -> list[DriftSignal]:
    indices = {"speed": 0.02, "vibration": vibration, "temperature": 0.05, "spike": 0.03, "drift": 0.04}
    return [
        DriftSignal(
            name=name,
            kind="score" if name in {"spike", "drift"} else "channel",
            index=index,
            usual_up_to=band,
            readings=2_400,
            enough=True,
            outside=index > band,
        )
        for name, index in indices.items()
    ]
