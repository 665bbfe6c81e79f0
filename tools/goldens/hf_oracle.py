# SPDX-License-Identifier: Apache-2.0
"""Hugging Face BitNetForCausalLM in float32 on given ternary weights: the oracle.

The linear layers are the package's own AutoBitLinear in its "offline" mode, as the published
checkpoints run: the weight buffer holds -1, 0, +1 and the output is multiplied by weight_scale.
("Online" mode is unusable here: it takes mean|W|, zeros included, as the scale, so it does not
return ternary weights as they went in.)
"""
import os

os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # plain eager float32, no generated kernels

import numpy as np
import torch
from transformers import BitNetConfig as ModelConfig
from transformers import BitNetForCausalLM
from transformers.integrations.bitnet import pack_weights, replace_with_bitnet_linear, unpack_weights
from transformers.utils.quantization_config import BitNetQuantConfig

NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
         "attn_sub_norm": "self_attn.attn_sub_norm", "ffn_sub_norm": "mlp.ffn_sub_norm"}
LINEARS = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
           "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
           "ffn_down": "mlp.down_proj"}
# One linear per quantized input, in the order the forward pass meets them.
QUANTIZED_INPUTS = ("attn_q", "attn_output", "ffn_gate", "ffn_down")


def _set_linear(module, values, scale):
    ternary = torch.from_numpy(values.astype(np.int64))
    packed = pack_weights(ternary.clone())
    assert torch.equal(unpack_weights(packed, torch.float32).to(torch.int64)[: len(values)], ternary)
    module.weight = torch.nn.Parameter(ternary.to(torch.float32), requires_grad=False)
    module.weight_scale = torch.tensor([scale], dtype=torch.float32)


def build(config, weights):
    model_config = ModelConfig(
        vocab_size=config.vocab, hidden_size=config.hidden, intermediate_size=config.ffn,
        num_hidden_layers=config.layers, num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads, hidden_act=config.act, rms_norm_eps=config.eps,
        max_position_embeddings=4096, tie_word_embeddings=False, bos_token_id=0, eos_token_id=1,
        rope_parameters={"rope_type": "default", "rope_theta": config.theta})
    model_config._attn_implementation = "eager"
    model = BitNetForCausalLM(model_config).to(torch.float32).eval()
    replace_with_bitnet_linear(model, ["lm_head"], BitNetQuantConfig(
        linear_class="autobitlinear", quantization_mode="offline"))
    for source, layer in zip(weights["layers"], model.model.layers):
        for name, path in LINEARS.items():
            _set_linear(layer.get_submodule(path), *source[name])
        for name, path in NORMS.items():
            layer.get_submodule(path).weight.data = torch.from_numpy(source[name].astype(np.float32))
    model.model.norm.weight.data = torch.from_numpy(weights["norm"].astype(np.float32))
    model.model.embed_tokens.weight.data = torch.from_numpy(weights["embed"].astype(np.float32))
    model.lm_head.weight.data = torch.from_numpy(weights["head"].astype(np.float32))
    return model


@torch.no_grad()
def run(model, tokens):
    """float32 logits [positions, vocab] and x * s [site][positions, width] of the int8 inputs."""
    sites, hooks = [], []

    def remember(_, inputs):
        x = inputs[0][0].float()
        scale = 127 / x.abs().max(dim=-1, keepdim=True).values.clamp(min=1e-5)
        sites.append((x * scale).numpy())

    for layer in model.model.layers:
        for name in QUANTIZED_INPUTS:
            hooks.append(layer.get_submodule(LINEARS[name]).register_forward_pre_hook(remember))
    logits = model(torch.tensor([list(tokens)]), use_cache=False).logits[0].numpy()
    for hook in hooks:
        hook.remove()
    assert logits.dtype == np.float32
    return logits, sites
