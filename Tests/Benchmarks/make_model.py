"""Makes a checkpoint with random weights, of Menagerie's or of Stable Diffusion 1.5's shape, to measure speed with.

Usage: make_model.py menagerie|sd15 FOLDER
"""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

SHAPES = {
    "menagerie": (
        dict(
            sample_size=16,
            block_out_channels=[64, 96, 128],
            layers_per_block=1,
            down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
            cross_attention_dim=128,
            attention_head_dim=4,
            use_linear_projection=True,
        ),
        dict(block_out_channels=[32, 64, 96], norm_num_groups=16, sample_size=64),
        dict(vocab_size=400, hidden_size=128, intermediate_size=512, num_hidden_layers=3, num_attention_heads=4,
             max_position_embeddings=16, eos_token_id=399),
    ),
    "sd15": (
        dict(cross_attention_dim=768, sample_size=64),
        dict(block_out_channels=[128, 256, 512, 512], layers_per_block=2, sample_size=512),
        dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12),
    ),
}


def main():
    unet, vae, text = SHAPES[sys.argv[1]]
    folder = Path(sys.argv[2])
    torch.manual_seed(0)
    depth = len(vae["block_out_channels"])
    parts = {
        "unet": UNet2DConditionModel(**unet),
        "vae": AutoencoderKL(
            down_block_types=["DownEncoderBlock2D"] * depth, up_block_types=["UpDecoderBlock2D"] * depth, **vae
        ),
        "text_encoder": CLIPTextModel(CLIPTextConfig(**text)),
    }
    for name, part in parts.items():
        part.half().save_pretrained(folder / name)


if __name__ == "__main__":
    main()
