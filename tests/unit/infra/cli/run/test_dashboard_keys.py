"""What `telltale dashboard` hands over to the pages: of all keys the least powerful that will do, and no others."""

from pydantic import SecretStr

from dashboard.connection import COMMANDS_KEY, COMMANDS_URL, KEY
from infra.cli.run.dashboard import ALL_KEYS, page_environment
from infra.settings import Settings


def handed_over(keys: str) -> tuple[str, str]:
    """Return the key to read with and the key to promote with."""
    environment = page_environment(Settings(api_keys=SecretStr(keys), commands_url="http://127.0.0.1:7777"))
    assert environment[COMMANDS_URL] == "http://127.0.0.1:7777"
    assert environment[ALL_KEYS] == ""
    return environment[KEY], environment[COMMANDS_KEY]


def test_the_pages_get_the_first_key_of_the_smallest_scope_for_each_use() -> None:
    assert handed_over("root:admin:a,zoe:operate:z,ada:operate:o,wall:read:r") == ("r", "z")


def test_keys_that_may_only_read_promote_nothing() -> None:
    assert handed_over("wall:read:r") == ("r", "")


def test_without_keys_none_is_handed_over_and_an_inherited_one_is_taken_away() -> None:
    assert handed_over("") == ("", "")
