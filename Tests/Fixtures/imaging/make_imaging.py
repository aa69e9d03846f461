"""Writes imaging.json: what Pillow makes of pictures that a formula defines. Needs pillow.

    python3 make_imaging.py

`jpeg` has the sizes of JPEGs of these pictures; `png` has PNG files in colour modes that Atelier does not write, with
the RGB pixels they show on white.
"""

import base64
import io
import json
import pathlib

from PIL import Image


def picture(name, side):
    """RGB bytes by formula: the same ones as in ImagingTests.swift."""
    if name == "white":
        return bytes([255]) * (side * side * 3)
    if name == "ramp":
        return bytes((x * 3 + y * (c + 1)) % 256 for y in range(side) for x in range(side) for c in range(3))
    if name == "blocks":
        return bytes(
            (60 + 90 * c if (x // 8 + y // 8) % 2 else 220 - 70 * c)
            for y in range(side) for x in range(side) for c in range(3))
    state, values = 1, []
    for _ in range(side * side * 3):  # "noise": Numerical Recipes' linear congruential generator
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    return bytes(values)


def encoded(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def main():
    jpeg = []
    for name in ["white", "ramp", "blocks", "noise"]:
        for side, quality in [(64, 95), (64, 50), (40, 95)]:
            image = Image.frombytes("RGB", (side, side), picture(name, side))
            size = len(encoded(image, format="JPEG", quality=quality))
            jpeg.append({"picture": name, "side": side, "quality": quality, "bytes": size})

    png = []
    source = Image.frombytes("RGB", (5, 5), picture("noise", 5))
    transparent = source.convert("RGBA")
    transparent.putalpha(Image.frombytes("L", (5, 5), bytes([0, 255] * 12 + [255])))
    for name, image in [("palette", source.convert("P")), ("grey", source.convert("L")), ("transparent", transparent)]:
        shown = Image.new("RGBA", image.size, "white")
        shown.alpha_composite(image.convert("RGBA"))
        png.append({
            "mode": name,
            "file": base64.b64encode(encoded(image, format="PNG")).decode(),
            "pixels": list(shown.convert("RGB").tobytes()),
        })
    path = pathlib.Path(__file__).with_name("imaging.json")
    path.write_text(json.dumps({"jpeg": jpeg, "png": png}) + "\n")


if __name__ == "__main__":
    main()
