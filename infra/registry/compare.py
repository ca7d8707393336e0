"""Does the registry say what topic contracts says? It must: producers write ids that the registry gave out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from domain.contracts import SchemaPublished
from infra.registry.ports import Registry
from schemas.parsed import machine_form


@dataclass(frozen=True, slots=True)
class Difference:
    """A publication that the registry does not confirm: it `means` something else there, or is lost (None)."""

    contract: SchemaPublished
    means: str | None


def compare(registry: Registry, in_log: Sequence[SchemaPublished]) -> tuple[Difference, ...]:
    """Return where the registry says something else than topic contracts; () when they agree, id by id.

    Raises:
        RegistryNotReachable: the registry does not answer.
    """
    subjects_there = frozenset(registry.subjects())
    found = []
    for contract in in_log:
        held = registry.text(contract.id)
        if held is not None and machine_form(held) != machine_form(contract.text):
            found.append(Difference(contract, f"{json.loads(held).get('name')} with other content"))
        elif held is None or contract.subject not in subjects_there:
            found.append(Difference(contract, None))
    return tuple(found)
