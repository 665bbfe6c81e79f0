#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tiny SiLU models of architecture `bitnet` in llama.cpp beside the Hugging Face oracle.

    pip install llama-cpp-python==0.3.36     # compiles llama.cpp
    python tools/goldens/compare_llama_cpp.py

By hand, not in CI. llama.cpp quantizes the input of a TQ1_0/TQ2_0 product in blocks of 256, with one
scale a block; BitNet has one scale for the whole input. With every width 256 the two are the same
computation, and the logits must agree; with wider layers they differ, and a numpy model with block
scales must agree with llama.cpp instead. Both are shown. Needs what make_model_goldens.py needs.
"""
import dataclasses
import pathlib
import tempfile

import numpy as np
from llama_cpp import GGML_TYPE_F32, Llama

import gguf_write
import hf_oracle
import model_specs
import tiny_vocab
from float_reference import Config, Reference
from make_model_goldens import candidate_rule, make_tokenizer
from tie_free_search import build_prompt

BLOCK = 256
PROMPT = 88
GREEDY = 24
SILU = model_specs.Spec("compare", "bitnet", Config(256, 256, 2, 8, 4, 288, act="silu", theta=10000.0),
                        embedding="f32", scale_tensors=True, seed=31)
WIDE = dataclasses.replace(SILU, config=dataclasses.replace(SILU.config, ffn=768))


class BlockwiseReference(Reference):
    """The same model with one activation scale per 256 values, as llama.cpp has it."""

    def _quantize(self, x):
        blocks = x.reshape(*x.shape[:-1], -1, BLOCK)
        quantized, scale = super()._quantize(blocks)
        self.scaled[-1] = self.scaled[-1].reshape(x.shape)
        return (quantized / scale).reshape(x.shape), self.dtype(1)


def write_model(spec, ternary, weights, dense, folder):
    tokenizer, merges = make_tokenizer(spec.config.vocab)
    path = pathlib.Path(folder) / f"{spec.config.ffn}-{ternary}.gguf"
    kv = model_specs.metadata(spec, ternary) + tiny_vocab.gguf_vocab_kv(tokenizer, merges, spec.pre)
    gguf_write.write_gguf(path, kv, model_specs.tensors(spec, ternary, weights, dense))
    return path


def llama_logits(path, ids):
    """Logits of every prompt position, and a greedy continuation."""
    llama = Llama(str(path), n_ctx=512, logits_all=True, type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32,
                  flash_attn=False, n_threads=1, n_threads_batch=1, verbose=False)
    llama.eval(ids)
    logits = np.array(llama.scores[:len(ids)], np.float64)
    tokens, last = [], logits[-1]
    for _ in range(GREEDY):
        tokens.append(int(last.argmax()))
        llama.eval(tokens[-1:])
        last = np.array(llama.scores[len(ids) + len(tokens) - 1])
    return logits, tokens


def greedy(model, ids):
    tokens = []
    for _ in range(GREEDY):
        tokens.append(int(hf_oracle.run(model, ids + tokens)[0][-1].argmax()))
    return tokens


def show(label, logits, other):
    delta = np.abs(logits - other).max(-1) / other.std()
    same = (logits.argmax(-1) == other.argmax(-1)).mean()
    print(f"    against {label}: max |delta| / std {delta.max():.2e}, median over positions {np.median(delta):.2e}, "
          f"same argmax at {100 * same:.1f} % of positions")


def compare(spec, folder):
    weights, dense = model_specs.make_weights(spec)
    tokenizer, _ = make_tokenizer(spec.config.vocab)
    allowed = list(range(spec.config.vocab - len(tiny_vocab.CONTROL_TOKENS)))
    _, ids, margins = build_prompt(spec.config, weights, None, PROMPT, candidate_rule(spec, tokenizer, allowed))
    model = hf_oracle.build(spec.config, weights)
    expected, _ = hf_oracle.run(model, ids)
    blockwise, scaled = BlockwiseReference(spec.config, weights).run(ids)
    near = min(float(np.abs(np.abs(s) % 1 - 0.5).min()) for s in scaled)
    tokens = greedy(model, ids)
    c = spec.config
    print(f"hidden {c.hidden}, ffn {c.ffn}, {c.layers} layers, heads {c.heads}/{c.kv_heads}; {PROMPT} positions, tie margin "
          f"{min(margins):.1e} (with block scales {near:.1e})")
    for ternary in ("tq2_0", "tq1_0"):
        logits, peer_tokens = llama_logits(write_model(spec, ternary, weights, dense, folder), ids)
        shared = next((i for i, (a, b) in enumerate(zip(tokens, peer_tokens)) if a != b), GREEDY)
        print(f"  {ternary}: greedy tokens equal to the oracle's: first {shared} of {GREEDY}")
        show("the oracle (one scale)", logits, expected.astype(np.float64))
        show("numpy with block scales", logits, blockwise)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for spec in (SILU, WIDE):
            compare(spec, folder)


if __name__ == "__main__":
    main()
