"""What is said when a file's columns can't be taken as asked."""

from collections.abc import Mapping


class ColumnsDoNotFit(ValueError):
    """The file's columns can't be taken as asked; the message says which and what to say on the command line.

    advice: options of the command line, by name without dashes, that would go on from here; empty where a person has
    to decide.
    """

    def __init__(self, message: str, *, advice: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.advice = dict(advice or {})
