"""Full runs of diffusers' DDIMScheduler on given network outputs and noise, with torch's log-probabilities.

The scheduler's table of cumulative alphas is replaced by one computed in float64, and all tensors are float64, so that the
fixture is a second opinion and not a copy of float32 rounding; the script prints how far the float32 run is from it.
"""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler
from safetensors.torch import save_file

here = Path(__file__).parent
stable = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False,
          "set_alpha_to_one": False, "steps_offset": 1, "num_train_timesteps": 1000}
cases = [
    {"config": stable | {"prediction_type": prediction}, "steps": steps, "eta": eta}
    for prediction in ("epsilon", "v_prediction") for steps in (50, 20) for eta in (0.0, 0.5, 1.0)
]
cases += [
    {"config": stable | change, "steps": steps, "eta": 1.0}
    for steps, change in (
        (25, {"timestep_spacing": "trailing"}), (7, {"timestep_spacing": "trailing"}),
        (25, {"timestep_spacing": "linspace", "steps_offset": 0}), (3, {"steps_offset": 0}),
        (20, {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}),
        (20, {"beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}),
        (10, {"set_alpha_to_one": True}), (10, {"num_train_timesteps": 200}),
    )
]


def exact_alphas(config):
    count, start, end = config["num_train_timesteps"], config["beta_start"], config["beta_end"]
    if config["beta_schedule"] == "linear":
        betas = np.linspace(start, end, count)
    elif config["beta_schedule"] == "scaled_linear":
        betas = np.linspace(start**0.5, end**0.5, count) ** 2
    else:
        bar = lambda t: np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2
        steps = np.arange(count)
        betas = np.minimum(1 - bar((steps + 1) / count) / bar(steps / count), 0.999)
    return torch.from_numpy(np.cumprod(1 - betas))


def run(case, dtype, outputs, noise, sample):
    scheduler = DDIMScheduler(**case["config"])
    if dtype == torch.float64:
        scheduler.alphas_cumprod = exact_alphas(case["config"])
        final = torch.tensor(1.0, dtype=dtype) if case["config"]["set_alpha_to_one"] else scheduler.alphas_cumprod[0]
        scheduler.final_alpha_cumprod = final
    scheduler.set_timesteps(case["steps"])
    samples, logs = [sample.to(dtype)], []
    for index, timestep in enumerate(scheduler.timesteps.tolist()):
        arguments = dict(timestep=timestep, sample=samples[-1], model_output=outputs[index].to(dtype), eta=case["eta"])
        samples.append(scheduler.step(**arguments, variance_noise=noise[index].to(dtype)).prev_sample)
        previous = timestep - case["config"]["num_train_timesteps"] // case["steps"]
        sigma = case["eta"] * scheduler._get_variance(timestep, previous) ** 0.5
        if sigma > 0:
            mean = scheduler.step(**arguments, variance_noise=torch.zeros_like(noise[index], dtype=dtype)).prev_sample
            log = torch.distributions.Normal(mean, sigma).log_prob(samples[-1].float().to(dtype))
            logs.append(log.flatten(1).mean(1).tolist())
        else:
            logs.append(None)
    return torch.stack(samples), scheduler.timesteps.tolist(), logs


tensors, documents = {}, []
for number, case in enumerate(cases):
    generator = torch.Generator().manual_seed(number)
    shape = (2, 4, 2, 2)
    sample = torch.randn(shape, generator=generator)
    outputs = torch.randn((case["steps"],) + shape, generator=generator)
    noise = torch.randn((case["steps"],) + shape, generator=generator)
    samples, timesteps, logs = run(case, torch.float64, outputs, noise, sample)
    single = run(case, torch.float32, outputs, noise, sample)[0]
    print(number, case["steps"], case["eta"], "float32 run differs by", float((single - samples).abs().max() / samples.abs().max()))
    tensors |= {f"{number}.outputs": outputs, f"{number}.noise": noise, f"{number}.samples": samples.float()}
    documents.append(case | {"timesteps": timesteps, "logProbabilities": logs})
save_file(tensors, here / "ddim.safetensors", metadata={"format": "pt"})
(here / "ddim.json").write_text("[\n" + ",\n".join(json.dumps(document) for document in documents) + "\n]\n")
