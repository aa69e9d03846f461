"""Whether checkpoints and adapters mean the same here and in diffusers: networks, whole pictures, adapters in and out.

Usage: ecosystem.py --atelier PROGRAM [--pictures] [--adapters] [--components] MODEL…

MODEL is a pipeline's folder, for instance of make_model.py. Networks may differ by 2e-4 of the largest element; pictures are drawn
in 20 steps from given noise and may differ by 2 of 255. Adapters have random matrices for attention, feed-forward layers, convolutions
and text encoders; each goes from diffusers' file to the other formats and back into diffusers, at two scales, and is merged into a
checkpoint that diffusers loads; what the networks then give may differ by 1e-4 of the largest element.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from agreement import Agreement, relative_error
from PIL import Image
from safetensors.torch import load_file, save_file

TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "conv1", "conv2", "conv_shortcut", "proj_in",
           "proj_out", "downsamplers.0.conv", "upsamplers.0.conv"]
TEXT_TARGETS = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
PROMPT = "a green rabbit on the moon"


def load(model):
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


class Ecosystem:
    def __init__(self, atelier):
        self.atelier = atelier
        self.failures = 0

    def show(self, name, error, limit):
        well = error <= limit
        self.failures += not well
        print(f"  {name:<64} {error:.2g}  {'' if well else f'MORE THAN {limit}'}", flush=True)

    def run(self, *arguments):
        ended = subprocess.run([str(a) for a in (self.atelier, *arguments)], capture_output=True, text=True)
        if ended.returncode:
            sys.exit(f"{' '.join(map(str, arguments))}: {ended.stderr}")

    @torch.inference_mode()
    def pictures(self, model):
        """The pipeline's own scheduler and DDIM, with a negative prompt, in a size that is not square."""
        from diffusers import DDIMScheduler

        pipeline = load(model)
        side, factor = pipeline.unet.config.sample_size, pipeline.vae_scale_factor
        size = (side // 2, side * 3 // 4)
        latents = torch.randn(1, 4, *size, generator=torch.Generator().manual_seed(5))
        own = pipeline.scheduler
        plain = {key: value for key, value in own.config.items() if not key.startswith("_")}
        theirs = {}
        for key, scheduler in (("own", own), ("ddim", DDIMScheduler.from_config(plain | {"clip_sample": False}))):
            pipeline.scheduler = scheduler
            theirs[key] = pipeline(
                PROMPT, negative_prompt="blue dog", num_inference_steps=20, guidance_scale=5.0, latents=latents.clone(),
                height=size[0] * factor, width=size[1] * factor, output_type="np").images[0] * 255
        del pipeline
        with tempfile.TemporaryDirectory() as folder:
            save_file({"latents": latents}, Path(folder, "latents.safetensors"))
            for key, picture in theirs.items():
                choice = [] if key == "own" else ["--scheduler", key]
                self.run("sample", "--model", model, "--prompt", PROMPT, "--negative-prompt", "blue dog", "--guidance", 5,
                         "--steps", 20, "--latents", Path(folder, "latents.safetensors"), "--out", Path(folder, "o.png"), *choice)
                ours = np.asarray(Image.open(Path(folder, "o.png")).convert("RGB")).astype(float)
                name = f"{Path(model).name} {own.__class__.__name__ if key == 'own' else key}, " \
                       f"{size[1] * factor}×{size[0] * factor}, deviation {picture.std():.0f}"
                self.show(f"{name}: of 255", np.abs(ours - picture.round()).max(), 2)

    def components(self, model):
        """Each network by itself."""
        agreement = Agreement(self.atelier)
        agreement.model(model)
        self.failures += agreement.failures

    @torch.no_grad()
    def adapters(self, model):
        from diffusers.training_utils import _collate_lora_metadata
        from peft import LoraConfig, get_peft_model_state_dict

        pipeline = load(model)
        encoders = [name for name in ("text_encoder", "text_encoder_2") if getattr(pipeline, name, None) is not None]
        isXL = len(encoders) == 2
        parts = {"unet": pipeline.unet} | {name: getattr(pipeline, name) for name in encoders}
        for number, (name, part) in enumerate(parts.items()):
            part.add_adapter(LoraConfig(r=4, lora_alpha=6, target_modules=TARGETS if name == "unet" else TEXT_TARGETS))
            generator = torch.Generator().manual_seed(number)
            for key, parameter in sorted(part.named_parameters()):
                if "lora_" in key:
                    scale = 0.02 if "lora_B" in key else parameter[0].numel() ** -0.5
                    parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            layers = {f"{name}_lora_layers": get_peft_model_state_dict(part) for name, part in parts.items()}
            pipeline.save_lora_weights(folder / "source", **layers, **_collate_lora_metadata(parts))
            source = folder / "source" / "pytorch_lora_weights.safetensors"
            del pipeline, parts, layers
            files = {"diffusers": source, "kohya": folder / "kohya.safetensors", "peft": folder / "peft"}
            self.run("export", "--adapter", source, "--format", "kohya", "--out", files["kohya"])
            self.run("export", "--adapter", source, "--format", "peft", "--out", files["peft"])
            self.run("export", "--adapter", files["peft"], "--format", "diffusers", "--out", folder / "back.safetensors")
            inputs = self.inputs(model, isXL)
            save_file(inputs, folder / "in.safetensors")
            for scale in (1.0, 0.4):
                ours = {key: self.ours(model, encoders, folder, file, scale) for key, file in files.items()}
                for key, file in files.items():
                    # diffusers does not read PEFT's folder; what it makes of ours is the file made from it.
                    theirs = self.theirs(model, encoders, inputs, folder / "back.safetensors" if key == "peft" else file, scale)
                    for part, tensor in theirs.items():
                        self.show(f"{Path(model).name} adapter, {key}, scale {scale}: {part}",
                                  relative_error(ours[key][part], tensor), 1e-4)
            plain = self.theirs(model, encoders, inputs, None, 1)
            changed = relative_error(ours["diffusers"]["unet"], plain["unet"])
            print(f"    the adapter changes the unet's output by {changed:.2g}")
            self.run("merge", "--model", model, "--adapter", files["kohya"], "--dtype", "f32", "--out", folder / "merged")
            merged = self.theirs(folder / "merged", encoders, inputs, None, 1)
            for part, tensor in self.ours(model, encoders, folder, source, 1).items():
                self.show(f"{Path(model).name} merged, loaded by diffusers: {part}", relative_error(tensor, merged[part]), 1e-4)

    def inputs(self, model, isXL):
        from diffusers import UNet2DConditionModel

        config = UNet2DConditionModel.load_config(model, subfolder="unet")
        generator = torch.Generator().manual_seed(9)
        inputs = {
            "sample": torch.randn(1, 4, 16, 24, generator=generator), "timestep": torch.tensor([501]),
            "encoder_hidden_states": torch.randn(1, 7, config["cross_attention_dim"], generator=generator),
            "input_ids": torch.tensor([[604, 300, 301, 302, 5, 605]]),
        }
        if isXL:
            width = config["projection_class_embeddings_input_dim"] - 6 * config["addition_time_embed_dim"]
            inputs["text_embeds"] = torch.randn(1, width, generator=generator)
            inputs["time_ids"] = torch.tensor([[128.0, 192, 0, 0, 128, 192]])
        return inputs

    def ours(self, model, encoders, folder, adapter, scale):
        result = {}
        for part in ["unet"] + encoders:
            self.run("forward", part.replace("_", "-"), "--model", model, "--adapter", adapter, "--scale", scale,
                     "--inputs", folder / "in.safetensors", "--outputs", folder / "out.safetensors")
            written = load_file(folder / "out.safetensors")
            result[part] = written["sample" if part == "unet" else "last_hidden_state"]
        return result

    @torch.inference_mode()
    def theirs(self, model, encoders, inputs, adapter, scale):
        pipeline = load(model)
        if adapter:
            pipeline.load_lora_weights(adapter)
            if scale != 1:
                pipeline.set_adapters(pipeline.get_active_adapters(), [scale] * len(pipeline.get_active_adapters()))
        added = {key: inputs[key] for key in ("text_embeds", "time_ids") if key in inputs}
        result = {"unet": pipeline.unet(
            inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"], added_cond_kwargs=added).sample}
        for name in encoders:
            result[name] = getattr(pipeline, name)(inputs["input_ids"]).last_hidden_state \
                if name == "text_encoder" else getattr(pipeline, name).text_model(inputs["input_ids"]).last_hidden_state
        return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--atelier", required=True)
    for name in ("pictures", "adapters", "components"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("models", nargs="+")
    options = parser.parse_args()
    ecosystem = Ecosystem(options.atelier)
    chosen = [name for name in ("components", "pictures", "adapters") if getattr(options, name)]
    for model in options.models:
        for name in chosen or ("components", "pictures", "adapters"):
            getattr(ecosystem, name)(model)
    sys.exit(f"{ecosystem.failures} comparisons differ too much" if ecosystem.failures else 0)


if __name__ == "__main__":
    main()
