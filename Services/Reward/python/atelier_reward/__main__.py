"""`python -m atelier_reward FILE.py`: serves the function `score` of a file."""

import argparse
import importlib.util
import logging
import sys

from .reward import serve
from .wire import RPCError


def main():
    parser = argparse.ArgumentParser(prog="atelier_reward", description="Serves a reward written in Python.")
    parser.add_argument("file", help="a Python file with `def score(images, prompts)`")
    parser.add_argument("--name", default="reward", help="what the service is called in the fleet")
    parser.add_argument("--spec", help="external:NAME, as the run's configuration names it; default: the file's name")
    parser.add_argument("--address", default="tcp://127.0.0.1:0", help="where to serve")
    parser.add_argument("--coordinator", default="", help="the coordinator's control socket")
    parser.add_argument("--patience", type=float, default=10, help="seconds the coordinator may be out of reach")
    parser.add_argument("--keys", help="a folder of keys that `atelier keys init` made, or one key's file")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    spec = importlib.util.spec_from_file_location("reward", options.file)
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        score = module.score
    except (AttributeError, OSError) as error:
        sys.exit(f"atelier_reward: error: {options.file} has no function score: {error}")
    name = options.spec or "external:" + options.file.rsplit("/", 1)[-1].removesuffix(".py")
    try:
        serve(
            score,
            options.name,
            name,
            options.address,
            options.coordinator,
            options.patience,
            options.keys,
            gradient=getattr(module, "gradient", None),
            identity=getattr(module, "identity", None),
        )
    except RPCError as error:
        sys.exit(f"atelier_reward: error: {error}")


if __name__ == "__main__":
    main()
