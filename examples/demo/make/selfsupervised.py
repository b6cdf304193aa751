"""Trains the self-supervised demo checkpoint `dino`.

usage: selfsupervised.py POOL.npz OUT [STEPS]      resumes OUT/dino.state if there is one; writes OUT/dino at the end

Self-distillation with no labels (DINO, arXiv 2104.14294): global and local crops of an image, a momentum teacher, sharpening; the
teacher's assignments are balanced by Sinkhorn-Knopp and the class tokens of a batch kept apart, as in DINOv2 (arXiv 2304.07193,
section 4), without which a small batch settles for the landscape.
"""
import copy
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from models import DIM, create, save
from pool import IMAGE, IMAGENET, Pool, embed, probe
from sittings import setup, train
from start import mimetic
from views import crops, jitter

PROTOTYPES, BATCH, LOCAL_CROPS, LOCAL = 1024, 64, 4, 32
STEPS, RATE, MOMENTUM, APART = 1200, 2e-3, 0.99, 0.1


def network():
    """Backbone (any image size: its position embedding is resized for local crops), projection, prototypes."""
    backbone = create("dino", dynamic_img_size=True)
    mimetic(backbone)
    head = nn.Sequential(nn.Linear(DIM, 512), nn.GELU(), nn.Linear(512, 512), nn.GELU(), nn.Linear(512, 128))
    return nn.ModuleDict(dict(backbone=backbone, head=head, prototypes=nn.utils.parametrizations.weight_norm(nn.Linear(128, PROTOTYPES, bias=False))))


def project(net, x):
    """Class tokens [B, D] and similarities to the prototypes [B, P]."""
    whole = net["backbone"](x)
    return whole.float(), net["prototypes"](F.normalize(net["head"](whole), dim=-1)).float()


def balanced(similarities, temperature, rounds=3):
    """Soft assignments [B, P] that use every prototype alike (Sinkhorn-Knopp, as in SwAV, arXiv 2006.09882)."""
    q = ((similarities - similarities.max()) / temperature).exp()
    for _ in range(rounds):
        q = q / q.sum(0, keepdim=True).clamp(min=1e-9)
        q = q / q.sum(1, keepdim=True)
    return q


def apart(whole):
    """The Kozachenko-Leonenko term: minus the mean log distance of each class token [B, D] to its nearest neighbour."""
    unit = F.normalize(whole, dim=-1)
    near = (unit @ unit.T).fill_diagonal_(-1).max(1).values
    return -(2 - 2 * near).clamp(min=1e-8).sqrt().log().mean()


class SelfDistillation:
    def __init__(self, pool):
        self.pool = pool
        self.student = network()
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)
        self.both = nn.ModuleDict(dict(student=self.student, teacher=self.teacher))

    def step(self, i, rng):
        idx = self.pool.train[torch.randint(len(self.pool.train), (BATCH,), generator=rng)]
        x = self.pool.images[idx].float() / 255
        whiten = lambda v: (v - self.pool.mean) / self.pool.std
        wide = torch.cat([whiten(jitter(crops(x, rng, IMAGE, 0.6, 1.0), rng, 0.4)) for _ in range(2)])
        near = torch.cat([whiten(jitter(crops(x, rng, LOCAL, 0.15, 0.4), rng, 0.4)) for _ in range(LOCAL_CROPS)])
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                _, t = project(self.teacher, wide)
            whole, s = project(self.student, wide)
            s = torch.cat([s, project(self.student, near)[1]])
        target = [balanced(view, 0.06) for view in t.chunk(2)]
        log_s = F.log_softmax(s / 0.1, -1).chunk(2 + LOCAL_CROPS)
        terms = [-(p * q).sum(-1).mean() for i, p in enumerate(target) for j, q in enumerate(log_s) if i != j]
        return sum(terms) / len(terms) + APART * sum(apart(view) for view in whole.chunk(2)) / 2

    @torch.no_grad()
    def follow(self, done):
        for a, b in zip(self.teacher.parameters(), self.student.parameters()):
            a.lerp_(b, 1 - MOMENTUM)

    def report(self, steps):
        backbone = self.teacher["backbone"].eval()
        return dict(objective=f"self-distillation, no labels: 2 global and {LOCAL_CROPS} local crops, colour jitter", steps=steps, batch=BATCH,
                    linear_probe=probe(lambda idx: embed(backbone, self.pool, idx), self.pool))


def main(pool, out, steps=STEPS):
    setup()
    run, out, steps = SelfDistillation(Pool(pool, IMAGENET)), Path(out), int(steps)
    train(run.both, run.step, out / "dino.state", steps, RATE, after=run.follow)
    report = run.report(steps)
    save(run.teacher["backbone"], "dino", out / "dino", [], report)
    print("dino", report)


if __name__ == "__main__":
    main(*sys.argv[1:])
