"""One suite for the registry and for its fake; the offline check must say what both say."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from infra.registry.client import COMPATIBILITY, RegistryClient, SchemaRefused
from schemas.parsed import machine_form
from tests.fakes.registry import FakeRegistry
from tests.schema_changes import CHANGES, SchemaChange
from tests.schema_texts import ID, field, record, text_of

AnyRegistry = FakeRegistry | RegistryClient


@pytest.fixture(params=["fake", "real"])
def registry(request: pytest.FixtureRequest) -> AnyRegistry:
    known: AnyRegistry = FakeRegistry() if request.param == "fake" else request.getfixturevalue("real_registry")
    known.demand_compatibility()
    return known


@pytest.fixture
def subject() -> str:
    return f"tests-telltale.{uuid4().hex}"


@pytest.fixture
def unheard() -> Callable[..., str]:
    """Return a maker of schemas that no registry has seen before."""
    mark = f"Measured{uuid4().hex}"
    return lambda *fields, **attributes: text_of(record(*fields, name=mark, **attributes))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.id)
def test_the_offline_verdict_is_the_registrys(registry: AnyRegistry, subject: str, change: SchemaChange) -> None:
    for earlier in change.earlier:
        registry.register(subject, text_of(earlier))
    assert registry.allows(subject, text_of(change.new)) == (change.refused is None)
    if change.refused is None:
        registry.register(subject, text_of(change.new))
    else:
        with pytest.raises(SchemaRefused, match=subject):
            registry.register(subject, text_of(change.new))


def test_registering_twice_is_registering_once(
    registry: AnyRegistry, subject: str, unheard: Callable[..., str]
) -> None:
    assert registry.register(subject, unheard(ID)) == registry.register(subject, unheard(ID))


def test_one_schema_has_one_id_under_every_subject(
    registry: AnyRegistry, subject: str, unheard: Callable[..., str]
) -> None:
    other = registry.register(f"{subject}-too", unheard(ID))
    assert registry.register(subject, unheard(ID)).id == other.id


def test_other_words_are_the_same_version(registry: AnyRegistry, subject: str, unheard: Callable[..., str]) -> None:
    first = registry.register(subject, unheard(ID))
    assert registry.register(subject, unheard(ID, doc="Other words.")) == first
    assert registry.register(subject, unheard(field("id", "string", doc="Other words."))) == first


def test_a_new_schema_gets_the_next_version_and_a_larger_id(
    registry: AnyRegistry, subject: str, unheard: Callable[..., str]
) -> None:
    first = registry.register(subject, unheard(ID))
    second = registry.register(subject, unheard(ID, field("unit", "string", default="")))
    assert (first.version, second.version) == (1, 2)
    assert second.id > first.id


def test_an_id_means_the_schema_registered_under_it(
    registry: AnyRegistry, subject: str, unheard: Callable[..., str]
) -> None:
    kept = registry.register(subject, unheard(ID))
    held = registry.text(kept.id)
    assert held is not None
    assert machine_form(held) == machine_form(unheard(ID))


def test_an_id_never_given_means_nothing(registry: AnyRegistry) -> None:
    assert registry.text(2_000_000_000) is None


def test_a_subject_has_no_level_of_its_own_until_one_is_demanded(registry: AnyRegistry, subject: str) -> None:
    registry.register(subject, text_of(record(ID)))
    registry.demand_compatibility(subject)
    assert registry.compatibility(subject) == COMPATIBILITY
    assert registry.compatibility() == COMPATIBILITY
    assert subject in registry.subjects()
