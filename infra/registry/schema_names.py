"""What the registry calls a schema that the log does not know: asked by the scorer before it gives a record up."""

import json
from typing import Final

from infra.registry.client import RegistryClient, RegistryNotReachable
from ml.scoring.ports import RegistryAway

ANSWER_S: Final = 1.0
"""The scorer's other partitions wait for the answer too."""


class RegistrySchemaNames:
    """The SchemaNames of one registry; an empty `url` means that there is none, and the log alone decides."""

    def __init__(self, url: str) -> None:
        self._client = RegistryClient(url, timeout_s=ANSWER_S) if url else None

    def name_of(self, schema_id: int) -> str | None:
        """Return the full name of the schema's record. See `SchemaNames`."""
        if self._client is None:
            return None
        try:
            text = self._client.text(schema_id)
        except RegistryNotReachable as error:
            raise RegistryAway(str(error)) from error
        return None if text is None else _record_name(text)


def _record_name(text: str) -> str:
    """Return the full name in a schema's text, whatever kind of schema it is."""
    try:
        schema = json.loads(text)
    except ValueError:
        return "no Avro schema"
    if not isinstance(schema, dict) or not isinstance(name := schema.get("name"), str):
        return "no record"
    namespace = schema.get("namespace")
    return f"{namespace}.{name}" if isinstance(namespace, str) and "." not in name else name
