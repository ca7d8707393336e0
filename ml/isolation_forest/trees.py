"""An isolation forest as plain arrays, laid out so that no branch and no pointer is needed to walk it.

Every tree is filled up to a perfect binary tree of one depth d: node i has children 2i + 1 and 2i + 2, so a row walks
exactly d steps. Filling nodes send every row left (threshold +inf) to a copy of the leaf's value.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # scoring needs the trees and not scikit-learn, which takes longer to load than all the rest
    from sklearn.ensemble import IsolationForest

DEEPEST: Final = 12
"""Deepest tree that is laid out: a perfect tree of 12 levels takes 8,191 nodes. ψ = 256 rows a tree give 8."""

_LEAF: Final = -1  # sklearn.tree._tree.TREE_LEAF


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """t trees of depth d over c channels.

    channel: int8 array (t, 2^d − 1), the channel a node asks for.
    split: float32 array (t, 2^d − 1); a float32 value goes right when it is above it.
    path: float64 array (t, 2^d), expected length of the path that ends in the leaf.
    normal: mean path length of an average row times t: the score is 2^(−Σ path / normal).
    """

    channel: npt.NDArray[np.int8]
    split: npt.NDArray[np.float32]
    path: npt.NDArray[np.float64]
    normal: float

    @property
    def depth(self) -> int:
        """Steps from the root to a leaf."""
        return int(self.path.shape[1]).bit_length() - 1


def average_path_length(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return c(n), the mean path length of an unsuccessful search among `rows` rows.

    Liu, Ting, Zhou (2008), Isolation Forest, equation 1, with H(i) ≈ ln i + γ; c(1) = 0 and c(2) = 1.
    """
    lengths = np.zeros_like(rows)
    lengths[rows == 2] = 1.0
    many = rows > 2
    n = rows[many]
    lengths[many] = 2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n
    return lengths


def flatten(forest: "IsolationForest") -> Trees:
    """Return the fitted forest's trees; rows take the same way through them, to the bit, as in scikit-learn.

    scikit-learn compares float32 values with float64 thresholds; x ≤ t for a float32 x exactly when x ≤ the largest
    float32 not above t, so the thresholds are rounded down, not to the nearest.
    """
    depth = max(int(tree.tree_.max_depth) for tree in forest.estimators_)
    if depth > DEEPEST:
        raise ValueError(f"trees of depth {depth} are too deep to lay out; use at most {2**DEEPEST} rows a tree")
    laid_out = [
        _lay_out(tree.tree_, np.asarray(features), depth)
        for tree, features in zip(forest.estimators_, forest.estimators_features_, strict=True)
    ]
    channels, splits, paths = zip(*laid_out, strict=True)
    per_tree = float(average_path_length(np.array([float(forest.max_samples_)]))[0])
    return Trees(
        channel=np.stack(channels), split=np.stack(splits), path=np.stack(paths), normal=len(laid_out) * per_tree
    )


_Places = tuple[npt.NDArray[np.int8], npt.NDArray[np.float32], npt.NDArray[np.float64]]


def _lay_out(tree: Any, features: npt.NDArray[np.int64], depth: int) -> _Places:
    """Return one tree's rows of channel, split and path; a leaf above the last level fills all leaves below it."""
    channel = np.zeros(2**depth - 1, np.int8)
    split = np.full(2**depth - 1, np.inf, np.float32)
    path = np.zeros(2**depth)
    beyond = average_path_length(tree.n_node_samples.astype(np.float64))
    waiting = [(0, 0, 0)]
    while waiting:
        node, place, level = waiting.pop()
        if tree.children_left[node] == _LEAF:
            leaves = 2 ** (depth - level)
            first = (place + 1) * leaves - 2**depth
            path[first : first + leaves] = level + beyond[node]
            continue
        channel[place] = features[tree.feature[node]]
        split[place] = _rounded_down(float(tree.threshold[node]))
        waiting.append((int(tree.children_left[node]), 2 * place + 1, level + 1))
        waiting.append((int(tree.children_right[node]), 2 * place + 2, level + 1))
    return channel, split, path


def _rounded_down(threshold: float) -> np.float32:
    nearest = np.float32(threshold)
    return np.nextafter(nearest, np.float32(-np.inf)) if float(nearest) > threshold else nearest
