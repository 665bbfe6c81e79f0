# SPDX-License-Identifier: Apache-2.0
"""The model's forward pass in numpy, from the exported file alone.

Independent of the training code: it follows the stored codes and scales, with
integer dot products, so it checks what was exported.
"""

import numpy as np

import gguf_file
import i2s
import tokenizer as text
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

ARCH = "bitnet-b1.58"


def read_tokenizer(metadata):
    """The tokenizer as the file's metadata describe it."""
    tokens = metadata["tokenizer.ggml.tokens"]
    kinds = metadata["tokenizer.ggml.token_type"]
    vocab = {t: i for i, t in enumerate(tokens) if kinds[i] == 1}
    merges = [tuple(m.split(" ")) for m in metadata["tokenizer.ggml.merges"]]
    found = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=True))
    found.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(text.PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    found.decoder = decoders.ByteLevel()
    found.add_special_tokens([t for i, t in enumerate(tokens) if kinds[i] == 3])
    return found


class Matrix:
    """One ternary tensor, applied to an activation rounded to 8 bits."""

    def __init__(self, shape, data):
        codes, self.scale = i2s.unpack(data, shape[1], shape[0])
        # Sums stay below 2^24, so float32 holds every integer result.
        self.codes = codes.astype(np.float32)

    def __call__(self, x):
        scale = np.float32(127.0) / np.maximum(np.abs(x).max(), np.float32(1e-5))
        rounded = np.clip(np.rint(x * scale), -128, 127)
        return (self.codes @ rounded) * self.scale / scale


class Forward:
    """Feeds one token at a time and keeps keys and values."""

    def __init__(self, path):
        self.metadata, raw = gguf_file.read(path)
        self.tokenizer = read_tokenizer(self.metadata)
        self.tensors = {}
        for name, (shape, type_id, data) in raw.items():
            if type_id == gguf_file.I2_S:
                self.tensors[name] = Matrix(shape, data)
            else:
                kind = "<f2" if type_id == gguf_file.F16 else "<f4"
                flat = np.frombuffer(data, kind).astype(np.float32)
                self.tensors[name] = flat.reshape(list(reversed(shape)))
        self.layers = self.metadata[f"{ARCH}.block_count"]
        self.heads = self.metadata[f"{ARCH}.attention.head_count"]
        self.kv_heads = self.metadata[f"{ARCH}.attention.head_count_kv"]
        self.eps = np.float32(
            self.metadata[f"{ARCH}.attention.layer_norm_rms_epsilon"])
        dims = self.metadata[f"{ARCH}.rope.dimension_count"]
        self.rates = self.metadata[f"{ARCH}.rope.freq_base"] ** (
            -2.0 * np.arange(dims // 2) / dims)
        self.cache = []

    def norm(self, x, name):
        mean = np.mean(x * x, dtype=np.float32)
        return self.tensors[name + ".weight"] * x / np.sqrt(mean + self.eps)

    def rotate(self, x, position):
        angles = position * self.rates
        cos, sin = np.cos(angles), np.sin(angles)
        low, high = np.split(x, 2, axis=-1)
        return np.concatenate((low * cos - high * sin, high * cos + low * sin),
                              axis=-1).astype(np.float32)

    def attend(self, h, layer, position):
        def product(which):
            return self.tensors[f"blk.{layer}.attn_{which}.weight"](h)
        q = self.rotate(product("q").reshape(self.heads, -1), position)
        k = self.rotate(product("k").reshape(self.kv_heads, -1), position)
        keys, values = self.cache[layer]
        keys.append(k)
        values.append(product("v").reshape(self.kv_heads, -1))
        group = self.heads // self.kv_heads
        k = np.repeat(np.stack(keys), group, axis=1)
        v = np.repeat(np.stack(values), group, axis=1)
        scores = np.einsum("hd,thd->ht", q, k) / np.sqrt(np.float32(q.shape[1]))
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        return np.einsum("ht,thd->hd", weights, v).ravel()

    def step(self, token, position):
        """Logits after one more token."""
        x = self.tensors["token_embd.weight"][token]
        for i in range(self.layers):
            blk = f"blk.{i}."
            mixed = self.attend(self.norm(x, blk + "attn_norm"), i, position)
            mixed = self.norm(mixed, blk + "attn_sub_norm")
            x = x + self.tensors[blk + "attn_output.weight"](mixed)
            h = self.norm(x, blk + "ffn_norm")
            gate = np.maximum(self.tensors[blk + "ffn_gate.weight"](h), 0)
            inner = gate * gate * self.tensors[blk + "ffn_up.weight"](h)
            inner = self.norm(inner, blk + "ffn_sub_norm")
            x = x + self.tensors[blk + "ffn_down.weight"](inner)
        return self.tensors["token_embd.weight"] @ self.norm(x, "output_norm")

    def generate(self, ids, limit):
        """Greedy ids after a prompt, up to an end token (left out)."""
        ends = {self.metadata["tokenizer.ggml.eos_token_id"],
                self.tokenizer.token_to_id(text.EOT)}
        self.cache = [([], []) for _ in range(self.layers)]
        for position, token in enumerate(ids):
            logits = self.step(token, position)
        made = []
        while len(made) < limit:
            token = int(logits.argmax())
            if token in ends:
                break
            made.append(token)
            logits = self.step(token, len(ids) + len(made) - 1)
        return made

    def answer(self, question, limit=64):
        ids = self.tokenizer.encode(text.chat_prompt(question)).ids
        return self.tokenizer.decode(self.generate(ids, limit))
