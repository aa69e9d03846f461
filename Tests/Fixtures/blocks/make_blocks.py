"""The building blocks of diffusers' UNet and VAE, each alone: weights, inputs and outputs in one file."""

import sys
from pathlib import Path

import torch
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import Attention
from diffusers.models.downsampling import Downsample2D
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.upsampling import Upsample2D

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import randn, randomise, save

tensors = {}


def add(name, seed, module, inputs, call, prefix=""):
    """`prefix`: the keys under which a model holds the module, where the block of ours includes them."""
    module = randomise(module, seed).double()
    inputs = {key: randn(seed + 10 + n, *shape) for n, (key, shape) in enumerate(inputs.items())}
    output = call(module, {key: value.double() for key, value in inputs.items()})
    for key, value in module.state_dict().items():
        tensors[f"{name}.{prefix}{key}"] = value
    for key, value in inputs.items():
        tensors[f"{name}.input.{key}"] = value
    tensors[f"{name}.output"] = output
    print(name, tuple(output.shape), float(output.std()))


image, context = (2, 16, 6, 4), (2, 5, 12)
add("resnet", 400, ResnetBlock2D(in_channels=16, out_channels=24, temb_channels=20, groups=8, eps=1e-5),
    {"x": image, "time": (2, 20)}, lambda m, i: m(i["x"], i["time"]))
add("resnet-same", 410, ResnetBlock2D(in_channels=16, temb_channels=20, groups=4, eps=1e-5),
    {"x": image, "time": (2, 20)}, lambda m, i: m(i["x"], i["time"]))
add("resnet-vae", 420, ResnetBlock2D(in_channels=16, out_channels=8, temb_channels=None, groups=4, eps=1e-6),
    {"x": image}, lambda m, i: m(i["x"], None))
add("downsample", 430, Downsample2D(16, use_conv=True, out_channels=16, padding=1, name="op"), {"x": image},
    lambda m, i: m(i["x"]), "downsamplers.0.")
add("downsample-vae", 440, Downsample2D(16, use_conv=True, out_channels=16, padding=0, name="op"), {"x": image},
    lambda m, i: m(i["x"]), "downsamplers.0.")
add("upsample", 450, Upsample2D(16, use_conv=True, out_channels=16), {"x": image}, lambda m, i: m(i["x"]), "upsamplers.0.")
add("attention", 460, Attention(16, heads=4, dim_head=4), {"x": (2, 9, 16)}, lambda m, i: m(i["x"]))
add("attention-cross", 470, Attention(16, cross_attention_dim=12, heads=2, dim_head=8), {"x": (2, 9, 16), "context": context},
    lambda m, i: m(i["x"], encoder_hidden_states=i["context"]))
add("block", 480, BasicTransformerBlock(16, 4, 4, cross_attention_dim=12), {"x": (2, 9, 16), "context": context},
    lambda m, i: m(i["x"], encoder_hidden_states=i["context"]))
for name, linear, seed in (("transformer", False, 490), ("transformer-linear", True, 500)):
    add(name, seed,
        Transformer2DModel(2, 8, in_channels=16, num_layers=2, cross_attention_dim=12, norm_num_groups=8, use_linear_projection=linear),
        {"x": image, "context": context}, lambda m, i: m(i["x"], encoder_hidden_states=i["context"]).sample)
add("time", 510, TimestepEmbedding(32, 48), {"x": (3, 32)}, lambda m, i: m(i["x"]))
tensors["sinusoids.input"] = torch.tensor([0.0, 1, 21, 500, 981, 999])
tensors["sinusoids.output"] = Timesteps(32, flip_sin_to_cos=True, downscale_freq_shift=0)(tensors["sinusoids.input"])
save(tensors, here / "blocks.safetensors")
