"""One optimiser step of each algorithm on given trajectories of ../pipelines/sd15, in float64 by PyTorch and PEFT.

Every formula is written out here once more, the long way; nothing is shared with Atelier. AdamW's epsilon is 1, so that a step is
about proportional to the gradient and shows an error in it.
"""

import math
import sys
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from peft import LoraConfig

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import randn, save

torch.set_default_dtype(torch.float64)
pipeline = StableDiffusionPipeline.from_pretrained(here.parent / "pipelines" / "sd15", torch_dtype=torch.float64)
unet, text_encoder, tokenizer = pipeline.unet, pipeline.text_encoder, pipeline.tokenizer
unet.requires_grad_(False)
unet.add_adapter(LoraConfig(r=2, lora_alpha=4, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
names = sorted(name for name, _ in unet.named_parameters() if "lora_" in name)
parameters = dict(unet.named_parameters())
# Small: with matrices of 0.5 and 0.3 float32 itself is 5e-4 of a step away from float64, in PyTorch too; with these 5e-5 where
# advantages of both signs cancel (ddpo), 1e-5 elsewhere.
start = {name: randn(100 + i, *parameters[name].shape).double() * 0.2 for i, name in enumerate(names)}
# Files are float32: the reference must start from what the reader sees.
start = {name: value.float().double() for name, value in start.items()}

PROMPTS = ["the cat", "the cat", "a dog"]
# Policy gradients train the first three steps: the last one's deviation of 0.02 shows rounding of float32, not mistakes.
STEPS, TRAINED, ETA = 4, 3, 1.0
rewards = torch.tensor([1.0, 0.25, -0.5])
GUIDANCE = [1.0, 3.0, 3.0, 3.0]


def states(prompts):
    ids = tokenizer(prompts, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt").input_ids
    with torch.no_grad():
        out = text_encoder(ids)
    return out.last_hidden_state, out.pooler_output


context, pooled = states(PROMPTS)
empty, _ = states([""])

betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
bar = torch.cumprod(1 - betas, 0)
timesteps = [1 + (1000 // STEPS) * k for k in reversed(range(STEPS))]


def coefficients(t):
    now, before = bar[t], bar[max(t - 1000 // STEPS, 0)]
    sigma = ETA * ((1 - before) / (1 - now) * (1 - now / before)).sqrt()
    scale = (before / now).sqrt()
    return scale, (1 - before - sigma**2).sqrt() - scale * (1 - now).sqrt(), sigma


def guided(x, t, c, w):
    t = torch.as_tensor(t).expand(len(x)) if torch.as_tensor(t).ndim == 0 else t
    w = torch.as_tensor(w, dtype=torch.float64).reshape(-1, 1, 1, 1)
    without = unet(x, t, empty.expand(len(x), -1, -1)).sample
    return without + w * (unet(x, t, c).sample - without)


def base(x, t, c, w):
    unet.disable_adapters()
    with torch.no_grad():
        result = guided(x, t, c, w)
    unet.enable_adapters()
    return result


def all_steps():
    """Prediction, mean log-probability and divergence weight of every transition, [step, sample]."""
    outputs, logs, kappas = [], [], []
    for i, t in enumerate(timesteps[:TRAINED]):
        scale, k, sigma = coefficients(t)
        output = guided(latents[i], t, context, GUIDANCE[i])
        mean = scale * latents[i] + k * output
        log = (-((latents[i + 1] - mean) ** 2) / (2 * sigma**2) - sigma.log() - 0.5 * math.log(2 * math.pi)).mean((1, 2, 3))
        outputs.append(output), logs.append(log), kappas.append(k**2 / (2 * sigma**2))
    return outputs, torch.stack(logs), torch.stack(kappas)


def load():
    for name in names:
        parameters[name].data = start[name].clone()
        parameters[name].requires_grad_(True)
        parameters[name].grad = None


def optimised(loss, case, results, **more):
    optimizer = torch.optim.AdamW([parameters[n] for n in names], lr=1.0, betas=(0.9, 0.999), eps=1.0, weight_decay=1e-4)
    loss.backward()
    results[f"{case}.loss"] = loss.detach().reshape(1)
    print(case, "gradient", max(parameters[n].grad.abs().max().item() for n in names))
    optimizer.step()
    for name in names:
        results[f"{case}.{name.replace('.default', '')}"] = parameters[name].detach().clone()
    for key, value in more.items():
        results[f"{case}.{key}"] = value


results = {}
load()
# Drawn by the policy itself, so that log-probabilities are of a size that float32 can tell apart.
latents = randn(1, STEPS + 1, 3, 4, 8, 8).float().double()
with torch.no_grad():
    for i, t in enumerate(timesteps):
        scale, k, sigma = coefficients(t)
        latents[i + 1] = (scale * latents[i] + k * guided(latents[i], t, context, GUIDANCE[i]) + sigma * latents[i + 1]).float().double()
    _, logs, _ = all_steps()
N = latents[0, 0].numel()
clip = 1.64 / N
# Some ratios are inside the clip, some beyond it on either side.
shifts = torch.tensor([[0.3, -0.4, 2.0], [-2.5, 0.6, 0.1], [1.7, -1.9, 0.2]]) * clip
old = (logs - shifts).float().double()

# DDPO: advantages over the round, PPO's clip; the score function; GRPO's groups.
whole = (rewards - rewards.mean()) / (rewards.std(unbiased=False) + 1e-8)
pair = rewards[:2]
group = torch.cat([(pair - pair.mean()) / (pair.std(unbiased=False) + 1e-4), torch.zeros(1)])


def ppo(advantage):
    ratio = (all_steps()[1] - old).exp()
    return torch.maximum(-advantage * ratio, -advantage * ratio.clamp(1 - clip, 1 + clip)).mean()


load(), optimised(ppo(whole), "ddpo-is", results)
load(), optimised(-(whole * all_steps()[1]).mean(), "ddpo-sf", results)
load(), optimised(ppo(group), "ddpo-group", results)

# DPOK: the value network's step, then its advantages, the two-sided clamp and the divergence from the base model.
WIDTH, TEXT = 6, pooled.shape[-1]
value = {f"hidden_{i}.weight": randn(200 + i, WIDTH, n) * n**-0.5 for i, n in enumerate((N + TEXT, WIDTH, WIDTH))}
value |= {f"hidden_{i}.bias": randn(210 + i, WIDTH) * 0.1 for i in range(3)} | {f"hidden_{i}.gate": randn(220 + i, STEPS, WIDTH) for i in range(3)}
value |= {"head.weight": randn(230, 1, WIDTH), "head.bias": randn(231, 1)}
value = {key: tensor.float().double() for key, tensor in value.items()}
for key, tensor in value.items():
    results[f"value.start.{key}"] = tensor.clone()


def evaluate(step):
    # Channels last: the order in which Atelier keeps latents.
    flat = latents[step].permute(0, 2, 3, 1).reshape(3, -1)
    hidden = torch.cat([flat, pooled], 1)
    for i in range(3):
        linear = hidden @ value[f"hidden_{i}.weight"].T + value[f"hidden_{i}.bias"]
        hidden = torch.relu(linear * value[f"hidden_{i}.gate"][step])
    return (hidden @ value["head.weight"].T + value["head.bias"])[:, 0]


for tensor in value.values():
    tensor.requires_grad_(True)
error = torch.stack([(evaluate(i) - rewards) ** 2 for i in range(TRAINED)]).mean()
adam = torch.optim.AdamW(list(value.values()), lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
error.backward()
adam.step()
with torch.no_grad():
    advantage = torch.stack([rewards - evaluate(i) for i in range(TRAINED)])
for key, tensor in value.items():
    results[f"value.end.{key}"] = tensor.detach().clone()
results["value.loss"] = error.detach().reshape(1)
for case, exact in (("dpok", False), ("dpok-exact", True)):
    load()
    outputs, logs, kappas = all_steps()
    ratio = (logs - old).exp().clamp(1 - clip, 1 + clip)
    differences = torch.stack([
        ((outputs[i] - base(latents[i], timesteps[i], context, GUIDANCE[i])) ** 2).mean((1, 2, 3)) for i in range(TRAINED)])
    price = 0.5 * (kappas[:, None] if exact else 1)
    optimised(-10 * (advantage * ratio).mean() + (price * differences).mean(), case, results, divergence=differences.mean().detach().reshape(1))

# Denoising: given timesteps and noise; what differs is the weight of each picture, and the penalty.
noise = randn(2, 3, 4, 8, 8).float().double()
times = torch.tensor([77, 400, 930])
signal, rest = bar[times].sqrt().reshape(-1, 1, 1, 1), (1 - bar[times]).sqrt().reshape(-1, 1, 1, 1)
noisy = signal * latents[-1] + rest * noise
softmax = 3 * torch.exp(rewards / 0.2) / torch.exp(rewards / 0.2).sum()
cases = {
    "rwr": (softmax, 0.0, 3.0), "kl-d": (rewards + 2, 0.0, 1.0), "kl-o": (rewards, 2.0, 1.0),
    "reward-weighted": (rewards, 0.0, 1.0), "sft": (torch.tensor([1.0, 0.0, 0.0]), 0.0, 1.0),
}
for case, (weights, gamma, w) in cases.items():
    load()
    output = guided(noisy, times, context, w)
    losses = weights * ((output - noise) ** 2).mean((1, 2, 3))
    losses = losses + gamma * ((output - base(noisy, times, context, w)) ** 2).mean((1, 2, 3))
    optimised(losses.sum() / (weights != 0).sum(), case, results, weights=weights)

# RPO and DreamBooth: two pairs of a reference and a generated picture, each with its own timestep and noise.
places, pair_times = torch.tensor([0, 1, 2, 1]), torch.tensor([77, 400, 930, 5])
pair_noise = randn(4, 4, 4, 8, 8).float().double()
pair_context, _ = states(["the cat", "the cat", "a dog", "the cat"])
labels, beta = torch.tensor([1.0, 0.0]), 2.0
signal, rest = bar[pair_times].sqrt().reshape(-1, 1, 1, 1), (1 - bar[pair_times]).sqrt().reshape(-1, 1, 1, 1)
noisy = signal * latents[-1][places] + rest * pair_noise
for case in ("rpo", "dreambooth"):
    load()
    error = ((guided(noisy, pair_times, pair_context, 1.0) - pair_noise) ** 2).mean((1, 2, 3))
    before = ((base(noisy, pair_times, pair_context, 1.0) - pair_noise) ** 2).mean((1, 2, 3))
    margin = (before[:2] - error[:2]) - (before[2:] - error[2:])
    preference = -(labels * torch.nn.functional.logsigmoid(beta * margin) + (1 - labels) * torch.nn.functional.logsigmoid(-beta * margin))
    loss = error[:2] + preference if case == "rpo" else error[:2] + 0.7 * error[2:]
    optimised(loss.mean(), case, results)

# RPO with every weight of the UNet: some parameters of each kind are kept. Before the first step policy and base are the same.
whole = type(unet).from_pretrained(here.parent / "pipelines" / "sd15" / "unet", torch_dtype=torch.float64)
kinds = [
    "conv_in.weight", "time_embedding.linear_1.bias", "down_blocks.0.resnets.0.norm1.weight",
    "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", "conv_out.bias",
]
adam = torch.optim.AdamW(whole.parameters(), lr=1.0, betas=(0.9, 0.999), eps=1.0, weight_decay=1e-4)
error = ((whole(noisy, pair_times, pair_context).sample - pair_noise) ** 2).mean((1, 2, 3))
margin = (error[:2].detach() - error[:2]) - (error[2:].detach() - error[2:])
preference = -(labels * torch.nn.functional.logsigmoid(beta * margin) + (1 - labels) * torch.nn.functional.logsigmoid(-beta * margin))
loss = (error[:2] + preference).mean()
loss.backward()
adam.step()
results["rpo-full.loss"] = loss.detach().reshape(1)
results |= {f"rpo-full.{name}": dict(whole.named_parameters())[name].detach().clone() for name in kinds}

# AlignProp: the derivative of the reward by the pixels is given; full back-propagation, and the last two steps only.
vae = pipeline.vae.requires_grad_(False)
pixel_gradient = None
for case, first in (("alignprop-full", 0), ("alignprop-2", STEPS - 2)):
    load()
    x = latents[0]
    for i, t in enumerate(timesteps):
        scale, k, _ = coefficients(t)
        output = guided(x, t, context, GUIDANCE[i])
        moved = scale * x + k * (output if i >= first else output.detach())
        # The noise that was drawn: the value is the stored latent's.
        x = latents[i + 1] + moved - moved.detach()
    decoded = vae.decode(x / vae.config.scaling_factor).sample
    pixels = (decoded / 2 + 0.5).clamp(0, 1)
    if pixel_gradient is None:
        pixel_gradient = randn(3, *pixels.shape).float().double()
        results["pixels"] = pixels.detach().permute(0, 2, 3, 1)
        results["pixel-gradient"] = pixel_gradient.permute(0, 2, 3, 1)
        print("clamped", (decoded.abs() >= 1).double().mean().item())
    # The value is that of the rewards; the derivative is the given one.
    surrogate = (pixel_gradient * pixels).sum((1, 2, 3))
    optimised(-(rewards + surrogate - surrogate.detach()).mean(), case, results)

results |= {"pair-noise": pair_noise.permute(0, 2, 3, 1)}
results |= {"latents": latents.permute(0, 1, 3, 4, 2), "noise": noise.permute(0, 2, 3, 1), "old": torch.cat([old, torch.zeros(STEPS - TRAINED, 3)]), "rewards": rewards}
results |= {f"start.{name.replace('.default', '')}": value for name, value in start.items()}
save(results, here / "updates.safetensors")
print((here / "updates.safetensors").stat().st_size, "bytes")
