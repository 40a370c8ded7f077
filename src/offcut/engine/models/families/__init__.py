"""Architectures, one file each. `FAMILIES` holds those that turn a photo into a matte, `CONVERTERS` what
makes an ONNX network of files that are not one; both by the name that the catalogue uses."""

from collections.abc import Callable, Mapping
from pathlib import Path

import onnx

from offcut.engine.models.families import birefnet, isnet, nanodet, rmbg, u2net
from offcut.engine.models.families.family import Family

FAMILIES: Mapping[str, Family] = {
    "isnet": isnet.FAMILY,
    "u2net": u2net.FAMILY,
    "birefnet": birefnet.FAMILY,
    "rmbg": rmbg.FAMILY,
}

CONVERTERS: Mapping[str, Callable[[tuple[Path, ...]], onnx.ModelProto]] = {"nanodet": nanodet.convert}

__all__ = ["CONVERTERS", "FAMILIES", "Family"]
