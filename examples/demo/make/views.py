"""Varied views of pictures for training without labels: random crops and jittered colours."""
import math

import torch
from torch.nn import functional as F


def crops(x, rng, size, low, high):
    """Random resized crops [B, 3, size, size] of x, covering low..high of its area, mirrored half of the time."""
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
