"""Makes the table of Shared/Imaging/LabelFont.swift (printed) and a label drawn by Pillow, label.png.

Usage: make_label.py. The font is Pillow's own, Aileron Regular (CC0).
"""

import base64
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = ImageFont.load_default(size=13)
HEIGHT = sum(FONT.getmetrics())


def coverage(character):
    width = round(FONT.getlength(character))
    glyph = Image.new("L", (width, HEIGHT))
    ImageDraw.Draw(glyph).text((0, 0), character, font=FONT, fill=255)
    return width, [min(15, (value + 8) // 17) for value in glyph.tobytes()]


def main():
    table = bytearray()
    for code in range(32, 127):
        width, places = coverage(chr(code))
        places += [0] * (len(places) % 2)
        table += bytes([width]) + bytes(a << 4 | b for a, b in zip(places[::2], places[1::2]))
    print(base64.b64encode(bytes(table)).decode())
    # Letter by letter: the table has whole pixels for advances, and no kerning.
    label = Image.new("RGB", (160, HEIGHT), "white")
    x = 2
    for character in "Rewards of 0.1234, (-5)":
        ImageDraw.Draw(label).text((x, 0), character, font=FONT, fill=(31, 119, 180))
        x += round(FONT.getlength(character))
    label.save(Path(__file__).with_name("label.png"))


if __name__ == "__main__":
    main()
