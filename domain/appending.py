"""What may become of events on their way into the log, whoever appends them."""


class EventNotAppended(Exception):
    """The log did not take the events, or did not say so; the same request again is safe."""


class ReadingsNotAppended(EventNotAppended):
    """The log did not take all readings; appending the same ones again is safe, since their ids stay the same."""


class LogFull(ReadingsNotAppended):
    """The log has no room for more readings."""
