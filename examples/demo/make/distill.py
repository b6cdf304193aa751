"""Distils the demo's `dinov2` from the unsupervised teacher of dictionary.py, in chunks that can be stopped and taken up again.

usage: distill.py POOL.npz TARGETS OUT STEPS     trains up to STEPS steps, resuming OUT/dinov2.state if there is one
       distill.py POOL.npz TARGETS OUT export    writes OUT/dinov2 (config, f32 weights, report) from OUT/dinov2.state

The published small DINOv2 models are distilled from a large self-supervised one (arXiv 2304.07193, section 5); so is this one, from
a teacher that is cheap to learn. The CLS token predicts the teacher's code of the whole picture and every patch token the code of its
cell, each by one linear layer that is then dropped, from a view whose colours and noise vary. No labels are used. The parts of
TARGETS that are there are used; those that dictionary.py writes meanwhile are taken up as training goes on.
"""
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import timm
import torch
from torch import nn
from torch.nn import functional as F

from selfsupervised import jitter
from train import ARCHITECTURES, DIM, IMAGENET, Pool, embed, probe, save_timm

BATCH, LEARNING_RATE, WARMUP, CHECKPOINT_EVERY = 64, 1.2e-3, 60, 50


class Trainer:
    def __init__(self, pool, targets, steps):
        self.pool, self.steps, self.done, self.seconds = pool, steps, 0, 0.0
        self.folder, self.parts = Path(targets), []
        self.read_parts()
        whole, cells = self.parts[0]["whole"].shape[-1], self.parts[0]["cells"].shape[-1]
        architecture, args = ARCHITECTURES["dinov2"]
        backbone = timm.create_model(architecture, **args)
        for block in backbone.blocks:
            block.attn.fused_attn = False  # on a CPU in bfloat16 the plain product's backward is twice as fast
        self.model = nn.ModuleDict(dict(backbone=backbone, whole=nn.Linear(DIM, whole), cells=nn.Linear(DIM, cells)))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=LEARNING_RATE, weight_decay=0.03, betas=(0.9, 0.98))

    def read_parts(self):
        for path in sorted(self.folder.glob("part-*.npz"))[len(self.parts):]:
            with np.load(path) as part:
                self.parts.append({k: torch.from_numpy(part[k]) for k in part.files})

    def state(self):
        return dict(done=self.done, steps=self.steps, seconds=self.seconds, model=self.model.state_dict(), optimizer=self.optimizer.state_dict())

    def load(self, state):
        self.done, self.seconds = state["done"], state["seconds"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])

    def step(self, rng):
        part = self.parts[int(torch.randint(len(self.parts), (1,), generator=rng))]
        pick = torch.randint(len(part["index"]), (BATCH,), generator=rng)
        x = self.pool.images[part["index"][pick]].float() / 255
        x = jitter(torch.where(part["mirrored"][pick].view(-1, 1, 1, 1), x.flip(-1), x), rng, strength=0.15)
        x = (x + 0.02 * torch.randn(x.shape, generator=rng) - self.pool.mean) / self.pool.std
        whole, cells = part["whole"][pick].float(), part["cells"][pick].float()
        backbone = self.model["backbone"]
        with torch.autocast("cpu", torch.bfloat16):
            tokens = backbone.forward_features(x)
            guess = self.model["whole"](tokens[:, 0]).float()
            local = self.model["cells"](tokens[:, backbone.num_prefix_tokens:]).float()
        return F.mse_loss(guess, whole), F.mse_loss(local, cells)

    def train(self, path):
        rng, recent, start = torch.Generator().manual_seed(self.done), [], time.time()
        while self.done < self.steps:
            rate = LEARNING_RATE * min(1, (self.done + 1) / WARMUP) * (0.5 + 0.5 * math.cos(math.pi * self.done / self.steps))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            whole, cells = self.step(rng)
            self.optimizer.zero_grad()
            (whole + 0.5 * cells).backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            recent.append((whole.item(), cells.item()))
            self.done += 1
            self.seconds, start = self.seconds + time.time() - start, time.time()
            if self.done % CHECKPOINT_EVERY == 0 or self.done == self.steps:
                print(f"step {self.done} {self.seconds:.0f}s loss whole, cells {np.mean(recent, 0).round(4)}", flush=True)
                recent = []
                torch.save(self.state(), f"{path}.part")
                os.replace(f"{path}.part", path)
                self.read_parts()
            if self.done % (8 * CHECKPOINT_EVERY) == 0:
                print(self.scores(), flush=True)

    def scores(self):
        backbone = self.model["backbone"].eval()
        result = probe(lambda idx: embed(backbone, self.pool, idx), self.pool)
        backbone.train()
        return result


def main(pool, targets, out, what):
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "dinov2.state"
    saved = torch.load(path) if path.exists() else None
    trainer = Trainer(Pool(pool, IMAGENET), targets, saved["steps"] if what == "export" else int(what))
    if saved:
        trainer.load(saved)
    if what != "export":
        trainer.train(path)
    report = dict(objective="distilled without labels from a dictionary of image patches learnt by k-means on the same scenes (make/dictionary.py)",
                  steps=trainer.done, planned_steps=trainer.steps, batch=BATCH,
                  pictures=sum(len(part["index"]) for part in trainer.parts), linear_probe=trainer.scores())
    save_timm(trainer.model["backbone"], "dinov2", out / "dinov2", IMAGENET, [], report)
    print(report)


if __name__ == "__main__":
    main(*sys.argv[1:])
