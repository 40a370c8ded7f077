"""Names of results, for any set of photos: all different, steady, none of them a photo."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offcut.cli.destinations import destinations
from offcut.cli.photos import Found

NAMES = st.builds(
    lambda folder, stem, suffix: f"{folder}/{stem}.{suffix}",
    st.sampled_from(["a", "b", "a/c", "b/c", "A"]),
    st.sampled_from(["dog", "Dog", "dog-jpg", "a-dog", "cat", "dog-removebg"]),
    st.sampled_from(["jpg", "png", "webp", "JPG"]),
)


@settings(max_examples=80, deadline=None)
@given(
    names=st.lists(NAMES, min_size=1, max_size=8, unique=True),
    output=st.sampled_from([None, "out", "a"]),
    suffixes=st.sampled_from([("png",), ("png", "jpg"), ("webp",)]),
)
def test_results_are_different_steady_and_never_a_photo(
    names: list[str], output: str | None, suffixes: tuple[str, ...]
) -> None:
    with TemporaryDirectory() as folder:
        top = Path(folder)
        photos = []
        for name in names:
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            photos.append(Found(path))
        output_folder = None if output is None else top / output
        made = destinations(photos, output_folder=output_folder, suffixes=suffixes)
        paths = [str(target.path(suffix)).casefold() for target in made for suffix in suffixes]
        assert len(paths) == len(set(paths))
        assert not {target.path(suffix) for target in made for suffix in suffixes} & {
            photo.location for photo in photos
        }
        backwards = destinations(photos[::-1], output_folder=output_folder, suffixes=suffixes)[::-1]
        assert backwards == made


@pytest.mark.parametrize(
    ("address", "stem"),
    [
        ("https://example.com/pets/dog.jpg", "dog"),
        ("https://example.com/dog.jpg?width=20#top", "dog"),
        ("https://example.com/", "photo"),
        ("https://example.com/%2e%2e%2fetc%2fpasswd", "passwd"),
        ("https://example.com/a%00b%0a.jpg", "a_b_"),
        ("https://example.com/...", "photo"),
    ],
)
def test_an_address_gives_a_name_that_is_safe_on_disk(address: str, stem: str) -> None:
    assert Found(address).stem == stem
