// SPDX-License-Identifier: Apache-2.0
#include "convert/folder_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/status_macros.h"
#include "format/gguf_names.h"
#include "format/json_fields.h"
#include "format/json_file.h"
#include "model/activation.h"

namespace sterna::convert {
namespace {

using format::JsonFields;

constexpr uint64_t kMaxConfigBytes = uint64_t{4} << 20;
constexpr uint64_t kMaxCount = uint64_t{1} << 26;

// A class of the transformers package. Its BitNet models are named by their activation, as GGUF files are.
struct Family {
  std::string_view class_name;
  std::string_view architecture;
};
constexpr std::array kFamilies = {
    Family{"BitNetForCausalLM", "bitnet"}, Family{"BitnetForCausalLM", "bitnet"}, Family{"LlamaForCausalLM", "llama"},
    Family{"Qwen3ForCausalLM", "qwen3"},   Family{"Qwen3Model", "qwen3"},         Family{"Gemma3ForCausalLM", "gemma3"},
    Family{"Gemma3TextModel", "gemma3"},
};

std::string KnownClasses() {
  std::string names;
  for (const Family& family : kFamilies) names.append(names.empty() ? "" : ", ").append(family.class_name);
  return names;
}

Result<std::string> ReadArchitecture(const JsonFields& fields) {
  const nlohmann::json* const classes = fields.Find("architectures");
  if (classes == nullptr || !classes->is_array() || classes->size() != 1 || !classes->front().is_string()) {
    return fields.Wrong("architectures", "must be a list of one class name");
  }
  const auto& name = classes->front().get_ref<const std::string&>();
  const auto known =
      std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Family& family) { return family.class_name == name; });
  if (known == kFamilies.end()) {
    return fields.Unsupported("architectures",
                              fmt::format("has {}; known are {}", format::Quoted(name), KnownClasses()));
  }
  return std::string(known->architecture);
}

Result<uint32_t> Count(const JsonFields& fields, std::string_view key, std::optional<uint32_t> fallback = {}) {
  STERNA_ASSIGN_OR_RETURN(const auto value, fields.Unsigned(key, kMaxCount));
  if (value && *value > 0) return uint32_t(*value);
  if (!value && fallback) return *fallback;
  return fields.Wrong(key, value ? "is 0" : "is missing");
}

Result<float> Positive(const JsonFields& fields, std::string_view key, std::optional<float> fallback = {}) {
  STERNA_ASSIGN_OR_RETURN(const auto value, fields.Number(key));
  if (!value && fallback) return *fallback;
  if (!value) return fields.Wrong(key, "is missing");
  if (!(*value > 0) || *value > 1e12) return fields.Wrong(key, fmt::format("is {}; it must be above 0", *value));
  return float(*value);
}

Status ReadShape(const JsonFields& fields, FolderConfig& config) {
  STERNA_ASSIGN_OR_RETURN(config.vocabulary_size, Count(fields, "vocab_size"));
  STERNA_ASSIGN_OR_RETURN(config.context_length, Count(fields, "max_position_embeddings"));
  STERNA_ASSIGN_OR_RETURN(config.layers, Count(fields, "num_hidden_layers"));
  STERNA_ASSIGN_OR_RETURN(config.hidden, Count(fields, "hidden_size"));
  STERNA_ASSIGN_OR_RETURN(config.ffn, Count(fields, "intermediate_size"));
  STERNA_ASSIGN_OR_RETURN(config.heads, Count(fields, "num_attention_heads"));
  STERNA_ASSIGN_OR_RETURN(config.kv_heads, Count(fields, "num_key_value_heads", config.heads));
  STERNA_ASSIGN_OR_RETURN(config.head_dim, Count(fields, "head_dim", std::max(1u, config.hidden / config.heads)));
  if (config.head_dim % 2 != 0) return fields.Wrong("head_dim", fmt::format("is {}; it must be even", config.head_dim));
  if (config.heads % config.kv_heads != 0) {
    return fields.Wrong("num_key_value_heads", fmt::format("is {}, which does not divide num_attention_heads {}",
                                                           config.kv_heads, config.heads));
  }
  STERNA_ASSIGN_OR_RETURN(config.norm_eps, Positive(fields, "rms_norm_eps"));
  STERNA_ASSIGN_OR_RETURN(const auto tied, fields.Bool("tie_word_embeddings"));
  config.tied_head = tied.value_or(false);
  return {};
}

// "default" is what newer configurations write for frequencies that are not scaled.
Status RefuseScaledRope(const JsonFields& rope) {
  for (const std::string_view key : {"rope_type", "type"}) {
    STERNA_ASSIGN_OR_RETURN(const auto type, rope.Text(key));
    if (type && *type != "default") {
      return rope.Unsupported(key, fmt::format("is {}; only models without RoPE scaling run", format::Quoted(*type)));
    }
  }
  return {};
}

// Older configurations have rope_theta, rope_local_base_freq and rope_scaling; newer ones rope_parameters, by kind of
// layer where there are windows.
Status ReadRope(const JsonFields& fields, FolderConfig& config) {
  STERNA_ASSIGN_OR_RETURN(const JsonFields scaling, fields.Object("rope_scaling"));
  STERNA_RETURN_IF_ERROR(RefuseScaledRope(scaling));
  STERNA_ASSIGN_OR_RETURN(const JsonFields both, fields.Object("rope_parameters"));
  STERNA_ASSIGN_OR_RETURN(const JsonFields full, both.Object("full_attention"));
  STERNA_ASSIGN_OR_RETURN(const JsonFields local, both.Object("sliding_attention"));
  const JsonFields& rope = both.Find("full_attention") != nullptr ? full : both;
  STERNA_RETURN_IF_ERROR(RefuseScaledRope(rope));
  STERNA_RETURN_IF_ERROR(RefuseScaledRope(local));
  STERNA_ASSIGN_OR_RETURN(const float old_theta, Positive(fields, "rope_theta", 10000.0f));
  STERNA_ASSIGN_OR_RETURN(config.rope_theta, Positive(rope, "rope_theta", old_theta));
  STERNA_ASSIGN_OR_RETURN(const float old_local, Positive(fields, "rope_local_base_freq", 10000.0f));
  STERNA_ASSIGN_OR_RETURN(config.window_rope_theta, Positive(local, "rope_theta", old_local));
  return {};
}

// Each so-many-th layer without a window, from the list of kinds.
Result<uint32_t> FullEvery(const JsonFields& fields, const nlohmann::json& kinds, uint32_t layers) {
  if (!kinds.is_array() || kinds.size() != layers) {
    return fields.Wrong("layer_types", fmt::format("must be a list of {} texts", layers));
  }
  const auto full = [&](size_t layer) { return kinds[layer] == "full_attention"; };
  size_t first = 0;
  while (first < layers && !full(first)) ++first;
  for (size_t layer = 0; layer < layers; ++layer) {
    const bool known = full(layer) || kinds[layer] == "sliding_attention";
    if (!known || full(layer) != ((layer + 1) % (first + 1) == 0)) {
      return fields.Unsupported("layer_types",
                                "must repeat a run of sliding_attention with one full_attention after it");
    }
  }
  return uint32_t(first + 1);
}

Status ReadWindow(const JsonFields& fields, FolderConfig& config) {
  if (config.architecture != "gemma3") return {};
  STERNA_ASSIGN_OR_RETURN(const auto window, fields.Unsigned("sliding_window", kMaxCount));
  config.window = uint32_t(window.value_or(0));
  STERNA_ASSIGN_OR_RETURN(config.full_attention_every, Count(fields, "sliding_window_pattern", 6u));
  if (const nlohmann::json* const kinds = fields.Find("layer_types")) {
    STERNA_ASSIGN_OR_RETURN(config.full_attention_every, FullEvery(fields, *kinds, config.layers));
  }
  STERNA_ASSIGN_OR_RETURN(const uint32_t scalar, Count(fields, "query_pre_attn_scalar", 256u));
  if (scalar == config.head_dim) return {};
  return fields.Unsupported("query_pre_attn_scalar",
                            fmt::format("is {}; only the head size {} runs", scalar, config.head_dim));
}

Status ReadActivation(const JsonFields& fields, FolderConfig& config) {
  const std::string_view key = config.architecture == "gemma3" ? "hidden_activation" : "hidden_act";
  STERNA_ASSIGN_OR_RETURN(const auto name, fields.Text(key));
  if (!name) return fields.Wrong(key, "is missing");
  const auto activation = model::ActivationByName(*name);
  if (!activation) {
    return fields.Unsupported(key,
                              fmt::format("is {}; known are relu2, silu and gelu_pytorch_tanh", format::Quoted(*name)));
  }
  config.activation = *activation;
  if (config.architecture == "bitnet" && *activation == backend::Activation::kRelu2) {
    config.architecture = "bitnet-b1.58";
  }
  return {};
}

Status RefuseWhatDoesNotRun(const JsonFields& fields) {
  for (const std::string_view key : {"attention_bias", "mlp_bias", "use_bidirectional_attention"}) {
    STERNA_ASSIGN_OR_RETURN(const auto value, fields.Bool(key));
    if (value.value_or(false)) return fields.Unsupported(key, "is true; such models do not run");
  }
  for (const std::string_view key : {"final_logit_softcapping", "attn_logit_softcapping"}) {
    if (fields.Find(key) != nullptr) return fields.Unsupported(key, "is given; such models do not run");
  }
  return {};
}

Status ReadQuantization(const JsonFields& fields, FolderConfig& config) {
  if (fields.Find("quantization_config") == nullptr) {
    // The BitNet classes of 2024 round their weights without a word in the configuration.
    if (config.architecture.starts_with("bitnet")) config.quantization = FolderQuantization::kOnline;
    return {};
  }
  STERNA_ASSIGN_OR_RETURN(const JsonFields own, fields.Object("quantization_config"));
  STERNA_ASSIGN_OR_RETURN(const auto method, own.Text("quant_method"));
  if (method != "bitnet") {
    return own.Unsupported("quant_method",
                           fmt::format("is {}; only bitnet is read", format::Quoted(method.value_or(""))));
  }
  STERNA_ASSIGN_OR_RETURN(const auto linear, own.Text("linear_class"));
  STERNA_ASSIGN_OR_RETURN(const auto mode, own.Text("quantization_mode"));
  if (linear.value_or("bitlinear") == "bitlinear") {
    config.quantization = FolderQuantization::kDivide;
  } else if (*linear != "autobitlinear") {
    return own.Unsupported("linear_class",
                           fmt::format("is {}; known are bitlinear and autobitlinear", format::Quoted(*linear)));
  } else if (mode.value_or("offline") == "offline") {
    config.quantization = FolderQuantization::kMultiply;
  } else if (*mode == "online") {
    config.quantization = FolderQuantization::kOnline;
  } else {
    return own.Unsupported("quantization_mode",
                           fmt::format("is {}; known are offline and online", format::Quoted(*mode)));
  }
  STERNA_ASSIGN_OR_RETURN(const auto inner, own.Bool("use_rms_norm"));
  config.inner_norms = inner.value_or(false);
  STERNA_ASSIGN_OR_RETURN(const float eps, Positive(own, "rms_norm_eps", config.inner_norms ? 1e-6f : config.norm_eps));
  if (config.inner_norms && eps != config.norm_eps) {
    return own.Unsupported("rms_norm_eps",
                           fmt::format("is {} and that of the model {}; a GGUF file has one", eps, config.norm_eps));
  }
  return {};
}

}  // namespace

Result<FolderConfig> ParseFolderConfig(const nlohmann::json& json, const std::string& place) {
  const JsonFields fields(json, place);
  FolderConfig config;
  STERNA_ASSIGN_OR_RETURN(config.architecture, ReadArchitecture(fields));
  STERNA_RETURN_IF_ERROR(ReadShape(fields, config));
  STERNA_RETURN_IF_ERROR(ReadRope(fields, config));
  STERNA_RETURN_IF_ERROR(ReadWindow(fields, config));
  STERNA_RETURN_IF_ERROR(ReadActivation(fields, config));
  STERNA_RETURN_IF_ERROR(RefuseWhatDoesNotRun(fields));
  STERNA_RETURN_IF_ERROR(ReadQuantization(fields, config));
  return config;
}

Result<FolderConfig> ReadFolderConfig(const std::string& folder) {
  const std::string path = folder + "/config.json";
  STERNA_ASSIGN_OR_RETURN(const nlohmann::json json, format::ReadJsonFile(path, kMaxConfigBytes));
  return ParseFolderConfig(json, fmt::format("file {}", format::Quoted(path)));
}

}  // namespace sterna::convert
