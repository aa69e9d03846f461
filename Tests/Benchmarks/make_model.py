"""Makes a checkpoint with random weights in the shape of Menagerie, of Stable Diffusion 1.5, 2.1 or XL, or of a narrow one of these.

Usage: make_model.py menagerie|sd15|sd21|sdxl|sd21-narrow|sdxl-narrow FOLDER

A whole pipeline, as diffusers saves it, in f16; the tokenizers are the small ones of Tests/Fixtures/tokenizer. One part is in
memory at a time.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, EulerDiscreteScheduler, PNDMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

WORDS = Path(__file__).parent.parent / "Fixtures" / "tokenizer" / "words"
STABLE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
DOWN, UP = ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"], ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3
XL = dict(
    down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * 2, up_block_types=["CrossAttnUpBlock2D"] * 2 + ["UpBlock2D"],
    transformer_layers_per_block=[1, 2, 10], use_linear_projection=True, addition_embed_type="text_time",
    sample_size=128,
)


def text(width, layers, heads, **options):
    return dict(hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=heads) | options


SHAPES = {
    "menagerie": dict(
        unet=dict(
            sample_size=16, block_out_channels=[64, 96, 128], layers_per_block=1,
            down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
            cross_attention_dim=128, attention_head_dim=4, use_linear_projection=True,
        ),
        vae=dict(block_out_channels=[32, 64, 96], norm_num_groups=16, sample_size=64),
        text=[text(128, 3, 4, vocab_size=606, max_position_embeddings=16)],
        scheduler=(DDIMScheduler, dict(clip_sample=False, set_alpha_to_one=False)),
    ),
    "sd15": dict(
        unet=dict(cross_attention_dim=768, sample_size=64, down_block_types=DOWN, up_block_types=UP),
        vae=dict(sample_size=512),
        text=[text(768, 12, 12)],
        scheduler=(PNDMScheduler, dict(skip_prk_steps=True, set_alpha_to_one=False)),
    ),
    "sd21": dict(
        unet=dict(cross_attention_dim=1024, sample_size=96, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True,
                  upcast_attention=True, down_block_types=DOWN, up_block_types=UP),
        vae=dict(sample_size=768),
        text=[text(1024, 23, 16, hidden_act="gelu", projection_dim=512)],
        scheduler=(DDIMScheduler, dict(prediction_type="v_prediction", clip_sample=False, set_alpha_to_one=False)),
    ),
    "sdxl": dict(
        unet=XL | dict(block_out_channels=[320, 640, 1280], attention_head_dim=[5, 10, 20], cross_attention_dim=2048,
                       addition_time_embed_dim=256, projection_class_embeddings_input_dim=6 * 256 + 1280),
        vae=dict(sample_size=1024, scaling_factor=0.13025, force_upcast=True),
        text=[text(768, 12, 12, projection_dim=768), text(1280, 32, 20, hidden_act="gelu", projection_dim=1280)],
        scheduler=(EulerDiscreteScheduler, dict(timestep_spacing="leading")),
    ),
}
# The same with a fifth of the width, for machines and patience that hold no more.
SHAPES["sd21-narrow"] = SHAPES["sd21"] | dict(
    unet=SHAPES["sd21"]["unet"] | dict(cross_attention_dim=256, block_out_channels=[64, 128, 256, 256],
                                       attention_head_dim=[1, 2, 4, 4], sample_size=48),
    vae=dict(sample_size=384, block_out_channels=[32, 64, 128, 128]),
    text=[text(256, 23, 4, hidden_act="gelu", projection_dim=512)],
)
SHAPES["sdxl-narrow"] = SHAPES["sdxl"] | dict(
    unet=SHAPES["sdxl"]["unet"] | dict(block_out_channels=[64, 128, 256], attention_head_dim=[1, 2, 4], cross_attention_dim=448,
                                       addition_time_embed_dim=64, projection_class_embeddings_input_dim=6 * 64 + 256,
                                       sample_size=64),
    vae=dict(sample_size=512, scaling_factor=0.13025, force_upcast=True, block_out_channels=[32, 64, 128, 128]),
    text=[text(192, 12, 3, projection_dim=192), text(256, 32, 4, hidden_act="gelu", projection_dim=256)],
)


def make_tokenizer(pad, positions, folder):
    words = CLIPTokenizer.from_pretrained(WORDS, model_max_length=positions)
    words.pad_token = pad
    words.save_pretrained(folder)
    return words


def main():
    shape, folder = SHAPES[sys.argv[1]], Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float16)
    vae = dict(block_out_channels=[128, 256, 512, 512], layers_per_block=2) | shape["vae"]
    depth = len(vae["block_out_channels"])
    UNet2DConditionModel(**shape["unet"]).save_pretrained(folder / "unet")
    AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * depth, up_block_types=["UpDecoderBlock2D"] * depth, **vae
    ).save_pretrained(folder / "vae")
    isXL = len(shape["text"]) == 2
    for index, options in enumerate(shape["text"]):
        suffix = "_2" if index else ""
        kind = CLIPTextModelWithProjection if index else CLIPTextModel
        words = make_tokenizer("!" if index or options.get("hidden_act") == "gelu" else "<|endoftext|>",
                               options.get("max_position_embeddings", 77), folder / f"tokenizer{suffix}")
        config = CLIPTextConfig(**options, bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id)
        kind(config).save_pretrained(folder / f"text_encoder{suffix}")
    scheduler, options = shape["scheduler"]
    scheduler(**STABLE, **options).save_pretrained(folder / "scheduler")
    index = {"_class_name": "StableDiffusionXLPipeline" if isXL else "StableDiffusionPipeline"}
    for part, kind in (("unet", "UNet2DConditionModel"), ("vae", "AutoencoderKL")):
        index[part] = ["diffusers", kind]
    index["scheduler"] = ["diffusers", scheduler.__name__]
    for number, _ in enumerate(shape["text"]):
        suffix = "_2" if number else ""
        index[f"text_encoder{suffix}"] = ["transformers", "CLIPTextModelWithProjection" if number else "CLIPTextModel"]
        index[f"tokenizer{suffix}"] = ["transformers", "CLIPTokenizer"]
    if not isXL:
        index |= {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False}
    else:
        index["force_zeros_for_empty_prompt"] = True
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


if __name__ == "__main__":
    main()
