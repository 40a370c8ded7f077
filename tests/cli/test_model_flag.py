"""`offcut --model NAME`: other weights draw the matte, or a clear refusal before any photo is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.engine.models.stores import digest_of, entry_of, store_of, tiny_onnx

from offcut.cli.cut import complete_models
from offcut.engine.models.catalog import Source
from offcut.engine.models.networks import Networks


@pytest.fixture
def asked_for(offcut: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The weights that each cut was asked to use."""
    from offcut.engine import pipeline

    del offcut  # Its plain cut is there by now, and is wrapped here.
    plain, models = pipeline.cut_out, []

    def cut_out(*given: Any, model: str, **more: Any) -> Any:
        models.append(model)
        return plain(*given, model=model, **more)

    monkeypatch.setattr(pipeline, "cut_out", cut_out)
    return models


def test_the_named_weights_are_used(
    offcut: Any, photo: Any, asked_for: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tiny_onnx()
    (tmp_path / "tiny.onnx").write_bytes(content)
    source = Source("file", digest_of(content), len(content), path=str(tmp_path / "tiny.onnx"))
    store = store_of(tmp_path, entry_of("tiny", content, source))
    store.pull("tiny")
    with Networks(store.folder, catalog=store.catalog) as networks:
        monkeypatch.setattr("offcut.library.default_networks", lambda: networks)
        assert offcut(photo("dog.png"), "--model", "tiny").code == 0
    assert offcut(photo("cat.png")).code == 0
    assert asked_for == ["tiny", "isnet"]


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("isnett", "unknown_model", "isnet, "),
        ("rmbg", "licence_not_accepted", "--accept-licence rmbg"),
        ("birefnet-lite", "weights_missing", "offcut models pull birefnet-lite"),
    ],
)
def test_weights_that_cannot_be_had_are_refused_before_any_photo_is_read(
    offcut: Any,
    photo: Any,
    asked_for: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    code: str,
    hint: str,
) -> None:
    with Networks(tmp_path / "weights") as networks:
        monkeypatch.setattr("offcut.library.default_networks", lambda: networks)
        ran = offcut(photo("dog.png"), "--model", name)
    assert ran.code == 1
    assert f"({code})" in ran.err
    assert hint in ran.err
    assert asked_for == []
    assert not (tmp_path / "dog-removebg.png").exists()


def test_a_server_has_weights_of_its_own(offcut: Any, photo: Any, asked_for: list[str]) -> None:
    ran = offcut(
        photo("dog.png"), "--model", "isnet", "--api-url", "http://127.0.0.1:9", "--api-key", "a-key"
    )
    assert ran.code == 2
    assert "(usage)" in ran.err
    assert asked_for == []


def test_the_shell_completes_what_draws_mattes() -> None:
    names = complete_models()
    assert {"isnet", "birefnet-lite", "rmbg"} <= set(names)
    assert "nanodet" not in names
