"""Small files written by the reference implementation of safetensors, and what they hold."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

here = Path(__file__).parent
generator = torch.Generator().manual_seed(1)
values = torch.randn(3, 5, generator=generator)
values[0, :4] = torch.tensor([0.0, -0.0, 65504.0, 6e-8])
tensors = {
    "half": values.to(torch.float16),
    "brain": values.to(torch.bfloat16),
    "single": values,
    "ids": torch.tensor([[49406, 320, -1]], dtype=torch.int64),
    "short_ids": torch.tensor([7, -7], dtype=torch.int32),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
    "mask": torch.tensor([True, False]),
}
save_file(tensors, here / "types.safetensors", metadata={"note": "a \"quoted\" é"})
floats = {key: tensors[key].float().flatten().tolist() for key in ("half", "brain", "single", "scalar", "empty")}
(here / "types.json").write_text(json.dumps(floats, indent=1) + "\n")

# Every half as a float: 65536 patterns are computed, not stored; a checksum of the bits suffices.
halves = torch.arange(65536, dtype=torch.int32).to(torch.int16).view(torch.float16)
bits = halves[~halves.isnan()].float().view(torch.int32).to(torch.int64) & 0xFFFFFFFF
index = torch.arange(1, bits.numel() + 1)
print("sum of (position x bits) over all halves that are numbers, mod 2^61:", sum((bits * index).tolist()) % (1 << 61))

shards = here / "shards"
shards.mkdir(exist_ok=True)
save_file({"a": values}, shards / "model-00001-of-00002.safetensors", metadata={"format": "pt"})
save_file({"b": values * 2}, shards / "model-00002-of-00002.safetensors", metadata={"format": "pt"})
weight_map = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
document = {"metadata": {"total_size": 120}, "weight_map": weight_map}
(shards / "model.safetensors.index.json").write_text(json.dumps(document, indent=1) + "\n")

# Writing: what SafeTensorsWriter must produce byte for byte is what the reference produces for one element type.
for name, dtype in {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}.items():
    save_file({"b.weight": values.to(dtype), "a": (values[0] * 3).to(dtype)}, here / f"written-{name}.safetensors", metadata={"format": "pt"})
