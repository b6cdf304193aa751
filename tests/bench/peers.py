"""The same models in PyTorch, ONNX Runtime, OpenVINO and vitscope, in turn (A B C D, A B C D, ...), so that whatever else
the machine does meets all alike; prints milliseconds per image and ratios. Weights are random: they do not matter here.

usage: peers.py [--threads 1] [--batch 1] [--rounds 7] [--models vit_b16,swin_b,...] [--without openvino,...]

    python -m venv /somewhere && /somewhere/bin/pip install torch timm onnx onnxruntime openvino safetensors
    /somewhere/bin/python tests/bench/peers.py

`vitscope` is the bare forward pass, `bf16` the same with linear layers that multiply bf16 (beside it `torch-bf16`, PyTorch under
autocast), `+heads` with every component pooled, `+tokens` with every head split over tokens.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = {  # name: (timm architecture, model_args, image size)
    "vit_b16": ("vit_base_patch16_224", {}, 224),
    "dinov2_b_518": ("vit_base_patch14_dinov2", {}, 518),
    "swin_b": ("swin_base_patch4_window7_224", {}, 224),
    "maxvit_s": ("maxvit_small_tf_224", {}, 224),
}
OURS = {"vitscope": "bare", "bf16": "bf16", "+heads": "heads", "+tokens": "tokens"}


def save(model, architecture, args, size, folder):
    from safetensors.torch import save_file
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors")
    config = dict(input_size=[3, size, size], interpolation="bicubic", crop_pct=1.0, mean=[0.5] * 3, std=[0.5] * 3)
    (folder / "config.json").write_text(json.dumps(dict(
        architecture=architecture, num_classes=0, num_features=model.num_features, model_args=args, pretrained_cfg=config)))


def torch_engine(model, x, bf16=False):
    import torch

    def run():
        start = time.perf_counter()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            model(x)
        return time.perf_counter() - start
    return run


def onnxruntime_engine(path, x, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x.numpy()}

    def run():
        start = time.perf_counter()
        session.run(None, feed)
        return time.perf_counter() - start
    return run


def openvino_engine(path, x, threads):
    import openvino
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()
    feed = x.numpy()

    def run():
        start = time.perf_counter()
        request.infer([feed])
        return time.perf_counter() - start
    return run


class Vitscope:
    """One process that times a pass whenever it is asked."""

    def __init__(self, folder, batch, threads):
        command = ["cargo", "bench", "--offline", "--quiet", "--bench", "speed", "--", "peer", str(folder), str(batch)]
        self.process = subprocess.Popen(command, cwd=REPOSITORY, env=dict(os.environ, RAYON_NUM_THREADS=str(threads)),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("the benchmark did not start")

    def engine(self, what):
        def run():
            self.process.stdin.write(what + "\n")
            self.process.stdin.flush()
            return float(self.process.stdout.readline())
        return run

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(name, options, folder):
    import timm
    import torch
    architecture, args, size = MODELS[name]
    torch.manual_seed(0)
    model = timm.create_model(architecture, num_classes=0, **args).eval()
    save(model, architecture, args, size, folder)
    x = torch.randn(options.batch, 3, size, size)
    path = folder / "model.onnx"
    torch.onnx.export(model, (x,), str(path), dynamo=False, opset_version=17)
    ours = Vitscope(folder, options.batch, options.threads)
    engines = {
        "torch": lambda: torch_engine(model, x),
        "torch-bf16": lambda: torch_engine(model, x, bf16=True),
        "onnxruntime": lambda: onnxruntime_engine(path, x, options.threads),
        "openvino": lambda: openvino_engine(path, x, options.threads),
    }
    engines = {k: make() for k, make in engines.items() if k not in options.without}
    engines |= {k: ours.engine(what) for k, what in OURS.items()}
    times = {k: [] for k in engines}
    for round_ in range(options.rounds + 1):
        for key, run in engines.items():
            seconds = run()
            if round_:  # the first round warms up
                times[key].append(seconds * 1e3 / options.batch)
    ours.close()
    return {k: statistics.median(v) for k, v in times.items()}


def main():
    words = lambda text: [word for word in text.split(",") if word]
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--models", type=words, default=list(MODELS))
    parser.add_argument("--without", type=words, default=[])
    options = parser.parse_args()
    import torch
    torch.set_num_threads(options.threads)
    print(f"threads {options.threads}, batch {options.batch}, ms per image (median of {options.rounds}), ratio to each peer")
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            ms = measure(name, options, Path(folder))
        peers = [k for k in ms if k not in OURS]
        print(f"\n{name:<14}" + "".join(f"{'/' + k:>14}" for k in ["ms", *peers]).replace("/ms", " ms"))
        for key, value in ms.items():
            ratios = "".join(f"{value / ms[peer]:>14.2f}" for peer in peers)
            print(f"{key:<14}{value:>14.1f}{ratios}", flush=True)


if __name__ == "__main__":
    main()
