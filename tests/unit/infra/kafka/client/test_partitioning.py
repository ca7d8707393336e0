"""Keys are placed as Kafka's own partitioner places them."""

import pytest

from infra.kafka.client.partitioning import murmur2, partition_of


@pytest.mark.parametrize(
    ("octets", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_hashes_are_those_of_kafkas_own_tests(octets: bytes, signed: int) -> None:
    assert murmur2(octets) == signed % 2**32


def test_every_partition_is_used() -> None:
    assert {partition_of(f"pump-{number}", 8) for number in range(100)} == set(range(8))
