"""torchvision's networks where its compiled operators do not load, as beside a PyTorch without CUDA: declares the
operators that `import torchvision` asks for. Import this module before torchvision."""

import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision  # noqa: F401
