"""The passwords of a stack: generated once, kept in a file only its owner reads."""

import json
import secrets
from collections.abc import Iterable

from infra.files import write_private
from infra.host.embedded.home import Home


def load_secrets(home: Home, names: Iterable[str]) -> dict[str, str]:
    """Return a secret for every name: the kept one, else a new one of 192 bits, kept from now on."""
    known: dict[str, str] = json.loads(home.secrets.read_text()) if home.secrets.exists() else {}
    missing = [name for name in names if name not in known]
    known |= {name: secrets.token_hex(24) for name in missing}
    if missing:
        write_private(home.secrets, json.dumps(known, indent=2) + "\n")
    return known
