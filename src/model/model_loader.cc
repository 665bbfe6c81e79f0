// SPDX-License-Identifier: Apache-2.0
#include "model/model_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/log.h"
#include "base/status_macros.h"
#include "format/gguf_names.h"
#include "model/sterna_keys.h"
#include "model/ternary_source.h"
#include "quant/dequantize.h"

namespace sterna::model {
namespace {

constexpr uint32_t kGroupColumns =
    256;  // that share a scale where a matrix has more than one, unless it is stored finer
constexpr size_t kMaxNamesInWarning = 5;
// Of a `sterna` file, beside the model's.
constexpr std::string_view kSternaTensors = "sterna.";

}  // namespace

ModelLoader::ModelLoader(const format::GgufFile& file, const ModelOptions& options, backend::Backend& backend)
    : file_(file), options_(options), backend_(backend), tensors_(file) {}

Result<std::unique_ptr<Model>> ModelLoader::Load() {
  STERNA_ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file_, options_));
  architecture_ = FindArchitecture(config.architecture);
  model_ = std::unique_ptr<Model>(new Model(std::move(config), file_, options_.loading, backend_));

  STERNA_RETURN_IF_ERROR(ReadSternaKeys());
  const std::string factors(architecture_->rope_factors);
  if (!factors.empty() && tensors_.Has(factors)) {
    return tensors_.Unsupported(factors, "scales the rotary frequencies; only models without RoPE scaling run");
  }
  STERNA_RETURN_IF_ERROR(LoadEmbeddingAndHead());
  const uint32_t layers = model_->config_.layers;
  model_->layers_.resize(layers);
  for (uint32_t layer = 0; layer < layers; ++layer) {
    backend_.AddLayer();
    STERNA_RETURN_IF_ERROR(LoadLayer(layer));
    if (options_.on_progress) options_.on_progress(double(layer + 1) / layers);
  }
  for (std::string_view type : weight_types_) {
    model_->weight_type_.append(model_->weight_type_.empty() ? "" : "+").append(type);
  }
  model_->bytes_.DropCopied();
  AddSlots();
  ReportUnused();
  // What was read from a file that shrank meanwhile is zeros.
  STERNA_RETURN_IF_ERROR(file_.CheckStillWhole());
  return std::move(model_);
}

std::string ModelLoader::Name(uint32_t layer, std::string_view role, std::string_view ending) {
  return fmt::format("blk.{}.{}.{}", layer, role, ending);
}

Status ModelLoader::LoadEmbeddingAndHead() {
  Model::Norm output_norm;
  STERNA_RETURN_IF_ERROR(LoadNorm("output_norm.weight", model_->config_.hidden, output_norm));
  model_->output_norm_ = *output_norm;
  // A file with both may hold the same matrix twice; then reading the second costs nothing, as the first is only looked
  // up row by row.
  model_->tied_head_ = !tensors_.Has("output.weight");
  const TensorUse embedding_use = model_->tied_head_ ? TensorUse::kHead : TensorUse::kEmbedding;
  std::string embedding_type;
  STERNA_RETURN_IF_ERROR(LoadDense("token_embd.weight", embedding_use, model_->embedding_, embedding_type));
  if (model_->tied_head_) {
    model_->head_ = model_->embedding_;
    model_->head_type_ = embedding_type;
  } else {
    STERNA_RETURN_IF_ERROR(LoadDense("output.weight", TensorUse::kHead, model_->head_, model_->head_type_));
  }
  STERNA_RETURN_IF_ERROR(backend_.AddHead(model_->head_));
  model_->bytes_per_token_ +=
      file_.FindTensor(model_->tied_head_ ? "token_embd.weight" : "output.weight")->bytes.size();
  return {};
}

Status ModelLoader::LoadLayer(uint32_t index) {
  const ModelConfig& config = model_->config_;
  const LayerTensorNames& names = architecture_->layer;
  const uint32_t hidden = config.hidden, ffn = config.ffn;
  const uint32_t q_width = config.heads * config.head_dim, kv_width = config.kv_heads * config.head_dim;
  Model::Layer& layer = model_->layers_[index];

  struct NormPlace {
    std::string_view role;
    uint32_t size;
    Model::Norm& norm;
  };
  constexpr std::string_view none;
  const bool inner = !architecture_->optional_inner_norms || config.inner_norms;
  for (const NormPlace& place : std::initializer_list<NormPlace>{
           {names.attn_norm, hidden, layer.attn_norm},
           {inner ? names.attn_sub_norm : none, q_width, layer.attn_sub_norm},
           {names.attn_post_norm, hidden, layer.attn_post_norm},
           {names.ffn_norm, hidden, layer.ffn_norm},
           {inner ? names.ffn_sub_norm : none, ffn, layer.ffn_sub_norm},
           {names.ffn_post_norm, hidden, layer.ffn_post_norm},
           {names.q_norm, config.head_dim, layer.q_norm},
           {names.k_norm, config.head_dim, layer.k_norm},
           {inner ? names.q_in : none, hidden, layer.q.in},
           {inner ? names.k_in : none, hidden, layer.k.in},
           {inner ? names.v_in : none, hidden, layer.v.in},
           {inner ? names.gate_in : none, hidden, layer.gate.in},
           {inner ? names.up_in : none, hidden, layer.up.in},
       }) {
    if (!place.role.empty())
      STERNA_RETURN_IF_ERROR(LoadNorm(Name(index, place.role, "weight"), place.size, place.norm));
  }
  STERNA_RETURN_IF_ERROR(LoadLinear(index, names.q, q_width, hidden, layer.q));
  STERNA_RETURN_IF_ERROR(LoadLinear(index, names.k, kv_width, hidden, layer.k));
  STERNA_RETURN_IF_ERROR(LoadLinear(index, names.v, kv_width, hidden, layer.v));
  STERNA_RETURN_IF_ERROR(LoadLinear(index, names.o, hidden, q_width, layer.o));
  STERNA_RETURN_IF_ERROR(LoadLinear(index, names.gate, ffn, hidden, layer.gate));
  STERNA_RETURN_IF_ERROR(LoadLinear(index, names.up, ffn, hidden, layer.up));
  return LoadLinear(index, names.down, hidden, ffn, layer.down);
}

Status ModelLoader::LoadNorm(const std::string& name, uint32_t size, Model::Norm& norm) {
  STERNA_ASSIGN_OR_RETURN(const std::vector<float> gain, tensors_.Vector(name, size));
  STERNA_ASSIGN_OR_RETURN(norm, backend_.AddVector(gain));
  return {};
}

Status ModelLoader::LoadLinear(uint32_t layer, std::string_view role, uint64_t rows, uint64_t columns,
                               Model::Weight& weight) {
  if (model_->config_.dense_layers) return LoadDenseLinear(Name(layer, role, "weight"), rows, columns, weight.dense);
  backend::TernaryId& id = weight.ternary;
  model_->bytes_per_token_ += backend::ShapeOfPacked(rows, columns, /*by_input=*/false).bytes();
  model_->ternary_macs_per_token_ += rows * columns;
  if (packed_) return LoadPacked(layer, role, rows, columns, id);
  const std::string name = Name(layer, role, "weight");
  STERNA_ASSIGN_OR_RETURN(const format::GgufTensor* tensor, tensors_.Matrix(name, rows, columns));
  const quant::TypeInfo& type = quant::Info(*tensor->type);
  if (!type.ternary) {
    return tensors_.Unsupported(
        name, fmt::format("is of type {}; linear layers must be ternary ({})", type.name, quant::TernaryTypeNames()));
  }
  STERNA_ASSIGN_OR_RETURN(const float scale, tensors_.Scale(Name(layer, role, "scale")));
  STERNA_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, model_->bytes_.ToCopy(*tensor));
  const Result<quant::TernarySource> source = MakeTernarySource(type.type, rows, columns, bytes, options_);
  if (!source.ok()) return tensors_.Undecided(name, source.status().message());
  // Squared ReLU leaves zeros in what `down` multiplies.
  const bool sparse = role == architecture_->layer.down && model_->config_.activation == backend::Activation::kRelu2;
  Result<backend::TernaryId> added =
      sparse ? backend_.AddSparseTernary(*source, scale) : backend_.AddTernary(*source, scale);
  if (!added.ok()) return Refused(name, added.status());
  id = *added;
  // The backend holds a copy: without this, loading would hold every ternary weight twice.
  file_.AdviseDone(*tensor);
  weight_types_.insert(type.name);
  return {};
}

Status ModelLoader::LoadDenseLinear(const std::string& name, uint64_t rows, uint64_t columns, backend::DenseId& id) {
  STERNA_ASSIGN_OR_RETURN(const format::GgufTensor* tensor, tensors_.Matrix(name, rows, columns));
  const quant::TypeInfo& type = quant::Info(*tensor->type);
  if (type.ternary || !quant::CanDequantizeRow(type.type)) {
    return tensors_.Unsupported(name, fmt::format("is of type {}; the first linear layer is of stored numbers, so all "
                                                  "must be (F32, F16, BF16, Q8_0, Q6_K, Q5_0, Q4_K or Q4_0)",
                                                  type.name));
  }
  STERNA_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, model_->bytes_.ToKeep(*tensor, TensorUse::kLayer));
  Result<backend::DenseId> added = backend_.AddDenseLinear(type.type, rows, columns, bytes);
  if (!added.ok()) return Refused(name, added.status());
  id = *added;
  model_->bytes_per_token_ += tensor->bytes.size();
  weight_types_.insert(type.name);
  return {};
}

Status ModelLoader::ReadSternaKeys() {
  STERNA_ASSIGN_OR_RETURN(const auto version, file_.GetUnsigned(kSternaVersionKey));
  packed_ = version.has_value();
  if (packed_ && (*version == 0 || *version > kSternaVersion)) {
    return Status::Unsupported(fmt::format("file {}: {} is {}; this version reads 1 to {}: convert the source again",
                                           format::Quoted(file_.name()), kSternaVersionKey, *version, kSternaVersion));
  }
  STERNA_ASSIGN_OR_RETURN(const auto by_input, file_.GetBool(kDownByInputKey));
  down_by_input_ = by_input.value_or(false);
  return {};
}

// How many columns share a scale, by the number of scales.
uint32_t ModelLoader::GroupColumns(const std::string& name, uint64_t rows, uint64_t columns) const {
  const format::GgufTensor* const tensor = file_.FindTensor(name);
  for (const uint32_t finer : {128u, 64u}) {
    const bool fits = tensor != nullptr && columns % finer == 0 && tensor->columns() == rows * (columns / finer);
    if (fits) return finer;
  }
  return kGroupColumns;
}

Status ModelLoader::LoadPacked(uint32_t layer, std::string_view role, uint64_t rows, uint64_t columns,
                               backend::TernaryId& id) {
  const std::string name = Name(layer, role, "weight");
  backend::PackedTernary packed;
  packed.rows = rows;
  packed.columns = columns;
  packed.by_input = down_by_input_ && role == architecture_->layer.down;
  const std::string group_name = Name(layer, role, kGroupScalesEnding);
  packed.group_columns = GroupColumns(group_name, rows, columns);
  const backend::PackedShape shape = backend::ShapeOfPacked(rows, columns, packed.by_input, packed.group_columns);
  STERNA_ASSIGN_OR_RETURN(const format::GgufTensor* tensor, tensors_.Matrix(name, shape.runs, shape.run_bytes));
  if (*tensor->type != quant::TensorType::kI8) {
    return tensors_.Wrong(
        name, fmt::format("is of type {}; a sterna file holds codes as I8", quant::Info(*tensor->type).name));
  }
  STERNA_ASSIGN_OR_RETURN(packed.codes, model_->bytes_.ToCopy(*tensor));
  std::vector<float> group_scales, row_scales;
  const std::string rows_name = Name(layer, role, kRowScalesEnding);
  if (tensors_.Has(rows_name)) {
    STERNA_ASSIGN_OR_RETURN(row_scales, tensors_.Vector(rows_name, rows));
    packed.row_scales = row_scales;
  } else if (tensors_.Has(group_name)) {
    STERNA_ASSIGN_OR_RETURN(group_scales, tensors_.Vector(group_name, rows * (columns / packed.group_columns)));
    packed.group_scales = group_scales;
  } else {
    STERNA_ASSIGN_OR_RETURN(packed.scale, tensors_.Scale(Name(layer, role, "scale")));
  }
  Result<backend::TernaryId> added = backend_.AddPackedTernary(packed);
  if (!added.ok()) return Refused(name, added.status());
  id = *added;
  // What was copied need not lie here twice; what is read in place comes back when it is read.
  file_.AdviseDone(*tensor);
  weight_types_.insert("sterna");
  return {};
}

Status ModelLoader::LoadDense(const std::string& name, TensorUse use, backend::DenseId& id, std::string& type_name) {
  const uint64_t rows = model_->config_.vocabulary_size, columns = model_->config_.hidden;
  STERNA_ASSIGN_OR_RETURN(const format::GgufTensor* tensor, tensors_.Matrix(name, rows, columns));
  type_name = quant::Info(*tensor->type).name;
  if (!quant::CanDequantizeRow(*tensor->type)) {
    return tensors_.Unsupported(name, fmt::format("is of type {}; an embedding or head may be F32, F16, BF16, Q8_0, "
                                                  "Q6_K, Q5_0, Q4_K, Q4_0, Q2_0, PQ2_0, TQ1_0 or TQ2_0",
                                                  type_name));
  }
  STERNA_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, model_->bytes_.ToKeep(*tensor, use));
  Result<backend::DenseId> added = backend_.AddDense(*tensor->type, rows, columns, bytes);
  if (!added.ok()) return Refused(name, added.status());
  id = *added;
  return {};
}

// A shape that the stored type cannot hold is no wrong call, but a file that cannot be run.
Status ModelLoader::Refused(const std::string& name, const Status& why) const {
  const bool shape = why.code() == StatusCode::kInvalidArgument;
  return {shape ? StatusCode::kUnsupported : why.code(),
          fmt::format("file {}: tensor '{}': {}", format::Quoted(file_.name()), name, why.message())};
}

void ModelLoader::AddSlots() {
  const ModelConfig& config = model_->config_;
  const uint32_t q_width = config.heads * config.head_dim, kv_width = config.kv_heads * config.head_dim;
  model_->x_ = backend_.AddSlot(config.hidden);
  model_->h_ = backend_.AddSlot(config.hidden);
  if (config.inner_norms) model_->normed_ = backend_.AddSlot(config.hidden);
  model_->q_ = backend_.AddSlot(q_width);
  model_->k_ = backend_.AddSlot(kv_width);
  model_->v_ = backend_.AddSlot(kv_width);
  model_->attn_ = backend_.AddSlot(q_width);
  model_->gate_ = backend_.AddSlot(config.ffn);
  model_->up_ = backend_.AddSlot(config.ffn);
  model_->hidden_i8_ = backend_.AddInt8Slot(config.hidden);
  model_->attn_i8_ = backend_.AddInt8Slot(q_width);
  model_->ffn_i8_ = backend_.AddInt8Slot(config.ffn);
}

void ModelLoader::ReportUnused() {
  std::vector<std::string_view> unused = tensors_.Unused();
  std::erase_if(unused, [](std::string_view name) { return name.starts_with(kSternaTensors); });
  if (unused.empty()) return;
  std::string names;
  for (size_t i = 0; i < std::min(unused.size(), kMaxNamesInWarning); ++i) {
    names += fmt::format("{}{}", i == 0 ? "" : ", ", format::Quoted(unused[i]));
  }
  model_->warnings_.push_back(fmt::format("file {}: tensors that architecture {} does not have are ignored ({}): {}{}",
                                          format::Quoted(file_.name()), architecture_->name, unused.size(), names,
                                          unused.size() > kMaxNamesInWarning ? ", ..." : ""));
  for (const std::string& warning : model_->warnings_) Log(LogLevel::kWarn, "model", warning);
}

}  // namespace sterna::model
