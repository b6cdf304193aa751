"""Trains the self-supervised demo checkpoint `dino`, in chunks that can be stopped and taken up again.

usage: selfsupervised.py POOL.npz OUT dino STEPS     trains up to STEPS steps, resuming OUT/dino.state if there is one
       selfsupervised.py POOL.npz OUT dino export    writes OUT/dino (config, f32 weights, report) from OUT/dino.state

Self-distillation with no labels (DINO, arXiv 2104.14294): global and local crops of an image, a momentum teacher, centring and
sharpening.
"""
import math
import os
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from train import ARCHITECTURES, DIM, IMAGE, IMAGENET, Pool, embed, probe, save_timm

import timm

PROTOTYPES, BATCH, LOCAL_CROPS, LOCAL = 1024, 64, 4, 32
LEARNING_RATE, WARMUP, MOMENTUM = 1e-3, 150, 0.99
CHECKPOINT_EVERY = 50


def crops(x, rng, size, low, high):
    """Random resized crops [B, 3, size, size] of x, covering low..high of its area, flipped half of the time."""
    scale = (torch.rand(len(x), generator=rng) * (high - low) + low).sqrt()
    shift = (torch.rand(2, len(x), generator=rng) * 2 - 1) * (1 - scale)
    flip = torch.where(torch.rand(len(x), generator=rng) < 0.5, -1.0, 1.0)
    theta = torch.zeros(len(x), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, 0, 2], theta[:, 1, 2] = scale * flip, scale, shift[0], shift[1]
    grid = F.affine_grid(theta, (len(x), 3, size, size), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def jitter(x, rng, strength=1.0):
    """Colour jitter of x [B, 3, H, W] in 0..1: hue, saturation, brightness and contrast, drawn per image."""
    n = len(x)
    uniform = lambda low, high: torch.rand(n, generator=rng) * (high - low) + low
    # hue turns colours around the grey axis; saturation scales their distance from it; one 3x3 matrix does both
    angle = uniform(-1, 1) * math.pi * 0.6 * strength
    saturation = uniform(1 - 0.8 * strength, 1 + 0.6 * strength) * (torch.rand(n, generator=rng) > 0.2 * strength)
    axis = torch.full((3, 3), 1 / 3)
    cross = torch.tensor([[0, -1.0, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = (torch.eye(3) - axis) * angle.cos().view(-1, 1, 1) + cross * angle.sin().view(-1, 1, 1)
    x = torch.einsum("nij,njhw->nihw", axis + turn * saturation.view(-1, 1, 1), x)
    gain, offset = uniform(1 - 0.4 * strength, 1 + 0.4 * strength), uniform(-0.2, 0.2) * strength
    return ((x - 0.5) * gain.view(-1, 1, 1, 1) + 0.5 + offset.view(-1, 1, 1, 1)).clamp(0, 1)


def network(name):
    """Backbone (any image size: its position embedding is resized for local crops), projection, prototypes."""
    architecture, args = ARCHITECTURES[name]
    backbone = timm.create_model(architecture, dynamic_img_size=True, **args)
    for block in backbone.blocks:
        block.attn.fused_attn = False  # on a CPU in bfloat16 the plain product's backward is twice as fast
    head = nn.Sequential(nn.Linear(DIM, 512), nn.GELU(), nn.Linear(512, 512), nn.GELU(), nn.Linear(512, 128))
    return nn.ModuleList([backbone, head, nn.utils.parametrizations.weight_norm(nn.Linear(128, PROTOTYPES, bias=False))])


def project(net, x):
    return net[2](F.normalize(net[1](net[0](x)), dim=-1)).float()


class Trainer:
    def __init__(self, name, pool, steps):
        self.name, self.pool, self.steps, self.done = name, pool, steps, 0
        self.student, self.teacher = network(name), network(name)
        self.teacher.load_state_dict(self.student.state_dict())
        self.teacher.requires_grad_(False)
        self.center = torch.zeros(1, PROTOTYPES)
        self.optimizer = torch.optim.AdamW(self.student.parameters(), lr=LEARNING_RATE, weight_decay=0.04, betas=(0.9, 0.98))
        self.seconds = 0.0

    def state(self):
        return dict(done=self.done, steps=self.steps, seconds=self.seconds, center=self.center, student=self.student.state_dict(),
                    teacher=self.teacher.state_dict(), optimizer=self.optimizer.state_dict())

    def load(self, state):
        self.done, self.seconds, self.center = state["done"], state["seconds"], state["center"]
        self.student.load_state_dict(state["student"])
        self.teacher.load_state_dict(state["teacher"])
        self.optimizer.load_state_dict(state["optimizer"])

    def step(self, rng):
        idx = self.pool.train[torch.randint(len(self.pool.train), (BATCH,), generator=rng)]
        x = self.pool.images[idx].float() / 255
        whiten = lambda v: (v - self.pool.mean) / self.pool.std
        wide = torch.cat([whiten(jitter(crops(x, rng, IMAGE, 0.5, 1.0), rng)) for _ in range(2)])
        near = torch.cat([whiten(jitter(crops(x, rng, LOCAL, 0.12, 0.4), rng)) for _ in range(LOCAL_CROPS)])
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                t = project(self.teacher, wide)
            s = torch.cat([project(self.student, wide), project(self.student, near)])
        temperature = 0.04 + 0.02 * min(1, self.done / 1000)
        target = F.softmax((t - self.center) / temperature, -1).chunk(2)
        log_s = F.log_softmax(s / 0.1, -1).chunk(2 + LOCAL_CROPS)
        terms = [-(p * q).sum(-1).mean() for i, p in enumerate(target) for j, q in enumerate(log_s) if i != j]
        self.center = 0.9 * self.center + 0.1 * t.mean(0, keepdim=True)
        return sum(terms) / len(terms)

    def train(self, path):
        rng, recent, start = torch.Generator().manual_seed(self.done), [], time.time()
        while self.done < self.steps:
            rate = LEARNING_RATE * min(1, (self.done + 1) / WARMUP) * (0.5 + 0.5 * math.cos(math.pi * self.done / self.steps))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            loss = self.step(rng)
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
            self.optimizer.step()
            with torch.no_grad():
                for a, b in zip(self.teacher.parameters(), self.student.parameters()):
                    a.lerp_(b, 1 - MOMENTUM)
            recent.append(loss.item())
            self.done += 1
            self.seconds, start = self.seconds + time.time() - start, time.time()
            if self.done % CHECKPOINT_EVERY == 0 or self.done == self.steps:
                print(f"{self.name} step {self.done} {self.seconds:.0f}s loss {sum(recent) / len(recent):.4f}", flush=True)
                recent = []
                torch.save(self.state(), f"{path}.part")
                os.replace(f"{path}.part", path)
            if self.done % (4 * CHECKPOINT_EVERY) == 0:
                print(self.scores(), flush=True)

    def scores(self):
        backbone = self.teacher[0].eval()
        result = probe(lambda idx: embed(backbone, self.pool, idx), self.pool)
        backbone.train()
        return result


def main(pool, out, name, what):
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.state"
    saved = torch.load(path) if path.exists() else None
    trainer = Trainer(name, Pool(pool, IMAGENET), saved["steps"] if what == "export" else int(what))
    if saved:
        trainer.load(saved)
    if what != "export":
        trainer.train(path)
    report = dict(objective=f"self-distillation, no labels: 2 global and {LOCAL_CROPS} local crops, colour jitter", steps=trainer.done,
                  planned_steps=trainer.steps, batch=BATCH, linear_probe=trainer.scores())
    save_timm(trainer.teacher[0], name, out / name, IMAGENET, [], report)
    print(name, report)


if __name__ == "__main__":
    main(*sys.argv[1:])
