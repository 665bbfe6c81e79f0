// SPDX-License-Identifier: Apache-2.0
#include "dummy_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/status_macros.h"
#include "dummy_vocabulary.h"
#include "dummy_weights.h"
#include "ffn_sparsity.h"

namespace sterna::dummy_model {
namespace {

using quant::TensorType;

// The spread of the logits: with embedding values of this standard deviation over sqrt(hidden), a normed hidden state
// gives logits of this standard deviation.
constexpr float kLogitDeviation = 3.0f;

constexpr uint32_t kIq2BnTypeId = 135;

// Turns as the published model was trained on them.
constexpr std::string_view kChatTemplate =
    "{% for m in messages %}{{ m['role'] | capitalize }}: {{ m['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}Assistant: {% endif %}";

uint32_t FileType(const ModelShape& shape) {
  if (shape.iq2_bn) return 137;
  switch (shape.ternary) {
    case TensorType::kTQ1_0: return 36;
    case TensorType::kTQ2_0: return 37;
    default: return 40;
  }
}

class Describer {
 public:
  explicit Describer(const ModelShape& shape)
      : shape_(shape),
        embedding_deviation_(kLogitDeviation / std::sqrt(float(shape.hidden))),
        shift_(ShiftOf(shape, embedding_deviation_, kNormSpread)) {}

  Result<DummyFile> Run() {
    AddHyperparameters();
    AddVocabulary();
    STERNA_RETURN_IF_ERROR(AddTensors());
    return std::move(file_);
  }

 private:
  std::string Key(std::string_view suffix) const { return fmt::format("{}.{}", shape_.architecture, suffix); }
  void AddSize(std::string_view suffix, uint64_t value) { file_.writer.AddU32(Key(suffix), uint32_t(value)); }
  void AddHyperparameters();
  void AddVocabulary();
  Status AddTensors();
  Status AddBlock(uint64_t layer);
  Status AddTernary(const std::string& name, uint64_t rows, uint64_t columns);
  Status AddTernary(TernaryMatrix matrix);
  Status AddNorm(const std::string& name, uint64_t columns, ConstantColumns constant = {});
  UniformMatrix Embedding() const;
  Status AddHead();
  Status AddUniform(const std::string& name, std::vector<uint64_t> dimensions, UniformMatrix matrix);
  std::vector<float> HeadFactors() const;

  const ModelShape& shape_;
  const float embedding_deviation_;
  const GateShift shift_;
  DummyFile file_;
};

void Describer::AddHyperparameters() {
  format::GgufWriter& writer = file_.writer;
  writer.AddString("general.architecture", shape_.architecture);
  writer.AddString("general.name", "sterna dummy model");
  AddSize("vocab_size", shape_.vocab);
  AddSize("context_length", shape_.context);
  AddSize("embedding_length", shape_.hidden);
  AddSize("block_count", shape_.layers);
  AddSize("feed_forward_length", shape_.ffn);
  AddSize("rope.dimension_count", shape_.head_columns());
  AddSize("attention.head_count", shape_.heads);
  AddSize("attention.head_count_kv", shape_.kv_heads);
  writer.AddBool("tokenizer.ggml.add_bos_token", true);
  writer.AddF32(Key("attention.layer_norm_rms_epsilon"), shape_.norm_epsilon);
  writer.AddF32(Key("rope.freq_base"), shape_.rope_base);
  writer.AddU32("general.file_type", FileType(shape_));
  if (!shape_.hidden_activation.empty()) writer.AddString(Key("hidden_activation"), shape_.hidden_activation);
}

void Describer::AddVocabulary() {
  const DummyVocabulary vocabulary = MakeVocabulary(shape_.vocab);
  format::GgufWriter& writer = file_.writer;
  writer.AddString("tokenizer.ggml.model", "gpt2");
  // The published files leave the pre-tokenizer out; readers infer it from the architecture, which "bitnet" does not
  // allow.
  if (shape_.architecture == "bitnet") writer.AddString("tokenizer.ggml.pre", "llama-bpe");
  writer.AddStrings("tokenizer.ggml.tokens", vocabulary.tokens);
  writer.AddF32s("tokenizer.ggml.scores", vocabulary.scores);
  writer.AddI32s("tokenizer.ggml.token_type", vocabulary.types);
  writer.AddStrings("tokenizer.ggml.merges", vocabulary.merges);
  writer.AddU32("tokenizer.ggml.bos_token_id", vocabulary.begin_of_text);
  writer.AddU32("tokenizer.ggml.eos_token_id", vocabulary.end_of_text);
  writer.AddU32("tokenizer.ggml.padding_token_id", vocabulary.end_of_text);
  writer.AddString("tokenizer.chat_template", kChatTemplate);
  writer.AddU32("general.quantization_version", 2);
}

Status Describer::AddTernary(const std::string& name, uint64_t rows, uint64_t columns) {
  return AddTernary({name, shape_.ternary, rows, columns, shape_.zero_share});
}

Status Describer::AddTernary(TernaryMatrix matrix) {
  const std::string name = matrix.name;
  const uint64_t rows = matrix.rows, columns = matrix.columns;
  if (shape_.iq2_bn) {
    file_.writer.AddForeignTensor(name, {columns, rows}, kIq2BnTypeId, Iq2BnBytes(rows, columns),
                                  Iq2BnWeights(std::move(matrix), shape_.seed));
  } else {
    STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, quant::TensorBytes(shape_.ternary, rows, columns));
    file_.writer.AddTensor(name, {columns, rows}, shape_.ternary, bytes,
                           TernaryWeights(std::move(matrix), shape_.seed));
  }
  file_.parameters += rows * columns;
  file_.ternary_parameters += rows * columns;
  return {};
}

Status Describer::AddUniform(const std::string& name, std::vector<uint64_t> dimensions, UniformMatrix matrix) {
  STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, quant::TensorBytes(matrix.type, matrix.rows, matrix.columns));
  file_.parameters += matrix.rows * matrix.columns;
  const TensorType type = matrix.type;
  file_.writer.AddTensor(name, std::move(dimensions), type, bytes, UniformWeights(std::move(matrix), shape_.seed));
  return {};
}

// 1 in the columns that hold the energy, else a little.
std::vector<float> Describer::HeadFactors() const {
  constexpr float kQuiet = 0.02f;
  const uint64_t width = shape_.head_width, hidden = shape_.hidden;
  if (width == 0) return {};
  std::vector<float> factors(hidden, kQuiet);
  for (uint64_t i = 0; i < width; ++i) factors[i * hidden / width] = 1.0f;
  return factors;
}

Status Describer::AddNorm(const std::string& name, uint64_t columns, ConstantColumns constant) {
  return AddUniform(name, {columns}, {name, TensorType::kF32, 1, columns, 1.0f, kNormSpread, constant});
}

UniformMatrix Describer::Embedding() const {
  const uint64_t width = shape_.head_width > 0 ? shape_.head_width : shape_.hidden;
  const float deviation = embedding_deviation_ * std::sqrt(float(shape_.hidden) / float(width));
  const float spread = deviation * std::sqrt(3.0f);  // of the uniform distribution with that deviation
  return {"token_embd.weight",
          shape_.embedding,
          shape_.vocab,
          shape_.hidden,
          0.0f,
          spread,
          {shift_.channels, shift_.embedding_value},
          HeadFactors()};
}

Status Describer::AddHead() {
  const std::string name = "output.weight";
  UniformMatrix head = Embedding();
  if (shape_.cycle > 0) {
    head.row_source = [shape = shape_](uint64_t row) { return CyclePredecessor(shape, row); };
  } else {
    head.name = name;
  }
  return AddUniform(name, {shape_.hidden, shape_.vocab}, std::move(head));
}

// In the order of the published file.
Status Describer::AddBlock(uint64_t layer) {
  const auto name = [&](std::string_view part) { return fmt::format("blk.{}.{}.weight", layer, part); };
  const uint64_t hidden = shape_.hidden, ffn = shape_.ffn, kv = shape_.kv_columns();
  STERNA_RETURN_IF_ERROR(AddNorm(name("attn_norm"), hidden));
  // Outputs of a half layer leave the constant channels alone; gates subtract them.
  const auto output = [&](std::string_view part, uint64_t columns) {
    return TernaryMatrix{name(part),        shape_.ternary,  hidden, columns,
                         shape_.zero_share, shift_.channels, 0,      BlockOutputScale(shape_)};
  };
  STERNA_RETURN_IF_ERROR(AddTernary(output("ffn_down", ffn)));
  STERNA_RETURN_IF_ERROR(AddNorm(name("ffn_sub_norm"), ffn));
  STERNA_RETURN_IF_ERROR(
      AddTernary({name("ffn_gate"), shape_.ternary, ffn, hidden, shape_.zero_share, 0, shift_.channels}));
  STERNA_RETURN_IF_ERROR(AddTernary(name("ffn_up"), ffn, hidden));
  STERNA_RETURN_IF_ERROR(
      AddNorm(name("ffn_norm"), hidden, {shift_.channels, shift_.channels == 0 ? 0.0f : shift_.GainOfLayer(layer)}));
  STERNA_RETURN_IF_ERROR(AddNorm(name("attn_sub_norm"), hidden));
  STERNA_RETURN_IF_ERROR(AddTernary(name("attn_k"), kv, hidden));
  STERNA_RETURN_IF_ERROR(AddTernary(output("attn_output", hidden)));
  STERNA_RETURN_IF_ERROR(AddTernary(name("attn_q"), hidden, hidden));
  return AddTernary(name("attn_v"), kv, hidden);
}

Status Describer::AddTensors() {
  if (shape_.untied || shape_.cycle > 0) STERNA_RETURN_IF_ERROR(AddHead());
  STERNA_RETURN_IF_ERROR(AddUniform("token_embd.weight", {shape_.hidden, shape_.vocab}, Embedding()));
  std::vector<std::string> layers;  // the published file has its blocks in the order of their names: 0, 1, 10, 11, 2
  for (uint64_t i = 0; i < shape_.layers; ++i) layers.push_back(std::to_string(i));
  std::sort(layers.begin(), layers.end());
  for (const std::string& layer : layers) STERNA_RETURN_IF_ERROR(AddBlock(std::stoull(layer)));
  const std::string norm = "output_norm.weight";
  return AddUniform(norm, {shape_.hidden},
                    {norm, TensorType::kF32, 1, shape_.hidden, 1.0f, kNormSpread, {}, HeadFactors()});
}

}  // namespace

Result<DummyFile> Describe(const ModelShape& shape) {
  STERNA_RETURN_IF_ERROR(CheckShape(shape));
  return Describer(shape).Run();
}

}  // namespace sterna::dummy_model
