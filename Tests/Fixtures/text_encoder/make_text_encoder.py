"""Small random CLIPTextModels: last and penultimate hidden states, the pooled state, gradients."""

import sys
from pathlib import Path

import torch
from transformers import CLIPTextConfig, CLIPTextModel

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import digest, randn, randomise, save, save_model, write_json

START, END = 98, 99
models = {
    # As in Stable Diffusion 1.5: keys under text_model, and the wrong eos_token_id 2 that old configurations have, for which
    # transformers pools at the highest token.
    "quick-gelu": (dict(hidden_act="quick_gelu", eos_token_id=2), "text_model."),
    # As transformers 5 writes it.
    "gelu": (dict(hidden_act="gelu", eos_token_id=END), ""),
}
for seed, (name, (options, prefix)) in enumerate(models.items(), 300):
    config = CLIPTextConfig(
        vocab_size=100, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=16, bos_token_id=START, pad_token_id=END, projection_dim=32, **options)
    model = randomise(CLIPTextModel(config), seed)
    keys = {key.removeprefix("text_model.") for key in model.state_dict()}
    bare = torch.nn.Module()
    bare.state_dict = lambda: {key.removeprefix("text_model."): value for key, value in model.state_dict().items()}
    bare.parameters = model.parameters
    save_model(bare, here / name, config.to_diff_dict() | config.to_dict(), name="model", prefix=prefix)
    model = model.double()
    # Texts of different lengths, padded with the end token (as CLIP does), and one with another token as padding.
    rows = [[START, 5, 7, 9, 11, END], [START, END], [START, *range(20, 34), END]]
    ids = torch.tensor([row + [END] * (16 - len(row)) for row in rows] + [[START, 40, 41, END] + [0] * 12])
    output = model(input_ids=ids, output_hidden_states=True)
    target = randn(seed + 1, *output.last_hidden_state.shape)
    loss = ((output.last_hidden_state - target.double()) ** 2).mean()
    loss.backward()
    save({
        "input_ids": ids, "last_hidden_state": output.last_hidden_state, "penultimate": output.hidden_states[-2],
        "pooled": output.pooler_output, "target": target, "loss": loss,
    }, here / name / "golden.safetensors")
    named = [(key.removeprefix("text_model."), value) for key, value in model.named_parameters()]
    write_json(here / name / "gradients.json", digest(named))
    print(name, float(output.last_hidden_state.std()), sorted(keys)[:2])
