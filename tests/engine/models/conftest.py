"""The tiny network, in a store of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.models.stores import catalog_of, digest_of, entry_of, tiny_onnx

from offcut.engine.models.catalog import Source
from offcut.engine.models.weights import Weights


@pytest.fixture(scope="session")
def tiny() -> bytes:
    return tiny_onnx()


@pytest.fixture
def store(tmp_path: Path, tiny: bytes) -> Weights:
    """A store that holds the tiny network under the name `tiny`."""
    original = tmp_path / "original.onnx"
    original.write_bytes(tiny)
    source = Source("file", digest_of(tiny), len(tiny), path=str(original))
    weights = Weights(tmp_path / "models", catalog_of(entry_of("tiny", tiny, source)))
    weights.pull("tiny")
    return weights
