"""Small random UNet2DConditionModels: outputs, PEFT adapters, gradients of the adapter, the input and all weights."""

import json
import sys
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import digest, randn, randomise, save, save_model, write_json

models = {
    # As Stable Diffusion 1.5: number of heads as one integer (misnamed attention_head_dim), 1x1 convolutions around attention.
    "convolution": dict(
        block_out_channels=[16, 32], layers_per_block=1, norm_num_groups=8, attention_head_dim=2, cross_attention_dim=32,
        down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
    ),
    # As Stable Diffusion 2: heads by level, linear layers around attention; three levels of two layers.
    "linear": dict(
        block_out_channels=[8, 16, 24], layers_per_block=2, norm_num_groups=4, attention_head_dim=[1, 2, 4],
        cross_attention_dim=20, use_linear_projection=True,
        down_block_types=["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    ),
    # 32 groups, attention on the lower level only, as in small models.
    "groups": dict(
        block_out_channels=[32, 32], layers_per_block=1, norm_num_groups=32, attention_head_dim=4, cross_attention_dim=16,
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"],
    ),
    # As SDXL: pooled text and picture sizes as added conditions, several transformer layers on a level.
    "added": dict(
        block_out_channels=[8, 16], layers_per_block=1, norm_num_groups=4, attention_head_dim=[1, 2], cross_attention_dim=24,
        use_linear_projection=True, transformer_layers_per_block=[1, 2],
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"],
        addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=6 * 8 + 10,
    ),
    # Whatever else a configuration can ask for; heads that do not divide a width, and sides that do not halve evenly.
    "odd": dict(
        block_out_channels=[9, 15, 12], layers_per_block=[1, 2, 1], norm_num_groups=3, attention_head_dim=[2, 4, 3],
        cross_attention_dim=13, use_linear_projection=True, transformer_layers_per_block=[1, 2, 1], norm_eps=1e-6,
        only_cross_attention=[True, False, True], flip_sin_to_cos=False, freq_shift=1, center_input_sample=True,
        time_embedding_dim=20, conv_in_kernel=5, conv_out_kernel=1, upcast_attention=True,
        down_block_types=["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"],
    ),
}
for seed, (name, options) in enumerate(models.items(), 100):
    model = UNet2DConditionModel(sample_size=8, in_channels=4, out_channels=4, **options)
    model = randomise(model, seed)
    save_model(model, here / name, model.config)
    model = model.double()
    size = (7, 10) if name == "odd" else (8, 12)
    inputs = {
        "sample": randn(seed + 1, 2, 4, *size), "timestep": torch.tensor([981, 1]),
        "encoder_hidden_states": randn(seed + 2, 2, 7, options["cross_attention_dim"]),
    }
    added = {}
    if "addition_embed_type" in options:
        inputs["text_embeds"] = randn(seed + 3, 2, 10)
        inputs["time_ids"] = torch.tensor([[512.0, 768, 0, 0, 512, 768], [256, 256, 3, 5, 300, 200]])
        added = {"added_cond_kwargs": {key: inputs[key].double() for key in ("text_embeds", "time_ids")}}
    target = randn(seed + 4, 2, 4, *size)

    def run(model, sample):
        return model(sample, inputs["timestep"], inputs["encoder_hidden_states"].double(), **added).sample

    sample = inputs["sample"].double().requires_grad_()
    output = run(model, sample)
    print(name, "output", float(output.detach().abs().max()), float(output.detach().std()))
    loss = ((output - target.double()) ** 2).mean()
    loss.backward()
    golden = inputs | {"output": output, "target": target, "loss": loss, "gradient.sample": sample.grad}
    write_json(here / name / "gradients.json", digest(model.named_parameters()))

    if name in ("convolution", "linear"):
        adapter = LoraConfig(r=4, lora_alpha=6, target_modules=["to_q", "to_k", "to_v", "to_out.0"])
        tuned = get_peft_model(model, adapter)
        for number, (key, parameter) in enumerate(sorted(tuned.named_parameters())):
            if "lora_" in key:
                # Larger updates saturate the attention of so narrow a model, and then Float rounding shows in the output.
                scale = 0.3 if "lora_B" in key else parameter.shape[1] ** -0.5
                parameter.data = (randn(1000 * seed + number, *parameter.shape) * scale).double()
        tuned.save_pretrained(here / name / "adapter")
        state = {key: value.float() for key, value in get_peft_model_state_dict(tuned).items()}
        save(state, here / name / "adapter" / "adapter_model.safetensors")
        (here / name / "adapter" / "README.md").unlink(missing_ok=True)
        path = here / name / "adapter" / "adapter_config.json"
        document = json.loads(path.read_text())
        document["target_modules"].sort()  # PEFT writes a set, in any order
        path.write_text(json.dumps(document, indent=2) + "\n")
        output = run(tuned, inputs["sample"].double())
        loss = ((output - target.double()) ** 2).mean()
        loss.backward()
        golden |= {"adapter.output": output, "adapter.loss": loss}
        for key, parameter in tuned.named_parameters():
            if "lora_" in key:
                golden["adapter.gradient." + key.replace(".default", "").removeprefix("base_model.model.")] = parameter.grad
    save(golden, here / name / "golden.safetensors")
