"""Where a small Vision Transformer starts: attention that looks at what is alike, positions that already know their neighbours.

Trockman & Kolter, "Mimetic Initialization of Self-Attention Layers" (arXiv 2305.09828): in trained transformers W_Q W_K^T is near a
multiple of the identity and W_V W_proj near a negative one. Starting there, with sinusoidal position embeddings, spares a small run
most of the steps in which nothing seems to happen.
"""
import torch


def factors(shared, noise, sign, width, rank):
    """A [width, rank] and B [rank, width] with A B near sign * shared * I plus noise, cut to `rank`."""
    target = noise * torch.randn(width, width) / width**0.5 + sign * shared * torch.eye(width)
    u, s, v = torch.linalg.svd(target)
    root = s[:rank].sqrt()
    return u[:, :rank] * root, root[:, None] * v[:rank]


def positions(side, width):
    """Two-dimensional sinusoidal embeddings [side * side, width]."""
    y, x = torch.meshgrid(torch.arange(float(side)), torch.arange(float(side)), indexing="ij")
    frequencies = 1e4 ** -(torch.arange(width // 4) / (width // 4))
    return torch.cat([f(axis.flatten()[:, None] * frequencies) for axis in (x, y) for f in (torch.sin, torch.cos)], 1)


@torch.no_grad()
def attention(query, key, value, out, heads):
    """Fills the weights [D, D] of one attention layer."""
    width = query.shape[0]
    size = width // heads
    for rows in torch.arange(width).split(size):
        a, b = factors(0.7, 0.7, 1, width, size)
        query[rows], key[rows] = a.T, b
    a, b = factors(0.4, 0.4, -1, width, width)
    out.copy_(a)
    value.copy_(b)


@torch.no_grad()
def mimetic(model):
    """Fills a timm Vision Transformer."""
    for block in model.blocks:
        query, key, value = block.attn.qkv.weight.data.chunk(3)
        attention(query, key, value, block.attn.proj.weight.data, block.attn.num_heads)
    cells = positions(model.patch_embed.grid_size[0], model.embed_dim)
    model.pos_embed.data[:, model.pos_embed.shape[1] - len(cells):] = 0.3 * cells
