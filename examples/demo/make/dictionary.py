"""An unsupervised teacher for small networks: what a large dictionary of image patches says about a picture.

usage: dictionary.py POOL.npz TARGETS      writes TARGETS/part-NNN.npz, one after the other; distill.py uses those there are

Single-layer feature learning (Coates, Ng & Lee, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning", AISTATS
2011): small patches are normalised and whitened, a dictionary is learnt by spherical k-means, and a picture is described by how
strongly each atom answers, pooled over its quadrants and over the whole. No labels are used. Two dictionaries, one of grey patches
and one of coloured ones, are compressed by whitened principal components: those of the whole picture are the targets of a student's
CLS token, those of each 8 x 8 cell the targets of its patch tokens. Targets are made for the training pictures and their mirror images,
in random order.
"""
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from pool import IMAGENET, Pool

ATOMS, STRIDE, GRID, PART = 400, 3, 8, 4000


class Dictionary:
    def __init__(self, images, size, grey, sample=60000, rounds=12):
        self.size, self.grey = size, grey
        patches = self.patches(images).flatten(0, 1)
        patches = patches[torch.randperm(len(patches))[:sample]]
        self.mean = patches.mean(0)
        values, vectors = torch.linalg.eigh((patches - self.mean).T @ (patches - self.mean) / len(patches))
        self.whiten = vectors @ torch.diag((values + 0.003).rsqrt()) @ vectors.T
        patches = (patches - self.mean) @ self.whiten
        atoms = F.normalize(patches[torch.randperm(len(patches))[:ATOMS]], dim=-1)
        for _ in range(rounds):
            nearest = (patches @ atoms.T).argmax(1)
            sums = torch.zeros_like(atoms).index_add_(0, nearest, patches)
            atoms = F.normalize(sums + 1e-6 * torch.randn_like(sums), dim=-1)
        self.project = self.whiten @ atoms.T

    def patches(self, images):
        """Contrast-normalised patches [n, places, size * size * channels] of uint8 images [n, 3, H, W]."""
        x = images.float() / 255
        u = F.unfold(x.mean(1, keepdim=True) if self.grey else x, self.size, stride=STRIDE).transpose(1, 2)
        u = u - u.mean(-1, keepdim=True)
        return u / (u.norm(dim=-1, keepdim=True) + 0.3)

    def encode(self, images):
        """Codes of the whole [n, 5 * ATOMS] and of each cell [n, GRID * GRID, ATOMS]."""
        answer = (self.patches(images) - self.mean) @ self.project
        code = (answer - answer.mean(-1, keepdim=True) - 0.5 * answer.std(-1, keepdim=True)).relu()
        side = int(code.shape[1] ** 0.5)
        code = code.transpose(1, 2).reshape(len(images), ATOMS, side, side)
        whole = torch.cat([F.adaptive_avg_pool2d(code, 2).flatten(1).sqrt(), F.adaptive_max_pool2d(code, 1).flatten(1)], 1)
        return whole, F.adaptive_avg_pool2d(code, GRID).flatten(2).transpose(1, 2).sqrt()


class Components:
    """The leading principal components of x, each scaled to unit variance."""

    def __init__(self, x, count):
        self.mean, self.std = x.mean(0), x.std(0) + 1e-6
        z = (x - self.mean) / self.std
        values, vectors = torch.linalg.eigh(z.T @ z / len(z))
        self.basis = vectors[:, -count:] / values[-count:].sqrt()

    def __call__(self, x):
        return (x - self.mean) / self.std @ self.basis


class Teacher:
    """Two dictionaries and their compression, learnt from uint8 images [n, 3, H, W]."""

    def __init__(self, images):
        self.dictionaries = [Dictionary(images[:600], size, grey) for size, grey in ((8, True), (6, False))]
        codes = self.codes(images)
        self.whole = [Components(w, count) for (w, _), count in zip(codes, (128, 96))]
        self.cells = [Components(c[:, ::9].flatten(0, 1), 32) for _, c in codes]
        self.first = self.compress(codes)

    def codes(self, images):
        encoded = [[d.encode(x) for x in images.split(50)] for d in self.dictionaries]
        return [tuple(torch.cat(parts) for parts in zip(*batches)) for batches in encoded]

    def compress(self, codes):
        whole = [compress(w) for compress, (w, _) in zip(self.whole, codes)]
        cells = [compress(c) for compress, (_, c) in zip(self.cells, codes)]
        return torch.cat(whole, -1).half().numpy(), torch.cat(cells, -1).half().numpy()


@torch.no_grad()
def main(pool, out):
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    pool, out = Pool(pool, IMAGENET), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    order = torch.randperm(2 * len(pool.train))
    teacher = None
    for number, part in enumerate(order.split(PART)):
        index, mirrored = pool.train[part % len(pool.train)], part >= len(pool.train)
        images = torch.where(mirrored.view(-1, 1, 1, 1), pool.images[index].flip(-1), pool.images[index])
        if teacher is None:
            teacher = Teacher(images)
        whole, cells = teacher.first if number == 0 else teacher.compress(teacher.codes(images))
        np.savez(out / "being-written.npz", index=index, mirrored=mirrored, whole=whole, cells=cells)
        os.replace(out / "being-written.npz", out / f"part-{number:03}.npz")
        print(f"part {number}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
