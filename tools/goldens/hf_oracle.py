# SPDX-License-Identifier: Apache-2.0
"""Hugging Face models in float32 on given weights: the oracle.

The linear layers are the package's own AutoBitLinear in its "offline" mode, as the published
checkpoints run: the weight buffer holds -1, 0, +1 and the output is multiplied by weight_scale.
("Online" mode is unusable here: it takes mean|W|, zeros included, as the scale, so it does not
return ternary weights as they went in.)
"""
import os

os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # plain eager float32, no generated kernels

import numpy as np
import torch
import transformers
from transformers.integrations.bitnet import pack_weights, replace_with_bitnet_linear, unpack_weights
from transformers.utils.quantization_config import BitNetQuantConfig

NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
         "attn_sub_norm": "self_attn.attn_sub_norm", "ffn_sub_norm": "mlp.ffn_sub_norm",
         "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
GEMMA_NORMS = {**NORMS, "post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
               "post_ffw_norm": "post_feedforward_layernorm"}
LINEARS = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
           "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
           "ffn_down": "mlp.down_proj"}
# One linear per quantized input, in the order the forward pass meets them; with norms of their own, each.
QUANTIZED_INPUTS = ("attn_q", "attn_output", "ffn_gate", "ffn_down")
INNER_INPUTS = tuple(LINEARS)
CLASSES = {"bitnet": ("BitNetConfig", "BitNetForCausalLM"), "llama": ("LlamaConfig", "LlamaForCausalLM"),
           "qwen3": ("Qwen3Config", "Qwen3ForCausalLM"), "gemma3": ("Gemma3TextConfig", "Gemma3ForCausalLM")}
ACTIVATIONS = {"gelu": "gelu_pytorch_tanh"}


def _set_linear(module, values, scale):
    ternary = torch.from_numpy(values.astype(np.int64))
    packed = pack_weights(ternary.clone())
    assert torch.equal(unpack_weights(packed, torch.float32).to(torch.int64)[: len(values)], ternary)
    module.weight = torch.nn.Parameter(ternary.to(torch.float32), requires_grad=False)
    module.weight_scale = torch.tensor([scale], dtype=torch.float32)


def _config(config):
    act = ACTIVATIONS.get(config.act, config.act)
    rope = {"rope_type": "default", "rope_theta": config.theta}
    family = {}
    if config.family != "bitnet":
        family["head_dim"] = config.head_dim
    if config.family == "gemma3":
        rope = {"full_attention": rope, "sliding_attention": {"rope_type": "default", "rope_theta": config.window_theta}}
        kinds = ["sliding_attention" if config.has_window(i) else "full_attention" for i in range(config.layers)]
        family.update(hidden_activation=act, query_pre_attn_scalar=config.head_dim, sliding_window=config.window,
                      layer_types=kinds)
    else:
        family["hidden_act"] = act
    return getattr(transformers, CLASSES[config.family][0])(
        vocab_size=config.vocab, hidden_size=config.hidden, intermediate_size=config.ffn,
        num_hidden_layers=config.layers, num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads, rms_norm_eps=config.eps,
        max_position_embeddings=4096, tie_word_embeddings=False, bos_token_id=0, eos_token_id=1,
        rope_parameters=rope, **family)


def _tensor(values):
    return torch.from_numpy(np.asarray(values, np.float32))


def build(config, weights):
    model_config = _config(config)
    model_config._attn_implementation = "eager"
    model = getattr(transformers, CLASSES[config.family][1])(model_config).to(torch.float32).eval()
    if not config.dense:
        replace_with_bitnet_linear(model, ["lm_head"], BitNetQuantConfig(
            linear_class="autobitlinear", quantization_mode="offline", use_rms_norm=config.inner_norms,
            rms_norm_eps=config.eps))
    offset = 1 if config.family == "gemma3" else 0  # its norms multiply by 1 + weight
    norms = GEMMA_NORMS if config.family == "gemma3" else NORMS
    for source, layer in zip(weights["layers"], model.model.layers):
        for name, path in LINEARS.items():
            if config.dense:
                layer.get_submodule(path).weight.data = _tensor(source[name][0])
            else:
                _set_linear(layer.get_submodule(path), *source[name])
            if config.inner_norms:
                gain = _tensor(source[f"{name}_norm_in"])
                layer.get_submodule(path).rms_norm.weight = torch.nn.Parameter(gain, requires_grad=False)
        for name, path in norms.items():
            if name in source:
                layer.get_submodule(path).weight.data = _tensor(source[name] - offset)
    model.model.norm.weight.data = _tensor(weights["norm"] - offset)
    model.model.embed_tokens.weight.data = _tensor(weights["embed"])
    model.lm_head.weight.data = _tensor(weights["head"])
    assert model.config.tie_word_embeddings is False
    return model


@torch.no_grad()
def embeddings(model, tokens):
    """Unit vectors of the prompt by pooling: of what follows the output norm."""
    hidden = model.model(torch.tensor([list(tokens)]), use_cache=False).last_hidden_state[0].double().numpy()
    pooled = {"mean": hidden.mean(0), "last": hidden[-1], "cls": hidden[0]}
    return {name: [float(np.float32(x)) for x in v / np.linalg.norm(v)] for name, v in pooled.items()}


@torch.no_grad()
def run(model, tokens):
    """float32 logits [positions, vocab] and x * s [site][positions, width] of the int8 inputs."""
    sites, hooks = [], []

    def remember(_, inputs):
        x = inputs[0][0].float()
        scale = 127 / x.abs().max(dim=-1, keepdim=True).values.clamp(min=1e-5)
        sites.append((x * scale).numpy())

    names = QUANTIZED_INPUTS if getattr(model.model.layers[0].mlp.down_proj, "rms_norm", None) is None else INNER_INPUTS
    for layer in model.model.layers:
        for name in names if hasattr(layer.mlp.down_proj, "weight_scale") else ():
            linear = layer.get_submodule(LINEARS[name])
            # What is quantized is what comes out of the linear's own norm, where it has one.
            module = getattr(linear, "rms_norm", None)
            if module is None:
                hooks.append(linear.register_forward_pre_hook(remember))
            else:
                hooks.append(module.register_forward_hook(lambda _, __, out: remember(None, (out,))))
    logits = model(torch.tensor([list(tokens)]), use_cache=False).logits[0].numpy()
    for hook in hooks:
        hook.remove()
    return logits.astype(np.float32), sites
