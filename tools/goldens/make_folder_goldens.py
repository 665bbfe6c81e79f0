#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/folders/NAME: Hugging Face folders of models that tests/data/models has as GGUF files.

    python tools/goldens/make_folder_goldens.py             # all of them
    python tools/goldens/make_folder_goldens.py b158-tiny   # some of them, by name

Weights are those of the golden (make_model_goldens.py, its weight_seed); configurations, tensor names and packing are
the transformers package's own. expected.json holds what its AutoBitLinear makes of masters: scales, and a checksum of
the codes. Needs torch, transformers, tokenizers, safetensors, numpy.
"""
import dataclasses
import hashlib
import json
import pathlib
import sys

import numpy as np
import safetensors.torch
import torch
from transformers.integrations.bitnet import WeightQuant, pack_weights

import hf_oracle
import model_specs
from make_model_goldens import DATA, make_tokenizer

SPECS = {spec.name: spec for spec in model_specs.SPECS}
# How linear layers are stored: packed with a scale to multiply by, with one to divide by, or as bfloat16 masters.
FOLDERS = {"b158-tiny": "offline", "llama-b158": "bitlinear", "gemma3-inner": "offline", "qwen3-inner": "online",
           "qwen3-wide": "offline", "bitnet-silu": "offline"}
SHARDED = "llama-b158"


def quantization_config(config, kind):
    own = {"quant_method": "bitnet", "modules_to_not_convert": ["lm_head"]}
    if kind != "bitlinear":
        own.update(linear_class="autobitlinear", quantization_mode=kind)
    if config.inner_norms:
        own.update(use_rms_norm=True, rms_norm_eps=config.eps)
    return own


def masters(rng, codes, scale):
    """bfloat16 weights that round to `codes`, with a mean magnitude near `scale`."""
    noisy = torch.from_numpy(codes + rng.uniform(-0.3, 0.3, codes.shape)).float()
    return (noisy * (scale / noisy.abs().mean())).to(torch.bfloat16)


def rounded(weight):
    """(scale, codes) of masters as the package's online mode has them."""
    values = WeightQuant.apply(weight.float()).numpy()
    scale = np.float32(np.abs(values).max())
    codes = np.sign(values).astype(np.int8) + 1
    return scale, codes


def linear_tensors(name, kind, values, scale, rng, expected):
    if kind == "online":
        weight = masters(rng, values, float(scale))
        own_scale, codes = rounded(weight)
        assert np.array_equal(codes - 1, values)
        expected[name] = {"scale": float(own_scale), "codes": hashlib.sha256(codes.tobytes()).hexdigest()}
        return {f"{name}.weight": weight}
    packed = pack_weights(torch.from_numpy(values.astype(np.int64)))
    stored = 1 / np.float32(scale) if kind == "bitlinear" else np.float32(scale)
    return {f"{name}.weight": packed, f"{name}.weight_scale": torch.tensor([stored], dtype=torch.float32)}


def tensors_of(spec, kind, weights, model, expected):
    """Every tensor of the folder; what is no linear layer comes from the package's model."""
    rng = np.random.default_rng(spec.seed)
    tensors = {}
    for i, layer in enumerate(weights["layers"]):
        for name, path in hf_oracle.LINEARS.items():
            values, scale = layer[name]
            tensors.update(linear_tensors(f"model.layers.{i}.{path}", kind, values, scale, rng, expected))
    for name, tensor in model.state_dict().items():
        stem = name.removesuffix(".weight").removesuffix(".weight_scale")
        if f"{stem}.weight" not in tensors and not (name == "lm_head.weight" and not spec.head):
            tensors[name] = tensor.contiguous()
    return tensors


def save(folder, tensors):
    if folder.name != SHARDED:
        safetensors.torch.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    names = sorted(tensors)
    files, index = {}, {}
    for position, name in enumerate(names):
        file = f"model-0000{1 + 2 * position // len(names)}-of-00002.safetensors"
        files.setdefault(file, {})[name] = tensors[name]
        index[name] = file
    for file, part in files.items():
        safetensors.torch.save_file(part, folder / file, metadata={"format": "pt"})
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    text = json.dumps({"metadata": {"total_size": total}, "weight_map": index}, indent=1)
    (folder / "model.safetensors.index.json").write_text(text + "\n")


def make_folder(name):
    kind = FOLDERS[name]
    golden = json.loads((DATA / "goldens" / f"{name}.json").read_text())
    spec = dataclasses.replace(SPECS[name], seed=golden["weight_seed"])
    weights, _ = model_specs.make_weights(spec)
    model = hf_oracle.build(spec.config, weights)
    folder = DATA / "folders" / name
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    save(folder, tensors_of(spec, kind, weights, model, expected))
    config = model.config.to_dict()
    config.update(architectures=[type(model).__name__], tie_word_embeddings=not spec.head,
                  quantization_config=quantization_config(spec.config, kind))
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    if expected:
        (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    make_tokenizer(spec.config.vocab)[0].save(str(folder / "tokenizer.json"))
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {kind}, {size} bytes")


def main():
    for name in FOLDERS:
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make_folder(name)


if __name__ == "__main__":
    main()
