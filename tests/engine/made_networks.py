"""Networks that see what is red, and photos of something red for them. They need no weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from offcut.engine import pipeline
from offcut.engine.models.families import nanodet
from offcut.engine.types import Mask, Matte, Rgb

WIDTH, HEIGHT = 600, 400
RED, GRASS = (205, 60, 50), (90, 120, 80)


def red(picture: Rgb, side: int) -> Matte:
    difference = picture[:, :, 0].astype(np.int16) - picture[:, :, 1]
    return cv2.resize((difference > 60).astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)


@dataclass
class MadeNetworks:
    """Stands for the shelf of networks. `calls` are the names of those that ran, in order."""

    step: int = 64
    calls: list[str] = field(default_factory=list)
    sides: list[int | None] = field(default_factory=list)

    def segmenter(self, name: str) -> Any:
        def matte(picture: Rgb, side: int | None = None, *, drawn: int | None = None) -> Matte:
            self.calls.append(name)
            self.sides.append(side)
            return red(picture, drawn or side or 512)

        step = self.step if name != pipeline.WHOLE else 64
        return SimpleNamespace(family=SimpleNamespace(step=step), matte=matte)

    def network(self, name: str, _convert: object) -> str:
        return name

    def check(self, _names: object) -> None:
        """They need no weights."""


def made_networks(monkeypatch: pytest.MonkeyPatch) -> MadeNetworks:
    """The networks, and a detector that finds nothing, for one test."""
    made = MadeNetworks()

    def detector(name: str) -> Any:
        def detect(_rgb: Rgb) -> list[object]:
            made.calls.append(name)
            return []

        return SimpleNamespace(detect=detect)

    monkeypatch.setattr(nanodet, "Detector", detector)
    return made


def letter() -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[60:340, 60:180] = True
    mask[250:340, 60:420] = True
    return mask


def shown(mask: Mask | None = None) -> Rgb:
    """The mask in red on grass, lit from one side as photographs are."""
    mask = letter() if mask is None else mask
    rng = np.random.default_rng(1)
    light = np.linspace(0.75, 1.2, mask.shape[1])[:, None]
    pixels = np.where(mask[..., None], RED, GRASS) * light + rng.integers(-9, 10, (*mask.shape, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)
