"""Every command that README and docs show is one that the command line knows, with the options they give it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from infra.cli.main import COMMANDS, load_command

PROJECT: Final = Path(__file__).parents[4]
PAGES: Final = (PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md")))

_SPAN: Final = re.compile(r"`([^`]+)`")
_OPTION: Final = re.compile(r"(?<![\w-])-{1,2}[a-z][a-z-]*")


class Shown(NamedTuple):
    """A command as a page shows it."""

    place: str
    words: str


def shown(program: str) -> Iterator[Shown]:
    """Yield what the pages show of a program: lines of code blocks, and code inside sentences."""
    for page in PAGES:
        in_block = False
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            if line.lstrip().startswith("```"):
                in_block = not in_block
                continue
            for text in [line] if in_block else _SPAN.findall(line):
                words = text.strip().removeprefix("$ ").removeprefix(".venv/bin/").split(" #")[0].strip()
                if line.startswith("| `") and words.split(" ")[0] in COMMANDS:  # the README's table of commands
                    words = f"telltale {words}"
                if words.startswith(f"{program} "):
                    yield Shown(f"{page.relative_to(PROJECT)}:{number}", words)


def command_of(words: str) -> tuple[Any, list[str]]:
    """Return the command that is meant and its words: `telltale models diff A B` is `diff` of `models`."""
    first, *rest = words.split()[1:]
    command = load_command(first, COMMANDS[first][0])
    path = [first]
    for word in rest:
        members = getattr(command, "commands", None)
        if members is None or not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        assert word in members, f"telltale {' '.join(path)} has no {word}, but {', '.join(members)}"
        command = members[word]
        path.append(word)
    if path == ["ingest"]:  # `telltale ingest FILE` means `telltale ingest csv FILE`
        command, path = command.commands["csv"], ["ingest", "csv"]
    return command, path


@pytest.mark.parametrize("said", [pytest.param(one, id=f"{one.place} {one.words}") for one in shown("telltale")])
def test_a_command_that_a_page_shows_exists_with_its_options(said: Shown) -> None:
    first = said.words.split()[1]
    if not re.fullmatch(r"[a-z][a-z-]*", first):
        pytest.skip("no command is named: " + said.words)
    assert first in COMMANDS, f"there is no telltale {first}"
    command, path = command_of(said.words)
    known = {"--help", "-h", *(name for one in command.params for name in (*one.opts, *one.secondary_opts))}
    given = {*_OPTION.findall(without_quoted(said.words))}
    assert given <= known, f"telltale {' '.join(path)} does not know {', '.join(sorted(given - known))}"


def without_quoted(words: str) -> str:
    """Return a command without what a shell would take as one quoted word."""
    try:
        return " ".join(word for word in shlex.split(words) if " " not in word)
    except ValueError:
        return words


def test_a_make_target_that_a_page_shows_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown_targets = {one: re.match(r"make ([a-z-]+)", one.words) for one in shown("make")}
    missing = {one.place: found[1] for one, found in shown_targets.items() if found and found[1] not in targets}
    assert missing == {}
    assert len(shown_targets) > 5
