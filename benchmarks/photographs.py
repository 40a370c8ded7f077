"""Test photographs of any size: scikit-image's astronaut, enlarged, with the grain that a camera leaves.

Without grain an enlarged photo is smoother than any real one, and files of it are small and quick to make.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import skimage.data

GRAIN = 4.0
ASPECT = 4 / 3


def photograph(megapixels: float, folder: Path, *, seed: int = 0) -> Path:
    """A JPEG file of about that size, 3:4 upright, made once a folder."""
    path = folder / f"photograph-{megapixels:g}mp-{seed}.jpg"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    width = round((megapixels * 1e6 / ASPECT) ** 0.5)
    size = (width, round(width * ASPECT))
    pixels = cv2.resize(skimage.data.astronaut(), size, interpolation=cv2.INTER_CUBIC)
    chance = np.random.default_rng(seed)
    for top in range(0, size[1], 256):
        band = pixels[top : top + 256]
        grain = chance.normal(0, GRAIN, band.shape[:2])[:, :, None]
        pixels[top : top + 256] = np.clip(band + grain, 0, 255)
    cv2.imwrite(str(path), pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path
