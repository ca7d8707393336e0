"""Errors of libraries in words: without their own notation, which tells people nothing."""

import re
from typing import Final

_KAFKA: Final = re.compile(r"""KafkaError\{.*?str=(?P<quote>["'])(?P<text>.*?)(?P=quote)\}""", re.DOTALL)
_ERRNO: Final = re.compile(r"\[Errno -?\d+\] ")


def in_words(reason: str) -> str:
    """Return a reason without `KafkaError{code=…,str="…"}` and `[Errno 111]` around what they say."""
    return _ERRNO.sub("", _KAFKA.sub(lambda found: found["text"].removeprefix("Local: "), reason))
