"""The timm models of the demo, and how one is saved: as its well-known namesake is published (config.json + model.safetensors)."""
import json

import timm
from safetensors.torch import save_file

from pool import IMAGE, IMAGENET
from sittings import plain_attention

DIM, DEPTH, HEADS, PATCH = 128, 6, 4, 8
VIT = dict(img_size=IMAGE, patch_size=PATCH, embed_dim=DIM, depth=DEPTH, num_heads=HEADS)
ARCHITECTURES = {  # name: (timm architecture, model_args)
    "deit": ("deit_tiny_patch16_224", VIT),
    "dino": ("vit_base_patch16_224", dict(VIT, num_classes=0)),
    "dinov2": ("vit_base_patch14_reg4_dinov2", dict(VIT, num_classes=0, init_values=0.5)),
    "swin": ("swin_tiny_patch4_window7_224", dict(img_size=IMAGE, patch_size=4, embed_dim=48, depths=[2, 2, 4], num_heads=[2, 4, 8], window_size=4)),
    "maxvit": ("maxvit_tiny_tf_224", dict(img_size=IMAGE, embed_dim=[32, 64, 128], depths=[1, 2, 2], block_type=["M", "M", "M"],
                                           stem_width=32, transformer_dim_head=16, transformer_partition_ratio=16)),
}


def create(name, **more):
    architecture, args = ARCHITECTURES[name]
    model = timm.create_model(architecture, **args, **more)
    plain_attention(model)
    return model


def save(model, name, out, classes, report):
    architecture, args = ARCHITECTURES[name]
    out.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, out / "model.safetensors", metadata={"format": "pt"})
    cfg = dict(architecture=architecture, num_classes=len(classes), num_features=model.num_features, model_args=args,
               pretrained_cfg=dict(tag="sticker_scenes", input_size=[3, IMAGE, IMAGE], fixed_input_size=True, interpolation="bicubic",
                                   crop_pct=1.0, crop_mode="center", mean=list(IMAGENET[0]), std=list(IMAGENET[1]), num_classes=len(classes),
                                   license="apache-2.0"))
    if classes:
        cfg["label_names"] = classes
    (out / "config.json").write_text(json.dumps(cfg, indent=2) + "\n")
    (out / "training.json").write_text(json.dumps(report, indent=2) + "\n")
