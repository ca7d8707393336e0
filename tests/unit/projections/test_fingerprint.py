from projections.fingerprint import (
    Bucket,
    BucketFingerprint,
    Fingerprint,
    TableFingerprint,
    differing_buckets,
    fingerprint_query,
)

ROW = BucketFingerprint(1, (10, 20))


def test_equal_buckets_do_not_differ() -> None:
    assert differing_buckets(_of({Bucket(1): ROW}), _of({Bucket(1): ROW})) == {}


def test_a_bucket_differs_by_count_or_by_either_sum() -> None:
    for other in (BucketFingerprint(2, (10, 20)), BucketFingerprint(1, (11, 20)), BucketFingerprint(1, (10, 21))):
        assert differing_buckets(_of({Bucket(1): ROW}), _of({Bucket(1): other})) == {"readings": (1,)}


def test_rows_on_one_side_only_differ() -> None:
    assert differing_buckets(_of({}), _of({Bucket(3): ROW, Bucket(1): ROW})) == {"readings": (1, 3)}
    assert differing_buckets(Fingerprint({}), _of({Bucket(3): ROW})) == {"readings": (3,)}


def test_rows_are_summed_over_buckets() -> None:
    assert _of({Bucket(1): ROW, Bucket(2): BucketFingerprint(4, (0, 0))}).tables["readings"].rows == 5


def test_columns_are_hashed_by_value_in_the_order_given() -> None:
    query = fingerprint_query("readings", key=("partition", "offset"), columns=("a", "b"))
    assert 'hash_record_extended(ROW("a", "b")' in query
    assert 'hash_record_extended(ROW("partition", "offset"), 0) & 255 AS bucket' in query


def _of(buckets: dict[Bucket, BucketFingerprint]) -> Fingerprint:
    return Fingerprint({"readings": TableFingerprint(("a", "b"), buckets)})
