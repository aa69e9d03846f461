"""A torch module as a reward, with its derivative by the picture.

    python -m atelier_reward examples/torch_reward.py --name softness --coordinator ADDRESS

Put your own module where `Softness` is; it gets pictures as f32 [picture, 3, height, width] from 0 to 1.
"""

import hashlib

import numpy
import torch


class Softness(torch.nn.Module):
    """How little neighbouring pixels differ: a stand-in for a network with weights."""

    def __init__(self):
        super().__init__()
        self.register_buffer("edges", torch.tensor([[[[-1.0, 1.0], [-1.0, 1.0]]]]).expand(3, 1, 2, 2) / 2)

    def forward(self, pictures, prompts):
        differences = torch.nn.functional.conv2d(pictures, self.edges, groups=3)
        return -differences.square().mean(dim=(1, 2, 3))


module = Softness().eval()

# The version stamped on every score: another module or other weights are another reward.
identity = hashlib.sha256(
    b"softness 1" + b"".join(value.numpy().tobytes() for _, value in sorted(module.state_dict().items()))
).hexdigest()


def score(images, prompts):
    pictures = torch.stack([torch.tensor(numpy.array(image)).permute(2, 0, 1) for image in images]).float() / 255
    with torch.no_grad():
        return module(pictures, prompts).tolist()


def gradient(images, prompts):
    pictures = torch.stack([torch.tensor(numpy.array(image)).permute(2, 0, 1) for image in images])
    pictures.requires_grad_()
    scores = module(pictures, prompts)
    # Each score depends on its own picture only, so the derivative of the sum is that of each.
    (slopes,) = torch.autograd.grad(scores.sum(), pictures)
    return list(zip(scores.tolist(), slopes.permute(0, 2, 3, 1).contiguous().numpy()))
