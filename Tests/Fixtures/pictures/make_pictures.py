"""Pictures as Pillow resizes and decodes them, and a PNG with the text that tools of this community read."""

import random
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

here = Path(__file__).parent
source = random.Random(1)
picture = Image.frombytes("RGB", (31, 23), bytes(source.choice((0, 255, source.randrange(256))) for _ in range(31 * 23 * 3)))
info = PngInfo()
info.add_text("parameters", "a café\nSteps: 20, Seed: 7")
info.add_text("Comment", "日本語")
picture.save(here / "source.png", pnginfo=info)
for name, method in (("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)):
    for width, height in ((7, 9), (40, 31), (31, 5), (64, 64)):
        picture.resize((width, height), method).save(here / f"{name}-{width}x{height}.png")
smooth = picture.resize((48, 40), Image.Resampling.BICUBIC)
smooth.save(here / "colour.jpg", quality=90)
smooth.convert("L").save(here / "grey.jpg", quality=90)
for name in ("colour", "grey"):
    Image.open(here / f"{name}.jpg").convert("RGB").save(here / f"{name}.png")
