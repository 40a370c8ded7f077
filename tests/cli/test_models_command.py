"""`offcut models` and `offcut doctor`, without a network: what is listed, refused, explained."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.engine.models.stores import catalog_of, digest_of, entry_of, tiny_onnx

from offcut.engine.models import runtime
from offcut.engine.models.catalog import Catalog, Source, built_in
from offcut.engine.models.weights import Weights


@pytest.fixture(autouse=True)
def _home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offcut.engine.models.weights.default_folder", lambda: tmp_path / "weights")


def test_the_list_says_name_licence_and_state(offcut: Any) -> None:
    ran = offcut("models", "list")
    assert ran.code == 0
    lines = ran.out.decode().splitlines()
    assert any(line.startswith("isnet *") and "MIT" in line and "absent" in line for line in lines)
    assert any(line.startswith("rmbg ") and "no commercial use" in line for line in lines)
    as_json = {record["name"]: record for record in offcut("models", "list", "--json").records}
    assert as_json["isnet"]["default"] is True
    assert as_json["rmbg"]["commercial"] is False


def test_weights_that_forbid_commercial_use_are_refused_until_accepted(offcut: Any) -> None:
    ran = offcut("models", "pull", "rmbg")
    assert ran.code == 1
    assert "(licence_not_accepted)" in ran.err
    assert "--accept-licence rmbg" in ran.err


@pytest.mark.parametrize("command", ["pull", "path", "verify", "remove"])
def test_a_name_that_is_not_known_is_answered_with_those_that_are(offcut: Any, command: str) -> None:
    ran = offcut("models", command, "isnett")
    assert ran.code == 1
    assert "isnet, " in ran.err
    assert "(unknown_model)" in ran.err


def test_pulling_prepares_the_network_once(
    offcut: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tiny_onnx()
    (tmp_path / "tiny.onnx").write_bytes(content)
    source = Source("file", digest_of(content), len(content), path=str(tmp_path / "tiny.onnx"))
    catalog = catalog_of(entry_of("tiny", content, source))
    monkeypatch.setattr("offcut.engine.models.weights.built_in", lambda: catalog)
    ran = offcut("models", "pull")
    assert ran.code == 0
    assert "tiny: prepared (" in ran.out.decode()
    prepared = sorted((tmp_path / "weights" / ".prepared").iterdir())
    assert prepared
    again = offcut("models", "pull")
    assert "is here already" in again.out.decode()
    assert "prepar" not in again.out.decode() + again.err
    assert sorted((tmp_path / "weights" / ".prepared").iterdir()) == prepared


def test_a_wrong_file_is_refused_and_not_kept(offcut: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"these are no weights")
    ran = offcut("models", "pull", "isnet", "--from", wrong)
    assert ran.code == 1
    assert "(wrong_hash)" in ran.err
    assert offcut("models", "path", "isnet").code == 1
    assert wrong.exists()


def test_one_file_is_the_source_of_one_set(offcut: Any, tmp_path: Path) -> None:
    assert offcut("models", "pull", "isnet", "u2netp", "--from", tmp_path / "x").code == 2


def test_the_folder_is_printed_for_programs(offcut: Any, tmp_path: Path) -> None:
    assert offcut("models", "path").out.decode().splitlines() == [str(tmp_path / "weights")]


def test_missing_weights_say_how_to_get_them(offcut: Any) -> None:
    ran = offcut("models", "path", "isnet")
    assert ran.code == 1
    assert "offcut models pull isnet" in ran.err


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A healthy installation: the built-in catalogue, its default set (made small) and nothing else."""
    known = built_in()
    entries = dict(known.entries)
    for name in known.default:
        entry = entries[name]
        files = []
        for file in entry.files:
            content = f"{name}/{file.name}".encode()
            path = tmp_path / "weights" / name / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            files.append(replace(file, bytes=len(content), sha256=digest_of(content)))
        entries[name] = replace(entry, files=tuple(files))
    catalog = Catalog(entries, known.default)
    monkeypatch.setattr("offcut.engine.models.weights.built_in", lambda: catalog)
    return tmp_path / "weights"


@pytest.mark.usefixtures("installed")
def test_a_healthy_installation_is_intact(offcut: Any) -> None:
    ran = offcut("models", "verify")
    assert sorted(ran.out.decode().splitlines()) == sorted(f"{name}: intact." for name in built_in().default)
    assert ran.err == ""
    assert ran.code == 0


@pytest.mark.parametrize("content", [b"short", None])
def test_damaged_weights_are_named_and_the_others_are_read_too(
    offcut: Any, installed: Path, content: bytes | None
) -> None:
    file = next((installed / "u2netp").iterdir())
    file.write_bytes(file.read_bytes()[::-1] if content is None else content)
    ran = offcut("models", "verify")
    lines = ran.out.decode().splitlines()
    assert "u2netp: damaged." in lines
    assert {"isnet: intact.", "nanodet: intact."} < set(lines)
    assert "(weights_corrupt)" in ran.err
    assert "offcut models pull u2netp" in ran.err
    assert ran.code == 1


def test_where_nothing_is_installed_there_is_nothing_to_verify(offcut: Any) -> None:
    ran = offcut("models", "verify")
    assert "offcut models pull" in ran.out.decode()
    assert ran.err == ""
    assert ran.code == 0


def test_pruning_an_empty_folder_is_no_error(offcut: Any) -> None:
    ran = offcut("models", "prune")
    assert ran.code == 0
    assert ran.out.decode().startswith("0 removed")


def test_the_doctor_names_device_precision_reason_and_what_is_missing(offcut: Any) -> None:
    ran = offcut("doctor")
    assert ran.code == 1
    used = next(line for line in ran.out.decode().splitlines() if line.startswith("Used"))
    assert " at " in used
    assert len(used.split(": ")[1]) > 5
    assert "(weights_missing)" in ran.err
    found = json.loads(offcut("doctor", "--json").out)
    assert found["device"]
    assert found["precision"] in {"fp32", "fp16", "bf16", "int8"}
    assert found["weights"]["state"]["isnet"] == "absent"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """Two sets of the default that are here."""
    content = tiny_onnx()
    (tmp_path / "tiny.onnx").write_bytes(content)
    source = Source("file", digest_of(content), len(content), path=str(tmp_path / "tiny.onnx"))
    catalog = catalog_of(entry_of("tiny", content, source), entry_of("other", content, source))
    monkeypatch.setattr("offcut.engine.models.weights.built_in", lambda: catalog)
    store = Weights()
    for name in catalog.default:
        store.pull(name)
    return store


@pytest.mark.usefixtures("weights")
def test_the_doctor_says_what_each_network_computes_in(offcut: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is calibrated here: where 8-bit is chosen, something else is computed in, and that is said."""
    monkeypatch.setattr(runtime, "precisions", lambda: {"fp32": "any processor", "int8": "AMX"})
    monkeypatch.setattr(runtime, "provider_problem", lambda _: "none here")
    monkeypatch.setattr("offcut.engine.models.prepared.best_float", lambda: "fp32")
    lines = [line.split(maxsplit=1) for line in offcut("doctor").out.decode().splitlines()]
    assert ["tiny", "present, fp32 (not calibrated for int8)"] in lines
    found = json.loads(offcut("doctor", "--json").out)
    assert (found["precision"], found["weights"]["precision"]["tiny"]) == ("int8", "fp32")
    lines = [
        line.split(maxsplit=1) for line in offcut("doctor", "--precision", "fp32").out.decode().splitlines()
    ]
    assert ["tiny", "present, fp32"] in lines


def test_the_doctor_calls_damage_by_its_name(offcut: Any, weights: Weights) -> None:
    path = weights.path("tiny")
    path.write_bytes(path.read_bytes()[:-1])
    ran = offcut("doctor")
    assert ran.code == 1
    assert "tiny" in ran.err
    assert "(weights_corrupt)" in ran.err
    assert "missing" not in ran.err
    states = dict(line.split(maxsplit=1) for line in ran.out.decode().splitlines() if line.startswith("  "))
    assert states["tiny"].startswith("damaged")
    assert states["other"].startswith("present")


@pytest.mark.parametrize(
    ("flag", "name", "code"),
    [
        ("--device", "abacus", "device_unavailable"),
        ("--device", "cuda", "device_unavailable"),
        ("--precision", "fp7", "precision_unavailable"),
        ("--precision", "bf16", "precision_unavailable"),
    ],
)
def test_the_doctor_refuses_what_cannot_be_had(
    offcut: Any, monkeypatch: pytest.MonkeyPatch, flag: str, name: str, code: str
) -> None:
    monkeypatch.setattr(runtime, "precisions", lambda: {"fp32": "any processor"})
    monkeypatch.setattr(runtime, "provider_problem", lambda _: "none here")
    monkeypatch.setattr(runtime, "best_float", lambda: "fp32")
    ran = offcut("doctor", flag, name)
    assert ran.code == 1
    assert f"({code})" in ran.err
    monkeypatch.setenv(f"OFFCUT_{flag.strip('-').upper()}", name)
    assert f"({code})" in offcut("doctor").err
    assert f"({code})" not in offcut("doctor", flag, "auto").err


def test_the_folder_of_the_weights_can_be_named(
    offcut: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("OFFCUT_MODELS_DIR", str(tmp_path / "elsewhere"))
    assert offcut("models", "path").out.decode().strip() == str(tmp_path / "elsewhere")
    assert json.loads(offcut("doctor", "--json").out)["weights"]["folder"] == str(tmp_path / "elsewhere")
