"""What the fixtures of models have in common: weights at which errors show, and float64 as the second opinion."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file


def randomise(module, seed, dtype=torch.float16):
    """Gives every parameter a size at which a mistake in it shows, norms and zero-initialised layers included.

    The values are exactly those of `dtype`, so that files of that type hold the same model.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(module.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                fan_in = parameter[0].numel() if "embedding.weight" not in name else 4
                value = noise / fan_in**0.5
            elif name.endswith("weight"):
                value = 1 + 0.3 * noise
            else:
                value = 0.2 * noise
            parameter.copy_(value.to(dtype).to(parameter.dtype))
    return module.eval()


def randn(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def save(tensors, path):
    """Writes float32 (and int64) tensors, each contiguous and on its own."""
    convert = lambda t: t.detach().clone().contiguous() if t.dtype == torch.int64 else t.detach().float().contiguous().clone()
    save_file({key: convert(value) for key, value in tensors.items()}, path, metadata={"format": "pt"})


def save_model(module, folder, config, name="diffusion_pytorch_model", dtype=torch.float16, prefix=""):
    """A model's folder as diffusers reads it: `config.json` and weights."""
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    # Private entries are left out: diffusers lists there, as a set in any order, which options had their default.
    known = {key: value for key, value in dict(config).items() if not key.startswith("_")}
    known |= {} if "model_type" in known else {"_class_name": type(module).__name__}
    text = json.dumps(known, indent=2, sort_keys=True)
    (folder / "config.json").write_text(text + "\n")
    state = {prefix + key: value.to(dtype).contiguous().clone() for key, value in module.state_dict().items()
             if not key.endswith("position_ids")}
    save_file(state, folder / f"{name}.safetensors", metadata={"format": "pt"})
    print(folder.name, sum(p.numel() for p in module.parameters()), "parameters,",
          (folder / f"{name}.safetensors").stat().st_size, "bytes")


def digest(named_parameters):
    """Two numbers for each gradient: its norm, and its product with the pattern cos(0.1 + 0.37 i)."""
    result = {}
    for name, parameter in named_parameters:
        gradient = parameter.grad.detach().double().flatten()
        pattern = torch.cos(0.1 + 0.37 * torch.arange(gradient.numel(), dtype=torch.float64))
        result[name] = [float(gradient.norm()), float(gradient @ pattern)]
    return result


def write_json(path, value):
    rows = ",\n".join(f" {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items())
    Path(path).write_text("{\n" + rows + "\n}\n")
