"""What transformers' CLIPTokenizer makes of texts, with a small vocabulary and with one trained by BytePairTraining.

The small vocabulary is trained here by the tokenizers library on the texts themselves and some English, in CLIP's format.
Run with the path of CLIP's own vocabulary (a folder with vocab.json and merges.txt) to print its ids instead, for a check
by hand: that vocabulary is too large to keep.
"""

import json
import random
import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

here = Path(__file__).parent
START, END = "<|startoftext|>", "<|endoftext|>"

plain = """
a photo of an astronaut riding a horse on mars|A green colored rabbit.|four wolves in the park|A cat and a dog.
a dog on the moon|three red circles above a blue square, on grass|the quick brown fox jumps over the lazy dog
Painting of a squirrel eating a burger, 4k, trending on artstation|an oil painting in the style of van gogh
portrait of a woman with short hair, highly detailed, 35mm|two zebras and one elephant near the river at night
a very very very long winding road through the mountains|people's hands holding children's toys
""".strip().replace("\n", "|").split("|")
nasty = [
    "", " ", "   \t\n ", "\u00a0\u2003\u3000", "a", "A", ".", "!", "...", "?!?!", "----", "a  b\tc\nd", " leading", "trailing ",
    "don't", "DON'T", "it's I'm we're you'll they've he'd can't", "'s", "''s", "'s's", "x's", "'S", "'LL", "rock 'n' roll", "'",
    "''", "'re'", "l'été", "they're'nt", "'tis", "d'artagnan", "o'clock's", "’s don’t", "1", "12", "1234567890", "3.14159",
    "1,000,000", "v2.0-beta3", "2x4", "a1b2c3", "٣٤٥", "Ⅷ ⅷ", "½ ¾ ²", "①②③", "一二三", "x²", "H₂O",
    "naïve café", "nai\u0308ve cafe\u0301", "Ångström", "A\u030angstro\u0308m", "ÀÉÎÕÜ", "straße STRASSE ẞ", "İstanbul", "ıI",
    "ΣΊΣΥΦΟΣ", "ὈΔΥΣΣΕΎΣ", "ǅ ǆ Ǆ", "ﬁ ﬂ ligature", "Å Å", "Ω Ω", "가나다", "\u1100\u1161\u11a8", "각",
    "日本語のテキスト", "中文字符", "Привет, МИР!", "שלום עולם", "مرحبا بالعالم", "हिन्दी में", "ไทย", "தமிழ்", "Việt Nam",
    "🐱", "🐱🐶", "👨‍👩‍👧‍👦", "👍🏽", "🇯🇵", "a🐱b", "☃❄", "♥️", "1️⃣", "→←↑↓", "≤≥≠", "€£¥", "©®™", "°C", "№5",
    "\u200b", "a\u200bb", "a\u00adb", "a\u0301", "\u0301", "e\u0301\u0302\u0303", "\ufeffbom", "\u202eright", "a\u2028b\u2029c",
    "a\u0085b", "a\u180eb", "a\u001cb", "\x00", "a\x00b", "\x07bell", "\x7f", "\x1b[0m", "\ufffd", "\U0010ffff", "\ue000",
    "hello_world", "snake_case_name", "CamelCaseName", "kebab-case", "path/to/file.txt", "C:\\dir\\x", "user@example.com",
    "https://example.com/?q=1&r=%20#top", "#hashtag", "@mention", "$100.00", "50%", "a+b=c", "a*b", "(parens)", "[x]", "{y}",
    "<tag>", "</w>", "a</w>", "<w>", "&amp;", "&lt;b&gt;", "\"quoted\"", "“curly”", "‘single’", "«guillemets»", "en–dash em—dash",
    "…", "¿qué? ¡sí!", "semi;colon:", "tilde~", "back`tick", "^caret", "pipe|", "a,b,c", "x.y.z", "!?.,;:'\"", "(!)",
    START, END, START + " a cat " + END, "a" + END + "b", END + END, "<|startoftext|", "|endoftext|>", "<|ENDOFTEXT|>",
    "<|StartOfText|> x", "<|endoftext|>'s", "<|other|>", "!", "hello!", "!!", "a!b", "wow!!! <|endoftext|> !",
    "supercalifragilisticexpialidocious", "antidisestablishmentarianism" * 3, "a" * 300, "ab" * 120, "the " * 100, "!" * 90,
    "1" * 90, "é" * 80, "word" * 50 + " " + "x" * 40, "lol" * 30 + "!" * 30 + "1" * 30, "ﷺ", "Ǆungla", "ŉ", "ǰ", "ΐ", "և", "ꭰ Ꭰ",
    "\U00010400\U00010428", "ⓐ Ⓐ", "ª º", "ʰ ʷ", "ʼs", "a\u0315\u0300b", "\u0344", "\u212b\u2126", "\uac00\u11a8", "ẛ̣", "क़", "שׁ",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ｆｕｌｌｗｉｄｔｈ １２", "Z͑ͫa̴l͊g̸o", "x\u20dd", "\u3000a\u3000", "\u2009thin", "tab\ttab", "\r\n", "a\r\nb", "\v\f",
]
source = random.Random(7)
alphabet = "abcdefghijklmnop ABC'.,!?-0129éßñあ🐱\u0301\u00a0"
noise = ["".join(source.choice(alphabet) for _ in range(source.randrange(1, 60))) for _ in range(30)]
texts = plain + nasty + noise


def ids(tokenizer, length):
    return [tokenizer(t, padding="max_length", truncation=True, max_length=length)["input_ids"] for t in texts]


def train_small(folder):
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    pattern = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(pattern, behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trainer = trainers.BpeTrainer(vocab_size=900, end_of_word_suffix="</w>", show_progress=False)
    tokenizer.train_from_iterator(plain * 3 + nasty + [__doc__] * 3, trainer)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    # CLIP's order: the 256 letters, the same ending a word, merges, the two special tokens.
    printable = [b for b in range(256) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or b >= 0xAE]
    letters = [chr(b) for b in printable] + [chr(0x100 + n) for n in range(256 - len(printable))]
    tokens = letters + [letter + "</w>" for letter in letters] + [m.replace(" ", "") for m in merges] + [START, END]
    assert len(tokens) == len(set(tokens))
    (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}, ensure_ascii=False) + "\n")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2"] + merges) + "\n")


if len(sys.argv) > 1:
    folder = sys.argv[1]
    print(json.dumps({"texts": texts, "ids": ids(CLIPTokenizer.from_pretrained(folder), 77)}))
    sys.exit()

small = here / "small"
if not (small / "vocab.json").exists():  # merges of equal frequency come in any order, so it is trained once
    train_small(small)
(small / "tokenizer_config.json").unlink(missing_ok=True)
plain_ids = ids(CLIPTokenizer.from_pretrained(small), 77)
bang = CLIPTokenizer.from_pretrained(small, pad_token="!")
document = {"texts": texts, "ids": plain_ids, "idsPaddedByBang": ids(bang, 20)}

# `words` is written by the Swift test `makesAFolderThatTransformersLoads`; its ids are transformers' answer to it.
words = here / "words"
if (words / "vocab.json").exists():
    document["idsOfWords"] = ids(CLIPTokenizer.from_pretrained(words), 16)


def compact(value):
    rows = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in value)
    return f"[\n{rows}\n]"


body = ",\n".join(f'"{key}": {compact(value)}' for key, value in document.items())
(here / "tokenizer.json").write_text("{" + body + "}\n")
print(len(texts), "texts")
