"""Opening ONNX models with predictable threads and memory."""

from __future__ import annotations

import os
from pathlib import Path

from docagent.errors import ModelError

# ONNX Runtime's telemetry is on by default: from its tenth second on it looks up a host and
# writes device files under the cache. Only this variable, set before the import, stops it;
# ``onnxruntime.disable_telemetry_events()`` does not.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort


def open_session(weights: Path, threads: int = 1) -> ort.InferenceSession:
    """An ONNX Runtime session on the CPU. Raises ModelError naming the file."""
    if not weights.is_file():
        raise ModelError(
            f"{weights}: no such weights file; reinstall docagent or set DOCAGENT_WEIGHTS_DIR "
            "to a folder that has it",
            "missing",
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own unexported types
        raise ModelError(f"{weights}: not a usable ONNX model ({error})") from error
