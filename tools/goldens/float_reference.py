# SPDX-License-Identifier: Apache-2.0
"""The forward pass of BitNet and its relatives in numpy, one position at a time, in any float type.

This is the second opinion beside the Hugging Face model: in float64 it tells how far each
activation is from an int8 rounding tie, and with an option set it becomes one of the
mutants that a golden must be able to tell from the right model.
"""
import dataclasses

import numpy as np

ACTIVATIONS = {"relu2": lambda x: np.maximum(x, 0) ** 2, "silu": lambda x: x / (1 + np.exp(-x)),
               "gelu": lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))}
# Of what a layer's linear layers norm alone, in models with `inner_norms`.
INNER_NORMS = {"attn_q": "attn_q_norm_in", "attn_k": "attn_k_norm_in", "attn_v": "attn_v_norm_in",
               "ffn_gate": "ffn_gate_norm_in", "ffn_up": "ffn_up_norm_in"}


@dataclasses.dataclass
class Config:
    hidden: int
    ffn: int
    layers: int
    heads: int
    kv_heads: int
    vocab: int
    act: str = "relu2"
    theta: float = 500000.0
    eps: float = 1e-5
    family: str = "bitnet"
    head_size: int = 0          # 0: hidden / heads
    window: int = 0             # positions that a layer with a window sees
    full_every: int = 6         # with windows: each so-many-th layer has none
    window_theta: float = 10000.0
    dense: bool = False         # float weights and activations
    inner_norms: bool = False   # each linear layer norms its input by itself

    @property
    def head_dim(self):
        return self.head_size or self.hidden // self.heads

    @property
    def embed_factor(self):
        return self.hidden**0.5 if self.family == "gemma3" else 1.0

    @property
    def sub_norms(self):
        """Names of the norms before attn_output and ffn_down."""
        if self.family == "bitnet":
            return ("attn_sub_norm", "ffn_sub_norm")
        return ("attn_output_norm_in", "ffn_down_norm_in") if self.inner_norms else (None, None)

    def has_window(self, layer):
        return self.window > 0 and (layer + 1) % self.full_every != 0


@dataclasses.dataclass(frozen=True)
class Mutation:
    """What to compute wrongly; the default is the right model."""
    interleaved_rope: bool = False
    wrong_activation: bool = False
    no_sub_norm: bool = False
    wrong_gqa_map: bool = False
    f16_kv: bool = False
    wrong_theta: bool = False
    no_window: bool = False
    one_theta: bool = False
    no_head_norm: bool = False
    no_post_norm: bool = False
    no_embed_factor: bool = False
    no_inner_norm: bool = False


class Reference:
    """weights: per layer a dict name -> (ternary [rows, columns], scale) or norm vector, plus
    "embed" [vocab, hidden], "head" [vocab, hidden] and "norm" [hidden]."""

    def __init__(self, config, weights, dtype=np.float64, mutation=Mutation(), exact_angles=False):
        self.config, self.mutation, self.dtype = config, mutation, dtype
        self.exact_angles = exact_angles
        self.layers = [{k: (v[0].astype(dtype), dtype(v[1])) if isinstance(v, tuple) else v.astype(dtype)
                        for k, v in layer.items()} for layer in weights["layers"]]
        self.embed, self.head = weights["embed"].astype(dtype), weights["head"].astype(dtype)
        self.norm = weights["norm"].astype(dtype)
        self.keys = [[] for _ in self.layers]
        self.values = [[] for _ in self.layers]

    # --- pieces -----------------------------------------------------------------------
    def _rms(self, x, gain):
        mean = np.mean(x * x, axis=-1, keepdims=True)
        return x / np.sqrt(mean + self.dtype(self.config.eps)) * gain

    def _quantize(self, x):
        if self.config.dense:
            return x, self.dtype(1)
        scale = self.dtype(127) / np.maximum(np.abs(x).max(-1, keepdims=True), self.dtype(1e-5))
        scaled = x * scale
        self.scaled.append(scaled)
        return np.clip(np.rint(scaled), -128, 127), scale

    def _linear(self, quantized, weight):
        q, scale = quantized
        return (q @ weight[0].T) * weight[1] / scale

    def _project(self, layer, name, x):
        """A linear layer that may have a norm of its own."""
        if self.config.inner_norms and not self.mutation.no_inner_norm:
            x = self._rms(x, layer[INNER_NORMS[name]])
        return self._linear(self._quantize(x), layer[name])

    def _projections(self, layer, names, x):
        """Layers with one input, which is quantized once unless they have norms of their own."""
        if self.config.inner_norms:
            return [self._project(layer, name, x) for name in names]
        quantized = self._quantize(x)
        return [self._linear(quantized, layer[name]) for name in names]

    def _head_norm(self, x, layer, name):
        return x if name not in layer or self.mutation.no_head_norm else self._rms(x, layer[name])

    def _post_norm(self, x, layer, name):
        return x if name not in layer or self.mutation.no_post_norm else self._rms(x, layer[name])

    def _rope(self, x, position, theta):
        half = self.config.head_dim // 2
        if self.mutation.wrong_theta:
            theta = 10000.0 if theta != 10000.0 else 500000.0
        inverse = 1.0 / theta ** (np.arange(half) / half)
        angle = position * inverse if self.exact_angles else (
            np.float32(position) * inverse.astype(np.float32))
        cos, sin = (f(angle.astype(np.float64)).astype(self.dtype) for f in (np.cos, np.sin))
        if self.mutation.interleaved_rope:
            a, b = x[..., 0::2], x[..., 1::2]
            return np.stack([a * cos - b * sin, b * cos + a * sin], axis=-1).reshape(x.shape)
        a, b = x[..., :half], x[..., half:]
        return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)

    def _store(self, x):
        return x.astype(np.float16).astype(self.dtype) if self.mutation.f16_kv else x

    # --- one layer --------------------------------------------------------------------
    def _attention(self, index, layer, x, position):
        c = self.config
        window = c.has_window(index)
        theta = c.window_theta if window and not self.mutation.one_theta else c.theta
        h = self._rms(x, layer["attn_norm"])
        q, k, v = (y.reshape(len(x), -1, c.head_dim)
                   for y in self._projections(layer, ("attn_q", "attn_k", "attn_v"), h))
        q = self._rope(self._head_norm(q, layer, "attn_q_norm"), position, theta)
        k = self._store(self._rope(self._head_norm(k, layer, "attn_k_norm"), position, theta))
        v = self._store(v)
        seen = c.window - 1 if window and not self.mutation.no_window else position  # earlier positions
        keys, values = self.keys[index][max(0, position - seen):], self.values[index][max(0, position - seen):]
        self.new_kv.append((k, v))
        group = c.heads // c.kv_heads
        kv_of = [i % c.kv_heads if self.mutation.wrong_gqa_map else i // group for i in range(c.heads)]
        own = np.einsum("bhd,bhd->bh", q, k[:, kv_of])[..., None]
        past = np.zeros((len(x), c.heads, 0), self.dtype)
        if keys:
            stacked = np.stack(keys)[:, kv_of]  # [positions, heads, head_dim]
            past = np.einsum("bhd,nhd->bhn", q, stacked)
        logits = np.concatenate([past, own], axis=-1) / self.dtype(np.sqrt(c.head_dim))
        self.attention_logits.append(logits)
        p = np.exp(logits - logits.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        out = p[..., -1:] * v[:, kv_of]
        if values:
            out = out + np.einsum("bhn,nhd->bhd", p[..., :-1], np.stack(values)[:, kv_of])
        out = out.reshape(len(x), -1)
        if c.sub_norms[0] and not self.mutation.no_sub_norm:
            out = self._rms(out, layer[c.sub_norms[0]])
        out = self._linear(self._quantize(out), layer["attn_output"])
        return self._post_norm(out, layer, "post_attention_norm")

    def _feed_forward(self, layer, x):
        act = self.config.act
        if self.mutation.wrong_activation:
            act = "relu2" if act == "silu" else "silu"
        gate, up = self._projections(layer, ("ffn_gate", "ffn_up"), self._rms(x, layer["ffn_norm"]))
        u = ACTIVATIONS[act](gate) * up
        if self.config.sub_norms[1] and not self.mutation.no_sub_norm:
            u = self._rms(u, layer[self.config.sub_norms[1]])
        out = self._linear(self._quantize(u), layer["ffn_down"])
        return self._post_norm(out, layer, "post_ffw_norm")

    # --- the model --------------------------------------------------------------------
    def step(self, tokens):
        """Logits [candidates, vocab] of every candidate token at the next position."""
        self.scaled, self.new_kv, self.attention_logits = [], [], []
        position = len(self.keys[0])
        factor = 1.0 if self.mutation.no_embed_factor else self.config.embed_factor
        x = self.embed[np.asarray(tokens)] * self.dtype(factor)
        for index, layer in enumerate(self.layers):
            x = x + self._attention(index, layer, x, position)
            x = x + self._feed_forward(layer, x)
        return self._rms(x, self.norm) @ self.head.T

    def commit(self, candidate=0):
        """Append the given candidate of the last step to the context."""
        for index, (k, v) in enumerate(self.new_kv):
            self.keys[index].append(k[candidate])
            self.values[index].append(v[candidate])

    def truncate(self, positions):
        for cache in (*self.keys, *self.values):
            del cache[positions:]

    def tie_margins(self):
        """Per candidate of the last step: smallest distance of x * s from a rounding tie."""
        if not self.scaled:
            return np.full(len(self.new_kv[0][0]), 0.5)
        margins = [np.abs(np.abs(s) % 1 - 0.5).min(-1) for s in self.scaled]
        return np.min(margins, axis=0)

    def run(self, tokens):
        """Logits [positions, vocab] and the scaled activations [site][positions, width]."""
        logits, sites = [], None
        for token in tokens:
            logits.append(self.step([token])[0])
            self.commit()
            sites = sites or [[] for _ in self.scaled]
            for site, scaled in zip(sites, self.scaled):
                site.append(scaled[0])
        return np.stack(logits), [np.stack(s) for s in sites]
