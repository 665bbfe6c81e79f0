// SPDX-License-Identifier: Apache-2.0
#include "convert/folder_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <initializer_list>
#include <set>
#include <utility>

#include "base/status_macros.h"
#include "format/gguf_names.h"
#include "model/architecture.h"

namespace sterna::convert {
namespace {

using format::SafetensorsTensor;
using format::SafetensorsType;
using Kind = SourceTensor::Kind;
using quant::TensorType;

// What a folder calls a tensor of a layer: the first of these that it has.
struct FolderName {
  std::string_view role;  // "attn_q"
  std::array<std::string_view, 2> candidates;
};
constexpr FolderName kFolderNames[] = {
    {"attn_q", {"self_attn.q_proj"}},
    {"attn_k", {"self_attn.k_proj"}},
    {"attn_v", {"self_attn.v_proj"}},
    {"attn_output", {"self_attn.o_proj"}},
    {"ffn_gate", {"mlp.gate_proj"}},
    {"ffn_up", {"mlp.up_proj"}},
    {"ffn_down", {"mlp.down_proj"}},
    {"attn_norm", {"input_layernorm"}},
    {"ffn_norm", {"pre_feedforward_layernorm", "post_attention_layernorm"}},
    {"post_attention_norm", {"post_attention_layernorm"}},
    {"post_ffw_norm", {"post_feedforward_layernorm"}},
    {"attn_sub_norm", {"self_attn.attn_sub_norm", "self_attn.inner_attn_ln"}},
    {"ffn_sub_norm", {"mlp.ffn_sub_norm", "mlp.ffn_layernorm"}},
    {"attn_q_norm", {"self_attn.q_norm"}},
    {"attn_k_norm", {"self_attn.k_norm"}},
    {"attn_q_norm_in", {"self_attn.q_proj.rms_norm", "self_attn.q_proj.norm"}},
    {"attn_k_norm_in", {"self_attn.k_proj.rms_norm", "self_attn.k_proj.norm"}},
    {"attn_v_norm_in", {"self_attn.v_proj.rms_norm", "self_attn.v_proj.norm"}},
    {"attn_output_norm_in", {"self_attn.o_proj.rms_norm", "self_attn.o_proj.norm"}},
    {"ffn_gate_norm_in", {"mlp.gate_proj.rms_norm", "mlp.gate_proj.norm"}},
    {"ffn_up_norm_in", {"mlp.up_proj.rms_norm", "mlp.up_proj.norm"}},
    {"ffn_down_norm_in", {"mlp.down_proj.rms_norm", "mlp.down_proj.norm"}},
};

constexpr std::string_view kInnerNormEnding = "_norm_in";

std::span<const std::string_view> Candidates(std::string_view role) {
  for (const FolderName& name : kFolderNames) {
    if (name.role == role) return std::span(name.candidates).first(name.candidates[1].empty() ? 1 : 2);
  }
  return {};
}

class Mapper {
 public:
  Mapper(const format::SafetensorsFolder& folder, const FolderConfig& config)
      : folder_(folder), config_(config), architecture_(*model::FindArchitecture(config.architecture)) {}

  Result<FolderTensors> Run();

 private:
  Status AddLayer(uint32_t layer);
  Status AddLinear(uint32_t layer, std::string_view role, uint64_t rows, uint64_t columns);
  Status AddNorm(uint32_t layer, std::string_view role, uint64_t size);
  Status AddNumbers(std::string name, Kind kind, const SafetensorsTensor& values, std::vector<uint64_t> dimensions,
                    TensorType type, bool plus_one);
  Result<const SafetensorsTensor*> Require(std::initializer_list<std::string> names);
  Result<const SafetensorsTensor*> RequireOfLayer(uint32_t layer, std::string_view role, std::string* stem = nullptr);
  const SafetensorsTensor* Find(const std::string& name);
  Status CheckShape(const SafetensorsTensor& tensor, std::vector<uint64_t> shape) const;
  Status RefuseLeftovers() const;
  Status Refuse(StatusCode code, std::string_view name, std::string_view what) const;

  const format::SafetensorsFolder& folder_;
  const FolderConfig& config_;
  const model::Architecture& architecture_;
  std::set<const SafetensorsTensor*> used_;
  FolderTensors found_;
};

Status Mapper::Refuse(StatusCode code, std::string_view name, std::string_view what) const {
  return Status(code,
                fmt::format("folder {}: tensor {} {}", format::Quoted(folder_.path()), format::Quoted(name), what));
}

// Embedding models come with and without the prefix.
const SafetensorsTensor* Mapper::Find(const std::string& name) {
  const SafetensorsTensor* tensor = folder_.FindTensor("model." + name);
  if (tensor == nullptr) tensor = folder_.FindTensor(name);
  if (tensor != nullptr) used_.insert(tensor);
  return tensor;
}

Result<const SafetensorsTensor*> Mapper::Require(std::initializer_list<std::string> names) {
  for (const std::string& name : names) {
    if (const SafetensorsTensor* const tensor = Find(name)) return tensor;
  }
  return Refuse(StatusCode::kCorrupt, *names.begin(), "is missing");
}

Result<const SafetensorsTensor*> Mapper::RequireOfLayer(uint32_t layer, std::string_view role, std::string* stem) {
  const auto candidates = Candidates(role);
  for (const std::string_view candidate : candidates) {
    const std::string own = fmt::format("layers.{}.{}", layer, candidate);
    if (stem != nullptr) *stem = own;
    if (const SafetensorsTensor* const tensor = Find(own + ".weight")) return tensor;
  }
  return Refuse(StatusCode::kCorrupt, fmt::format("layers.{}.{}.weight", layer, fmt::join(candidates, " or ")),
                "is missing");
}

Status Mapper::CheckShape(const SafetensorsTensor& tensor, std::vector<uint64_t> shape) const {
  if (tensor.shape == shape) return {};
  return Refuse(
      StatusCode::kCorrupt, tensor.name,
      fmt::format("has shape [{}]; config.json says [{}]", fmt::join(tensor.shape, ", "), fmt::join(shape, ", ")));
}

Status Mapper::AddNumbers(std::string name, Kind kind, const SafetensorsTensor& values,
                          std::vector<uint64_t> dimensions, TensorType type, bool plus_one) {
  STERNA_RETURN_IF_ERROR(CheckShape(values, {dimensions.rbegin(), dimensions.rend()}));
  if (!FloatType(values.type)) {
    return Refuse(StatusCode::kUnsupported, values.name,
                  fmt::format("is of type {}; F32, F16 and BF16 are read", SafetensorsTypeName(values.type)));
  }
  found_.tensors.push_back({.name = std::move(name), .dimensions = std::move(dimensions), .kind = kind, .type = type});
  found_.origins.push_back({.values = &values, .plus_one = plus_one});
  return {};
}

Status Mapper::AddNorm(uint32_t layer, std::string_view role, uint64_t size) {
  if (role.empty()) return {};
  STERNA_ASSIGN_OR_RETURN(const SafetensorsTensor* values, RequireOfLayer(layer, role));
  const bool plus_one = config_.architecture == "gemma3" && !role.ends_with(kInnerNormEnding);
  return AddNumbers(fmt::format("blk.{}.{}.weight", layer, role), Kind::kOther, *values, {size}, TensorType::kF32,
                    plus_one);
}

Status Mapper::AddLinear(uint32_t layer, std::string_view role, uint64_t rows, uint64_t columns) {
  std::string stem;
  STERNA_ASSIGN_OR_RETURN(const SafetensorsTensor* values, RequireOfLayer(layer, role, &stem));
  const SafetensorsTensor* const scale = Find(stem + ".weight_scale");
  const bool packed = values->type == SafetensorsType::kU8;
  STERNA_RETURN_IF_ERROR(CheckShape(*values, {packed ? (rows + 3) / 4 : rows, columns}));
  const auto type = FloatType(values->type);
  if (!packed && !type) {
    return Refuse(
        StatusCode::kUnsupported, values->name,
        fmt::format("is of type {}; F32, F16, BF16 and packed U8 are read", SafetensorsTypeName(values->type)));
  }
  if (packed && scale == nullptr) return Refuse(StatusCode::kCorrupt, stem + ".weight_scale", "is missing");
  if (scale != nullptr && (scale->elements != 1 || !FloatType(scale->type))) {
    return Refuse(StatusCode::kCorrupt, scale->name, "must hold one number");
  }
  const bool known =
      config_.quantization == FolderQuantization::kDivide || config_.quantization == FolderQuantization::kMultiply;
  if (scale != nullptr && !known) {
    return Refuse(StatusCode::kCorrupt, scale->name,
                  "has no meaning: quantization_config in config.json does not say whether to multiply or to divide");
  }
  const bool turned = role == architecture_.layer.q || role == architecture_.layer.k;
  found_.tensors.push_back({.name = fmt::format("blk.{}.{}.weight", layer, role),
                            .dimensions = {columns, rows},
                            .kind = Kind::kLinear,
                            .type = type.value_or(TensorType::kI8)});
  found_.origins.push_back(
      {.values = values, .scale = scale, .pairs = turned && architecture_.rope_order == backend::RopeOrder::kPairs});
  return {};
}

Status Mapper::AddLayer(uint32_t layer) {
  const model::LayerTensorNames& names = architecture_.layer;
  const uint64_t hidden = config_.hidden, ffn = config_.ffn;
  const uint64_t q_width = uint64_t{config_.heads} * config_.head_dim;
  const uint64_t kv_width = uint64_t{config_.kv_heads} * config_.head_dim;
  constexpr std::string_view none;
  const bool inner = !architecture_.optional_inner_norms || config_.inner_norms;
  struct NormPlace {
    std::string_view role;
    uint64_t size;
  };
  for (const NormPlace& norm : std::initializer_list<NormPlace>{
           {names.attn_norm, hidden},
           {inner ? names.attn_sub_norm : none, q_width},
           {names.attn_post_norm, hidden},
           {names.ffn_norm, hidden},
           {inner ? names.ffn_sub_norm : none, ffn},
           {names.ffn_post_norm, hidden},
           {names.q_norm, config_.head_dim},
           {names.k_norm, config_.head_dim},
           {inner ? names.q_in : none, hidden},
           {inner ? names.k_in : none, hidden},
           {inner ? names.v_in : none, hidden},
           {inner ? names.gate_in : none, hidden},
           {inner ? names.up_in : none, hidden},
       }) {
    STERNA_RETURN_IF_ERROR(AddNorm(layer, norm.role, norm.size));
  }
  STERNA_RETURN_IF_ERROR(AddLinear(layer, names.q, q_width, hidden));
  STERNA_RETURN_IF_ERROR(AddLinear(layer, names.k, kv_width, hidden));
  STERNA_RETURN_IF_ERROR(AddLinear(layer, names.v, kv_width, hidden));
  STERNA_RETURN_IF_ERROR(AddLinear(layer, names.o, hidden, q_width));
  STERNA_RETURN_IF_ERROR(AddLinear(layer, names.gate, ffn, hidden));
  STERNA_RETURN_IF_ERROR(AddLinear(layer, names.up, ffn, hidden));
  return AddLinear(layer, names.down, hidden, ffn);
}

// What nobody asked for would be left out of the file without a word. Frequencies are computed.
Status Mapper::RefuseLeftovers() const {
  for (const format::SafetensorsFile& file : folder_.files()) {
    for (const SafetensorsTensor& tensor : file.tensors()) {
      if (used_.contains(&tensor) || tensor.name.ends_with("rotary_emb.inv_freq")) continue;
      return Refuse(StatusCode::kUnsupported, tensor.name,
                    fmt::format("is none that architecture '{}' has", config_.architecture));
    }
  }
  return {};
}

Result<FolderTensors> Mapper::Run() {
  STERNA_ASSIGN_OR_RETURN(const SafetensorsTensor* embedding, Require({"embed_tokens.weight"}));
  STERNA_RETURN_IF_ERROR(AddNumbers(std::string(kEmbeddingName), Kind::kEmbedding, *embedding,
                                    {config_.hidden, config_.vocabulary_size}, TensorType::kF16, false));
  for (uint32_t layer = 0; layer < config_.layers; ++layer) STERNA_RETURN_IF_ERROR(AddLayer(layer));
  STERNA_ASSIGN_OR_RETURN(const SafetensorsTensor* norm, Require({"norm.weight"}));
  STERNA_RETURN_IF_ERROR(AddNumbers("output_norm.weight", Kind::kOther, *norm, {config_.hidden}, TensorType::kF32,
                                    config_.architecture == "gemma3"));
  const SafetensorsTensor* const head = Find("lm_head.weight");
  if (head != nullptr && !config_.tied_head) {
    STERNA_RETURN_IF_ERROR(AddNumbers(std::string(kHeadName), Kind::kHead, *head,
                                      {config_.hidden, config_.vocabulary_size}, TensorType::kF16, false));
  }
  STERNA_RETURN_IF_ERROR(RefuseLeftovers());
  return std::move(found_);
}

}  // namespace

std::optional<TensorType> FloatType(SafetensorsType type) {
  switch (type) {
    case SafetensorsType::kF32: return TensorType::kF32;
    case SafetensorsType::kF16: return TensorType::kF16;
    case SafetensorsType::kBf16: return TensorType::kBF16;
    default: return std::nullopt;
  }
}

Result<FolderTensors> MapFolderTensors(const format::SafetensorsFolder& folder, const FolderConfig& config) {
  return Mapper(folder, config).Run();
}

}  // namespace sterna::convert
