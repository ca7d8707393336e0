"""What a channel's name suggests: it drives the machine, or the machine answers with it."""

import re
from typing import Final

from domain.profiles import Role

_CONDITION: Final = re.compile(
    r"(?i)(?:^|[^a-z])(?:speed|rpm|load|last|drehzahl|geschwindigkeit|ambient|outside|outdoor|umgebung\w*|aussen\w*|außen\w*"
    r"|setpoint|set[ _]?point|sp|sollwert|throttle|demand|command|cmd|wind[ _]?speed|weather|humidity|luftfeuchte"
    r"|production|throughput|torque[ _]?demand)(?:$|[^a-z])"
)


def role_of(channel: str) -> Role:
    """Return condition for what sounds like speed, load, ambient or a set point, else response."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", channel)
    return Role.CONDITION if _CONDITION.search(spaced) else Role.RESPONSE
