"""Whole small pipelines of the three families with random weights, and the pictures that diffusers draws with them.

Saved as transformers and diffusers save them, one in shards and one as a variant; the tokenizer is the one of
../tokenizer/words. Every picture starts from the latents beside it.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL, DDIMScheduler, EulerDiscreteScheduler, PNDMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import randn, randomise, save

stable = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


def tokenizer(pad):
    made = CLIPTokenizer.from_pretrained(here.parent / "tokenizer" / "words", model_max_length=16)
    made.pad_token = pad
    return made


def text(kind, width, layers, act, seed):
    words = tokenizer("<|endoftext|>")
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
        num_attention_heads=2, max_position_embeddings=16, hidden_act=act, projection_dim=10,
        bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id,
    )
    return randomise(kind(config), seed)


def vae(seed, scale):
    made = AutoencoderKL(
        block_out_channels=[8, 12], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        norm_num_groups=4, scaling_factor=scale, sample_size=16,
    )
    made = randomise(made, seed)
    with torch.no_grad():  # so that most of the picture is neither black nor white
        made.decoder.conv_out.weight.copy_((made.decoder.conv_out.weight * 0.5).half().float())
    return made


def unet(seed, **options):
    return randomise(UNet2DConditionModel(sample_size=8, layers_per_block=1, norm_num_groups=4, **options), seed)


def first():
    return StableDiffusionPipeline(
        vae=vae(2, 0.18215), text_encoder=text(CLIPTextModel, 16, 2, "quick_gelu", 3), tokenizer=tokenizer("<|endoftext|>"),
        unet=unet(
            4, block_out_channels=[8, 16], attention_head_dim=2, cross_attention_dim=16,
            down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
        ),
        scheduler=PNDMScheduler(**stable, skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )


def second():
    return StableDiffusionPipeline(
        vae=vae(12, 0.18215), text_encoder=text(CLIPTextModel, 20, 2, "gelu", 13), tokenizer=tokenizer("!"),
        unet=unet(
            14, block_out_channels=[8, 12, 16], attention_head_dim=[1, 2, 4], cross_attention_dim=20,
            use_linear_projection=True, upcast_attention=True,
            down_block_types=["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
            up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        ),
        scheduler=DDIMScheduler(
            **stable, prediction_type="v_prediction", clip_sample=False, steps_offset=1, set_alpha_to_one=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )


def xl():
    return StableDiffusionXLPipeline(
        vae=vae(22, 0.13025), text_encoder=text(CLIPTextModel, 8, 2, "quick_gelu", 23),
        text_encoder_2=text(CLIPTextModelWithProjection, 12, 3, "gelu", 24), tokenizer=tokenizer("<|endoftext|>"),
        tokenizer_2=tokenizer("!"),
        unet=unet(
            25, block_out_channels=[8, 16], attention_head_dim=[1, 2], transformer_layers_per_block=[1, 2],
            cross_attention_dim=20, use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 10, down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"],
            up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"],
        ),
        scheduler=EulerDiscreteScheduler(**stable, timestep_spacing="leading", steps_offset=1),
    )


families = {"sd15": (first, {}), "sd21": (second, {"max_shard_size": "60KB"}), "sdxl": (xl, {"variant": "fp16"})}
for name, (make, options) in families.items():
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    pipeline = make().to(torch.float16)
    pipeline.save_pretrained(folder, **options)
    for file in folder.rglob("*.json"):  # private entries are written in any order, and the tokenizer's with this path
        document = json.loads(file.read_text())
        if file.name == "config.json":
            document = {k: v for k, v in document.items() if not k.startswith("_") or k == "_class_name"}
        document.pop("name_or_path", None)
        file.write_text(json.dumps(document, ensure_ascii=False, sort_keys=file.name != "tokenizer.json") + "\n")
    pipeline = pipeline.to(torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    golden = {"latents": randn(7, 1, 4, 8, 12)}
    pipeline.scheduler = type(pipeline.scheduler).from_pretrained(folder, subfolder="scheduler")
    own = pipeline.scheduler
    deterministic = DDIMScheduler.from_config(dict(own.config) | {"clip_sample": False})
    for scheduler, key in ((own, "own"), (deterministic, "ddim")):
        for negative in (None, "blue dog"):
            pipeline.scheduler = scheduler
            picture = pipeline(
                "a green rabbit on the moon", negative_prompt=negative, num_inference_steps=20, guidance_scale=5.0,
                latents=golden["latents"].clone(), height=16, width=24, output_type="pt",
            ).images
            golden[key + (".negative" if negative else "")] = picture
            print(name, key, negative, float(picture.std()), float((picture == 0).float().mean() + (picture == 1).float().mean()))
    save(golden, folder / "golden.safetensors")
    print(name, sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()), "bytes")
