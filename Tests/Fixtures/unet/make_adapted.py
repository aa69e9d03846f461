"""Gradients of LoRA on attention, feed-forward layers and convolutions of the UNets of make_unet.py, by peft in float64.

The matrices are a formula of their place in the sorted list of names, so that no file has to hold them. Kept are the loss and two
numbers for each gradient.
"""

import sys
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import digest, write_json

TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out", "conv1", "conv2",
           "conv_shortcut", "time_emb_proj", "downsamplers.0.conv", "upsamplers.0.conv"]


class Named:
    """A gradient under the name that a file of weights gives it."""

    def __init__(self, grad):
        self.grad = grad


for name in ("convolution", "linear", "added"):
    model = UNet2DConditionModel.from_pretrained(here / name).double()
    tuned = get_peft_model(model, LoraConfig(r=2, lora_alpha=3, target_modules=TARGETS))
    matrices = {key.replace(".default", "").removeprefix("base_model.model."): parameter
                for key, parameter in tuned.named_parameters() if "lora_" in key}
    for number, key in enumerate(sorted(matrices)):
        parameter = matrices[key]
        values = torch.cos(1.3 * torch.arange(parameter.numel(), dtype=torch.float64) + number)
        scale = 0.05 if "lora_B" in key else parameter[0].numel() ** -0.5
        parameter.data = (scale * values).float().double().reshape(parameter.shape)
    inputs = load_file(here / name / "golden.safetensors")
    added = {}
    if "time_ids" in inputs:
        added = {"added_cond_kwargs": {key: inputs[key].double() for key in ("text_embeds", "time_ids")}}
    output = tuned(
        inputs["sample"].double(), inputs["timestep"], inputs["encoder_hidden_states"].double(), **added).sample
    loss = ((output - inputs["target"].double()) ** 2).mean()
    loss.backward()
    numbers = digest((key, Named(parameter.grad)) for key, parameter in matrices.items())
    write_json(here / name / "adapted.json", {"loss": [float(loss), 0]} | numbers)
    print(name, len(matrices), "matrices, loss", float(loss))
