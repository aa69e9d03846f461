"""The other side of a comparison: diffusers and PyTorch over the same checkpoint and the same number of threads.

Usage: peer.py WORK VARIANT MODEL BATCH HEIGHT WIDTH CONTEXT THREADS
VARIANT: f32; bf16 (autocast); bf16-weights (the model itself in bf16, not for training); each also with "-compiled"
(torch.compile). Says "ready" once it has loaded and run. For each line on standard input it measures as many repeats as the
line says and prints one JSON object.
"""

import json
import statistics
import sys
import time

import torch


def random_inputs(batch, height, width, context, channels, cross, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(batch, channels, height, width, generator=generator).to(dtype),
        torch.tensor([(37 * i + 501) % 1000 for i in range(batch)]),
        torch.randn(batch, context, cross, generator=generator).to(dtype),
    )


def unet_work(model, batch, height, width, context, dtype):
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet", torch_dtype=dtype).eval()
    config = unet.config
    inputs = random_inputs(batch, height, width, context, config.in_channels, config.cross_attention_dim, dtype)

    def run():
        with torch.inference_mode():
            unet(*inputs)

    return run


def train_step_work(model, batch, height, width, context, dtype):
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig

    unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet", torch_dtype=torch.float32)
    unet.requires_grad_(False)
    targets = ["to_q", "to_k", "to_v", "to_out.0"]
    unet.add_adapter(LoraConfig(r=4, lora_alpha=4, target_modules=targets, init_lora_weights="gaussian"))
    inputs = random_inputs(batch, height, width, context, unet.config.in_channels, unet.config.cross_attention_dim)
    target = torch.randn_like(inputs[0])
    trained = [p for p in unet.parameters() if p.requires_grad]

    def run():
        torch.nn.functional.mse_loss(unet(*inputs).sample, target).backward()
        for parameter in trained:
            parameter.grad = None

    return run


def vae_decode_work(model, batch, height, width, context, dtype):
    from diffusers import AutoencoderKL

    vae = AutoencoderKL.from_pretrained(model, subfolder="vae", torch_dtype=dtype).eval()
    latents = torch.randn(batch, vae.config.latent_channels, height, width).to(dtype)

    def run():
        with torch.inference_mode():
            vae.decode(latents)

    return run


def text_encoder_work(model, batch, height, width, context, dtype):
    from transformers import CLIPTextModel

    encoder = CLIPTextModel.from_pretrained(model, subfolder="text_encoder", torch_dtype=dtype).eval()
    tokens = torch.randint(0, encoder.config.vocab_size, (batch, context))

    def run():
        with torch.inference_mode():
            encoder(tokens)

    return run


def sample_work(model, batch, height, width, context, dtype):
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(model, torch_dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)

    def run():
        pipeline(
            ["a green colored rabbit"] * batch, height=8 * height // 2, width=8 * width // 2, num_inference_steps=20,
            guidance_scale=4.0, eta=1.0, output_type="np",
        )

    return run


def variant(run, name):
    """What `run` does, by the arithmetic of a variant."""
    if "-compiled" in name:
        run = torch.compile(run)
    if not name.startswith("bf16") or name.startswith("bf16-weights"):
        return run

    def autocast():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            run()

    return autocast


WORKS = {
    "unet": unet_work,
    "train-step": train_step_work,
    "vae-decode": vae_decode_work,
    "text-encoder": text_encoder_work,
    "sample": sample_work,
}


def peak_resident_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def main():
    work, name, model = sys.argv[1:4]
    batch, height, width, context, threads = map(int, sys.argv[4:9])
    torch.set_num_threads(threads)
    dtype = torch.bfloat16 if name.startswith("bf16-weights") else torch.float32
    run = variant(WORKS[work](model, batch, height, width, context, dtype), name)
    run()
    print("ready", flush=True)
    for line in sys.stdin:
        run()
        times = []
        for _ in range(int(line)):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        report = {
            "medianSeconds": statistics.median(times),
            "minSeconds": min(times),
            "maxSeconds": max(times),
            "peakRSSBytes": peak_resident_bytes(),
        }
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
