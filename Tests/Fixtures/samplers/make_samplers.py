"""Full runs of diffusers' schedulers on given network outputs and noise, each step in diffusers' own coordinates.

Euler's methods keep samples larger than the network sees them, by sqrt(sigma^2 + 1); the samples kept here are what the network
sees (`scale_model_input`), and after the last step the clean sample.
"""

import json
from pathlib import Path

import torch
from diffusers import (
    DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler, EulerDiscreteScheduler,
    PNDMScheduler,
)
from safetensors.torch import save_file

here = Path(__file__).parent
stable = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
clip = dict(clip_sample=False)
spacings = ("leading", "trailing", "linspace")
cases = [("DDPMScheduler", stable | clip | dict(timestep_spacing=s, prediction_type=p, steps_offset=1), 50)
         for s, p in (("leading", "epsilon"), ("trailing", "v_prediction"), ("linspace", "epsilon"))]
cases += [("DDPMScheduler", stable | clip | dict(variance_type="fixed_large"), 20)]
cases += [(name, stable | dict(timestep_spacing=s, prediction_type=p, steps_offset=int(s == "leading")), 50)
          for name in ("EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "DPMSolverMultistepScheduler")
          for s in spacings for p in ("epsilon", "v_prediction")]
cases += [
    ("PNDMScheduler", stable | dict(skip_prk_steps=True, steps_offset=1, prediction_type=p, set_alpha_to_one=False), n)
    for p in ("epsilon", "v_prediction") for n in (50, 3)
]
cases += [
    ("PNDMScheduler", stable | dict(skip_prk_steps=True, set_alpha_to_one=True), 2),
    ("PNDMScheduler", stable | dict(skip_prk_steps=True, steps_offset=1), 1),
    ("EulerDiscreteScheduler", stable | dict(final_sigmas_type="sigma_min", steps_offset=1, timestep_spacing="leading"), 20),
    ("EulerDiscreteScheduler", dict(timestep_spacing="trailing"), 7),
    ("DPMSolverMultistepScheduler", stable | dict(solver_type="heun", final_sigmas_type="sigma_min"), 20),
    ("DPMSolverMultistepScheduler", stable | dict(solver_order=1, steps_offset=1, timestep_spacing="leading"), 10),
    ("DPMSolverMultistepScheduler", stable | dict(final_sigmas_type="sigma_min", euler_at_final=True), 20),
    ("DPMSolverMultistepScheduler", stable | dict(final_sigmas_type="sigma_min"), 8),
    ("DPMSolverMultistepScheduler", stable, 1),
    ("DPMSolverMultistepScheduler", dict(beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-float("inf")), 15),
    ("DDIMScheduler", stable | clip | dict(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing"), 50),
    ("EulerDiscreteScheduler", stable | dict(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing"), 20),
]
tensors, documents = {}, []
for number, (name, config, steps) in enumerate(cases):
    scheduler = globals()[name](**config)
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(number)
    calls = len(scheduler.timesteps)
    outputs, noise = (torch.randn(calls, 2, 3, generator=generator) for _ in range(2))
    start = torch.randn(2, 3, generator=generator)
    sample = start * scheduler.init_noise_sigma
    seen = []
    scheduler.is_scale_input_called = True
    for index, timestep in enumerate(scheduler.timesteps):
        seen.append(scheduler.scale_model_input(sample, timestep))
        # The noise of a step is drawn by a function that each scheduler imports by itself.
        module = __import__(scheduler.__class__.__module__, fromlist=["randn_tensor"])
        original, module.randn_tensor = getattr(module, "randn_tensor", None), lambda *a, **k: noise[index]
        arguments = {"variance_noise": noise[index], "eta": 0.5} if name == "DDIMScheduler" else {}
        sample = scheduler.step(outputs[index], timestep, sample, **arguments).prev_sample
        module.randn_tensor = original
    if name.startswith("Euler"):
        sample = sample / (scheduler.sigmas[-1] ** 2 + 1) ** 0.5
    tensors |= {f"{number}.start": start, f"{number}.outputs": outputs, f"{number}.noise": noise,
                f"{number}.samples": torch.stack(seen + [sample]).contiguous()}
    scheduler.save_config(here / "saved")
    text = (here / "saved" / "scheduler_config.json").read_text()
    (here / "saved" / "scheduler_config.json").unlink()
    (here / "saved").rmdir()
    documents.append({"config": text, "steps": steps, "timesteps": [float(t) for t in scheduler.timesteps]})
save_file(tensors, here / "samplers.safetensors", metadata={"format": "pt"})
(here / "samplers.json").write_text("[\n" + ",\n".join(map(json.dumps, documents)) + "\n]\n")
print(len(cases), "runs", (here / "samplers.safetensors").stat().st_size, "bytes")
