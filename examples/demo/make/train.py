"""Trains the demo checkpoints that learn from labels: deit, swin, maxvit.

usage: train.py POOL.npz OUT MODEL [STEPS]      resumes OUT/MODEL.state if there is one; writes OUT/MODEL at the end
"""
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from labels import CellLabels, WholeLabels
from models import create, save
from pool import IMAGENET, Pool, embed, probe
from sittings import setup, train
from start import mimetic

STEPS = dict(deit=1200, swin=900, maxvit=700)
RATES = dict(deit=4e-3, swin=3e-3, maxvit=2e-3)
BATCH = 128


def tokens_of(name, maps):
    """Tokens [B, T, D] of the cells, whatever form the model's last features have."""
    if name == "deit":
        return maps[:, 1:]
    return maps.flatten(1, 2) if name == "swin" else maps.flatten(2).transpose(1, 2)


def pooled(name, model, maps):
    return maps.mean((2, 3)) if name == "maxvit" else model.forward_head(maps, pre_logits=True)


def main(pool_path, out, name, steps=None):
    setup()
    pool, out, steps = Pool(pool_path, IMAGENET), Path(out), int(steps or STEPS[name])
    classes = pool.names["object"]
    model = create(name, num_classes=len(classes))
    if name == "deit":
        mimetic(model)
    # convolutions train faster in f32 with channels last, everything else in bfloat16
    convolutional = name == "maxvit"
    if convolutional:
        model = model.to(memory_format=torch.channels_last)
    others = ("color", "texture", "location", "size")
    all_of_it = nn.ModuleDict(dict(model=model, whole=WholeLabels(model.num_features, pool, others), cells=CellLabels(model.num_features, pool)))

    def step(i, rng):
        idx, x, masks = pool.batch(rng, BATCH)
        with torch.autocast("cpu", torch.bfloat16, enabled=not convolutional):
            maps = model.forward_features(x)
            guess = model.forward_head(maps).float()
            attributes = all_of_it["whole"](pooled(name, model, maps), idx)
            cells = all_of_it["cells"](tokens_of(name, maps), masks, idx)
        return F.cross_entropy(guess, pool.labels["object"][idx], label_smoothing=0.05) + 0.5 * attributes + cells

    train(all_of_it, step, out / f"{name}.state", steps, RATES[name])
    scores = probe(lambda idx: embed(lambda x: pooled(name, model, model.forward_features(x)), pool, idx), pool)
    right = embed(model, pool, pool.held).argmax(-1) == pool.labels["object"][pool.held]
    report = dict(objective="supervised: five attributes of the whole, object, texture and color of each cell (make/labels.py)", steps=steps,
                  batch=BATCH, object_accuracy=round(right.float().mean().item(), 3), linear_probe=scores)
    save(model, name, out / name, classes, report)
    print(name, report)


if __name__ == "__main__":
    main(*sys.argv[1:])
