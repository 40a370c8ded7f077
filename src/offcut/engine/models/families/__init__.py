"""Architectures, one file each. `FAMILIES` holds those that turn a photo into a matte, by the name that
the catalogue uses."""

from collections.abc import Mapping

from offcut.engine.models.families import birefnet, isnet, rmbg, u2net
from offcut.engine.models.families.family import Family

FAMILIES: Mapping[str, Family] = {
    "isnet": isnet.FAMILY,
    "u2net": u2net.FAMILY,
    "birefnet": birefnet.FAMILY,
    "rmbg": rmbg.FAMILY,
}

__all__ = ["FAMILIES", "Family"]
