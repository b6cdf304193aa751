"""Distils the demo's `dinov2` from the unsupervised teacher of dictionary.py.

usage: distill.py POOL.npz TARGETS OUT [STEPS]      resumes OUT/dinov2.state if there is one; writes OUT/dinov2 at the end

The published small DINOv2 models are distilled from a large self-supervised one (arXiv 2304.07193, section 5); so is this one, from
a teacher that is cheap to learn. The CLS token predicts the teacher's code of the whole picture and every patch token the code of its
cell, each by one linear layer that is then dropped, from a view whose colours and noise vary. No labels are used.
"""
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from models import DIM, create, save
from pool import IMAGENET, Pool, embed, probe
from sittings import setup, train
from start import mimetic
from views import jitter

STEPS, BATCH, RATE = 1500, 96, 3e-3


class Targets:
    """The teacher's codes: of the whole [n, W] and of each cell [n, 64, C], for pictures and their mirror images."""

    def __init__(self, folder):
        parts = [dict(np.load(path)) for path in sorted(Path(folder).glob("part-*.npz"))]
        self.columns = {key: torch.from_numpy(np.concatenate([part[key] for part in parts])) for key in parts[0]}
        self.width = {key: self.columns[key].shape[-1] for key in ("whole", "cells")}

    def draw(self, rng):
        pick = torch.randint(len(self.columns["index"]), (BATCH,), generator=rng)
        return (self.columns[key][pick] for key in ("index", "mirrored", "whole", "cells"))


def learner(name, targets):
    backbone = create(name)
    mimetic(backbone)
    return nn.ModuleDict(dict(backbone=backbone, whole=nn.Linear(DIM, targets.width["whole"]), cells=nn.Linear(DIM, targets.width["cells"])))


def distillation(model, pool, targets):
    """The step of a run in which `model`, of `learner`, learns to say what the teacher says."""
    backbone = model["backbone"]

    def step(i, rng):
        index, mirrored, whole, cells = targets.draw(rng)
        x = pool.images[index].float() / 255
        x = jitter(torch.where(mirrored.view(-1, 1, 1, 1), x.flip(-1), x), rng, strength=0.15)
        x = (x + 0.02 * torch.randn(x.shape, generator=rng) - pool.mean) / pool.std
        with torch.autocast("cpu", torch.bfloat16):
            tokens = backbone.forward_features(x)
            guess = model["whole"](tokens[:, 0]).float()
            local = model["cells"](tokens[:, backbone.num_prefix_tokens:]).float()
        return F.mse_loss(guess, whole.float()) + 0.5 * F.mse_loss(local, cells.float())

    return step


def main(pool, targets, out, steps=STEPS):
    setup()
    pool, targets, out, steps = Pool(pool, IMAGENET), Targets(targets), Path(out), int(steps)
    model = learner("dinov2", targets)
    train(model, distillation(model, pool, targets), out / "dinov2.state", steps, RATE)
    backbone = model["backbone"]
    report = dict(objective="distilled without labels from a dictionary of image patches learnt by k-means on the same scenes (make/dictionary.py)",
                  steps=steps, batch=BATCH, linear_probe=probe(lambda idx: embed(backbone, pool, idx), pool))
    save(backbone, "dinov2", out / "dinov2", [], report)
    print("dinov2", report)


if __name__ == "__main__":
    main(*sys.argv[1:])
