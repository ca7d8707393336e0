"""Panels that several tests look at; training one takes a moment."""

import pytest

from ml.panel.detector import PanelDetector
from tests.unit.ml.panel.machines import trained_pump, trained_room


@pytest.fixture(scope="session")
def pump() -> PanelDetector:
    return trained_pump()


@pytest.fixture(scope="session")
def room() -> PanelDetector:
    return trained_room()
