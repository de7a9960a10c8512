"""Lets a CUDA build of torchvision be imported beside a CPU build of torch.

Its compiled operators cannot be loaded there, and then its Python code stops at registering
fake kernels for operators that nobody has declared. They are declared here, just before
torchvision is first imported, without code behind them: vLLM needs only the transforms.
A .pth file calls ``install`` whenever the interpreter starts, so torch is not imported here.
"""

import sys
from importlib.abc import MetaPathFinder

SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
DECLARED = []
"""Keeps the declarations alive as long as the process."""


class _BeforeTorchvision(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "torchvision" and not DECLARED:
            from torch.library import Library

            operators = Library("torchvision", "DEF")
            for operator in ("nms", "qnms"):
                operators.define(operator + SIGNATURE)
            DECLARED.append(operators)
        return  # the usual finders go on


def install():
    """Watch for the first import of torchvision."""
    sys.meta_path.insert(0, _BeforeTorchvision())
