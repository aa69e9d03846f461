"""Small random towers of reward models, and their outputs: CLIP, ViT (DINO), BERT, BLIP, ALIGN; and BERT's tokenizer."""

import json
import sys
from pathlib import Path

import torch
from transformers import (
    AlignConfig, AlignModel, AlignTextConfig, AlignVisionConfig, BertConfig, BertModel, BertTokenizerFast, BlipConfig,
    BlipForImageTextRetrieval, BlipTextConfig, BlipVisionConfig, CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig,
    ViTConfig, ViTModel)

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import randn, randomise, save

size = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3)
pictures = dict(image_size=14, patch_size=4)
words = dict(vocab_size=60, max_position_embeddings=12)


def write(model, name, tensors):
    # As users have it: by save_pretrained, under the names of files.
    model.half().save_pretrained(here / name)
    save(tensors, here / name / "golden.safetensors")


def tokens(seed, rows=2, length=7):
    return torch.randint(3, words["vocab_size"], (rows, length), generator=torch.Generator().manual_seed(seed))


def ready(model, seed):
    """Batch norms too get statistics at which a mistake shows."""
    randomise(model, seed)
    generator = torch.Generator().manual_seed(seed + 1)
    for key, buffer in sorted(model.named_buffers()):
        if key.endswith("running_mean"):
            buffer.copy_((0.2 * torch.randn(buffer.shape, generator=generator)).half())
        if key.endswith("running_var"):
            buffer.copy_((0.5 + torch.rand(buffer.shape, generator=generator)).half())
    return model.double()


with torch.no_grad():
    text = dict(**size, **words, eos_token_id=59, bos_token_id=58, pad_token_id=0)
    clip = ready(CLIPModel(CLIPConfig(
        text_config=CLIPTextConfig(**text, hidden_act="gelu").to_dict(),
        vision_config=CLIPVisionConfig(**size, **pictures, hidden_act="gelu").to_dict(), projection_dim=10)), 500)
    pixels, ids = randn(501, 2, 3, 14, 14), tokens(502)
    ids[0, 4], ids[1, 6] = 59, 59
    vision = clip.vision_model(pixels.double())
    language = clip.text_model(ids)
    write(clip, "clip", {
        "pixel_values": pixels, "input_ids": ids, "vision.last_hidden_state": vision.last_hidden_state,
        "image_embeds": clip.visual_projection(vision.pooler_output),
        "text.last_hidden_state": language.last_hidden_state,
        "text_embeds": clip.text_projection(language.pooler_output)})

    vit = ready(ViTModel(ViTConfig(**size, **pictures)), 510)
    output = vit(randn(511, 2, 3, 14, 14).double())
    write(vit, "vit", {
        "pixel_values": randn(511, 2, 3, 14, 14), "last_hidden_state": output.last_hidden_state,
        "pooler_output": output.pooler_output})

    bert = ready(BertModel(BertConfig(**size, **words)), 520)
    mask = torch.tensor([[1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1, 1]])
    types = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1, 1]])
    output = bert(tokens(521), attention_mask=mask, token_type_ids=types)
    write(bert, "bert", {
        "input_ids": tokens(521), "attention_mask": mask, "token_type_ids": types,
        "last_hidden_state": output.last_hidden_state, "pooler_output": output.pooler_output})

    blip = ready(BlipForImageTextRetrieval(BlipConfig(
        text_config=BlipTextConfig(**size, **words).to_dict(),
        vision_config=BlipVisionConfig(**size, **pictures).to_dict(), image_text_hidden_size=8)), 530)
    vision = blip.vision_model(randn(531, 2, 3, 14, 14).double())
    output = blip.text_encoder(
        tokens(532), attention_mask=mask, encoder_hidden_states=vision.last_hidden_state)
    write(blip, "blip", {
        "pixel_values": randn(531, 2, 3, 14, 14), "input_ids": tokens(532), "attention_mask": mask,
        "vision.last_hidden_state": vision.last_hidden_state, "last_hidden_state": output.last_hidden_state})

    align = ready(AlignModel(AlignConfig(
        text_config=AlignTextConfig(**size, **words).to_dict(),
        vision_config=AlignVisionConfig(
            image_size=25, in_channels=[32, 8, 12], out_channels=[8, 12, 16], kernel_sizes=[3, 5, 3], strides=[1, 2, 2],
            num_block_repeats=[1, 2, 1], expand_ratios=[1, 4, 6], depthwise_padding=[3], width_coefficient=1.0,
            depth_coefficient=1.0, hidden_dim=16).to_dict(), projection_dim=16)), 540)
    vision = align.vision_model(randn(541, 2, 3, 25, 25).double())
    language = align.text_model(tokens(542), attention_mask=mask)
    write(align, "align", {
        "pixel_values": randn(541, 2, 3, 25, 25), "input_ids": tokens(542), "attention_mask": mask,
        "vision.last_hidden_state": vision.last_hidden_state, "image_embeds": vision.pooler_output.flatten(1),
        "text.last_hidden_state": language.last_hidden_state,
        "text_embeds": align.text_projection(language.last_hidden_state[:, 0])})

# The tokenizer, on texts that show each of its steps.
pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "green", "rab", "##bit", "##s", "cafe", "!", ",", "'", "##e", "b",
          "##a", "##b", "中", "文", "two", "2", "##3", ".", "$", "straße", "strasse", "i", "##̇", "-"]
folder = here / "wordpiece"
folder.mkdir(exist_ok=True)
(folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
tokenizer = BertTokenizerFast(vocab={piece: i for i, piece in enumerate(pieces)})
texts = ["a green rabbit", "A GREEN Rabbits!", "Café, cafe\u0301", "中文a", "unknown", "", "  two\t23\n", "a\u0000b\ufffdb\u200bb",
         "[MASK]a[SEP] [cls]", "$2.", "Straße strasse", "İ", "a-b'e", "b" * 101, "a\u00a0b", "–", "rabbit" * 20]
rows = {text: tokenizer(text, padding="max_length", truncation=True, max_length=12).input_ids for text in texts}
(folder / "tokens.json").write_text(json.dumps(rows, indent=1) + "\n")
