"""A command of the tests' own: ring a tower's bell, never with fewer strokes than before."""

from dataclasses import dataclass

from domain.rejections import CommandRejected


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRung:
    tower: str
    strokes: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingBell:
    tower: str
    strokes: int
    actor: str


class RungLonger(CommandRejected):
    """Somebody has rung it longer."""


def decide(rung: BellRung | None, command: RingBell) -> tuple[BellRung, ...]:
    if rung is not None and rung.strokes > command.strokes:
        raise RungLonger(f"{rung.actor} rang {rung.strokes} strokes", because_of=rung)
    if rung is not None and rung.strokes == command.strokes:
        return ()
    return (BellRung(tower=command.tower, strokes=command.strokes, actor=command.actor),)


def evolve(rung: BellRung | None, event: BellRung) -> BellRung:
    return event
