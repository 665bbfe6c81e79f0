// SPDX-License-Identifier: Apache-2.0
//
// Whole models of odd but legal shapes through the CPU backend: every kernel table of this machine must give the scalar
// table's bits, and (with the address sanitizer) touch nothing outside its buffers.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "backend/cpu/cpu_backend.h"
#include "kernels/dispatch.h"
#include "model/model.h"
#include "platform/cpu_features.h"
#include "support/tiny_model.h"

namespace sterna::model {
namespace {

using testing::TinyModel;

struct Shape {
  const char* name;
  uint32_t hidden, ffn, heads, kv_heads, head_dim, rotary, vocabulary;
};
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

void AddLinear(TinyModel& model, const std::string& name, uint32_t rows, uint32_t columns) {
  model.AddTensor({name, {columns, rows}, TinyModel::kTypeI2S, TinyModel::I2sBytes(rows, columns, 0.04f)});
}

// One layer of the shape in the place of TinyModel's own two.
TinyModel ModelOf(const Shape& shape) {
  TinyModel model;
  model.RemoveTensors("blk.");
  const uint32_t q = shape.heads * shape.head_dim, kv = shape.kv_heads * shape.head_dim;
  model.SetU32("block_count", 1);
  model.SetU32("vocab_size", shape.vocabulary);
  model.SetU32("embedding_length", shape.hidden);
  model.SetU32("feed_forward_length", shape.ffn);
  model.SetU32("attention.head_count", shape.heads);
  model.SetU32("attention.head_count_kv", shape.kv_heads);
  model.SetU32("attention.key_length", shape.head_dim);
  model.SetU32("rope.dimension_count", shape.rotary);
  std::vector<float> embedding(size_t{shape.hidden} * shape.vocabulary);
  for (size_t i = 0; i < embedding.size(); ++i) embedding[i] = float(int(i * 7 % 23) - 11) / 16;
  model.SetF32s("token_embd.weight", embedding);
  model.At("token_embd.weight").dimensions = {shape.hidden, shape.vocabulary};
  model.SetF32s("blk.0.attn_norm.weight", std::vector<float>(shape.hidden, 1));
  model.SetF32s("blk.0.attn_sub_norm.weight", std::vector<float>(q, 1));
  model.SetF32s("blk.0.ffn_norm.weight", std::vector<float>(shape.hidden, 1));
  model.SetF32s("blk.0.ffn_sub_norm.weight", std::vector<float>(shape.ffn, 1));
  model.SetF32s("output_norm.weight", std::vector<float>(shape.hidden, 1));
  AddLinear(model, "blk.0.attn_q.weight", q, shape.hidden);
  AddLinear(model, "blk.0.attn_k.weight", kv, shape.hidden);
  AddLinear(model, "blk.0.attn_v.weight", kv, shape.hidden);
  AddLinear(model, "blk.0.attn_output.weight", shape.hidden, q);
  AddLinear(model, "blk.0.ffn_gate.weight", shape.ffn, shape.hidden);
  AddLinear(model, "blk.0.ffn_up.weight", shape.ffn, shape.hidden);
  AddLinear(model, "blk.0.ffn_down.weight", shape.hidden, shape.ffn);
  return model;
}

// Logits of the last of 70 rows (two KV blocks).
std::vector<float> LastLogits(const std::vector<std::byte>& image, const kernels::KernelTable& kernels,
                              backend::KvType kv_type) {
  constexpr uint32_t kRows = 70;
  const format::GgufFile file = format::GgufFile::Parse(image, "m.gguf").value();
  const auto pool = platform::ThreadPool::Create(2).value();
  const auto backend = backend::CpuBackend::Create(kernels, *pool);
  const auto model = Model::Load(file, {}, *backend).value();
  const ModelConfig& config = model->config();
  EXPECT_TRUE(backend->SetKv({config.layers, config.kv_heads, config.head_dim, 2, kv_type, config.heads}).ok());
  EXPECT_TRUE(model->SetPositions(kRows).ok());
  EXPECT_TRUE(backend->Prepare(kRows, 1).ok());
  std::vector<int32_t> tokens(kRows);
  std::vector<uint32_t> positions(kRows), sequences(kRows, 0);
  for (uint32_t i = 0; i < kRows; ++i) {
    tokens[i] = int32_t(i * 5 % config.vocabulary_size);
    positions[i] = i;
  }
  const uint32_t blocks[] = {0, 1}, outputs[] = {kRows - 1};
  const std::span<const uint32_t> tables[] = {blocks};
  EXPECT_TRUE(model->Forward({tokens, positions, sequences, tables, outputs}).ok());
  const std::span<float> logits = backend->Logits(0).logits;
  return {logits.begin(), logits.end()};
}

class OddShapes : public ::testing::TestWithParam<Shape> {};

TEST_P(OddShapes, GiveTheScalarBitsInEveryTable) {
  const std::vector<std::byte> image = ModelOf(GetParam()).Build();
  const kernels::KernelTable& scalar = *kernels::SelectKernels(0, "scalar").value();
  for (const backend::KvType type : {backend::KvType::kF32, backend::KvType::kF16, backend::KvType::kQ8}) {
    const std::vector<float> expected = LastLogits(image, scalar, type);
    ASSERT_EQ(expected.size(), GetParam().vocabulary);
    for (const float logit : expected) ASSERT_TRUE(std::isfinite(logit));
    for (const kernels::KernelTable* table : kernels::AllTables()) {
      if (!platform::DetectCpu().Has(table->needs)) continue;
      const std::vector<float> got = LastLogits(image, *table, type);
      ASSERT_EQ(got.size(), expected.size());
      EXPECT_EQ(std::memcmp(got.data(), expected.data(), got.size() * sizeof(float)), 0)
          << table->isa << ", KV type " << int(type);
    }
  }
}

const Shape kShapes[] = {
    {"OneTokenVocabulary", 128, 256, 2, 1, 64, 64, 1}, {"HeadsOfTwo", 128, 128, 64, 64, 2, 2, 17},
    {"HeadsOf34", 128, 128, 64, 1, 34, 34, 33},        {"RotaryOverPartOfTheHead", 128, 128, 2, 2, 64, 10, 5},
    {"OneWideHead", 256, 128, 1, 1, 256, 256, 31},     {"HeadsWiderThanTheModel", 128, 384, 8, 2, 80, 80, 40},
};

INSTANTIATE_TEST_SUITE_P(Shapes, OddShapes, ::testing::ValuesIn(kShapes),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace sterna::model
