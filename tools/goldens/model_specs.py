# SPDX-License-Identifier: Apache-2.0
"""The tiny random models that the goldens are made of: shapes, weights, GGUF contents."""
import dataclasses

import numpy as np

import dense_pack
import gguf_write
import ternary_pack
from float_reference import INNER_NORMS, Config

LINEAR_SHAPES = {  # rows, columns: see _width()
    "attn_q": ("q", "hidden"), "attn_k": ("kv", "hidden"), "attn_v": ("kv", "hidden"),
    "attn_output": ("hidden", "q"), "ffn_gate": ("ffn", "hidden"), "ffn_up": ("ffn", "hidden"),
    "ffn_down": ("hidden", "ffn")}
BITNET_NORMS = {"attn_norm": "hidden", "attn_sub_norm": "q", "ffn_norm": "hidden", "ffn_sub_norm": "ffn"}
# Wanted standard deviation of a projection's output for a normed input. q and k are large
# enough for attention logits to spread by more than 1 over the keys.
OUTPUT_STD = {"attn_q": 1.15, "attn_k": 1.15, "ffn_gate": 1.0}
TENSOR_ORDER = ("attn_norm", "ffn_down", "ffn_sub_norm", "ffn_gate", "ffn_up", "ffn_norm",
                "attn_sub_norm", "attn_k", "attn_output", "attn_q", "attn_v")
# Stored types of the linear layers of models that are not ternary.
DENSE_TYPES = {"attn_q": "q5_0", "attn_k": "q8_0", "attn_v": "f16", "attn_output": "bf16", "ffn_gate": "q5_0",
               "ffn_up": "q4_0", "ffn_down": "q6_k"}
TERNARY = {"i2_s": (gguf_write.I2_S, ternary_pack.pack_i2s),
           "tq1_0": (gguf_write.TQ1_0, ternary_pack.pack_tq1_0),
           "tq2_0": (gguf_write.TQ2_0, ternary_pack.pack_tq2_0)}
FILE_TYPES = {"i2_s": 40, "tq1_0": 36, "tq2_0": 37, "dense": 8}


@dataclasses.dataclass
class Spec:
    name: str
    arch: str
    config: Config
    formats: tuple = ("i2_s",)
    embedding: str = "f16"
    head: str = ""                 # empty: tied, no output.weight
    pre: str | None = "llama-bpe"  # tokenizer.ggml.pre; None: key left out
    write_activation: bool = True  # <arch>.hidden_activation
    ffn_act_flag: str = ""         # what --ffn-act must say where the file cannot tell
    scale_tensors: bool = False    # block scale 1 and blk.N.<linear>.scale
    f16_scales: bool = False       # scales that f16 holds exactly
    dead_channels: bool = False    # ffn channels as the published 2B-4T has them
    text_prompt: bool = False      # the ids are the encoding of a text
    prompt_tokens: int = 88
    greedy_tokens: int = 16
    seed: int = 1
    stored: dict = dataclasses.field(default_factory=dict)  # bytes of dense linear layers, by their values' bytes


SPECS = (
    Spec("b158-tiny", "bitnet-b1.58", Config(256, 512, 2, 4, 2, 288), ("i2_s", "tq1_0", "tq2_0"),
         embedding="q8_0", pre=None, f16_scales=True, dead_channels=True, text_prompt=True, prompt_tokens=96),
    Spec("b158-odd", "bitnet-25", Config(384, 640, 1, 6, 3, 271), embedding="q4_0", head="f16",
         write_activation=False, prompt_tokens=80, seed=2),
    Spec("bitnet-silu", "bitnet", Config(256, 512, 2, 8, 8, 288, act="silu", theta=10000.0),
         ("tq2_0",), embedding="q8_0", scale_tensors=True, seed=3),
    Spec("bitnet-silu-gqa", "bitnet", Config(128, 256, 2, 4, 2, 277, act="silu", theta=10000.0, eps=1e-6),
         head="f32", write_activation=False, ffn_act_flag="silu", prompt_tokens=140, seed=4),
    Spec("b158-q6_k", "bitnet-b1.58", Config(256, 256, 1, 4, 2, 288), embedding="q6_k", seed=5),
    Spec("b158-q8_0", "bitnet-b1.58", Config(128, 256, 2, 4, 1, 288), embedding="q8_0",
         text_prompt=True, seed=6),
    Spec("b158-q4_0", "bitnet-b1.58", Config(128, 384, 2, 2, 2, 288), embedding="q4_0",
         write_activation=False, ffn_act_flag="relu2", seed=7),
    Spec("llama-b158", "llama", Config(256, 512, 2, 8, 2, 288, act="silu", eps=1e-6, family="llama"),
         ("i2_s", "tq2_0"), embedding="f16", head="q8_0", f16_scales=True, write_activation=False, seed=9),
    Spec("qwen3-b158", "qwen3", Config(128, 256, 2, 4, 2, 288, act="silu", theta=1e6, eps=1e-6, family="qwen3",
                                       head_size=64), embedding="q8_0", write_activation=False, seed=10),
    Spec("qwen3-inner", "qwen3", Config(128, 256, 2, 4, 2, 277, act="silu", theta=1e6, eps=1e-6, family="qwen3",
                                        head_size=64, inner_norms=True), embedding="f16", write_activation=False,
         greedy_tokens=8, seed=11),
    Spec("gemma3-inner", "gemma3", Config(128, 256, 2, 4, 1, 288, act="gelu", theta=1e6, eps=1e-6, family="gemma3",
                                          head_size=64, window=24, full_every=2, inner_norms=True),
         embedding="f16", head="q8_0", write_activation=False, greedy_tokens=8, seed=12),
    Spec("gemma3-dense", "gemma3", Config(96, 256, 6, 4, 1, 288, act="gelu", theta=1e6, eps=1e-6, family="gemma3",
                                          head_size=32, window=24, dense=True), ("dense",), embedding="q8_0", head="f16",
         write_activation=False, prompt_tokens=140, seed=13),
    # Rows long enough for the types with blocks of 256, which the two above are not.
    Spec("qwen3-wide", "qwen3", Config(256, 512, 2, 4, 2, 271, act="silu", theta=1e6, eps=1e-6, family="qwen3",
                                       head_size=64), embedding="q8_0", f16_scales=True, write_activation=False,
         greedy_tokens=8, seed=14),
    Spec("gemma3-wide", "gemma3", Config(256, 512, 2, 4, 1, 271, act="gelu", theta=1e6, eps=1e-6, family="gemma3",
                                         head_size=64, window=24, full_every=2, inner_norms=True), embedding="q8_0", head="q8_0",
         f16_scales=True, write_activation=False, greedy_tokens=8, seed=15),
    Spec("b158-bf16", "bitnet-b1.58", Config(128, 256, 2, 4, 2, 288), embedding="bf16", seed=8),
)


def _width(config, name):
    return {"hidden": config.hidden, "ffn": config.ffn, "kv": config.kv_heads * config.head_dim,
            "q": config.heads * config.head_dim, "head": config.head_dim}[name]


def norm_widths(config):
    """Names of a layer's norms, with their sizes' names."""
    if config.family == "bitnet":
        return BITNET_NORMS
    norms = {"attn_norm": "hidden", "ffn_norm": "hidden"}
    if config.family in ("qwen3", "gemma3"):
        norms.update(attn_q_norm="head", attn_k_norm="head")
    if config.family == "gemma3":
        norms.update(post_attention_norm="hidden", post_ffw_norm="hidden")
    if config.inner_norms:
        norms.update({name: "hidden" for name in INNER_NORMS.values()}, attn_output_norm_in="q", ffn_down_norm_in="ffn")
    return norms


def _linear(rng, spec, name):
    rows, columns = (_width(spec.config, w) for w in LINEAR_SHAPES[name])
    if spec.config.dense:
        matrix = rng.standard_normal((rows, columns)) * OUTPUT_STD.get(name, 1.0) / np.sqrt(columns)
        raw, values = dense_pack.pack_dense(matrix, DENSE_TYPES[name])
        spec.stored[values.tobytes()] = raw
        return values, np.float32(1)
    values = rng.choice(np.array([-1, 0, 1]), size=(rows, columns), p=(0.32, 0.36, 0.32))
    scale = np.float32(OUTPUT_STD.get(name, 1.0) / np.sqrt(columns * 0.64) * rng.uniform(0.95, 1.05))
    return values, np.float32(np.float16(scale)) if spec.f16_scales else scale


def _kill_channels(rng, layer):
    """Dead ffn channels: norm entries of about 1e-32, zero columns of down; half with zero gate/up."""
    dead = rng.choice(len(layer["ffn_sub_norm"]), len(layer["ffn_sub_norm"]) // 8, replace=False)
    layer["ffn_sub_norm"][dead] = np.float32(1e-32)
    layer["ffn_down"][0][:, dead] = 0
    for name in ("ffn_gate", "ffn_up"):
        layer[name][0][dead[::2]] = 0
    layer["ffn_down"][0][5, :256] = 0  # an all-zero 256-block whose neighbour is not


def make_weights(spec):
    """(weights for the oracles, bytes of the dense tensors by name)."""
    rng = np.random.default_rng(spec.seed)
    config, layers = spec.config, []
    for _ in range(config.layers):
        # Head norms alone decide how far attention logits spread.
        layer = {n: rng.uniform(*((0.9, 1.9) if w == "head" else (0.5, 1.5)), _width(config, w)).astype(np.float32)
                 for n, w in norm_widths(config).items()}
        layer.update({n: _linear(rng, spec, n) for n in LINEAR_SHAPES})
        if spec.dead_channels:
            _kill_channels(rng, layer)
        layers.append(layer)
    dense = {}
    shape = (config.vocab, config.hidden)
    dense["token_embd"], embed = dense_pack.pack_dense(rng.standard_normal(shape) * 0.15, spec.embedding)
    head = embed
    if spec.head:
        dense["output"], head = dense_pack.pack_dense(rng.standard_normal(shape) * 0.15, spec.head)
    norm = rng.uniform(0.5, 1.5, config.hidden).astype(np.float32)
    return {"layers": layers, "embed": embed, "head": head, "norm": norm}, dense


def metadata(spec, ternary):
    c, a = spec.config, spec.arch
    kv = [("general.architecture", "string", a), ("general.name", "string", f"{spec.name} (random)"),
          (f"{a}.vocab_size", "u32", c.vocab), (f"{a}.context_length", "u32", 4096),
          (f"{a}.embedding_length", "u32", c.hidden), (f"{a}.block_count", "u32", c.layers),
          (f"{a}.feed_forward_length", "u32", c.ffn), (f"{a}.rope.dimension_count", "u32", c.head_dim),
          (f"{a}.attention.head_count", "u32", c.heads), (f"{a}.attention.head_count_kv", "u32", c.kv_heads),
          (f"{a}.attention.layer_norm_rms_epsilon", "f32", c.eps), (f"{a}.rope.freq_base", "f32", c.theta),
          ("general.file_type", "u32", FILE_TYPES[ternary]), ("general.quantization_version", "u32", 2)]
    kv += _family_keys(c, a)
    if spec.write_activation:
        kv.append((f"{a}.hidden_activation", "string", c.act))
    return kv


def _family_keys(config, arch):
    keys = []
    if config.head_size:
        keys += [(f"{arch}.attention.key_length", "u32", config.head_size),
                 (f"{arch}.attention.value_length", "u32", config.head_size)]
    if config.window:
        keys.append((f"{arch}.attention.sliding_window", "u32", config.window))
        if config.full_every != 6:
            keys.append((f"{arch}.attention.sliding_window_pattern", "u32", config.full_every))
    return keys


def _stored_rows(config, name, values):
    """Files of the Llama family hold the rows of queries and keys so that neighbours turn together."""
    if config.family != "llama" or name not in ("attn_q", "attn_k"):
        return values
    halves = values.reshape(-1, 2, config.head_dim // 2, values.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(values.shape)


def tensors(spec, ternary, weights, dense):
    c = spec.config
    type_id, pack = TERNARY.get(ternary, (None, None))

    def f32(name, vector):
        return (name, (len(vector),), gguf_write.F32, np.asarray(vector, "<f4").tobytes())

    out = [("token_embd.weight", (c.hidden, c.vocab), dense_pack.TYPE_IDS[spec.embedding], dense["token_embd"])]
    for i, layer in enumerate(weights["layers"]):
        norms = norm_widths(c)
        for name in (*(n for n in TENSOR_ORDER if n in layer), *(n for n in norms if n not in TENSOR_ORDER)):
            if name in norms:
                out.append(f32(f"blk.{i}.{name}.weight", layer[name]))
                continue
            values, scale = layer[name]
            if c.dense:
                kind = dense_pack.TYPE_IDS[DENSE_TYPES[name]]
                out.append((f"blk.{i}.{name}.weight", values.shape[::-1], kind, spec.stored[values.tobytes()]))
                continue
            values = _stored_rows(c, name, values)
            stored = 1.0 if spec.scale_tensors else float(scale)
            out.append((f"blk.{i}.{name}.weight", values.shape[::-1], type_id, pack(values, stored)))
            if spec.scale_tensors:
                out.append(f32(f"blk.{i}.{name}.scale", [scale]))
    out.append(f32("output_norm.weight", weights["norm"]))
    if spec.head:
        out.append(("output.weight", (c.hidden, c.vocab), dense_pack.TYPE_IDS[spec.head], dense["output"]))
    return out
