"""CLIP ViT-L/14 as a reward: `atelier bench score` against transformers on PyTorch, alternately, each in processes of its own.

Usage: score.py --atelier PROGRAM [--folder DIR] [--threads N] [--batch N] [--rounds N]

The model has random weights (an f16 file) and is made in DIR if it is not there. Ours decides the score from pictures of 64x64 pixels,
resizing included, the text known; theirs has the pixels ready and the text known too, and gives the cosine. f32 and the ways to bf16.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOKENIZER = Path(__file__).parents[2] / "Shared/Menagerie/Base/tokenizer"


def make(folder):
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

    torch.manual_seed(0)
    text = CLIPTextConfig(
        hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, projection_dim=768,
        bos_token_id=830, eos_token_id=831)
    vision = CLIPVisionConfig(
        hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, patch_size=14,
        image_size=224, projection_dim=768)
    model = CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=768))
    model.half().save_pretrained(folder)
    for name in ["vocab.json", "merges.txt"]:
        (folder / name).write_text((TOKENIZER / name).read_text())


def theirs(folder, kind, batch, threads, repeats):
    """Run in a process of its own; prints the median of the seconds."""
    import torch
    from transformers import CLIPModel

    torch.set_num_threads(threads)
    dtype = torch.bfloat16 if kind == "bf16" else torch.float32
    model = CLIPModel.from_pretrained(folder, dtype=dtype).eval()
    pixels = torch.rand(batch, 3, 224, 224, dtype=dtype)
    words = torch.nn.functional.normalize(torch.rand(batch, 768), dim=-1)

    def run():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=kind == "bf16 autocast"):
            pooled = model.vision_model(pixel_values=pixels).pooler_output
            features = torch.nn.functional.normalize(model.visual_projection(pooled).float(), dim=-1)
            return (features * words).sum(-1)

    run()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    print(statistics.median(times))


def ours(atelier, folder, kind, batch, threads, repeats):
    command = [
        atelier, "bench", "score", "--reward", f"clip-score?model={folder}&precision={kind}", "--batch", str(batch),
        "--threads", str(threads), "--repeats", str(repeats), "--json"]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return report["medianSeconds"], report["peakRSSBytes"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--atelier", default="atelier")
    parser.add_argument("--folder", default=str(Path(tempfile.gettempdir()) / "atelier-clip-l14"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--theirs", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = Path(options.folder)
    if options.theirs:
        theirs(folder, options.theirs, options.batch, options.threads, options.repeats)
        return
    if not (folder / "config.json").exists():
        make(folder)
    seconds = {}
    for _ in range(options.rounds):
        for kind in ["f32", "bf16"]:
            value, memory = ours(options.atelier, folder, kind, options.batch, options.threads, options.repeats)
            seconds.setdefault(f"atelier {kind}", []).append(value)
            print(f"atelier {kind}: {value:.3f} s, {memory / 1e9:.2f} GB", flush=True)
        for kind in ["f32", "bf16", "bf16 autocast"]:
            command = [sys.executable, __file__, *sys.argv[1:], "--theirs", kind]
            value = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
            seconds.setdefault(f"transformers {kind}", []).append(value)
            print(f"transformers {kind}: {value:.3f} s", flush=True)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    best = {who: min((value, name) for name, value in medians.items() if name.startswith(who)) for who in ["atelier", "transformers"]}
    print(f"{best['atelier'][1]} {best['atelier'][0]:.3f} s, {best['transformers'][1]} {best['transformers'][0]:.3f} s: "
          f"{best['transformers'][0] / best['atelier'][0]:.2f} times as fast")


if __name__ == "__main__":
    main()
