"""The loader and the shelf, on a tiny network that has all that the real ones have wrong with them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from skimage import data
from tests.engine.models.stores import CONTENT, catalog_of, digest_of, entry_of, store_of, tiny_onnx

from offcut.engine.models import prepared
from offcut.engine.models.catalog import Source
from offcut.engine.models.ending import matte_of
from offcut.engine.models.families import FAMILIES
from offcut.engine.models.graph import PHOTO, matte_graph, resize_scales
from offcut.engine.models.networks import Networks
from offcut.engine.models.quantize import Calibration, groups, quantize
from offcut.engine.models.runtime import OnnxRuntimeNetwork, OpenVinoNetwork, precisions
from offcut.engine.models.weights import Weights
from offcut.errors import GraphModelError, ModelError, OptionError, WeightsCorruptError, WeightsMissingError

ISNET = FAMILIES["isnet"]


def networks_of(store: Weights, **options: Any) -> Networks:
    return Networks(store.folder, catalog=store.catalog, **({"precision": "fp32"} | options))


def expected(square: np.ndarray) -> np.ndarray:
    """What the untouched network says of a 64×64 photo, by ONNX's own reference implementation."""
    image = ((square.astype(np.float32) - 128) / 256).transpose(2, 0, 1)[np.newaxis]
    untouched = ReferenceEvaluator(onnx.load_from_string(tiny_onnx(shuffled=False)))
    return np.asarray(untouched.run(["first"], {"image": image})[0][0, 0])


def test_matte_is_the_untouched_networks_first_output(store: Weights) -> None:
    photo = data.astronaut()
    with networks_of(store) as networks:
        matte = networks.segmenter("tiny").matte(photo, 64)
    assert (matte.shape, matte.dtype) == ((64, 64), np.float32)
    wanted = expected(ISNET.prepare(photo, 64))
    assert wanted.std() > 0.01
    # The reference computes in half precision, the loader in single.
    np.testing.assert_allclose(matte, wanted, atol=2e-3)


def test_runs_at_every_multiple_of_its_step(store: Weights) -> None:
    photo = data.astronaut()
    with networks_of(store) as networks:
        segmenter = networks.segmenter("tiny")
        small, large = segmenter.matte(photo, 128), segmenter.matte(photo, 320)
        assert (small.shape, large.shape) == ((128, 128), (320, 320))
        assert abs(float(small.mean()) - float(large.mean())) < 0.02
        for side in (0, -64, 96, 100, 4096):
            with pytest.raises(OptionError) as caught:
                segmenter.matte(photo, side)
            assert caught.value.parameter == "size"


def test_several_photos_at_once(store: Weights) -> None:
    photo = data.astronaut()
    with networks_of(store) as networks:
        segmenter = networks.segmenter("tiny")
        both = segmenter.matte_many([photo, photo[:, ::-1]], 64)
        for matte, view in zip(both, (photo, photo[:, ::-1]), strict=True):
            np.testing.assert_allclose(matte, segmenter.matte(view, 64), atol=1e-5)


def test_scales_are_those_of_the_frozen_sizes(store: Weights) -> None:
    scales = resize_scales(store.path("tiny"))
    assert scales["u1s"] == (1, 1, 2, 2)
    assert scales["u2"] == (1, 1, 2, 2)


def test_what_the_matte_does_not_need_is_cut_off(store: Weights) -> None:
    graph = matte_graph(store.path("tiny"), ISNET).graph
    assert [value.name for value in (*graph.input, *graph.output)] == [PHOTO, "logits0"]
    assert [node.op_type for node in graph.node].count("Sigmoid") == 0
    assert [node.op_type for node in graph.node].count("Resize") == 1
    assert not any(constant.name.startswith("size") for constant in graph.initializer)
    assert TensorProto.FLOAT16 not in {
        attribute.i for node in graph.node for attribute in node.attribute if attribute.name == "to"
    }


def test_one_loaded_network_serves_many_threads(store: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    load = prepared.Prepared.load
    monkeypatch.setattr(prepared.Prepared, "load", lambda self, name: loads.append(name) or load(self, name))
    photos = [np.roll(data.astronaut(), shift, axis=1) for shift in range(0, 480, 30)]
    with networks_of(store, parallel=2) as networks:
        segmenter = networks.segmenter("tiny")
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda photo: segmenter.matte(photo, 128), photos))
        alone = [segmenter.matte(photo, 128) for photo in photos]
    assert loads == ["tiny"]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_idle_network_is_unloaded_and_comes_back(store: Weights) -> None:
    photo = data.astronaut()
    with networks_of(store, idle_s=0.05) as networks:
        segmenter = networks.segmenter("tiny")
        first = segmenter.matte(photo, 64)
        deadline = time.monotonic() + 10
        while networks.loaded() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert networks.loaded() == ()
        np.testing.assert_array_equal(segmenter.matte(photo, 64), first)


def test_network_in_use_is_not_unloaded(store: Weights) -> None:
    with networks_of(store) as networks, networks.lease("tiny"):
        assert networks.unload_idle() == ()
        assert networks.loaded() == ("tiny",)


def test_the_longest_unused_makes_room(store: Weights) -> None:
    entry = store.catalog.entry("tiny")
    several = Weights(store.folder, catalog_of(*(replace(entry, name=name) for name in ("a", "b", "c"))))
    with networks_of(several, loaded_max=2) as networks:
        for name in ("a", "b", "c"):
            several.pull(name)
            networks.segmenter(name).matte(data.astronaut(), 64)
        assert networks.loaded() == ("b", "c")


def test_prepared_once_and_used_by_the_next(store: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    with networks_of(store) as networks:
        first = networks.segmenter("tiny").matte(data.astronaut(), 64)

    def not_again(*_: Any) -> None:
        raise AssertionError("prepared a second time")

    monkeypatch.setattr(prepared.Prepared, "_build", not_again)
    with networks_of(store) as networks:
        np.testing.assert_array_equal(networks.segmenter("tiny").matte(data.astronaut(), 64), first)


def test_damaged_prepared_file_is_made_again(store: Weights) -> None:
    with networks_of(store) as networks:
        first = networks.segmenter("tiny").matte(data.astronaut(), 64)
    (weights,) = (store.folder / ".prepared").glob("*.bin")
    harmed = bytearray(weights.read_bytes())
    harmed[len(harmed) // 2 :] = bytes(len(harmed) - len(harmed) // 2)
    weights.unlink()
    weights.write_bytes(harmed)
    with networks_of(store) as networks:
        np.testing.assert_array_equal(networks.segmenter("tiny").matte(data.astronaut(), 64), first)


def test_folder_that_cannot_be_written_still_serves(store: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(prepared, "FileLock", read_only)
    with networks_of(store) as networks:
        assert networks.segmenter("tiny").matte(data.astronaut(), 64).std() > 0.01
    assert list((store.folder / ".prepared").iterdir()) == []


def test_missing_and_corrupt_weights(store: Weights) -> None:
    path = store.path("tiny")
    content = path.read_bytes()
    with networks_of(store) as networks:
        path.write_bytes(content[:-1] + b"!")
        with pytest.raises(WeightsCorruptError):
            networks.segmenter("tiny").matte(data.astronaut(), 64)
        path.write_bytes(content[:-1])
        with pytest.raises(WeightsCorruptError):
            networks.segmenter("tiny")
        path.unlink()
        with pytest.raises(WeightsMissingError):
            networks.segmenter("tiny")


def test_file_that_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "w.onnx").write_bytes(CONTENT)
    source = Source("file", digest_of(CONTENT), len(CONTENT), path=str(tmp_path / "w.onnx"))
    store = store_of(tmp_path, entry_of("w", CONTENT, source))
    store.pull("w")
    with networks_of(store) as networks, pytest.raises(WeightsCorruptError):
        networks.segmenter("w").matte(data.astronaut(), 64)


def test_what_a_conversion_says_by_itself_is_not_called_damage(store: Weights) -> None:
    def refuse(_paths: Any) -> Any:
        raise GraphModelError("There is an operation Fft2D in it.")

    def stumble(_paths: Any) -> Any:
        raise KeyError("weights")

    zeros = np.zeros((1, 3, 64, 64), np.float32)
    with networks_of(store) as networks:
        with pytest.raises(GraphModelError, match="Fft2D") as caught:
            networks.network("tiny", refuse)(zeros)
        assert caught.value.code == "graph_model_unreadable"
        with pytest.raises(WeightsCorruptError):
            networks.network("tiny", stumble)(zeros)
        # Neither left anything behind that would be taken for the network.
        assert not networks.is_prepared("tiny")


def test_preparing_makes_the_files_that_the_first_photo_needs(
    store: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    with networks_of(store) as networks:
        assert not networks.is_prepared("tiny")
        networks.prepare("tiny")
        assert networks.is_prepared("tiny")

    def not_again(*_: Any) -> None:
        raise AssertionError("prepared a second time")

    monkeypatch.setattr(prepared.Prepared, "_build", not_again)
    with networks_of(store) as networks:
        assert networks.segmenter("tiny").matte(data.astronaut(), 64).std() > 0.01


def test_networks_that_make_no_matte_are_shared_too(store: Weights) -> None:
    with networks_of(store) as networks:
        run = networks.network("tiny", lambda paths: onnx.load(paths[0]))
        answer = run(np.zeros((1, 3, 64, 64), np.float32))
        assert answer["first"].shape == (1, 1, 64, 64)
        assert answer["second"].shape == (1, 8, 16, 16)
        assert networks.loaded() == ("tiny",)


def test_closing_ends_the_watch(store: Weights) -> None:
    before = threading.active_count()
    with networks_of(store, idle_s=30) as networks:
        networks.segmenter("tiny").matte(data.astronaut(), 64)
        assert threading.active_count() > before
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


ENDS_MEANWHILE = """
import sys, threading, time
from pathlib import Path
import numpy as np
from tests.engine.models.stores import digest_of, entry_of, store_of, tiny_onnx
from offcut.engine.models.catalog import Source
from offcut.engine.models.networks import Networks

folder, idle_s = Path(sys.argv[1]), float(sys.argv[2])
content = tiny_onnx()
(folder / "tiny.onnx").write_bytes(content)
store = store_of(folder, entry_of("tiny", content, Source("file", digest_of(content), len(content),
                                                          path=str(folder / "tiny.onnx"))))
store.pull("tiny")
begun = threading.Event()

unload_idle = Networks.unload_idle

def unload(networks, idle_s=0.0):
    begun.set()
    time.sleep(1)
    unload_idle(networks, idle_s)
    print("unloaded", flush=True)

Networks.unload_idle = unload
networks = Networks(store.folder, catalog=store.catalog, precision="fp32", idle_s=idle_s)
networks.segmenter("tiny").matte(np.zeros((64, 64, 3), np.uint8), 64)
if idle_s < 1:
    assert begun.wait(60)
"""


@pytest.mark.parametrize(("idle_s", "printed"), [("0.05", ["unloaded"]), ("3600", [])])
def test_a_process_that_ends_waits_for_the_unloading_but_not_for_the_timer(
    tmp_path: Path, idle_s: str, printed: list[str]
) -> None:
    """In the middle of the runtime's work it might be aborted."""
    ended = subprocess.run(
        [sys.executable, "-c", ENDS_MEANWHILE, tmp_path, idle_s],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == printed


def tiny_model(store: Weights, folder: Path) -> Path:
    path = folder / "graph.onnx"
    onnx.save(matte_graph(store.path("tiny"), ISNET), path)
    return path


def test_values_that_meet_share_a_range(store: Weights, tmp_path: Path) -> None:
    found = groups(ov.Core().read_model(tiny_model(store, tmp_path)))
    makers = [{maker.get_friendly_name() for maker in group.makers} for group in found]
    assert {"/in/Relu", "u1"} in makers
    assert sorted(len(group.convolutions) for group in found) == [1, 1, 2]


@pytest.mark.parametrize("kept", [frozenset(), frozenset({"/in/Conv/WithoutBiases"})])
def test_eight_bits_stay_close(store: Weights, tmp_path: Path, kept: frozenset[str]) -> None:
    path = tiny_model(store, tmp_path)
    model = ov.Core().read_model(path)
    names = [group.name for group in groups(model)]
    calibration = Calibration({name: (-0.6, 0.6) if name == names[0] else (0.0, 4.0) for name in names}, kept)
    quantize(model, calibration)
    rounded = [node.get_type_name() for node in model.get_ordered_ops()].count("FakeQuantize")
    assert rounded == 4 - len(kept)
    ov.save_model(model, tmp_path / "int8.xml", compress_to_fp16=False)
    square = ISNET.prepare(data.astronaut(), 128)[np.newaxis]
    exact = matte_of(OpenVinoNetwork(path, "fp32")(square), 128)
    eight = matte_of(OpenVinoNetwork(tmp_path / "int8.xml", "fp32")(square), 128)
    assert 0 < np.abs(exact - eight).mean() < 0.01


def test_calibration_of_another_network_is_noticed(store: Weights, tmp_path: Path) -> None:
    model = ov.Core().read_model(tiny_model(store, tmp_path))
    with pytest.raises(KeyError):
        quantize(model, Calibration({}, frozenset()))


def test_eight_bits_need_a_calibration(store: Weights) -> None:
    if "int8" not in precisions():
        pytest.skip("this processor has no 8-bit arithmetic")
    with networks_of(store, precision="int8") as networks:
        assert networks.plan.precision == "int8"
        assert networks.precision("tiny") != "int8"


def test_onnx_runtime_says_the_same(store: Weights, tmp_path: Path) -> None:
    path = tiny_model(store, tmp_path)
    square = ISNET.prepare(data.astronaut(), 128)[np.newaxis]
    one = matte_of(OpenVinoNetwork(path, "fp32")(square), 128)
    other = matte_of(OnnxRuntimeNetwork(path, "CPUExecutionProvider")(square), 128)
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_stretched_photo_is_divided_by_its_brightest_value() -> None:
    dark = np.full((40, 60, 3), 20, np.uint8)
    dark[10:30, 10:30] = 50
    assert FAMILIES["u2net"].prepare(dark, 320).max() == 255
    assert ISNET.prepare(dark, 320).max() == 50
    assert FAMILIES["u2net"].prepare(np.zeros_like(dark), 320).max() == 0


def test_logits_get_their_sigmoid(store: Weights, tmp_path: Path) -> None:
    square = np.full((1, 64, 64, 3), 90, np.uint8)
    plain = matte_of(OpenVinoNetwork(tiny_model(store, tmp_path), "fp32")(square), 64)
    onnx.save(matte_graph(store.path("tiny"), replace(ISNET, logits=True)), tmp_path / "logits.onnx")
    twice = matte_of(OpenVinoNetwork(tmp_path / "logits.onnx", "fp32")(square), 64)
    np.testing.assert_allclose(twice, 1 / (1 + np.exp(-plain)), atol=1e-5)


def test_network_of_one_size_keeps_it(tmp_path: Path) -> None:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 1024, 1024])
    first = helper.make_tensor_value_info("first", TensorProto.FLOAT, None)
    nodes = [helper.make_node("ReduceMean", ["image"], ["first"], axes=[1], keepdims=1)]
    model = helper.make_model(
        helper.make_graph(nodes, "g", [image], [first]),
        opset_imports=[helper.make_opsetid("", 15)],
        ir_version=8,
    )
    onnx.save(model, tmp_path / "fixed.onnx")
    graph = matte_graph(tmp_path / "fixed.onnx", FAMILIES["birefnet"]).graph
    assert [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim][1:] == [1024, 1024, 3]
    with pytest.raises(OptionError):
        FAMILIES["birefnet"].check_side(512)


def test_unknown_family_makes_no_mattes(store: Weights) -> None:
    other = replace(store.catalog.entry("tiny"), family="nanodet")
    with (
        Networks(store.folder, catalog=catalog_of(other), precision="fp32") as networks,
        pytest.raises(ModelError),
    ):
        networks.segmenter("tiny")
