"""The end that is cut off a network and done outside: the same matte as the whole network's."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from offcut.engine.models import ending

SIDE = 16


def network(**enlarging: Any) -> onnx.ModelProto:
    """Two planes, one of them half as large, weighted and added up: the end of U²-Net, without the rest."""
    random = np.random.default_rng(5)

    def weights(*shape: int) -> np.ndarray:
        return random.standard_normal(shape).astype(np.float32)

    constants = {
        "large_kernel": weights(1, 4, 3, 3),
        "large_bias": weights(1),
        "small_kernel": weights(1, 4, 1, 1),
        "small_bias": weights(1),
        "shares": weights(1, 2, 1, 1),
        "offset": weights(1),
        "scale": np.array([1, 1, 2, 2], np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["features", "large_kernel", "large_bias"], ["large"], pads=[1] * 4),
        helper.make_node("MaxPool", ["features"], ["fewer"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["fewer", "small_kernel", "small_bias"], ["small"]),
        helper.make_node("Resize", ["small", "", "scale"], ["enlarged"], **({"mode": "linear"} | enlarging)),
        helper.make_node("Concat", ["large", "enlarged"], ["joined"], axis=1),
        helper.make_node("Conv", ["joined", "shares", "offset"], ["total"]),
        helper.make_node("Sigmoid", ["total"], ["result"]),
        helper.make_node("Identity", ["result"], ["named"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "end",
        [value("features", TensorProto.FLOAT, [1, 4, SIDE, SIDE])],
        [value("named", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def features() -> np.ndarray:
    return np.random.default_rng(6).standard_normal((1, 4, SIDE, SIDE)).astype(np.float32)


def cut(model: onnx.ModelProto, *, is_logits: bool = False) -> dict[str, np.ndarray]:
    """What the network hands out once its end is cut off."""
    graph = model.graph
    constants = {constant.name: constant for constant in graph.initializer}
    planes = ending.planes_of(list(graph.node), constants, graph.output[0].name, is_logits=is_logits)
    names = planes or [graph.output[0].name]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    rest = helper.make_graph(graph.node, "rest", graph.input, outputs, constants.values())
    cut_model = helper.make_model(rest, opset_imports=list(model.opset_import), ir_version=8)
    values = ReferenceEvaluator(cut_model).run(None, {"features": features()})
    called = [f"{ending.LOGITS}{n}" for n in range(len(planes))] or [ending.MATTE]
    return dict(zip(called, map(np.asarray, values), strict=True))


def test_planes_make_the_matte_that_the_whole_network_makes() -> None:
    whole = ReferenceEvaluator(network()).run(None, {"features": features()})[0]
    planes = cut(network())
    assert [plane.shape for plane in planes.values()] == [(1, 1, SIDE, SIDE), (1, 1, SIDE // 2, SIDE // 2)]
    matte = ending.matte_of(planes, SIDE)
    assert (matte.shape, matte.dtype) == ((SIDE, SIDE), np.float32)
    assert np.std(whole) > 0.1
    np.testing.assert_allclose(matte, whole[0, 0], atol=1e-5)


def test_an_enlargement_of_another_kind_stays_inside() -> None:
    planes = cut(network(coordinate_transformation_mode="align_corners"))
    assert {plane.shape for plane in planes.values()} == {(1, 1, SIDE, SIDE)}


def test_a_sum_that_others_read_too_stays_inside() -> None:
    model = network()
    model.graph.node.append(helper.make_node("Sigmoid", ["small"], ["other"]))
    assert [plane.shape for plane in cut(model).values()] == [(1, 1, SIDE, SIDE)]


def test_a_network_without_a_sigmoid_is_left_whole_unless_its_family_says_so() -> None:
    model = network()
    del model.graph.node[-2:]
    model.graph.node.append(helper.make_node("Identity", ["total"], ["named"]))
    assert list(cut(model)) == [ending.MATTE]
    assert list(cut(model, is_logits=True)) == [f"{ending.LOGITS}0", f"{ending.LOGITS}1"]


def test_a_faint_matte_is_never_stretched() -> None:
    faint = np.full((1, 1, 16, 16), 0.1, np.float32)
    np.testing.assert_array_equal(ending.matte_of({ending.MATTE: faint}, 16), faint[0, 0])


@pytest.mark.parametrize("side", [8, 32])
def test_a_matte_has_the_side_that_is_asked_for(side: int) -> None:
    finished = np.full((1, 1, 16, 16), 1.25, np.float32)
    np.testing.assert_array_equal(ending.matte_of({ending.MATTE: finished}, side), np.ones((side, side)))


def test_logits_of_any_size_stay_within_bounds() -> None:
    logits = np.array([[[[-1e4, -90.0], [90.0, 1e4]]]], np.float32)
    matte = ending.matte_of({"logits0": logits}, 2)
    np.testing.assert_array_equal(matte, [[0, matte[0, 1]], [1, 1]])
    assert 0 <= matte[0, 1] < 1e-30
    assert np.array_equal(logits, np.array([[[[-1e4, -90.0], [90.0, 1e4]]]], np.float32))
