"""What a command was answered when it led to no event of its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswered:
    """A command changed nothing, or a rule forbade it. Schema: telltale.CommandAnswered.avsc.

    rule: the rule that forbade it; None: what it asks for was so already. standing: position of the record that says
    so, or that stands in its way; None where the log holds none.
    """

    command_id: str
    command: str
    key: str
    rule: str | None
    message: str
    standing: str | None
    actor: str
