"""The training pool: pictures, masks, captions and attributes, drawn in varied views; and what a linear probe reads from features."""
import numpy as np
import torch
from torch.nn import functional as F

IMAGE = 64
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
TASKS = ("object", "color", "texture", "location", "size")
COLUMNS = ("object", "category", "color", "texture", "location", "size")
HELD, SHIFT = 1500, 4


class Pool:
    def __init__(self, path, stats):
        data = np.load(path)
        self.images = torch.from_numpy(data["images"]).permute(0, 3, 1, 2).contiguous()
        self.masks = data["masks"]
        self.captions = data["captions"]
        self.labels, self.names = {}, {}
        for i, column in enumerate(COLUMNS):
            names, codes = np.unique(data["attributes"][:, i], return_inverse=True)
            self.names[column], self.labels[column] = names.tolist(), torch.from_numpy(codes)
        self.mean, self.std = (torch.tensor(s).view(1, 3, 1, 1) for s in stats)
        self.train, self.held = torch.arange(len(self.images)).split([len(self.images) - HELD, HELD])

    def normalize(self, pictures):
        return (pictures.float() / 255 - self.mean) / self.std

    def batch(self, rng, size):
        """Indices [B], pictures [B, 3, 64, 64], shifted and mirrored, and which pixels are the object's [B, 1, 64, 64]."""
        idx = self.train[torch.randint(len(self.train), (size,), generator=rng)]
        masks = torch.from_numpy(np.unpackbits(self.masks[idx.numpy()], axis=-1)).unsqueeze(1)
        both = F.pad(torch.cat([self.images[idx], masks], 1).float(), (SHIFT,) * 4, mode="reflect")
        dx, dy = torch.randint(0, 2 * SHIFT + 1, (2,), generator=rng).tolist()
        both = both[..., dy:dy + IMAGE, dx:dx + IMAGE]
        flip = torch.rand(size, generator=rng) < 0.5
        both = torch.where(flip.view(-1, 1, 1, 1), both.flip(-1), both)
        return idx, self.normalize(both[:, :3]), both[:, 3:]


def probe(features, pool):
    """Accuracy per attribute of a linear probe fitted on 6,000 pool images, on held-out ones."""
    fit = pool.train[:6000]
    x, y = features(fit), features(pool.held)
    mean, std = x.mean(0), x.std(0) + 1e-6
    x, y = (x - mean) / std, (y - mean) / std
    out = {}
    for task in TASKS:
        t = F.one_hot(pool.labels[task]).float()
        w = torch.linalg.solve(x.T @ x + 30 * torch.eye(x.shape[1]), x.T @ (t[fit] - t[fit].mean(0)))
        out[task] = ((y @ w + t[fit].mean(0)).argmax(-1) == pool.labels[task][pool.held]).float().mean().item()
    return {k: round(v, 3) for k, v in out.items()}


@torch.no_grad()
def embed(encode, pool, idx):
    return torch.cat([encode(pool.normalize(pool.images[i])) for i in idx.split(250)])
