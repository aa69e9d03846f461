"""A small random CLIPVisionModelWithProjection: hidden states, the pooled state and the embedding of pictures."""

import sys
from pathlib import Path

import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import randn, randomise, save, save_model

config = CLIPVisionConfig(
    hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, image_size=14, patch_size=4,
    projection_dim=10, hidden_act="gelu")
model = randomise(CLIPVisionModelWithProjection(config), 400)
save_model(model, here / "model", config.to_diff_dict() | config.to_dict(), name="model")
model = model.double()
pixels = randn(401, 2, 3, 14, 14)
output = model(pixel_values=pixels.double())
save({
    "pixel_values": pixels, "last_hidden_state": output.last_hidden_state, "image_embeds": output.image_embeds,
}, here / "model" / "golden.safetensors")
