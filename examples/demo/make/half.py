"""Copies a checkpoint folder with its floating-point weights as f16 (half the size to ship; integer tensors stay as they are).

usage: half.py FROM TO
"""
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def to_half(source, target):
    source, target = Path(source), Path(target)
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.json")):
        shutil.copyfile(path, target / path.name)
    tensors = {k: v.half() if v.is_floating_point() else v for k, v in load_file(source / "model.safetensors").items()}
    for name, tensor in tensors.items():
        assert torch.isfinite(tensor).all(), f"{name} does not fit in f16"
    save_file({k: v.contiguous() for k, v in tensors.items()}, target / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    to_half(*sys.argv[1:])
