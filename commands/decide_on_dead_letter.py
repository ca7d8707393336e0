"""The commands RedriveDeadLetter and DiscardDeadLetter: what becomes of a record that could not be accepted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commands.dead_letter_log import DeadLetterLog
from commands.record_readings import OfferedReading, reading_of
from domain.admission import ReadingRefused, UnknownProfile, admit
from domain.dead_letters import (
    DeadLetterDecision,
    DeadLetterDiscarded,
    DeadLettered,
    DeadLetterRedriven,
)
from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.promotion import CommandRejected
from domain.readings import SensorReadingRecorded
from schemas.codec import decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.wire import BadRecord


class NoSuchDeadLetter(CommandRejected):
    """No dead letter holds a record of this position."""


class StillNotAcceptable(CommandRejected):
    """What is to be appended would be refused again."""


class AlreadyRedriven(CommandRejected):
    """The log holds its record by now; it can't be given up any more."""


class ReasonMissing(CommandRejected):
    """Giving a record up needs a reason."""


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


@dataclass(frozen=True, slots=True)
class DeadLetterHandler:
    """Carries out commands on dead letters; `profiles` gives the profiles that the log knows now."""

    log: DeadLetterLog
    profiles: Callable[[], Sequence[ProfileDefined]]
    contracts: Contracts

    def redrive(self, command: RedriveDeadLetter) -> Decided:
        """Append the record again and say so; a dead letter that was redriven before is left as it is.

        1. Become the one who decides. 2. Look what was decided so far. 3. Read and admit the record. 4. Append it with
        the decision in one transaction. So the same dead letter becomes one record, however often it is asked for.

        Raises:
            NoSuchDeadLetter: there is none of this position.
            StillNotAcceptable: the record would be refused again.
            DecisionNotAppended: the log did not take it.
        """
        self.log.open()  # Step 1
        letter, held = self._letter(command.position)  # Step 2
        if isinstance(held, DeadLetterRedriven):
            return Decided(held, repeated=True)
        reading = self._reading(letter, command.repaired)  # Step 3
        redriven = self.log.redrive(  # Step 4
            reading, position=command.position, because=command.because, actor=command.actor
        )
        return Decided(redriven, repeated=False)

    def discard(self, command: DiscardDeadLetter) -> Decided:
        """Write down that nobody has to look at it again; one that was discarded before is left as it is.

        Raises:
            ReasonMissing: `because` is blank.
            NoSuchDeadLetter: there is none of this position.
            AlreadyRedriven: its record is in the log by now.
            DecisionNotAppended: the log did not take it.
        """
        if not command.because.strip():
            raise ReasonMissing('giving a record up needs a reason: --because "…"')
        self.log.open()
        _, held = self._letter(command.position)
        if isinstance(held, DeadLetterRedriven):
            raise AlreadyRedriven(f"{command.position} was redriven as {held.redriven_as}: that record stands")
        if held is not None:
            return Decided(held, repeated=True)
        decision = DeadLetterDiscarded(position=str(command.position), because=command.because, actor=command.actor)
        self.log.discard(decision)
        return Decided(decision, repeated=False)

    def _letter(self, position: Position) -> tuple[DeadLettered, DeadLetterDecision | None]:
        for logged in self.log.letters():
            if logged.letter.position == str(position):
                return logged.letter, self.log.decisions().get(str(position))
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
