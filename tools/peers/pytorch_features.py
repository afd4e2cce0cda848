"""Times Inception-v3 of pytorch-fid or torch-fidelity on noise, in eager PyTorch, and prints one line of JSON."""

import argparse
import json
import statistics
import time
from unittest import mock

import torch

from tools.reference import torchvision_alone  # noqa: F401  (before those that import torchvision)
import pytorch_fid.inception
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torchvision.models.inception import Inception3

SIZE = 32


def pytorch_fid_network(weights: dict) -> torch.nn.Module:
    with mock.patch("pytorch_fid.inception.load_state_dict_from_url", lambda *_, **__: weights):
        return pytorch_fid.inception.InceptionV3([3]).eval()


def torch_fidelity_network(weights: dict) -> torch.nn.Module:
    with mock.patch("torch.load", lambda *_, **__: weights):
        return FeatureExtractorInceptionV3("inception", ["2048", "logits_unbiased"],
                                           feature_extractor_weights_path="weights")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/peers/python -m tools.peers.pytorch_features", description=__doc__)
    parser.add_argument("--port", choices=("pytorch-fid", "torch-fidelity"), default="torch-fidelity")
    parser.add_argument("--layout", choices=("nchw", "channels_last"), default="nchw", help="of weights and images")
    parser.add_argument("--batch", type=int, default=32, help="images of 32 x 32 (default 32)")
    parser.add_argument("--threads", type=int, default=2, help="threads inside an operation (default 2)")
    parser.add_argument("--batches", type=int, default=3, help="timed batches (default 3), after one that is not")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    weights = Inception3(1008, aux_logits=False, init_weights=False).state_dict()
    network = (pytorch_fid_network if options.port == "pytorch-fid" else torch_fidelity_network)(weights)
    layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    network = network.to(memory_format=layout)
    images = torch.randint(0, 256, (options.batch, 3, SIZE, SIZE), dtype=torch.uint8).contiguous(memory_format=layout)
    seconds = []
    with torch.inference_mode():
        for _ in range(1 + options.batches):
            start = time.perf_counter()
            network(images.float() / 255 if options.port == "pytorch-fid" else images)
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"version": f"PyTorch {torch.__version__}",
                      "images_per_second": round(options.batch / statistics.median(seconds[1:]), 2)}))


if __name__ == "__main__":
    main()
