"""Rewards for Atelier in Python.

    from atelier_reward import serve

    def score(images, prompts):
        return [float(image.mean()) for image in images]

    serve(score, name="brightness", spec="external:brightness", coordinator="ipc:///run/control")
"""

from .client import call, stream
from .context import Context, Reply
from .peer import Peer
from .reward import RewardService, serve
from .schema import message
from .wire import RPCError

__all__ = ["Context", "Peer", "RPCError", "Reply", "RewardService", "call", "message", "serve", "stream"]
