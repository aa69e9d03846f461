"""Draws the 45 animals of Noto Color Emoji into atlas.png.

    python3 make_atlas.py [NotoColorEmoji.ttf]        (needs fonttools and pillow)

The font keeps its pictures as 136x128 PNGs in the CBDT table (index format 1, image format 17). Each is cropped to
its visible part and reduced to fit SIDE x SIDE, centred. The sheet has one row an animal, in the order of ANIMALS:
on the left the colours, premultiplied by the coverage, on the right the coverage as grey.
"""

import io
import pathlib
import sys

from fontTools.ttLib import TTFont
from PIL import Image

SIDE = 48
FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
ANIMALS = """
cat 1f408, dog 1f415, horse 1f40e, monkey 1f412, rabbit 1f407, zebra 1f993, spider 1f577, bird 1f426, sheep 1f411,
deer 1f98c, cow 1f404, goat 1f410, lion 1f981, tiger 1f405, bear 1f43b, raccoon 1f99d, fox 1f98a, wolf 1f43a,
lizard 1f98e, beetle 1fab2, ant 1f41c, butterfly 1f98b, fish 1f41f, shark 1f988, whale 1f40b, dolphin 1f42c,
squirrel 1f43f, mouse 1f401, rat 1f400, snake 1f40d, turtle 1f422, frog 1f438, chicken 1f414, duck 1f986,
goose 1fabf, bee 1f41d, pig 1f416, turkey 1f983, fly 1fab0, llama 1f999, camel 1f42a, bat 1f987, gorilla 1f98d,
hedgehog 1f994, kangaroo 1f998
"""


def glyph_pictures(font_path):
    """The colour picture of each glyph of the font's only strike, by glyph name."""
    font = TTFont(font_path)
    return font.getBestCmap(), font["CBDT"].strikeData[0]


def premultiplied(picture):
    """The cropped and reduced sprite, premultiplied, on a transparent square."""
    picture = picture.convert("RGBA")
    picture = picture.crop(picture.getchannel("A").getbbox()).convert("RGBa")
    scale = SIDE / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    square = Image.new("RGBa", (SIDE, SIDE))
    corner = ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2)
    square.paste(picture.resize(size, Image.Resampling.LANCZOS), corner)
    return square


def main():
    characters, pictures = glyph_pictures(sys.argv[1] if len(sys.argv) > 1 else FONT)
    animals = [entry.split() for entry in ANIMALS.replace("\n", " ").split(",")]
    sheet = Image.new("RGB", (2 * SIDE, SIDE * len(animals)))
    for row, (_, code) in enumerate(animals):
        data = pictures[characters[int(code, 16)]]
        sprite = premultiplied(Image.open(io.BytesIO(data.imageData)))
        # Steps of four cannot be seen and make the file a third smaller.
        red, green, blue, alpha = (band.point(lambda v: min(255, (v + 2) // 4 * 4)) for band in sprite.split())
        sheet.paste(Image.merge("RGB", (red, green, blue)), (0, row * SIDE))
        sheet.paste(Image.merge("RGB", (alpha, alpha, alpha)), (SIDE, row * SIDE))
    sheet.save(pathlib.Path(__file__).with_name("atlas.png"), optimize=True)


if __name__ == "__main__":
    main()
