"""The columns of the quality tables: known mattes have known scores. Sections of the page are replaced."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def loaded(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def measures() -> ModuleType:
    return loaded("measures")


def square(left: int) -> np.ndarray[Any, Any]:
    matte = np.zeros((100, 100), np.float32)
    matte[30:70, left : left + 40] = 1
    return matte


def test_the_truth_scores_best(measures: ModuleType) -> None:
    assert measures.score(square(30), square(30)) == pytest.approx((0, 0, 0, 1, 1), abs=1e-9)


def test_a_shift_is_measured(measures: ModuleType) -> None:
    scored = measures.score(square(35), square(30))
    # Five columns of 40 pixels on either side, of 10 000 pixels; 35 of 45 columns in common.
    assert scored.mae == pytest.approx(40)
    assert scored.mse == pytest.approx(40)
    assert scored.iou == pytest.approx(35 / 45)
    # The upright sides are 5 pixels off, more than the tolerance of 3; the others overlap.
    assert 0.4 < scored.bf3 < 0.6
    assert scored.grad > 0
    assert measures.score(square(32), square(30)).bf3 == pytest.approx(1)


def test_half_strength_counts_half_and_squared_a_quarter(measures: ModuleType) -> None:
    scored = measures.score(square(30) / 2, square(30))
    assert (scored.mae, scored.mse) == (pytest.approx(80), pytest.approx(40))
    assert scored.iou == 1


def test_a_sharp_edge_has_the_gradient_of_its_gaussian(measures: ModuleType) -> None:
    """Across a step, the derivative of a Gaussian of sigma 1.4 peaks at 1 / (sigma × √(2π)) = 0.285."""
    step = np.zeros((40, 40), np.float32)
    step[:, 20:] = 1
    assert measures._gradient(step).max() == pytest.approx(0.285, rel=0.1)


def test_a_section_of_the_page_is_replaced_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = loaded("record")
    monkeypatch.setattr(record, "PAGE", tmp_path / "benchmarks.md")
    monkeypatch.setattr(record, "circumstances", lambda: "here")
    monkeypatch.setattr(sys, "argv", ["speed.py"])
    record.write("speed", "Speed", "first")
    record.write("memory", "Memory", "kept")
    record.write("speed", "Speed", "second \\1")
    text = (tmp_path / "benchmarks.md").read_text()
    assert "first" not in text
    assert text.index("second \\1") < text.index("kept")
    assert text.count("## Speed") == 1
