"""A training loop that can be stopped at any moment and taken up again: two optimizers, a cosine schedule, a state on disk."""
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

WARMUP, SAVE_EVERY = 60, 50


def optimizers(model, inner, lr):
    """Muon for the matrices under the names `inner`, AdamW for everything else.

    Muon is K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; with its updates scaled to the size of
    AdamW's (arXiv 2502.16982) one schedule serves both.
    """
    matrices, others = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        hidden = parameter.ndim == 2 and any(part in name for part in inner)
        (matrices if hidden else others).append(parameter)
    return [torch.optim.Muon(matrices, lr=2 * lr, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=lr, weight_decay=0.05, betas=(0.9, 0.98))]


def plain_attention(model):
    """On a CPU in bfloat16 the plain product's backward is more than twice as fast as the fused one's."""
    for module in model.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = False


def train(model, step, path, steps, lr, inner=("blocks.", "layers.", "stages."), after=lambda done: None):
    """Runs step(i, rng) -> loss up to `steps` steps, resuming from the state at `path` if there is one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    steppers, done, seconds = optimizers(model, inner, lr), 0, 0.0
    rates = [[group["lr"] for group in stepper.param_groups] for stepper in steppers]
    if path.exists():
        state = torch.load(path)
        done, seconds = state["done"], state["seconds"]
        model.load_state_dict(state["model"])
        for stepper, saved in zip(steppers, state["optimizers"]):
            stepper.load_state_dict(saved)
    rng, recent, start = torch.Generator().manual_seed(done), [], time.time()
    model.train()
    while done < steps:
        pace = min(1, (done + 1) / WARMUP) * (0.5 + 0.5 * math.cos(math.pi * done / steps))
        for stepper, own in zip(steppers, rates):
            for group, rate in zip(stepper.param_groups, own):
                group["lr"] = rate * pace
        loss = step(done, rng)
        for stepper in steppers:
            stepper.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
        after(done)
        recent.append(loss.item())
        done += 1
        if done % SAVE_EVERY == 0 or done == steps:
            seconds, start = seconds + time.time() - start, time.time()
            print(f"{path.stem} step {done} {seconds:.0f}s loss {np.mean(recent):.4f}", flush=True)
            recent = []
            saved = dict(done=done, seconds=seconds, model=model.state_dict(), optimizers=[s.state_dict() for s in steppers])
            torch.save(saved, f"{path}.part")
            os.replace(f"{path}.part", path)
    model.eval()


def setup():
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
