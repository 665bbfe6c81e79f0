# SPDX-License-Identifier: Apache-2.0
"""The certified screen of docs/head.md in numpy: which rows of a head are left after each plane."""
import numpy as np

GROUP = 64


def hadamard(x):
    """Rows through Hadamard blocks of the largest power of two that divides the columns, at most 1024; orthonormal."""
    columns = x.shape[1]
    block = min(columns & -columns, 1024)
    y, h = x.reshape(-1, block), 1
    while h < block:
        pairs = y.reshape(-1, block // (2 * h), 2, h)
        y = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], 2).reshape(-1, block)
        h *= 2
    return (y / np.float32(np.sqrt(block))).reshape(x.shape)


class Planes:
    def __init__(self, head, seed=1):
        random = np.random.default_rng(seed)
        rows, columns = head.shape
        self.signs = random.choice([-1, 1], columns).astype(np.float32)
        offsets = (31.5 + random.random(columns) * 4 - 2).astype(np.float32).reshape(1, -1, GROUP)
        turned = hadamard(head * self.signs)
        groups = turned.reshape(rows, -1, GROUP)
        largest = np.abs(groups).max(2)
        scale = np.maximum(largest.max(1, keepdims=True), 1e-30) / (127 * 29.99)
        step = (np.ceil(largest / (scale * 29.99)) * scale)[:, :, None]
        codes = np.clip(np.rint(groups / np.maximum(step, 1e-30) + offsets), 0, 63)
        self.coarse = ((np.floor(codes / 4) * 4 + 1.5 - offsets) * step).reshape(rows, columns)
        self.fine = ((codes - offsets) * step).reshape(rows, columns)
        self.coarse_spread = np.linalg.norm(turned - self.coarse, axis=1)
        self.fine_spread = np.linalg.norm(turned - self.fine, axis=1)
        self.norms = np.linalg.norm(turned, axis=1) + self.coarse_spread

    def shares(self, state, logits, best):
        """Shares of the rows that are left after the first plane and after both, for one state."""
        turned = hadamard((state * self.signs)[None])[0]
        scale = np.abs(turned).max() / 127
        rounded = np.rint(turned / scale) * scale
        size, error = np.linalg.norm(turned), np.linalg.norm(turned - rounded)
        coarse = self.coarse @ rounded
        threshold = logits[np.argpartition(-coarse, best - 1)[:best]].min()
        left = coarse + self.coarse_spread * size + self.norms * error >= threshold
        kept = self.fine[left] @ rounded + self.fine_spread[left] * size + self.norms[left] * error >= threshold
        return left.mean(), kept.sum() / len(logits)
