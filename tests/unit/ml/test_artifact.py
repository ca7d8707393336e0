"""A model's bytes: the same for the same content, whole or refused, and never code."""

import numpy as np
import pytest

from ml.artifact import Artifact, NotAnArtifact, pack, unpack
from ml.loading import load_detector


def an_artifact() -> Artifact:
    return Artifact(
        header={"detector": "oracle", "channels": ["flow", "Δp"], "threshold": 0.1 + 0.2},
        arrays={
            "weights": np.arange(6, dtype=np.float64).reshape(2, 3),
            "odd": np.array([1, 2, 3], np.int8),
            "big_endian": np.array([1.5], ">f8"),
            "none": np.empty((0, 4), np.float32),
        },
    )


def test_an_artifact_is_read_back_as_it_was_written() -> None:
    again = unpack(pack(an_artifact()))

    assert again.header == an_artifact().header
    for name, array in an_artifact().arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
        assert again.arrays[name].shape == array.shape


def test_equal_artifacts_have_equal_bytes_whatever_the_order_they_were_named_in() -> None:
    artifact = an_artifact()
    turned = Artifact(
        header=dict(reversed(list(artifact.header.items()))), arrays=dict(reversed(list(artifact.arrays.items())))
    )

    assert pack(artifact) == pack(turned)
    assert pack(unpack(pack(artifact))) == pack(artifact)


def test_arrays_read_back_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        unpack(pack(an_artifact())).arrays["weights"][0, 0] = 9


@pytest.mark.parametrize("length", [0, 5, 12, 40, -8])
def test_bytes_cut_short_are_refused(length: int) -> None:
    with pytest.raises(NotAnArtifact):
        unpack(pack(an_artifact())[:length])


def test_objects_are_refused() -> None:
    with pytest.raises(NotAnArtifact, match="type"):
        pack(Artifact(header={}, arrays={"things": np.array([object()])}))


def test_a_form_or_a_detector_of_another_version_is_refused_by_name() -> None:
    with pytest.raises(NotAnArtifact, match="'onnx'"):
        load_detector(b"", format="onnx")
    with pytest.raises(NotAnArtifact, match="'oracle' is not known"):
        load_detector(pack(an_artifact()))
