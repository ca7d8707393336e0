"""Which partition a key's records go to: the rule of Java's and librdkafka's `murmur2` partitioners."""

from functools import lru_cache
from typing import Final

from domain.topics import TOPICS

_MASK: Final = 0xFFFFFFFF
_MULTIPLIER: Final = 0x5BD1E995
_SEED: Final = 0x9747B28C


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key among `partitions`."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


@lru_cache(maxsize=65_536)
def partition_in(topic: str, key: bytes) -> int:
    """Return the partition of one of our topics that a key's records go to.

    Writers name it themselves, by the number of partitions the topic was made with: left to the client, a topic that
    somebody grew would put a machine's next reading where nobody looks for it.
    """
    return (murmur2(key) & 0x7FFFFFFF) % TOPICS[topic].partitions


def murmur2(octets: bytes) -> int:
    """Return MurmurHash2 of the bytes, 32 bits unsigned, with the seed that Kafka uses.

    Source: Austin Appleby's MurmurHash2, as Kafka's org.apache.kafka.common.utils.Utils.murmur2 fixes its seed.
    """
    digest = _SEED ^ len(octets)
    whole = len(octets) // 4 * 4
    for at in range(0, whole, 4):
        word = int.from_bytes(octets[at : at + 4], "little") * _MULTIPLIER & _MASK
        digest = digest * _MULTIPLIER & _MASK ^ (word ^ word >> 24) * _MULTIPLIER & _MASK
    if rest := octets[whole:]:
        digest = (digest ^ int.from_bytes(rest, "little")) * _MULTIPLIER & _MASK
    digest = (digest ^ digest >> 13) * _MULTIPLIER & _MASK
    return digest ^ digest >> 15
