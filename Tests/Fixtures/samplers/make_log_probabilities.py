"""Log-probabilities of the steps that diffusers' stochastic schedulers take, from torch.distributions.

What a scheduler does with the noise z is mean + deviation * z; both are read off by giving it z = 0 and z = 1. Each step starts
from a sample of its own. Euler's method keeps samples larger than the network sees them, by sqrt(sigma^2 + 1): sample, mean and
deviation are brought to the network's coordinates, in which trajectories are stored.
"""

import json
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DDPMScheduler, EulerAncestralDiscreteScheduler
from safetensors.torch import save_file

here = Path(__file__).parent
stable = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading")
cases = [(kind, prediction, eta)
         for kind, eta in (("ddim", 1.0), ("ddim", 0.3), ("ddpm", 1.0), ("euler-ancestral", 1.0))
         for prediction in ("epsilon", "v_prediction")]
tensors, documents = {}, []
for number, (kind, prediction, eta) in enumerate(cases):
    config = stable | dict(prediction_type=prediction)
    if kind == "ddim":
        scheduler = DDIMScheduler(**config, clip_sample=False, set_alpha_to_one=False)
    elif kind == "ddpm":
        scheduler = DDPMScheduler(**config, clip_sample=False)
    else:
        scheduler = EulerAncestralDiscreteScheduler(**config)
    scheduler.set_timesteps(10)
    generator = torch.Generator().manual_seed(number)
    module = __import__(scheduler.__class__.__module__, fromlist=["randn_tensor"])
    rows = []
    for index, timestep in enumerate(scheduler.timesteps):
        output, sample, noise = (torch.randn(2, 3, generator=generator, dtype=torch.float64) for _ in range(3))
        before, after = 1.0, 1.0
        if kind == "euler-ancestral":
            before = float(scheduler.sigmas[index].double() ** 2 + 1) ** 0.5
            after = float(scheduler.sigmas[index + 1].double() ** 2 + 1) ** 0.5

        def step(z):
            original = module.randn_tensor
            module.randn_tensor = lambda *a, **k: z
            arguments = {"variance_noise": z, "eta": eta} if kind == "ddim" else {}
            if kind == "euler-ancestral":
                scheduler._step_index = index
                scheduler.is_scale_input_called = True
            made = scheduler.step(output, timestep, sample * before, **arguments).prev_sample
            module.randn_tensor = original
            return made.double() / after

        mean = step(torch.zeros_like(noise))
        deviation = (step(torch.ones_like(noise)) - mean).abs().mean()
        following = mean + deviation * noise
        if deviation > 1e-9:
            density = torch.distributions.Normal(mean, deviation).log_prob(following).mean(-1)
        else:
            density = torch.zeros(2, dtype=torch.float64)
        rows.append((sample, output, following, density))
    for name, values in zip(("sample", "output", "next", "logProbability"), zip(*rows)):
        tensors[f"{number}.{name}"] = torch.stack(values).float().contiguous()
    documents.append({"scheduler": kind, "prediction": prediction, "eta": eta})
save_file(tensors, here / "log_probabilities.safetensors", metadata={"format": "pt"})
(here / "log_probabilities.json").write_text("[\n" + ",\n".join(map(json.dumps, documents)) + "\n]\n")
print(len(cases), "runs", (here / "log_probabilities.safetensors").stat().st_size, "bytes")
