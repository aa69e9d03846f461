"""Text states of prompts with weighted words, as the library compel makes them (weights of 1 and more) and by the formula.

The models are the small pipelines of ../pipelines. compel's weights below 1 mix in other states, so that for those the
formula z' = z0 + w (z - z0) is worked out here, token by token, in float64.
"""

import sys
from pathlib import Path

import torch
from compel import CompelForSD, CompelForSDXL
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import save

pipelines = here.parent / "pipelines"
prompt = "a green rabbit on the moon"
golden = {}

for family, kind in (("sd15", StableDiffusionPipeline), ("sdxl", StableDiffusionXLPipeline)):
    variant = {"variant": "fp16"} if family == "sdxl" else {}
    pipeline = kind.from_pretrained(pipelines / family, torch_dtype=torch.float32, **variant)
    make = CompelForSDXL(pipeline) if family == "sdxl" else CompelForSD(pipeline)
    golden[f"{family}.stressed"] = make("a (green rabbit)1.3 on the (moon)1.15").embeds

    def states(text):
        encoded = pipeline.encode_prompt(text, "cpu", 1, False) if family == "sd15" else pipeline.encode_prompt(
            text, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False)
        return encoded[0].double()

    # Every word of this prompt is looked up, so that the place of 'moon' follows from the tokens before it.
    parts = []
    widths = [pipeline.text_encoder.config.hidden_size]
    tokenizers = [pipeline.tokenizer]
    if family == "sdxl":
        widths.append(pipeline.text_encoder_2.config.hidden_size)
        tokenizers.append(pipeline.tokenizer_2)
    full, empty = states(prompt), states("")
    channel = 0
    for width, tokenizer in zip(widths, tokenizers):
        z, z0 = full[..., channel:channel + width].clone(), empty[..., channel:channel + width]
        channel += width
        count = lambda text: len(tokenizer(text, add_special_tokens=False).input_ids)
        for token in range(1 + count("a green rabbit on the"), 1 + count(prompt)):
            z[:, token] = z0[:, token] + 0.25 * (z[:, token] - z0[:, token])
        parts.append(z)
    golden[f"{family}.lessened"] = torch.cat(parts, -1)
    if family == "sdxl":  # without weights: compel's own is that of the text with brackets and numbers in it
        golden[f"{family}.pooled"] = pipeline.encode_prompt(
            prompt, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False)[2]

save(golden, here / "golden.safetensors")
print({key: tuple(value.shape) for key, value in golden.items()})
