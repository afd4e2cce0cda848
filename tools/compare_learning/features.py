"""The ruler of the comparison: one small classifier, trained once, and the Fréchet distance on its features."""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tools.compare_learning import data

EPOCHS, BATCH, LEARNING_RATE = 2, 64, 2e-3


def network() -> nn.Sequential:
    """[N, 1, 32, 32] to 10 logits; all but the last layer give the 128 features."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 8 * 8, 128), nn.ReLU(), nn.Linear(128, 10))


class Classifier:
    """Trained on the real training set with seed 0, and kept in `cache`, so that every score has the same ruler."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.network = network()
        path = cache / "classifier.pt"
        if path.exists():
            self.network.load_state_dict(torch.load(path, weights_only=True))
        else:
            self.train(folder)
            torch.save(self.network.state_dict(), path)
        self.network.eval()
        with torch.no_grad():
            predicted = [self.network(x).argmax(1) for x in data.scaled(data.images(folder, "t10k")).split(500)]
        self.accuracy = float((torch.cat(predicted).numpy() == data.labels(folder, "t10k")).mean())
        print(f"classifier: {self.accuracy:.2%} of the test images right", flush=True)
        if self.accuracy < 0.89:
            raise SystemExit(f"The classifier is too weak to measure with (below 89%): delete {path} and train again")

    def train(self, folder: Path) -> None:
        torch.manual_seed(0)
        self.network = network()  # again, now that the seed is set
        pixels, labels = data.images(folder, "train"), torch.from_numpy(data.labels(folder, "train").astype(np.int64))
        adam = torch.optim.Adam(self.network.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(adam, LEARNING_RATE, EPOCHS * (len(pixels) // BATCH))
        for epoch in range(EPOCHS):
            print(f"classifier: epoch {epoch + 1} of {EPOCHS}", flush=True)
            for rows in torch.randperm(len(pixels))[: len(pixels) // BATCH * BATCH].split(BATCH):
                adam.zero_grad()
                cross_entropy(self.network(data.scaled(pixels[rows.numpy()])), labels[rows]).backward()
                adam.step()
                schedule.step()

    def features(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [N, 32, 32] to float64 [N, 128]."""
        with torch.no_grad():
            batches = data.scaled(pixels).split(500)
            return torch.cat([self.network[:-1](batch) for batch in batches]).double().numpy()


def square_root(matrix: np.ndarray) -> np.ndarray:
    """Of a symmetric matrix without negative eigenvalues; rounding may leave some just below zero."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """|mean difference|^2 + tr(A + B - 2 (A^½ B A^½)^½) of two clouds [N, D] (Dowson and Landau 1982)."""
    covariance_a, covariance_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = square_root(covariance_a)
    shift = a.mean(0) - b.mean(0)
    cross = np.trace(square_root(root @ covariance_b @ root))
    return float(shift @ shift + np.trace(covariance_a) + np.trace(covariance_b) - 2 * cross)
