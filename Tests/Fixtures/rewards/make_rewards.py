"""Small random reward models with their tokenizers, and what they say of a picture: computed by transformers and Pillow."""

import json
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    AlignConfig, AlignModel, AlignTextConfig, AlignVisionConfig, BertTokenizerFast, BlipConfig,
    BlipForImageTextRetrieval, BlipTextConfig, BlipVisionConfig, CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTokenizer,
    CLIPVisionConfig, ViTConfig, ViTModel)

here = Path(__file__).parent
sys.path.append(str(here.parent))
from fixture import randn, randomise

size = dict(hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=3)
pictures = dict(image_size=14, patch_size=7)
prompts = ["a green rabbit", "two dogs", "a cat on the moon"]
mean, deviation = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]

random = numpy.random.default_rng(7)
for name in ["one", "two"]:
    small = Image.fromarray(random.integers(0, 256, (5, 6, 3), dtype=numpy.uint8))
    small.resize((26, 20), Image.BICUBIC).save(here / f"{name}.png")


def pixels(picture, resized, crop, mean, deviation, resample=Image.BICUBIC):
    """Resize, the middle, normalise: [1, 3, crop, crop]."""
    picture = picture.resize(resized, resample)
    left, top = (resized[0] - crop) // 2, (resized[1] - crop) // 2
    array = numpy.asarray(picture.crop((left, top, left + crop, top + crop)), dtype=numpy.float64) / 255
    return torch.tensor((array - mean) / deviation).permute(2, 0, 1)[None]


def write(model, name):
    model.half().save_pretrained(here / name)
    return model.double()


def write_open_clip(clip):
    """The same CLIP in OpenCLIP's names: queries, keys and values as one, projections the other way round."""
    state, renamed = load_file(here / "clip/model.safetensors"), {}
    names = {
        "layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj"}
    for tower, prefix in [("vision_model", "visual."), ("text_model", "")]:
        for layer in range(size["num_hidden_layers"]):
            old, new = f"{tower}.encoder.layers.{layer}.", f"{prefix}transformer.resblocks.{layer}."
            for kind in ["weight", "bias"]:
                parts = [state[f"{old}self_attn.{part}_proj.{kind}"] for part in "qkv"]
                renamed[f"{new}attn.in_proj_{kind}"] = torch.cat(parts)
                for theirs, ours in names.items():
                    renamed[f"{new}{ours}.{kind}"] = state[f"{old}{theirs}.{kind}"]
    for kind in ["weight", "bias"]:
        renamed[f"visual.ln_pre.{kind}"] = state[f"vision_model.pre_layrnorm.{kind}"]
        renamed[f"visual.ln_post.{kind}"] = state[f"vision_model.post_layernorm.{kind}"]
        renamed[f"ln_final.{kind}"] = state[f"text_model.final_layer_norm.{kind}"]
    renamed["visual.conv1.weight"] = state["vision_model.embeddings.patch_embedding.weight"]
    renamed["visual.class_embedding"] = state["vision_model.embeddings.class_embedding"]
    renamed["visual.positional_embedding"] = state["vision_model.embeddings.position_embedding.weight"]
    renamed["visual.proj"] = state["visual_projection.weight"].T.contiguous()
    renamed["token_embedding.weight"] = state["text_model.embeddings.token_embedding.weight"]
    renamed["positional_embedding"] = state["text_model.embeddings.position_embedding.weight"]
    renamed["text_projection"] = state["text_projection.weight"].T.contiguous()
    renamed["logit_scale"] = state["logit_scale"]
    folder = here / "hps"
    folder.mkdir(exist_ok=True)
    save_file(renamed, folder / "hps_v2_compressed.safetensors")
    heads = size["num_attention_heads"]
    config = {
        "embed_dim": 10, "quick_gelu": True, "vision_cfg": {"head_width": size["hidden_size"] // heads},
        "text_cfg": {"heads": heads}}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}, indent=1) + "\n")
    for name in ["vocab.json", "merges.txt"]:
        (folder / name).write_text((here / "clip" / name).read_text())


def cosine(a, b):
    return torch.nn.functional.cosine_similarity(a, b).item()


def linear_chain(seed, widths):
    layers = {}
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers[f"layers.{2 * index}.weight"] = randn(seed + index, outputs, inputs) / inputs**0.5
        layers[f"layers.{2 * index}.bias"] = randn(seed + 50 + index, outputs) / 5
    return layers


def through(layers, x):
    for key in sorted({int(key.split(".")[1]) for key in layers}):
        x = x @ layers[f"layers.{key}.weight"].double().T + layers[f"layers.{key}.bias"].double()
    return x


first = Image.open(here / "one.png")
scores = {}
with torch.no_grad():
    # CLIP: a vocabulary of single letters and bytes, without merges.
    letters = sorted({chr(c) for c in range(97, 123)})
    vocabulary = letters + [letter + "</w>" for letter in letters] + ["<|startoftext|>", "<|endoftext|>"]
    clip = randomise(CLIPModel(CLIPConfig(
        text_config=CLIPTextConfig(
            **size, vocab_size=len(vocabulary), max_position_embeddings=20, bos_token_id=52, eos_token_id=53).to_dict(),
        vision_config=CLIPVisionConfig(**size, **pictures).to_dict(), projection_dim=10)), 600)
    clip.logit_scale.fill_(2.5)
    clip = write(clip, "clip")
    (here / "clip/vocab.json").write_text(json.dumps({token: i for i, token in enumerate(vocabulary)}))
    (here / "clip/merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(here / "clip/vocab.json"), str(here / "clip/merges.txt"))
    small = pixels(first, (18, 14), 14, mean, deviation)
    image = clip.visual_projection(clip.vision_model(small).pooler_output)
    write_open_clip(clip)
    texts = [
        clip.text_projection(clip.text_model(torch.tensor([tokenizer(prompt).input_ids])).pooler_output)
        for prompt in prompts]
    scores["clip-score"] = [cosine(image, text) for text in texts]
    scores["pickscore"] = [clip.logit_scale.exp().item() * score for score in scores["clip-score"]]
    head = linear_chain(610, [10, 8, 6, 1])
    save_file(head, here / "clip/head.safetensors")
    scores["aesthetic"] = through(head, image / image.norm()).item()
    second = pixels(Image.open(here / "two.png"), (18, 14), 14, mean, deviation)
    scores["clip-i"] = cosine(image, clip.visual_projection(clip.vision_model(second).pooler_output))

    vit = write(randomise(ViTModel(ViTConfig(**size, **pictures), add_pooling_layer=False), 620), "dino")
    inputs = [
        pixels(Image.open(here / f"{name}.png"), (20, 16), 14, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        for name in ["one", "two"]]
    scores["dino"] = cosine(*(vit(x).last_hidden_state[:, 0] for x in inputs))

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "green", "rab", "##bit", "two", "dog", "##s", "cat", "on", "the"]
    blip = randomise(BlipForImageTextRetrieval(BlipConfig(
        text_config=BlipTextConfig(**size, vocab_size=20, max_position_embeddings=40).to_dict(),
        vision_config=BlipVisionConfig(**size, **pictures).to_dict(), image_text_hidden_size=8)), 630)
    blip = write(blip, "imagereward")
    (here / "imagereward/vocab.txt").write_text("\n".join(pieces) + "\n")
    tokenizer = BertTokenizerFast(vocab={piece: i for i, piece in enumerate(pieces)})
    head = linear_chain(640, [24, 8, 4, 1])
    state = load_file(here / "imagereward/model.safetensors")
    save_file(state | {f"mlp.{key}": value for key, value in head.items()}, here / "imagereward/model.safetensors")
    states = blip.vision_model(small).last_hidden_state
    scores["imagereward"] = []
    for prompt in prompts:
        tokens = tokenizer(prompt, padding="max_length", truncation=True, max_length=35, return_tensors="pt")
        output = blip.text_encoder(
            tokens.input_ids, attention_mask=tokens.attention_mask, encoder_hidden_states=states)
        value = through(head, output.last_hidden_state[:, 0]).item()
        scores["imagereward"].append((value - 0.16717362830052426) / 1.0333394966054072)

    align = AlignModel(AlignConfig(
        text_config=AlignTextConfig(**size, vocab_size=20, max_position_embeddings=40).to_dict(),
        vision_config=AlignVisionConfig(
            in_channels=[32, 8], out_channels=[8, 16], kernel_sizes=[3, 3], strides=[1, 2], num_block_repeats=[1, 1],
            expand_ratios=[1, 3], width_coefficient=1.0, depth_coefficient=1.0, hidden_dim=16).to_dict(), projection_dim=16))
    align = write(randomise(align, 650), "align")
    (here / "align/vocab.txt").write_text("\n".join(pieces) + "\n")
    (here / "align/preprocessor_config.json").write_text(json.dumps({
        "do_resize": True, "size": {"height": 20, "width": 20}, "resample": 2, "do_center_crop": True,
        "crop_size": {"height": 17, "width": 17}, "do_rescale": True, "rescale_factor": 1 / 127.5, "rescale_offset": True,
        "do_normalize": False}, indent=1) + "\n")
    x = pixels(first, (20, 20), 17, [0.5] * 3, [0.5] * 3, Image.BILINEAR)
    image = align.vision_model(x).pooler_output.flatten(1)
    scores["align"] = []
    for prompt in prompts:
        tokens = tokenizer(prompt, return_tensors="pt")
        text = align.text_projection(align.text_model(**tokens).last_hidden_state[:, 0])
        scores["align"].append((cosine(image, text) + 1) / 2)

(here / "scores.json").write_text(json.dumps({"prompts": prompts, "scores": scores}, indent=1) + "\n")
