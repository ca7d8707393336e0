"""The commands RedriveDeadLetter and DiscardDeadLetter: what becomes of a record that could not be accepted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commands.aggregates import Aggregates
from commands.dead_letter_log import DeadLetters
from commands.event_log import Beside, Following
from commands.record_readings import OfferedReading, reading_of
from commands.stamps import stamp_of
from commands.write_side import Request, WriteSide
from domain.admission import ReadingRefused, UnknownProfile, admit
from domain.dead_letters import (
    REDRIVEN_FROM,
    DeadLetterDecision,
    DeadLetterDiscarded,
    DeadLettered,
    DeadLetterRedriven,
    NoSuchDeadLetter,
    SkipEvent,
    StillNotAcceptable,
    discard,
    evolve,
)
from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.readings import SensorReadingRecorded
from schemas.codec import decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.wire import BadRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveDeadLetter:
    """Append the record of a dead letter again: as `repaired` says, or, with None, read anew as it is.

    `repaired` is a reading as its sender states it, or the bytes of a record.
    """

    position: Position
    repaired: OfferedReading | bytes | None
    because: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardDeadLetter:
    """Give the record of a dead letter up."""

    position: Position
    because: str
    actor: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision that holds; `repeated` when it held before."""

    decision: DeadLetterDecision
    repeated: bool


DeadLetterDecisions = Aggregates[DeadLetterDecision | None, SkipEvent]
"""What was decided on each dead letter, by the position of its record."""


def decisions_fold() -> DeadLetterDecisions:
    """Return the fold of topic skips that decisions on dead letters are decided on."""
    return Aggregates(
        first=None,
        key_of=lambda event: event.position if isinstance(event, DeadLetterDecision) else None,
        evolve=lambda held, record: evolve(held, record.event),
    )


@dataclass(frozen=True, slots=True)
class DeadLetterHandler:
    """Carries out commands on dead letters.

    decisions: one of the write side's folds. profiles: gives the profiles that the log has now.
    """

    write_side: WriteSide[SkipEvent]
    decisions: DeadLetterDecisions
    letters: DeadLetters
    profiles: Callable[[], Sequence[ProfileDefined]]
    contracts: Contracts

    def redrive(self, command: RedriveDeadLetter) -> Decided:
        """Append the record again and the decision with it; a dead letter that was redriven before is left as it is.

        Both are one transaction, decided by the one writer: so the same dead letter becomes one record, however often
        it is asked for.

        Raises:
            NoSuchDeadLetter: there is none of this position.
            StillNotAcceptable: the record would be refused again.
            EventNotAppended: the log did not take it.
        """
        return self._decided(command, lambda held: self._redriven(held, command))

    def discard(self, command: DiscardDeadLetter) -> Decided:
        """Write down that nobody has to look at it again; one that was discarded before is left as it is.

        Raises:
            ReasonMissing: `because` is blank.
            NoSuchDeadLetter: there is none of this position.
            AlreadyRedriven: its record is in the log by now.
            EventNotAppended: the log did not take it.
        """
        wanted = DeadLetterDiscarded(position=str(command.position), because=command.because, actor=command.actor)

        def decided(held: DeadLetterDecision | None) -> Sequence[SkipEvent]:
            events = discard(held, wanted)
            self._letter(command.position)
            return events

        return self._decided(command, decided)

    def _decided(
        self,
        command: RedriveDeadLetter | DiscardDeadLetter,
        decide: Callable[[DeadLetterDecision | None], Sequence[SkipEvent] | Following[SkipEvent]],
    ) -> Decided:
        key = str(command.position)
        answer = self.write_side.perform(
            Request.of(
                command,
                stamp_of(command),
                fold=self.decisions,
                key=key,
                decide=decide,
            )
        )
        held = self.decisions.state(key)
        if held is None:
            raise LookupError(f"{key}: the log does not agree with its own fold")
        return Decided(held, repeated=not answer.records)

    def _redriven(
        self, held: DeadLetterDecision | None, command: RedriveDeadLetter
    ) -> Sequence[SkipEvent] | Following[SkipEvent]:
        letter = self._letter(command.position)
        if isinstance(held, DeadLetterRedriven):
            return ()
        reading = self._reading(letter, command.repaired)
        position = str(command.position)
        return Following(
            beside=[Beside(key=reading.machine_id, event=reading, headers={REDRIVEN_FROM: position})],
            events=lambda where: [
                DeadLetterRedriven(
                    position=position, redriven_as=str(where[0]), because=command.because, actor=command.actor
                )
            ],
        )

    def _letter(self, position: Position) -> DeadLettered:
        for logged in self.letters.letters():
            if logged.letter.position == str(position):
                return logged.letter
        raise NoSuchDeadLetter(f"no dead letter holds {position}; telltale dead-letters list names them")

    def _reading(self, letter: DeadLettered, repaired: OfferedReading | bytes | None) -> SensorReadingRecorded:
        known = {profile.ref: profile for profile in self.profiles()}
        try:
            if isinstance(repaired, OfferedReading):
                return reading_of(repaired, known)
            event = decode(letter.value if repaired is None else repaired, self.contracts)
            if not isinstance(event, SensorReadingRecorded):
                raise StillNotAcceptable(f"{letter.position}: {type(event).__name__} is no reading")
            admit(event, known)
        except (BadRecord, UnknownSchemaId, ReadingRefused, UnknownProfile) as refusal:
            then = "" if repaired is not None else "; repair it: --value-file reading.json"
            raise StillNotAcceptable(f"{letter.position} would be refused again: {refusal}{then}") from refusal
        return event
