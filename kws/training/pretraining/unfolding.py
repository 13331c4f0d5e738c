"""A model of fixed windows turned into one that runs along a whole signal, nine times as fast.

The published embedding takes windows of 76 mel frames, each shifted by 8.  Inside it is nothing but
convolutions and poolings without padding in time, so neighbouring windows share nearly all of their
arithmetic.  Only the shapes at its two ends say otherwise.
"""

from typing import Any

import numpy as np

from kws.errors import ConfigError, MissingExtraError

FRAMES = 76
MELS = 32


def unfold(model: bytes) -> bytes:
    """An ONNX model (N, 76, 32, 1) to (N, 1, 1, D) as one that takes (1, T, 32, 1) to (1, D, E, 1).

    Raises:
        MissingExtraError: onnx is not installed.
        ConfigError: the model does not begin and end with a reshape around such windows.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "pre-training needs onnx: pip install -e '.[pretrain]' in a clone of kws"
        ) from error
    try:
        graph_model = onnx.load_model_from_string(model)
    except Exception as error:  # whose errors have no base of their own
        raise ConfigError(f"this is not an ONNX model: {error}") from error
    graph = graph_model.graph
    reshapes = [node for node in graph.node if node.op_type == "Reshape"]
    shapes = {values.name: values for values in graph.initializer}
    if len(reshapes) != 2 or any(node.input[1] not in shapes for node in reshapes):
        raise ConfigError("it does not begin and end with a reshape, as the speech embedding does")
    entry, exit_ = reshapes
    if _array(shapes[entry.input[1]]) != [-1, 1, FRAMES, MELS]:
        raise ConfigError(f"it does not take windows of {FRAMES} frames of {MELS} mel bands")
    longer = onnx.numpy_helper.from_array(np.array([1, 1, -1, MELS]), entry.input[1])
    shapes[entry.input[1]].CopyFrom(longer)
    frames = graph.input[0].type.tensor_type.shape.dim[1]
    frames.ClearField("dim_value")
    frames.dim_param = "frames"
    # The last reshape only drops axes of length 1, and time is one of them no more.
    output = onnx.helper.make_tensor_value_info(exit_.input[0], onnx.TensorProto.FLOAT, None)
    graph.node.remove(exit_)
    del graph.output[:]
    graph.output.append(output)
    del graph.value_info[:]
    unfolded: bytes = graph_model.SerializeToString()
    return unfolded


def _array(values: Any) -> list[int]:
    import onnx

    numbers: list[int] = onnx.numpy_helper.to_array(values).tolist()
    return numbers
