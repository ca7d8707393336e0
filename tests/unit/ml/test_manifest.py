"""A manifest says everything that decides a model, in one text, and is read back whole."""

from dataclasses import replace

import numpy as np
import pytest

from ml.manifest import CodeIdentity, Manifest, NotAManifest, OffsetRange, Selection, differences, rows_sha256
from tests.unit.ml.rows import healthy_values, training_rows


def a_manifest() -> Manifest:
    return Manifest(
        selection=Selection(
            profile="pump@1",
            topic="sensor-events",
            topic_id="q1Zq",
            ranges=(
                OffsetRange(partition=0, from_offset=0, next_offset=500),
                OffsetRange(partition=3, from_offset=7, next_offset=7),
            ),
            recorded_before_us=1_700_000_000_000_000,
        ),
        channels=("flow", "pressure"),
        detectors=("isolation_forest",),
        settings={"trees": 100, "contamination": 0.005},
        rows=500,
        rows_sha256="ab" * 32,
        code=CodeIdentity(code_version="0.1.0", lock_sha256="cd" * 32, runtime={"numba": "0.68.1"}),
    )


def test_a_manifest_is_read_back_from_its_text() -> None:
    assert Manifest.parse(a_manifest().text()) == a_manifest()
    assert Manifest.parse(a_manifest().text()).sha256 == a_manifest().sha256


def test_the_text_does_not_depend_on_the_order_of_the_settings() -> None:
    turned = replace(a_manifest(), settings={"contamination": 0.005, "trees": 100})

    assert turned.text() == a_manifest().text()


def test_what_differs_between_two_manifests_is_named() -> None:
    later = replace(a_manifest(), rows=501, settings={"trees": 50, "contamination": 0.005})

    assert differences(a_manifest(), later) == (
        "settings: {'trees': 100, 'contamination': 0.005} → {'trees': 50, 'contamination': 0.005}",
        "rows: 500 → 501",
    )
    assert differences(a_manifest(), a_manifest()) == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"manifest":2}', '{"manifest":1,"rows":3}'])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(NotAManifest):
        Manifest.parse(text)


def test_the_rows_hash_changes_with_any_value_position_or_time() -> None:
    rows = training_rows(healthy_values(50))
    changed = rows.values.copy()
    changed[17, 2] = np.nextafter(changed[17, 2], np.inf)

    hashes = {
        rows_sha256(rows),
        rows_sha256(replace(rows, values=changed)),
        rows_sha256(replace(rows, offsets=rows.offsets + 1)),
        rows_sha256(replace(rows, partitions=rows.partitions + 1)),
        rows_sha256(replace(rows, recorded_at_us=rows.recorded_at_us + 1)),
    }

    assert len(hashes) == 5
    assert rows_sha256(rows) == rows_sha256(training_rows(healthy_values(50)))


def test_a_missing_value_hashes_the_same_whichever_nan_it_is() -> None:
    odd = np.array([[0x7FF8000000000001], [0xFFF8000000000000]], np.uint64).view(np.float64)
    plain = np.array([[np.nan], [np.nan]])

    assert rows_sha256(training_rows(odd)) == rows_sha256(training_rows(plain))
