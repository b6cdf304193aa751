"""Trains the demo's CLIP, and saves it as transformers does (config.json, model.safetensors, tokenizer.json, preprocessor_config.json).

usage: contrast.py POOL.npz OUT [STEPS]      resumes OUT/clip.state if there is one; writes OUT/clip at the end
"""
import json
import sys
from pathlib import Path

import torch
from torch import nn
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPModel

from labels import CellLabels, WholeLabels
from models import DEPTH, DIM, HEADS, PATCH
from pool import CLIP, IMAGE, Pool, embed, probe
from sittings import setup, train
from start import attention, positions

STEPS, BATCH, RATE, CONTEXT = 2000, 160, 2.5e-3, 24
PROMPTS = dict(object="a photo of a {}", location="a photo of the {}", texture="a {} texture")


def learn_tokenizer(captions):
    """A BPE tokenizer built like CLIP's, with a vocabulary learnt from the captions."""
    tok = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tok.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=1024, special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>",
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tok.train_from_iterator((c for row in captions for c in row), trainer)
    bos, eos = tok.token_to_id("<|startoftext|>"), tok.token_to_id("<|endoftext|>")
    tok.post_processor = processors.RobertaProcessing(("<|endoftext|>", eos), ("<|startoftext|>", bos), trim_offsets=False, add_prefix_space=False)
    return tok


def tokenizer(captions, path):
    """The tokenizer at `path`, learnt if there is none (twice the same captions can give other ids), and the ids that begin and end a text."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        learn_tokenizer(captions).save(str(path))
    tok = Tokenizer.from_file(str(path))
    bos, eos = tok.token_to_id("<|startoftext|>"), tok.token_to_id("<|endoftext|>")
    tok.enable_padding(pad_id=eos, pad_token="<|endoftext|>", length=CONTEXT)
    tok.enable_truncation(CONTEXT)
    return tok, bos, eos


class Texts:
    """Captions as token ids [B, 24] and masks of what stands before their end."""

    def __init__(self, pool, out):
        self.tok, self.bos, self.eos = tokenizer(pool.captions, out / "tokenizer.json")
        self.captions, self.encoded = pool.captions, {}

    def ids(self, sentences):
        for sentence in sentences:
            if sentence not in self.encoded:
                self.encoded[sentence] = self.tok.encode(str(sentence)).ids
        ids = torch.tensor([self.encoded[sentence] for sentence in sentences])
        return ids, (torch.arange(CONTEXT) <= (ids == self.eos).int().argmax(-1)[:, None]).long()

    def of(self, idx, rng):
        which = torch.randint(self.captions.shape[1], (len(idx),), generator=rng)
        return self.ids([self.captions[j][k] for j, k in zip(idx.tolist(), which.tolist())])


def network(texts):
    size = dict(hidden_size=DIM, intermediate_size=4 * DIM, num_attention_heads=HEADS, projection_dim=DIM)
    config = CLIPConfig(
        text_config=dict(size, vocab_size=texts.tok.get_vocab_size(), num_hidden_layers=3, max_position_embeddings=CONTEXT,
                         bos_token_id=texts.bos, eos_token_id=texts.eos, pad_token_id=texts.eos),
        vision_config=dict(size, num_hidden_layers=DEPTH, image_size=IMAGE, patch_size=PATCH), projection_dim=DIM)
    model = CLIPModel._from_config(config, attn_implementation="eager")
    for layer in model.vision_model.encoder.layers:
        own = layer.self_attn
        attention(own.q_proj.weight.data, own.k_proj.weight.data, own.v_proj.weight.data, own.out_proj.weight.data, HEADS)
    model.vision_model.embeddings.position_embedding.weight.data[1:] = 0.3 * positions(IMAGE // PATCH, DIM)
    return model


def contrast(images, texts, scale, ids):
    """The loss of CLIP, with the target spread over equal captions: two images may deserve the same one."""
    logits = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T * scale.exp().clamp(max=100)
    key = ids @ torch.randint(1, 1 << 20, (CONTEXT, 1), generator=torch.Generator().manual_seed(0))
    same = (key == key.T).float()
    share = same / same.sum(1, keepdim=True)
    return -0.5 * sum((share * F.log_softmax(rows, 1)).sum(1).mean() for rows in (logits, logits.T))


def encoders(model, texts):
    def images(x):
        return F.normalize(model.visual_projection(model.vision_model(pixel_values=x).pooler_output), dim=-1)

    def sentences(sentences):
        ids, mask = texts.ids(sentences)
        return F.normalize(model.text_projection(model.text_model(input_ids=ids, attention_mask=mask).pooler_output), dim=-1)

    return images, sentences


def save(model, out, report):
    model.save_pretrained(out, safe_serialization=True)
    (out / "preprocessor_config.json").write_text(json.dumps(dict(
        image_processor_type="CLIPImageProcessor", do_resize=True, size=dict(shortest_edge=IMAGE), resample=3, do_center_crop=True,
        crop_size=dict(height=IMAGE, width=IMAGE), do_rescale=True, do_normalize=True, do_convert_rgb=True,
        image_mean=CLIP[0], image_std=CLIP[1]), indent=2) + "\n")
    (out / "training.json").write_text(json.dumps(report, indent=2) + "\n")


def main(pool_path, out, steps=STEPS):
    setup()
    pool, out, steps = Pool(pool_path, CLIP), Path(out), int(steps)
    texts = Texts(pool, out / "clip")
    model = network(texts)
    # at first the image tower also answers for what is known about the picture: a dense signal that a small contrastive run
    # lacks. These heads are dropped, and the last quarter of the training is contrastive alone.
    helpers = nn.ModuleDict(dict(clip=model, whole=WholeLabels(DIM, pool), cells=CellLabels(DIM, pool)))

    def step(i, rng):
        idx, x, masks = pool.batch(rng, BATCH)
        ids, mask = texts.of(idx, rng)
        help_weight = max(0.0, 1 - i / (0.75 * steps))
        with torch.autocast("cpu", torch.bfloat16):
            seen = model.vision_model(pixel_values=x)
            read = model.text_model(input_ids=ids, attention_mask=mask)
            images, sentences = model.visual_projection(seen.pooler_output), model.text_projection(read.pooler_output)
            help_loss = 0.5 * helpers["whole"](seen.pooler_output, idx) + helpers["cells"](seen.last_hidden_state[:, 1:], masks, idx) if help_weight else 0
        return contrast(images.float(), sentences.float(), model.logit_scale, ids) + help_weight * help_loss

    train(helpers, step, out / "clip.state", steps, RATE)
    images, sentences = encoders(model, texts)
    scores = probe(lambda idx: embed(images, pool, idx), pool)
    with torch.no_grad():
        held, zero_shot = embed(images, pool, pool.held), {}
        for task, prompt in PROMPTS.items():
            guess = (held @ sentences([prompt.format(name) for name in pool.names[task]]).T).argmax(-1)
            zero_shot[task] = round((guess == pool.labels[task][pool.held]).float().mean().item(), 3)
    report = dict(objective="contrastive, image and caption, with labels of the whole and of each cell early on (make/labels.py)", steps=steps,
                  batch=BATCH, zero_shot=zero_shot, linear_probe=scores)
    save(model, out / "clip", report)
    print(report)


if __name__ == "__main__":
    main(*sys.argv[1:])
