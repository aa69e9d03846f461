"""One adapter of ../pipelines/sd15 as diffusers saves it, and what the tuned unet and text encoder give.

Ranks and alphas differ between layers, convolutions and feed-forward layers are among the targets.
"""

import sys
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from diffusers.training_utils import _collate_lora_metadata
from peft import LoraConfig, get_peft_model_state_dict

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import randn, save

pipeline = StableDiffusionPipeline.from_pretrained(here.parent / "pipelines" / "sd15").to(torch.float32)
unet, text = pipeline.unet, pipeline.text_encoder
unet.add_adapter(LoraConfig(
    r=3, lora_alpha=5, rank_pattern={"to_k": 2}, alpha_pattern={"to_out.0": 2.5},
    target_modules=["to_q", "to_k", "to_out.0", "ff.net.2", "conv1", "conv_shortcut", "downsamplers.0.conv", "proj_in"]))
text.add_adapter(LoraConfig(r=2, lora_alpha=3, target_modules=["q_proj", "fc1"]))
for model, seed in ((unet, 1), (text, 2)):
    for number, (name, parameter) in enumerate(sorted(model.named_parameters())):
        if "lora_" in name:
            scale = 0.3 if "lora_B" in name else parameter[0].numel() ** -0.5
            parameter.data = randn(1000 * seed + number, *parameter.shape) * scale
inputs = {"sample": randn(3, 2, 4, 8, 12), "encoder_hidden_states": randn(4, 2, 5, 16)}
ids = torch.tensor([[0, 300, 301, 302, 5, 1]])
with torch.no_grad():
    golden = inputs | {
        "input_ids": ids, "sample.tuned": unet(inputs["sample"], 500, inputs["encoder_hidden_states"]).sample,
        "states.tuned": text(ids).last_hidden_state,
    }
save(golden, here / "golden.safetensors")
StableDiffusionPipeline.save_lora_weights(
    here, unet_lora_layers=get_peft_model_state_dict(unet), text_encoder_lora_layers=get_peft_model_state_dict(text),
    **_collate_lora_metadata({"unet": unet, "text_encoder": text}))
print((here / "pytorch_lora_weights.safetensors").stat().st_size, "bytes")
