# SPDX-License-Identifier: Apache-2.0
"""The 2B-4T transformer block in PyTorch, for training with b1.58 weights.

Forward values are those the exported file gives: ternary weights with one
scale per tensor (the mean of the absolute weights), activations rounded to
8 bits per token, squared ReLU, sub-norms, NEOX rotary positions, grouped
queries, tied head. Gradients pass both roundings unchanged (straight-through).
`ternary=False` gives the full-precision twin of the same shape.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

EPS = 1e-5


@dataclass
class Shape:
    vocab: int = 6144
    hidden: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    ffn: int = 1024
    context: int = 256
    rope_base: float = 10000.0

    @property
    def head_dim(self):
        return self.hidden // self.heads


def ternarize(weight):
    """Codes in {-1, 0, 1} (as floats) and the tensor's scale."""
    scale = weight.abs().mean().clamp(min=EPS)
    return (weight / scale).round().clamp(-1, 1), scale


def quantize_rows(x):
    """Rounds each row to 8 bits; returns the values, not the codes."""
    scale = 127.0 / x.abs().amax(dim=-1, keepdim=True).clamp(min=EPS)
    return (x * scale).round().clamp(-128, 127) / scale


class TernaryProduct(torch.autograd.Function):
    """x times one or more weight matrices that share the quantized input."""

    @staticmethod
    def forward(ctx, x, *weights):
        x = quantize_rows(x)
        parts = []
        for weight in weights:
            codes, scale = ternarize(weight)
            parts.append(codes * scale)
        joined = torch.cat(parts) if len(parts) > 1 else parts[0]
        ctx.save_for_backward(x, joined)
        ctx.rows = [w.shape[0] for w in weights]
        return x @ joined.t()

    @staticmethod
    def backward(ctx, grad):
        x, joined = ctx.saved_tensors
        by_weight = (grad.t() @ x).split(ctx.rows)
        return (grad @ joined, *by_weight)


class Linears(nn.Module):
    """Bias-free projections of one input; the output is their concatenation."""

    def __init__(self, inputs, outputs, ternary):
        super().__init__()
        self.ternary = ternary
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(n, inputs) / math.sqrt(inputs))
            for n in outputs)

    def forward(self, x):
        if self.ternary:
            return TernaryProduct.apply(x, *self.weights)
        return x @ torch.cat(list(self.weights)).t()


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.gain, EPS)


def rotate(x, cos, sin):
    """NEOX rotary embedding: x is [..., tokens, heads, head_dim]."""
    low, high = x.chunk(2, dim=-1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)


class Block(nn.Module):
    def __init__(self, shape, ternary):
        super().__init__()
        s = self.shape = shape
        kv_width = s.kv_heads * s.head_dim
        self.attn_norm = RmsNorm(s.hidden)
        self.qkv = Linears(s.hidden, (s.hidden, kv_width, kv_width), ternary)
        self.attn_sub_norm = RmsNorm(s.hidden)
        self.output = Linears(s.hidden, (s.hidden,), ternary)
        self.ffn_norm = RmsNorm(s.hidden)
        self.gate_up = Linears(s.hidden, (s.ffn, s.ffn), ternary)
        self.ffn_sub_norm = RmsNorm(s.ffn)
        self.down = Linears(s.ffn, (s.hidden,), ternary)

    def attend(self, h, layout):
        s = self.shape
        widths = (s.hidden, s.kv_heads * s.head_dim, s.kv_heads * s.head_dim)
        q, k, v = self.qkv(h).split(widths, dim=-1)
        q = rotate(q.unflatten(-1, (s.heads, s.head_dim)), layout.cos, layout.sin)
        k = rotate(k.unflatten(-1, (s.kv_heads, s.head_dim)), layout.cos, layout.sin)
        v = v.unflatten(-1, (s.kv_heads, s.head_dim))
        return layout.attention(q, k, v).flatten(-2)

    def forward(self, x, layout):
        mixed = self.attend(self.attn_norm(x), layout)
        x = x + self.output(self.attn_sub_norm(mixed))
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, dim=-1)
        return x + self.down(self.ffn_sub_norm(F.relu(gate).square() * up))


class Layout:
    """How rows of one batch attend: a prefix all share, then one tail each.

    Row order: the `prefix` tokens once, then `batch` tails of `tail` tokens.
    Computing the shared beginning of the prompts once changes no value.
    """

    def __init__(self, shape, prefix, batch, tail):
        self.prefix, self.batch, self.tail = prefix, batch, tail
        half = shape.head_dim // 2
        tail_positions = torch.arange(prefix, prefix + tail).repeat(batch)
        positions = torch.cat((torch.arange(prefix), tail_positions)).float()
        rates = shape.rope_base ** (-torch.arange(half).float() / half)
        angles = positions[:, None, None] * rates
        self.cos, self.sin = angles.cos(), angles.sin()
        self.mask = torch.ones(tail, prefix + tail, dtype=torch.bool).tril(prefix)

    def attention(self, q, k, v):
        """q [rows, heads, dim], k and v [rows, kv_heads, dim] -> like q."""
        def parts(t):
            head = t[:self.prefix].transpose(0, 1).unsqueeze(0)
            rest = t[self.prefix:].unflatten(0, (self.batch, self.tail))
            return head, rest.transpose(1, 2)

        (q0, q1), (k0, k1), (v0, v1) = parts(q), parts(k), parts(v)
        group = q.shape[1] // k.shape[1]
        k1 = torch.cat((k0.expand(self.batch, -1, -1, -1), k1), dim=2)
        v1 = torch.cat((v0.expand(self.batch, -1, -1, -1), v1), dim=2)
        first = F.scaled_dot_product_attention(
            q0, k0.repeat_interleave(group, 1), v0.repeat_interleave(group, 1),
            is_causal=True)
        rest = F.scaled_dot_product_attention(
            q1, k1.repeat_interleave(group, 1), v1.repeat_interleave(group, 1),
            attn_mask=self.mask)
        return torch.cat((first[0].transpose(0, 1),
                          rest.transpose(1, 2).flatten(0, 1)))


class DictionaryModel(nn.Module):
    def __init__(self, shape, ternary=True):
        super().__init__()
        self.shape, self.ternary = shape, ternary
        self.embedding = nn.Parameter(torch.randn(shape.vocab, shape.hidden) * 0.05)
        self.blocks = nn.ModuleList(
            Block(shape, ternary) for _ in range(shape.layers))
        self.output_norm = RmsNorm(shape.hidden)

    def forward(self, prefix, tails, wanted):
        """Logits of the tail positions where `wanted` is true.

        prefix: ids [p]; tails: ids [batch, tail]; wanted: bool [batch, tail].
        """
        layout = Layout(self.shape, len(prefix), *tails.shape)
        x = F.embedding(torch.cat((prefix, tails.flatten())), self.embedding)
        for block in self.blocks:
            x = block(x, layout)
        x = self.output_norm(x[len(prefix):][wanted.flatten()])
        return x @ self.embedding.t()
