"""Whether `atelier forward` computes what diffusers, transformers and peft compute: on a model's folder and on the small
random models of Tests/Fixtures, whose every block shows its errors.
"""

import subprocess
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

FIXTURES = Path(__file__).resolve().parent.parent / "Fixtures"
LIMIT = 1e-4


def forward(atelier, component, model, inputs, adapter=None):
    with tempfile.TemporaryDirectory() as folder:
        read, written = Path(folder, "in.safetensors"), Path(folder, "out.safetensors")
        save_file(inputs, read)
        command = [atelier, "forward", component, "--model", model, "--inputs", read, "--outputs", written]
        subprocess.run(command + (["--adapter", adapter] if adapter else []), check=True)
        return load_file(written)


def relative_error(ours, theirs):
    theirs = theirs.to(torch.float64)
    return ((ours.to(torch.float64) - theirs).abs().max() / theirs.abs().max()).item()


class Agreement:
    """Compares tensors and keeps count of those that differ too much."""

    def __init__(self, atelier):
        self.atelier = atelier
        self.failures = 0

    def show(self, name, ours, theirs):
        error = relative_error(ours, theirs)
        well = ours.shape == theirs.shape and error <= LIMIT
        self.failures += not well
        print(f"  {name:<44} {error:.1e}  {'' if well else f'MORE THAN {LIMIT}'}", flush=True)

    @torch.inference_mode()
    def unet(self, name, model, adapter=None):
        from diffusers import UNet2DConditionModel

        unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet", torch_dtype=torch.float32).eval()
        config = unet.config
        generator = torch.Generator().manual_seed(1)
        side = min(config.sample_size or 16, 32)
        inputs = {
            "sample": torch.randn(2, config.in_channels, side, side, generator=generator),
            "timestep": torch.tensor([17, 801]),
            "encoder_hidden_states": torch.randn(2, 7, config.cross_attention_dim, generator=generator),
        }
        added = None
        if config.addition_embed_type == "text_time":
            width = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
            inputs["text_embeds"] = torch.randn(2, width, generator=generator)
            inputs["time_ids"] = torch.tensor([[1024.0, 768, 0, 8, 1024, 1024]] * 2)
            added = {"text_embeds": inputs["text_embeds"], "time_ids": inputs["time_ids"]}
        if adapter:
            from peft import PeftModel

            unet = PeftModel.from_pretrained(unet, adapter).eval()
        theirs = unet(
            inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"], added_cond_kwargs=added
        ).sample
        self.show(name, forward(self.atelier, "unet", model, inputs, adapter)["sample"], theirs)
        if not adapter:
            scalar = {**inputs, "timestep": torch.tensor(333.0)}
            theirs = unet(
                scalar["sample"], scalar["timestep"], scalar["encoder_hidden_states"], added_cond_kwargs=added
            ).sample
            self.show(f"{name}, one timestep", forward(self.atelier, "unet", model, scalar)["sample"], theirs)

    @torch.inference_mode()
    def vae(self, name, model):
        from diffusers import AutoencoderKL

        vae = AutoencoderKL.from_pretrained(model, subfolder="vae", torch_dtype=torch.float32).eval()
        generator = torch.Generator().manual_seed(2)
        latents = torch.randn(2, vae.config.latent_channels, 8, 12, generator=generator)
        ours = forward(self.atelier, "vae-decode", model, {"latents": latents})
        self.show(f"{name} decode", ours["pixels"], vae.decode(latents).sample)
        pixels = torch.rand(2, 3, 32, 48, generator=generator) * 2 - 1
        ours = forward(self.atelier, "vae-encode", model, {"pixels": pixels})
        posterior = vae.encode(pixels).latent_dist
        self.show(f"{name} encode, mean", ours["mean"], posterior.mean)
        self.show(f"{name} encode, logvar", ours["logvar"], posterior.logvar)

    @torch.inference_mode()
    def text_encoder(self, name, model, part="text_encoder"):
        from transformers import CLIPTextModel, CLIPTextModelWithProjection

        kind = CLIPTextModelWithProjection if part == "text_encoder_2" else CLIPTextModel
        encoder = kind.from_pretrained(model, subfolder=part, torch_dtype=torch.float32).eval()
        config = encoder.config
        generator = torch.Generator().manual_seed(3)
        length = min(config.max_position_embeddings, 16)
        tokens = torch.randint(0, config.vocab_size - 1, (2, length), generator=generator)
        tokens[0, length - 3 :] = config.eos_token_id
        tokens[1, -1] = config.eos_token_id
        ours = forward(self.atelier, part.replace("_", "-"), model, {"input_ids": tokens})
        theirs = encoder(tokens, output_hidden_states=True)
        self.show(f"{name} last_hidden_state", ours["last_hidden_state"], theirs.last_hidden_state)
        self.show(f"{name} penultimate", ours["penultimate"], theirs.hidden_states[-2])
        if part == "text_encoder_2":
            self.show(f"{name} text_embeds", ours["text_embeds"], theirs.text_embeds)
        else:
            self.show(f"{name} pooled", ours["pooled"], theirs.pooler_output)

    def model(self, model):
        for part, check in (("unet", self.unet), ("vae", self.vae), ("text_encoder", self.text_encoder)):
            if (Path(model) / part / "config.json").exists():
                check(f"{Path(model).name} {part}", model)
        if Path(model, "text_encoder_2").exists():
            self.text_encoder(f"{Path(model).name} text_encoder_2", model, "text_encoder_2")

    def fixtures(self):
        for part, check in (("unet", self.unet), ("vae", self.vae), ("text_encoder", self.text_encoder)):
            for config in sorted((FIXTURES / part).glob("*/config.json")):
                with tempfile.TemporaryDirectory() as folder:
                    # A pipeline's folder has its parts below.
                    Path(folder, part).symlink_to(config.parent)
                    name = f"{part}/{config.parent.name}"
                    check(name, folder)
                    if (config.parent / "adapter").exists():
                        check(f"{name} with adapter", folder, str(config.parent / "adapter"))
