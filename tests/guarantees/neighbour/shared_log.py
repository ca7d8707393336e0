"""A log shared with a neighbour who writes anything anywhere, while readings flow; then everything is counted."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from domain.scoring import Flag
from infra.kafka.decisions.dead_letter_log import KafkaDeadLetterLog
from infra.kafka.meaning.contracts import load_contracts
from ml.training.ports import ReadingsWait
from tests.guarantees.log_account import account
from tests.guarantees.neighbour.neighbour import Neighbour
from tests.guarantees.plant import Plant, train_and_promote
from tests.guarantees.read_model_prints import fingerprints, fresh_fingerprints, wait_until_settled
from tests.stacks import wait_until

GIVEN_UP_AFTER_S: Final = 5
READINGS_A_TURN: Final = 240
SETTLED_WITHIN_S: Final = 240.0


@dataclass
class Outcome:
    """What a run wrote and found; `faults` is empty when every promise held."""

    foreign: int = 0
    letters: int = 0
    faults: list[str] = field(default_factory=list)


def shared_log(plant: Plant, *, seed: int, seconds: float, say: Callable[[str], None]) -> Outcome:
    """Let readings flow while the neighbour writes, for at least two turns; count, and compare with fresh builds."""
    rng, outcome = random.Random(seed), Outcome()
    neighbour = Neighbour(plant.bootstrap, load_contracts(plant.bootstrap), rng)
    patience = {"TELLTALE_UNKNOWN_AFTER_S": str(GIVEN_UP_AFTER_S)}
    plant.flow(6_000, rng, faults=0)
    train_and_promote(plant)
    processes = {name: plant.telltale(name, log=name, more=patience) for name in ("scorer", "projector")}
    until, turn = monotonic() + seconds, 0
    while turn < 2 or monotonic() < until:
        neighbour.turn()
        plant.flow(READINGS_A_TURN, rng)
        if turn % 5 == 0:
            neighbour.huge()
            neighbour.abort()
            neighbour.hang()
        plant.flow(READINGS_A_TURN, rng)
        if turn == 1:
            say("another model is trained and promoted beside all that")
            wait_until(lambda: _trained(plant), deadline_s=60, what="what the neighbour named is decided")
        turn += 1
    outcome.foreign = neighbour.written.total()
    say(f"{outcome.foreign} foreign records in {turn} turns; waiting until everything is scored and projected")
    wait_until_settled(plant.stack, deadline_s=SETTLED_WITHIN_S)
    outcome.faults += [f"{name} ended with {one.poll()}" for name, one in processes.items() if one.poll() is not None]
    outcome.faults += _accounted(plant, neighbour, outcome)
    serving, fresh = fingerprints(plant.stack.settings), fresh_fingerprints(plant.stack)
    outcome.faults += [f"{name} differs from a fresh build" for name in fresh if serving[name] != fresh[name]]
    return outcome


def _accounted(plant: Plant, neighbour: Neighbour, outcome: Outcome) -> list[str]:
    """Hold the log's account of itself against what was written."""
    found = account(plant.bootstrap)
    faults = found.faults()
    letters = {
        logged.letter.position: logged.letter
        for logged in KafkaDeadLetterLog(plant.bootstrap, load_contracts(plant.bootstrap)).letters()
    }
    outcome.letters = len(letters)
    for position, causes in neighbour.bad.items():
        if position not in letters:
            faults.append(f"{position} should be a dead letter for {sorted(causes)}")
        elif (error := letters[position].error) not in causes:
            faults.append(f"{position} is a dead letter for {error}, not for {sorted(causes)}")
    if surplus := letters.keys() - neighbour.bad.keys():
        faults.append(f"{len(surplus)} good readings are dead letters, such as {min(surplus)}")
    rejected = {position for position, flags in found.flags.items() if Flag.REJECTED in flags}
    if rejected != letters.keys():
        faults.append(f"{len(rejected ^ letters.keys())} records are rejected without a dead letter, or the reverse")
    return faults[:20]


def _trained(plant: Plant) -> bool:
    """Train and promote; False while a record in the range still waits for the scorer to decide about it."""
    try:
        train_and_promote(plant)
    except ReadingsWait:
        return False
    return True
