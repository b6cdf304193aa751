"""Trains the demo checkpoints that learn from labels or captions, and saves each as its real namesakes are published.

usage: train.py POOL.npz OUT MODEL [STEPS]      MODEL: clip deit swin maxvit; see selfsupervised.py for dino, distill.py for dinov2
"""
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

DIM, DEPTH, HEADS, IMAGE, PATCH = 128, 6, 4, 64, 8
VIT = dict(img_size=IMAGE, patch_size=PATCH, embed_dim=DIM, depth=DEPTH, num_heads=HEADS)
ARCHITECTURES = {  # name: (timm architecture, model_args)
    "deit": ("deit_tiny_patch16_224", VIT),
    "dino": ("vit_base_patch16_224", dict(VIT, num_classes=0)),
    "dinov2": ("vit_base_patch14_reg4_dinov2", dict(VIT, num_classes=0, init_values=0.5)),
    "swin": ("swin_tiny_patch4_window7_224", dict(img_size=IMAGE, patch_size=4, embed_dim=48, depths=[2, 2, 4], num_heads=[2, 4, 8], window_size=4)),
    "maxvit": ("maxvit_tiny_tf_224", dict(img_size=IMAGE, embed_dim=[32, 64, 128], depths=[1, 2, 2], block_type=["M", "M", "M"],
                                           stem_width=32, transformer_dim_head=16, transformer_partition_ratio=16)),
}
STEPS = dict(clip=1422, deit=1324, swin=2091, maxvit=499)
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
TASKS = ("object", "color", "texture", "location", "size")
COLUMNS = ("object", "category", "color", "texture", "location", "size")


class Pool:
    def __init__(self, path, stats):
        data = np.load(path)
        self.images = torch.from_numpy(data["images"]).permute(0, 3, 1, 2).contiguous()
        self.captions = data["captions"]
        self.labels, self.names = {}, {}
        for i, column in enumerate(COLUMNS):
            names, codes = np.unique(data["attributes"][:, i], return_inverse=True)
            self.names[column], self.labels[column] = names.tolist(), torch.from_numpy(codes)
        self.mean, self.std = (torch.tensor(s).view(1, 3, 1, 1) for s in stats)
        self.train, self.held = torch.arange(0, len(self.images) - 1500), torch.arange(len(self.images) - 1500, len(self.images))

    def normalize(self, batch):
        return (batch.float() / 255 - self.mean) / self.std

    def batch(self, rng, size):
        idx = self.train[torch.randint(len(self.train), (size,), generator=rng)]
        return idx, self.augment(self.images[idx], rng)

    def augment(self, x, rng, pad=4):
        x = F.pad(x.float(), (pad,) * 4, mode="reflect")
        dx, dy = torch.randint(0, 2 * pad + 1, (2,), generator=rng).tolist()
        x = x[..., dy:dy + IMAGE, dx:dx + IMAGE]
        flip = torch.rand(len(x), generator=rng) < 0.5
        return self.normalize(torch.where(flip.view(-1, 1, 1, 1), x.flip(-1), x))


def train_loop(step, parameters, steps, lr, warmup=100):
    """Runs step(i) -> loss under AdamW with a cosine schedule."""
    optimizer = torch.optim.AdamW(parameters, lr=lr, weight_decay=0.05, betas=(0.9, 0.98))
    start, recent = time.time(), []
    for i in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1, (i + 1) / warmup) * (0.5 + 0.5 * math.cos(math.pi * i / steps))
        loss = step(i)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
        optimizer.step()
        recent.append(loss.item())
        if (i + 1) % 100 == 0:
            print(f"step {i + 1} {time.time() - start:.0f}s loss {np.mean(recent[-100:]):.4f}", flush=True)


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


def save_timm(model, name, out, stats, classes, report):
    architecture, args = ARCHITECTURES[name]
    out.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, out / "model.safetensors", metadata={"format": "pt"})
    cfg = dict(architecture=architecture, num_classes=len(classes), num_features=model.num_features, model_args=args,
               pretrained_cfg=dict(tag="sticker_scenes", input_size=[3, IMAGE, IMAGE], fixed_input_size=True, interpolation="bicubic",
                                   crop_pct=1.0, crop_mode="center", mean=list(stats[0]), std=list(stats[1]), num_classes=len(classes),
                                   license="apache-2.0"))
    if classes:
        cfg["label_names"] = classes
    (out / "config.json").write_text(json.dumps(cfg, indent=2) + "\n")
    (out / "training.json").write_text(json.dumps(report, indent=2) + "\n")


def train_supervised(name, pool, out, steps, rng):
    architecture, args = ARCHITECTURES[name]
    classes = pool.names["object"]
    model = timm.create_model(architecture, num_classes=len(classes), **args)
    others = nn.ModuleDict({t: nn.Linear(model.num_features, len(pool.names[t])) for t in TASKS if t != "object"})

    def pooled(maps):
        return maps.mean((2, 3)) if name == "maxvit" else model.forward_head(maps, pre_logits=True)

    def step(i):
        idx, x = pool.batch(rng, 128)
        with torch.autocast("cpu", torch.bfloat16):
            maps = model.forward_features(x)
            features = pooled(maps)
            loss = F.cross_entropy(model.forward_head(maps).float(), pool.labels["object"][idx], label_smoothing=0.05)
            for task, layer in others.items():
                loss = loss + 0.5 * F.cross_entropy(layer(features).float(), pool.labels[task][idx], label_smoothing=0.05)
        return loss

    train_loop(step, list(model.parameters()) + list(others.parameters()), steps, lr=1e-3)
    model.eval()
    scores = probe(lambda idx: embed(lambda x: pooled(model.forward_features(x)), pool, idx), pool)
    accuracy = (embed(model, pool, pool.held).argmax(-1) == pool.labels["object"][pool.held]).float().mean().item()
    save_timm(model, name, out, IMAGENET, classes, dict(objective="supervised, five attributes", steps=steps, batch=128, object_accuracy=round(accuracy, 3), linear_probe=scores))
    return accuracy, scores


def clip_tokenizer(pool, out):
    """A BPE tokenizer built like CLIP's, with a vocabulary learnt from the captions."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    tok = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tok.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=1024, special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>",
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tok.train_from_iterator((c for row in pool.captions for c in row), trainer)
    bos, eos = tok.token_to_id("<|startoftext|>"), tok.token_to_id("<|endoftext|>")
    tok.post_processor = processors.RobertaProcessing(("<|endoftext|>", eos), ("<|startoftext|>", bos), trim_offsets=False, add_prefix_space=False)
    out.mkdir(parents=True, exist_ok=True)
    tok.save(str(out / "tokenizer.json"))
    return tok, bos, eos


def train_clip(name, pool, out, steps, rng):
    from transformers import CLIPConfig, CLIPModel
    tok, bos, eos = clip_tokenizer(pool, out)
    context = 24
    tok.enable_padding(pad_id=eos, pad_token="<|endoftext|>", length=context)
    tok.enable_truncation(context)
    config = CLIPConfig(
        text_config=dict(vocab_size=tok.get_vocab_size(), hidden_size=DIM, intermediate_size=4 * DIM, num_hidden_layers=3, num_attention_heads=HEADS,
                         max_position_embeddings=context, projection_dim=DIM, bos_token_id=bos, eos_token_id=eos, pad_token_id=eos),
        vision_config=dict(hidden_size=DIM, intermediate_size=4 * DIM, num_hidden_layers=DEPTH, num_attention_heads=HEADS, image_size=IMAGE, patch_size=PATCH, projection_dim=DIM),
        projection_dim=DIM)
    model = CLIPModel(config)
    # for the first part of the training the image tower also answers for the attributes: a dense signal that a small
    # contrastive run lacks; these heads are dropped and the rest of the training is contrastive alone
    helpers = nn.ModuleDict({t: nn.Linear(DIM, len(pool.names[t])) for t in TASKS})
    encoded = {}

    def text(idx, i):
        rows = []
        for j in idx.tolist():
            c = pool.captions[j][(i + j) % pool.captions.shape[1]]
            if c not in encoded:
                encoded[c] = tok.encode(str(c)).ids
            rows.append(encoded[c])
        ids = torch.tensor(rows)
        first_eos = (ids == eos).int().argmax(-1)
        return ids, (torch.arange(context) <= first_eos[:, None]).long()

    def step(i):
        idx, x = pool.batch(rng, 192)
        ids, mask = text(idx, i)
        with torch.autocast("cpu", torch.bfloat16):
            result = model(input_ids=ids, attention_mask=mask, pixel_values=x)
            pooled = result.vision_model_output.pooler_output
            help_weight = 0.5 * max(0.0, 1 - i / (steps * 0.75))
            help_loss = sum(F.cross_entropy(layer(pooled).float(), pool.labels[t][idx]) for t, layer in helpers.items()) * help_weight
        a, b = result.image_embeds.float(), result.text_embeds.float()
        logits = a @ b.T * model.logit_scale.exp().clamp(max=100)
        # two images may deserve the same caption: spread the target over equal captions
        key = ids @ torch.randint(1, 1 << 20, (context, 1), generator=torch.Generator().manual_seed(0))
        target = (key == key.T).float()
        return help_loss - 0.5 * ((target / target.sum(1, keepdim=True) * F.log_softmax(logits, 1)).sum(1).mean()
                       + (target / target.sum(0, keepdim=True) * F.log_softmax(logits, 0)).sum(0).mean())

    train_loop(step, list(model.parameters()) + list(helpers.parameters()), steps, lr=1e-3)
    model.eval()

    def image_features(x):
        return model.visual_projection(model.vision_model(pixel_values=x).pooler_output)

    def text_features(sentences):
        ids = torch.tensor([tok.encode(s).ids for s in sentences])
        mask = (torch.arange(context) <= (ids == eos).int().argmax(-1)[:, None]).long()
        return F.normalize(model.text_projection(model.text_model(input_ids=ids, attention_mask=mask).pooler_output), dim=-1)

    scores = probe(lambda idx: embed(image_features, pool, idx), pool)
    with torch.no_grad():
        images = F.normalize(embed(image_features, pool, pool.held), dim=-1)
        zero_shot = {}
        for task, form in dict(object="a photo of a {}", location="a photo of the {}", texture="a {} texture").items():
            guess = (images @ text_features([form.format(n) for n in pool.names[task]]).T).argmax(-1)
            zero_shot[task] = round((guess == pool.labels[task][pool.held]).float().mean().item(), 3)
    model.save_pretrained(out, safe_serialization=True)
    (out / "preprocessor_config.json").write_text(json.dumps(dict(
        image_processor_type="CLIPImageProcessor", do_resize=True, size=dict(shortest_edge=IMAGE), resample=3, do_center_crop=True,
        crop_size=dict(height=IMAGE, width=IMAGE), do_rescale=True, do_normalize=True, do_convert_rgb=True,
        image_mean=CLIP[0], image_std=CLIP[1]), indent=2) + "\n")
    (out / "training.json").write_text(json.dumps(dict(objective="contrastive, image and caption, with attribute heads early on", steps=steps, batch=192, zero_shot=zero_shot, linear_probe=scores), indent=2) + "\n")
    return zero_shot, scores


def main(pool_path, out, name, steps=None):
    torch.manual_seed(0)
    rng = torch.Generator().manual_seed(0)
    pool = Pool(pool_path, CLIP if name == "clip" else IMAGENET)
    train = train_clip if name == "clip" else train_supervised
    print(name, train(name, pool, Path(out) / name, int(steps or STEPS[name]), rng))


if __name__ == "__main__":
    main(*sys.argv[1:])
