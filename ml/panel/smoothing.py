"""Exponentially weighted means over a sensor's training rows."""

import numpy as np

from ml.detector import BoolArray, FloatArray
from ml.panel.compiled import compiled_apart


@compiled_apart
def _weighted_mean(values: FloatArray, restarts: BoolArray, weight: float) -> FloatArray:
    means = values.copy()
    for row in range(1, values.shape[0]):
        if not restarts[row]:
            for column in range(values.shape[1]):
                means[row, column] = means[row - 1, column] + weight * (values[row, column] - means[row - 1, column])
    return means


def weighted_mean(values: FloatArray, restarts: BoolArray, weight: float) -> FloatArray:
    """Return the mean after each row: float64 array (n, k); begins anew where `restarts`."""
    means: FloatArray = _weighted_mean(np.ascontiguousarray(values), restarts, weight)
    return means


@compiled_apart
def _above_baseline(
    residuals: FloatArray, gated: BoolArray, restarts: BoolArray, fast_weight: float, base_weight: float
) -> FloatArray:
    apart = np.zeros_like(residuals)
    fast, base = residuals[0].copy(), residuals[0].copy()
    for row in range(residuals.shape[0]):
        if restarts[row]:
            for column in range(residuals.shape[1]):
                fast[column] = base[column] = residuals[row, column]
        for column in range(residuals.shape[1]):
            fast[column] += fast_weight * (residuals[row, column] - fast[column])
            if gated[row]:
                base[column] = fast[column]
            else:
                base[column] += base_weight * (fast[column] - base[column])
            apart[row, column] = fast[column] - base[column]
    return apart


def above_baseline(
    residuals: FloatArray, gated: BoolArray, restarts: BoolArray, *, fast_weight: float, base_weight: float
) -> FloatArray:
    """Return a fast mean's distance from a slow one that follows it behind the gate: float64 array (n, k)."""
    apart: FloatArray = _above_baseline(np.ascontiguousarray(residuals), gated, restarts, fast_weight, base_weight)
    return apart


def settled_mean(values: FloatArray, length: float) -> FloatArray:
    """Return the mean after each row of (n, k): a plain mean at first, then with weight 1/length."""
    means = values.copy()
    for row in range(1, len(values)):
        means[row] = means[row - 1] + (values[row] - means[row - 1]) / min(length, row + 1)
    return means
