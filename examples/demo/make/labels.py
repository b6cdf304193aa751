"""Losses from what is known about a picture: its attributes, asked of the whole, and what each cell shows, asked of its token."""
import torch
from torch import nn
from torch.nn import functional as F

from pool import TASKS

BACKGROUND = 0.2  # what a cell without the object weighs beside one that it fills


class WholeLabels(nn.Module):
    """Linear heads that tell attributes from pooled features [B, D]; dropped after the training."""

    def __init__(self, width, pool, tasks=TASKS):
        super().__init__()
        self.labels = pool.labels
        self.heads = nn.ModuleDict({task: nn.Linear(width, len(pool.names[task])) for task in tasks})

    def forward(self, features, idx):
        return sum(F.cross_entropy(head(features).float(), self.labels[task][idx], label_smoothing=0.05) for task, head in self.heads.items())


class CellLabels(nn.Module):
    """Linear heads that tell from each token [B, T, D] what its cell shows: the object (or none), its texture and its color.

    Labels for every token, as in "All Tokens Matter" (arXiv 2104.10858), here from the pictures' masks: a small transformer finds
    where to look long before labels for the whole picture alone would teach it. Dropped after the training.
    """

    def __init__(self, width, pool):
        super().__init__()
        self.labels = pool.labels
        counts = dict(object=len(pool.names["object"]) + 1, texture=len(pool.names["texture"]), color=len(pool.names["color"]))
        self.norm = nn.LayerNorm(width)
        self.heads = nn.ModuleDict({task: nn.Linear(width, count) for task, count in counts.items()})

    def forward(self, tokens, masks, idx):
        tokens = self.norm(tokens)
        side = int(tokens.shape[1] ** 0.5)
        cover = F.adaptive_avg_pool2d(masks, side).flatten(1)
        likely = {task: F.log_softmax(head(tokens).float(), -1) for task, head in self.heads.items()}
        right = {task: row.gather(-1, self.labels[task][idx].view(-1, 1, 1).expand(-1, side * side, 1))[..., 0] for task, row in likely.items()}
        empty = BACKGROUND * (1 - cover)
        found = -(cover * right["object"] + empty * likely["object"][..., -1]).sum() / (cover + empty).sum()
        return found + sum(-0.5 * (cover * right[task]).sum() / cover.sum() for task in ("texture", "color"))
