"""The catalogue of weights: what it says, and what it refuses to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from offcut.engine.models.catalog import built_in, read_catalog
from offcut.engine.models.families import FAMILIES
from offcut.errors import UnknownModelError

MINIMAL = """
default = ["a"]
[models.a]
title = "A"
family = "isnet"
licence = "MIT"
licence_url = "https://example.org"
commercial = true
[models.a.source]
kind = "url"
url = "https://example.org/a.onnx"
bytes = 3
sha256 = "00"
[[models.a.files]]
name = "a.onnx"
bytes = 3
sha256 = "00"
"""


def test_default_set_is_free_for_commercial_use() -> None:
    catalog = built_in()
    assert catalog.default == ("isnet", "u2netp", "nanodet")
    assert all(catalog.entry(name).commercial for name in catalog.default)


def test_every_entry_can_be_verified_and_run() -> None:
    for entry in built_in():
        sums = [entry.source.sha256, *(file.sha256 for file in entry.files)]
        assert all(len(digest) == 64 and int(digest, 16) for digest in sums), entry.name
        assert entry.family in FAMILIES or entry.family == "nanodet"
        assert entry.bytes == sum(file.bytes for file in entry.files) > 0
        assert not entry.source.url or entry.source.url.startswith("https://")


def test_non_commercial_weights_are_marked() -> None:
    assert [entry.name for entry in built_in() if not entry.commercial] == ["rmbg"]


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownModelError) as caught:
        built_in().entry("nonsense")
    assert caught.value.code == "unknown_model"
    assert "isnet" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "a.onnx"', 'name = "../a.onnx"'),
        ("models.a", 'models."../a"'),
        ('kind = "url"', 'kind = "npm"'),
        ('kind = "url"', 'kind = "ftp"'),
        ('default = ["a"]', 'default = ["b"]'),
    ],
)
def test_a_catalogue_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(MINIMAL, "utf-8")
    assert read_catalog(path).entry("a").source.url
    path.write_text(
        MINIMAL.replace(old, new).replace(
            "[models.a.", '[models."../a".' if "../a]" in new else "[models.a."
        ),
        "utf-8",
    )
    with pytest.raises((ValueError, KeyError)):
        read_catalog(path)
