"""Pictures that diffusers decodes in tiles with the auto-encoders of make_vae.py, and the same picture in one piece."""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import randn, save

golden = {}
for seed, name in enumerate(["two-levels", "three-levels"], 300):
    model = AutoencoderKL.from_pretrained(here / name).double()  # made for pictures of 16×16: tiles of 8 and 4 latents
    latents = randn(seed, 2, model.config.latent_channels, 13, 18).double()
    with torch.no_grad():
        whole = model.decode(latents).sample
        model.enable_tiling()
        tiled = model.decode(latents).sample
    print(name, tuple(tiled.shape), "largest difference", float((whole - tiled).abs().max()), "deviation", float(whole.std()))
    golden |= {f"{name}.latents": latents, f"{name}.tiled": tiled}
save(golden, here / "tiles.safetensors")
