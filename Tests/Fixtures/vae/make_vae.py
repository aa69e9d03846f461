"""Small random AutoencoderKLs: posterior, decoded pixels, gradients of a reconstruction."""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import digest, randn, randomise, save, save_model, write_json

models = {
    "two-levels": dict(block_out_channels=[16, 32], layers_per_block=1, norm_num_groups=8, latent_channels=4),
    "three-levels": dict(block_out_channels=[8, 8, 16], layers_per_block=2, norm_num_groups=4, latent_channels=3),
}
for seed, (name, options) in enumerate(models.items(), 200):
    levels = len(options["block_out_channels"])
    model = AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * levels, up_block_types=["UpDecoderBlock2D"] * levels, sample_size=16,
        scaling_factor=0.7, **options)
    model = randomise(model, seed)
    save_model(model, here / name, model.config)
    model = model.double()
    pixels = randn(seed + 1, 2, 3, 16, 24).double().requires_grad_()
    posterior = model.encode(pixels).latent_dist
    latents = randn(seed + 2, *posterior.mean.shape).double().requires_grad_()
    decoded = model.decode(latents).sample
    target = randn(seed + 3, *decoded.shape)
    # The target of each part differs, so that each gradient has its own value.
    loss = ((decoded - target.double()) ** 2).mean() + (posterior.mean**2).mean() + 0.1 * (posterior.logvar**2).mean()
    loss.backward()
    print(name, "posterior", float(posterior.mean.std()), float(posterior.logvar.std()), "pixels", float(decoded.std()))
    save({
        "pixels": pixels, "mean": posterior.mean, "logvar": posterior.logvar, "latents": latents, "decoded": decoded,
        "target": target, "loss": loss, "gradient.pixels": pixels.grad, "gradient.latents": latents.grad,
    }, here / name / "golden.safetensors")
    write_json(here / name / "gradients.json", digest(model.named_parameters()))
