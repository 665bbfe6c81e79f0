# SPDX-License-Identifier: Apache-2.0
"""Normed hidden states of a Gemma 3 GGUF for a text, in plain numpy: what its output head is multiplied with."""
import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize


class Gemma3:
    def __init__(self, path):
        reader = GGUFReader(path)
        self.fields = {name: field.contents() for name, field in reader.fields.items()}
        self.tensors = {tensor.name: tensor for tensor in reader.tensors}
        get = lambda key: self.fields["gemma3." + key]
        self.layers, self.hidden = get("block_count"), get("embedding_length")
        self.heads, self.kv_heads = get("attention.head_count"), get("attention.head_count_kv")
        self.head_dim, self.eps = get("attention.key_length"), get("attention.layer_norm_rms_epsilon")
        self.rope_base = get("rope.freq_base")

    def weight(self, name):
        tensor = self.tensors[name + ".weight"]
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        return values.reshape([int(n) for n in reversed(tensor.shape)])

    def encode(self, text):
        """Ids of a text: BOS, then pairs merged by the best score, as sentencepiece's BPE does it."""
        tokens, scores = self.fields["tokenizer.ggml.tokens"], self.fields["tokenizer.ggml.scores"]
        ids = {token: i for i, token in enumerate(tokens)}
        parts = list(text.replace(" ", "\u2581"))
        while True:
            merges = [(scores[ids[a + b]], -i) for i, (a, b) in enumerate(zip(parts, parts[1:])) if a + b in ids]
            if not merges:
                break
            i = -max(merges)[1]
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return [self.fields["tokenizer.ggml.bos_token_id"]] + [ids[part] for part in parts]

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps) * self.weight(name)

    def rope(self, x, base):
        half = self.head_dim // 2
        angles = np.outer(np.arange(len(x)), base ** (-np.arange(half) / half))[:, None]
        a, b = x[..., :half], x[..., half:]
        return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], -1)

    def attention(self, x, blk, base):
        count = len(x)
        q = (x @ self.weight(blk + "attn_q").T).reshape(count, self.heads, self.head_dim)
        k = (x @ self.weight(blk + "attn_k").T).reshape(count, self.kv_heads, self.head_dim)
        v = (x @ self.weight(blk + "attn_v").T).reshape(count, self.kv_heads, self.head_dim)
        q = self.rope(self.norm(q, blk + "attn_q_norm"), base)
        k = self.rope(self.norm(k, blk + "attn_k_norm"), base)
        k, v = (np.repeat(part, self.heads // self.kv_heads, axis=1) for part in (k, v))
        scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(self.head_dim)
        scores = np.where(np.tri(count, dtype=bool), scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        return np.einsum("hij,jhd->ihd", scores, v).reshape(count, -1) @ self.weight(blk + "attn_output").T

    def feed_forward(self, x, blk):
        gate, up = x @ self.weight(blk + "ffn_gate").T, x @ self.weight(blk + "ffn_up").T
        gelu = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
        return (gelu * up) @ self.weight(blk + "ffn_down").T

    def states(self, ids, embedding):
        """[tokens, hidden], after the output norm. Below the sliding window, so every layer sees all tokens."""
        x = embedding[ids] * np.sqrt(self.hidden)
        for layer in range(self.layers):
            blk = f"blk.{layer}."
            base = self.rope_base if layer % 6 == 5 else 10000.0
            x = x + self.norm(self.attention(self.norm(x, blk + "attn_norm"), blk, base), blk + "post_attention_norm")
            x = x + self.norm(self.feed_forward(self.norm(x, blk + "ffn_norm"), blk), blk + "post_ffw_norm")
        return self.norm(x, "output_norm")
