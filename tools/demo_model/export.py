# SPDX-License-Identifier: Apache-2.0
"""Writes a training checkpoint as a GGUF file with I2_S weights.

Run:  python export.py --work-dir DIR [--run NAME] [--out FILE.gguf]
Keys, their order and types are those of the published 2B-4T file, followed by
fields that state the activation, the data and the licence.
"""

import argparse
import json
from pathlib import Path

import torch

import gguf_file
import i2s
import tokenizer as text
from model import ternarize
from train import load_model

ARCH = "bitnet-b1.58"
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for turn in messages %}"
    "{{ turn['role'] | capitalize }}: {{ turn['content'] | trim }}<|eot_id|>"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}")
NORMAL_TOKEN, CONTROL_TOKEN = 1, 3
SPECIAL_SCORE = -1000.0


def vocabulary(tokenizer):
    """Token texts by id, merges as 'left right', count of ordinary tokens."""
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    return tokens, [" ".join(m) for m in model["merges"]], len(model["vocab"])


def metadata(shape, tokenizer):
    tokens, merges, ordinary = vocabulary(tokenizer)
    special = len(tokens) - ordinary
    eos = tokenizer.token_to_id(text.EOS)
    return {
        "general.architecture": ("str", ARCH),
        "general.name": ("str", "sterna-dictionary"),
        f"{ARCH}.vocab_size": ("u32", shape.vocab),
        f"{ARCH}.context_length": ("u32", shape.context),
        f"{ARCH}.embedding_length": ("u32", shape.hidden),
        f"{ARCH}.block_count": ("u32", shape.layers),
        f"{ARCH}.feed_forward_length": ("u32", shape.ffn),
        f"{ARCH}.rope.dimension_count": ("u32", shape.head_dim),
        f"{ARCH}.attention.head_count": ("u32", shape.heads),
        f"{ARCH}.attention.head_count_kv": ("u32", shape.kv_heads),
        "tokenizer.ggml.add_bos_token": ("bool", True),
        f"{ARCH}.attention.layer_norm_rms_epsilon": ("f32", 1e-5),
        f"{ARCH}.rope.freq_base": ("f32", shape.rope_base),
        "general.file_type": ("u32", 40),
        "tokenizer.ggml.model": ("str", "gpt2"),
        "tokenizer.ggml.tokens": ("[str]", tokens),
        "tokenizer.ggml.scores": (
            "[f32]", [0.0] * ordinary + [SPECIAL_SCORE] * special),
        "tokenizer.ggml.token_type": (
            "[i32]", [NORMAL_TOKEN] * ordinary + [CONTROL_TOKEN] * special),
        "tokenizer.ggml.merges": ("[str]", merges),
        "tokenizer.ggml.bos_token_id": ("u32", tokenizer.token_to_id(text.BOS)),
        "tokenizer.ggml.eos_token_id": ("u32", eos),
        "tokenizer.ggml.padding_token_id": ("u32", eos),
        "tokenizer.chat_template": ("str", CHAT_TEMPLATE),
        "general.quantization_version": ("u32", 2),
        f"{ARCH}.hidden_activation": ("str", "relu2"),
        "general.author": ("str", "The Sterna project"),
        "general.license": ("str", "Apache-2.0 AND WordNet-3.0"),
        "general.description": (
            "str", "A small English dictionary: ask 'What is a sparrow?'. "
            "Trained from random weights on noun definitions adapted from "
            "WordNet 3.0, Copyright 2006 by Princeton University."),
    }


def norm(name, layer):
    gain = layer.gain.detach().float()
    return name, [len(gain)], gguf_file.F32, gain.numpy().astype("<f4").tobytes()


def ternary(name, weight):
    codes, scale = ternarize(weight.detach().float())
    data = i2s.pack(codes.numpy().astype("int8"), scale.item())
    return name, [weight.shape[1], weight.shape[0]], gguf_file.I2_S, data


def block_tensors(index, block):
    q, k, v = block.qkv.weights
    gate, up = block.gate_up.weights
    prefix = f"blk.{index}."
    return [
        norm(prefix + "attn_norm.weight", block.attn_norm),
        ternary(prefix + "ffn_down.weight", block.down.weights[0]),
        norm(prefix + "ffn_sub_norm.weight", block.ffn_sub_norm),
        ternary(prefix + "ffn_gate.weight", gate),
        ternary(prefix + "ffn_up.weight", up),
        norm(prefix + "ffn_norm.weight", block.ffn_norm),
        norm(prefix + "attn_sub_norm.weight", block.attn_sub_norm),
        ternary(prefix + "attn_k.weight", k),
        ternary(prefix + "attn_output.weight", block.output.weights[0]),
        ternary(prefix + "attn_q.weight", q),
        ternary(prefix + "attn_v.weight", v),
    ]


def tensors(model):
    table = model.embedding.detach().numpy().astype("<f2")
    found = [("token_embd.weight", list(reversed(table.shape)), gguf_file.F16,
              table.tobytes())]
    for i, block in sorted(enumerate(model.blocks), key=lambda p: str(p[0])):
        found += block_tensors(i, block)
    return found + [norm("output_norm.weight", model.output_norm)]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--run", default="ternary")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    out = args.out or args.work_dir / "sterna-dictionary-i2_s.gguf"
    model, state = load_model(args.work_dir / f"{args.run}.pt")
    with torch.no_grad():
        gguf_file.write(out, metadata(model.shape, text.load(args.work_dir)),
                        tensors(model))
    print(f"{out}: {out.stat().st_size} bytes, step {state['step']}")


if __name__ == "__main__":
    main()
