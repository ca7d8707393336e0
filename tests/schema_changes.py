"""Changes of a schema, each with the verdict it must get under FULL_TRANSITIVE, offline and from the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.schema_texts import ID, UNIT, JsonSchema, array, channel, enum, field, fixed, mapping, optional, record


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """Earlier versions, oldest first, a new schema, and why it may not follow them.

    `refused` is the first (version, path, rule), or None; rule "invalid" says that the new text is no Avro schema.
    `misread` is the path of a change that Avro and the registry allow, and Telltale refuses.
    """

    what: str
    earlier: tuple[JsonSchema, ...]
    new: JsonSchema
    refused: tuple[int, str, str] | None = None
    misread: str | None = None

    @property
    def id(self) -> str:
        """Name of the case in a test report."""
        return self.what.replace(" ", "_")


def tree(*more: Mapping[str, Any]) -> JsonSchema:
    """Return a record that contains itself."""
    return channel(field("left", ["null", "Channel"], default=None), *more)


CHANGES: Final = (
    SchemaChange(what="nothing changed", earlier=(record(ID),), new=record(ID)),
    SchemaChange(what="only words of documentation changed", earlier=(record(ID),), new=record(ID, doc="Other words.")),
    SchemaChange(what="fields stand in another order", earlier=(record(ID, UNIT),), new=record(UNIT, ID)),
    SchemaChange(
        what="a field with a default was added", earlier=(record(ID),), new=record(ID, optional("source", "string"))
    ),
    SchemaChange(
        what="a field with a default was removed", earlier=(record(ID, optional("source", "string")),), new=record(ID)
    ),
    SchemaChange(
        what="a field without a default was added",
        earlier=(record(ID),),
        new=record(ID, UNIT),
        refused=(1, "unit", "default"),
    ),
    SchemaChange(
        what="a field without a default was removed",
        earlier=(record(ID, UNIT),),
        new=record(ID),
        refused=(1, "unit", "default"),
    ),
    SchemaChange(
        what="a field was renamed",
        earlier=(record(field("unit", "string")),),
        new=record(field("units", "string")),
        refused=(1, "units", "default"),
    ),
    SchemaChange(
        what="a field was renamed with an alias that only new readers know",
        earlier=(record(field("unit", "string")),),
        new=record(field("units", "string", aliases=["unit"])),
        refused=(1, "unit", "default"),
    ),
    SchemaChange(
        what="a field with a default was renamed with an alias",
        earlier=(record(ID, field("unit", "string", default="")),),
        new=record(ID, field("units", "string", default="", aliases=["unit"])),
    ),
    SchemaChange(
        what="a field was renamed and each version knows the other's name",
        earlier=(record(field("unit", "string", aliases=["units"])),),
        new=record(field("units", "string", aliases=["unit"])),
    ),
    SchemaChange(
        what="a default was given to a field", earlier=(record(UNIT),), new=record(field("unit", "string", default=""))
    ),
    SchemaChange(
        what="a default was taken from a field",
        earlier=(record(field("unit", "string", default="")),),
        new=record(UNIT),
    ),
    SchemaChange(
        what="a default was taken that a third version needs",
        earlier=(record(ID), record(ID, field("unit", "string", default=""))),
        new=record(ID, UNIT),
        refused=(1, "unit", "default"),
    ),
    SchemaChange(
        what="a type became an unrelated one",
        earlier=(record(field("value", "int")),),
        new=record(field("value", "string")),
        refused=(1, "value", "type"),
    ),
    SchemaChange(
        what="an int was widened to long, which old readers can not read",
        earlier=(record(field("value", "int")),),
        new=record(field("value", "long")),
        refused=(1, "value", "type"),
    ),
    SchemaChange(
        what="a float was widened to double",
        earlier=(record(field("value", "float")),),
        new=record(field("value", "double")),
        refused=(1, "value", "type"),
    ),
    SchemaChange(
        what="a string became bytes",
        earlier=(record(field("value", "string")),),
        new=record(field("value", "bytes")),
        misread="value",
    ),
    SchemaChange(
        what="a field became optional",
        earlier=(record(field("value", "double")),),
        new=record(optional("value", "double")),
        refused=(1, "value", "type"),
    ),
    SchemaChange(
        what="a union gained a branch",
        earlier=(record(field("value", ["null", "double"])),),
        new=record(field("value", ["null", "double", "string"])),
        refused=(1, "value", "union"),
    ),
    SchemaChange(
        what="a union lost a branch",
        earlier=(record(field("value", ["null", "double", "string"])),),
        new=record(field("value", ["null", "double"])),
        refused=(1, "value", "union"),
    ),
    SchemaChange(
        what="a union's branches stand in another order",
        earlier=(record(field("value", ["null", "double"])),),
        new=record(field("value", ["double", "null"])),
    ),
    SchemaChange(
        what="a union of one branch became that branch",
        earlier=(record(field("value", ["double"])),),
        new=record(field("value", "double")),
    ),
    SchemaChange(
        what="an enum gained a symbol",
        earlier=(record(field("severity", enum("HIGH", "LOW"))),),
        new=record(field("severity", enum("HIGH", "LOW", "CRITICAL"))),
        refused=(1, "severity", "symbols"),
    ),
    SchemaChange(
        what="an enum with a default gained a symbol",
        earlier=(record(field("severity", enum("HIGH", "LOW", default="LOW"))),),
        new=record(field("severity", enum("HIGH", "LOW", "CRITICAL", default="LOW"))),
    ),
    SchemaChange(
        what="an enum's symbols stand in another order",
        earlier=(record(field("severity", enum("HIGH", "LOW"))),),
        new=record(field("severity", enum("LOW", "HIGH"))),
    ),
    SchemaChange(
        what="an enum field without a default but with an enum default was added",
        earlier=(record(ID),),
        new=record(ID, field("severity", enum("HIGH", "LOW", default="LOW"))),
        refused=(1, "severity", "default"),
    ),
    SchemaChange(
        what="a fixed type changed its size",
        earlier=(record(field("digest", fixed(16))),),
        new=record(field("digest", fixed(32))),
        refused=(1, "digest", "size"),
    ),
    SchemaChange(
        what="a fixed type changed its name",
        earlier=(record(field("digest", fixed(16))),),
        new=record(field("digest", fixed(16, name="Hash"))),
        refused=(1, "digest", "name"),
    ),
    SchemaChange(
        what="a field without a default was added to a nested record",
        earlier=(record(field("channel", channel(ID))),),
        new=record(field("channel", channel(ID, UNIT))),
        refused=(1, "channel.unit", "default"),
    ),
    SchemaChange(
        what="a field with a default was added to a nested record",
        earlier=(record(field("channel", channel(ID))),),
        new=record(field("channel", channel(ID, field("unit", "string", default="")))),
    ),
    SchemaChange(
        what="a nested record changed its name",
        earlier=(record(field("channel", channel(ID))),),
        new=record(field("channel", channel(ID, name="Quantity"))),
        refused=(1, "channel", "name"),
    ),
    SchemaChange(
        what="a nested record changed its name with an alias that only new readers know",
        earlier=(record(field("channel", channel(ID))),),
        new=record(field("channel", channel(ID, name="Quantity", aliases=["Channel"]))),
        refused=(1, "channel", "name"),
    ),
    SchemaChange(
        what="a nested record changed its name and each version knows the other's",
        earlier=(record(field("channel", channel(ID, aliases=["Quantity"]))),),
        new=record(field("channel", channel(ID, name="Quantity", aliases=["Channel"]))),
    ),
    SchemaChange(
        what="a nested record changed its namespace only",
        earlier=(record(field("channel", channel(ID))),),
        new=record(field("channel", channel(ID, namespace="telltale.parts"))),
    ),
    SchemaChange(
        what="an array's items changed their type",
        earlier=(record(field("values", array("double"))),),
        new=record(field("values", array("string"))),
        refused=(1, "values[]", "type"),
    ),
    SchemaChange(
        what="a map's values changed their type",
        earlier=(record(field("values", mapping("double"))),),
        new=record(field("values", mapping("string"))),
        refused=(1, "values{}", "type"),
    ),
    SchemaChange(
        what="a field without a default was added to a record in an array",
        earlier=(record(field("channels", array(channel(ID)))),),
        new=record(field("channels", array(channel(ID, UNIT)))),
        refused=(1, "channels[].unit", "default"),
    ),
    SchemaChange(
        what="an array became a map",
        earlier=(record(field("values", array("double"))),),
        new=record(field("values", mapping("double"))),
        refused=(1, "values", "type"),
    ),
    SchemaChange(
        what="a record that contains itself gained a field with a default",
        earlier=(record(field("root", tree())),),
        new=record(field("root", tree(field("weight", "double", default=0.0)))),
    ),
    SchemaChange(
        what="a record that contains itself gained a field without a default",
        earlier=(record(field("root", tree())),),
        new=record(field("root", tree(field("weight", "double")))),
        refused=(1, "root.weight", "default"),
    ),
    SchemaChange(
        what="a time in milliseconds became one in microseconds",
        earlier=(record(field("at", {"type": "long", "logicalType": "timestamp-millis"})),),
        new=record(field("at", {"type": "long", "logicalType": "timestamp-micros"})),
        misread="at",
    ),
    SchemaChange(
        what="an optional time lost its meaning",
        earlier=(record(optional("at", {"type": "long", "logicalType": "timestamp-micros"})),),
        new=record(optional("at", "long")),
        misread="at",
    ),
    SchemaChange(
        what="a default is not of its field's type",
        earlier=(record(ID),),
        new=record(ID, field("unit", "string", default=3)),
        refused=(0, "", "invalid"),
    ),
    SchemaChange(
        what="a default is of a union's second branch",
        earlier=(record(ID),),
        new=record(ID, field("unit", ["null", "string"], default="")),
    ),
    SchemaChange(
        what="a default of an array has an item of another type",
        earlier=(record(ID),),
        new=record(ID, field("kinds", array("string"), default=[1])),
        refused=(0, "", "invalid"),
    ),
    SchemaChange(
        what="a type is not defined",
        earlier=(record(ID),),
        new=record(ID, field("unit", "Unit")),
        refused=(0, "", "invalid"),
    ),
    SchemaChange(
        what="a field stands twice",
        earlier=(record(ID),),
        new=record(ID, ID),
        refused=(0, "", "invalid"),
    ),
)
