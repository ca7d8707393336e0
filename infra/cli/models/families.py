"""The option that names a family of detectors."""

import typer

from ml.families import FAMILIES


def known_family(name: str | None) -> str | None:
    """Return `name` when this version can train it; None, where an option may be left out, stays None."""
    if name is not None and name not in FAMILIES:
        raise typer.BadParameter(f"{name!r} can't be trained here; there are {', '.join(FAMILIES)}")
    return name
