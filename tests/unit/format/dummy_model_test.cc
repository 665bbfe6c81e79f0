// SPDX-License-Identifier: Apache-2.0
//
// The files of tools/dummy_model as the reader sees them.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "dummy_file.h"
#include "dummy_vocabulary.h"
#include "format/gguf_file.h"
#include "quant/dequantize.h"
#include "quant/ternary.h"

namespace sterna::dummy_model {
namespace {

using format::GgufFile;
using format::GgufTensor;
using quant::TensorType;

struct Made {
  explicit Made(const ModelShape& shape)
      : image(*Describe(shape)->writer.Serialize()), file(*GgufFile::Parse(image, "d")) {}
  std::vector<std::byte> image;
  GgufFile file;
};

std::vector<uint8_t> Codes(const GgufTensor& tensor) {
  std::vector<uint8_t> codes(tensor.rows() * tensor.columns());
  const quant::TernarySource source{*tensor.type, quant::I2sLayout::kX86, tensor.rows(), tensor.columns(),
                                    tensor.bytes};
  for (uint64_t row = 0; row < tensor.rows(); ++row) UnpackTernaryRow(source, row, &codes[row * tensor.columns()]);
  return codes;
}

quant::TernaryScales Scales(const GgufTensor& tensor) {
  return *quant::InspectTernary({*tensor.type, quant::I2sLayout::kX86, tensor.rows(), tensor.columns(), tensor.bytes});
}

TEST(DummyModel, HasTheTensorsOfItsArchitecture) {
  const Made made(ModelShape{});
  EXPECT_TRUE(made.file.warnings().empty());
  EXPECT_EQ(made.file.tensors().size(), 1 + 2 * 11 + 1u);
  const GgufTensor& up = **made.file.RequireTensor("blk.1.ffn_up.weight");
  EXPECT_EQ(up.columns(), 256u);
  EXPECT_EQ(up.rows(), 512u);
  const GgufTensor& key = **made.file.RequireTensor("blk.0.attn_k.weight");
  EXPECT_EQ(key.rows(), 128u);
  EXPECT_EQ(made.file.FindTensor("output.weight"), nullptr);
  EXPECT_EQ(**made.file.GetUnsigned("bitnet-b1.58.rope.dimension_count"), 64u);
}

TEST(DummyModel, OfThePublishedShapeHasThePublishedSizes) {
  const auto file = Describe(*Preset("2b-4t"));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->parameters, 2412820480u);
  EXPECT_EQ(file->ternary_parameters, 2084044800u);
}

TEST(DummyModel, WritesAHeadOfItsOwnOnRequest) {
  ModelShape shape;
  shape.untied = true;
  const Made made(shape);
  const auto head = (**made.file.RequireTensor("output.weight")).bytes;
  const auto embedding = (**made.file.RequireTensor("token_embd.weight")).bytes;
  EXPECT_EQ(head.size(), embedding.size());
  EXPECT_FALSE(std::equal(head.begin(), head.end(), embedding.begin()));
}

TEST(DummyModel, HoldsTheSameCodesAndScaleInEveryTernaryType) {
  ModelShape shape;
  const Made i2s(shape);
  for (const TensorType type : {TensorType::kTQ1_0, TensorType::kTQ2_0}) {
    shape.ternary = type;
    const Made tq(shape);
    const GgufTensor& a = **i2s.file.RequireTensor("blk.0.ffn_down.weight");
    const GgufTensor& b = **tq.file.RequireTensor("blk.0.ffn_down.weight");
    EXPECT_EQ(b.type, type);
    EXPECT_EQ(Codes(a), Codes(b));
    EXPECT_TRUE(Scales(b).uniform);
    EXPECT_EQ(Scales(a).scale, Scales(b).scale);
  }
}

// A stored row of IQ2_BN as published: its float32 scale, then 64 codes in 16 bytes, two bits apart by 16 codes.
float ReadIq2BnRow(const std::byte* row, size_t columns, std::vector<uint8_t>& codes) {
  float scale;
  std::memcpy(&scale, row, sizeof scale);
  for (size_t i = 0; i < columns; ++i) {
    const size_t byte = 4 + i / 64 * 16 + i % 16;
    codes.push_back(uint8_t(row[byte]) >> (2 * (i % 64 / 16)) & 3);
  }
  return scale;
}

TEST(DummyModel, HoldsTheSameCodesAndScaleInIq2Bn) {
  ModelShape shape;
  const Made i2s(shape);
  ASSERT_TRUE(SetFormat("ik_llama.cpp", shape).ok());
  const Made made(shape);
  const GgufTensor& a = **i2s.file.RequireTensor("blk.0.ffn_down.weight");
  const GgufTensor& b = *made.file.FindTensor("blk.0.ffn_down.weight");  // a type that Sterna lists and does not read
  EXPECT_EQ(b.type_id, 135u);
  ASSERT_EQ(b.span_bytes, a.rows() * (4 + a.columns() / 4));
  std::vector<uint8_t> codes;
  for (size_t row = 0; row < a.rows(); ++row) {
    EXPECT_EQ(ReadIq2BnRow(&made.image[b.offset_bytes + row * (4 + a.columns() / 4)], a.columns(), codes),
              Scales(a).scale);
  }
  EXPECT_EQ(codes, Codes(a));
}

TEST(DummyModel, WritesRowsOfZerosInIq2BnWithScaleZero) {
  ModelShape shape;
  ASSERT_TRUE(SetFormat("ik_llama.cpp", shape).ok());
  shape.zero_share = 1;
  const Made made(shape);
  std::vector<uint8_t> codes;
  EXPECT_EQ(ReadIq2BnRow(&made.image[made.file.FindTensor("blk.0.attn_q.weight")->offset_bytes], 256, codes), 0.0f);
  EXPECT_EQ(codes, std::vector<uint8_t>(256, 1));
}

TEST(DummyModel, TakesTheTypesAndTheNameThatEachProgramWants) {
  const auto shape_for = [](const char* program) {
    ModelShape shape;
    EXPECT_TRUE(SetFormat(program, shape).ok()) << program;
    return shape;
  };
  EXPECT_EQ(shape_for("sterna").architecture, "bitnet-b1.58");
  EXPECT_EQ(shape_for("bitnet.cpp").ternary, TensorType::kI2_S);
  EXPECT_EQ(shape_for("bitnet.cpp").embedding, TensorType::kF16);
  EXPECT_EQ(shape_for("bitnet.cpp").architecture, "bitnet");
  EXPECT_EQ(shape_for("llama.cpp").ternary, TensorType::kTQ2_0);
  EXPECT_EQ(shape_for("llama.cpp").embedding, TensorType::kQ6_K);
  EXPECT_EQ(shape_for("llama.cpp").architecture, "bitnet");
  EXPECT_TRUE(shape_for("ik_llama.cpp").iq2_bn);
  EXPECT_EQ(shape_for("ik_llama.cpp").embedding, TensorType::kQ6_K);
  ModelShape shape;
  EXPECT_EQ(SetFormat("llama", shape).code(), StatusCode::kInvalidArgument);
}

TEST(DummyModel, HasTheShareOfZerosAskedFor) {
  for (const double share : {0.0, 0.5, 1.0}) {
    ModelShape shape;
    shape.zero_share = share;
    const Made made(shape);
    const auto codes = Codes(**made.file.RequireTensor("blk.0.ffn_gate.weight"));
    EXPECT_NEAR(double(std::count(codes.begin(), codes.end(), 1)) / double(codes.size()), share, 0.01);
    EXPECT_NEAR(double(std::count(codes.begin(), codes.end(), 0)), double(std::count(codes.begin(), codes.end(), 2)),
                0.01 * double(codes.size()));
  }
}

TEST(DummyModel, ShiftsItsGatesThroughConstantChannels) {
  ModelShape shape;
  shape.ffn_sparsity = 0.75;
  const Made made(shape);
  constexpr uint64_t kChannels = 16;
  const auto gate = Codes(**made.file.RequireTensor("blk.1.ffn_gate.weight"));
  for (uint64_t row = 0; row < shape.ffn; ++row) {
    for (uint64_t c = 0; c < kChannels; ++c) ASSERT_EQ(gate[row * shape.hidden + c], 0);
  }
  for (const char* name : {"blk.1.ffn_down.weight", "blk.0.attn_output.weight"}) {
    const GgufTensor& tensor = **made.file.RequireTensor(name);
    const auto codes = Codes(tensor);
    const auto end = codes.begin() + ptrdiff_t(kChannels * tensor.columns());
    EXPECT_EQ(std::count(codes.begin(), end, 1), end - codes.begin()) << name;
    EXPECT_LT(std::count(end, codes.end(), 1), (codes.end() - end) / 2) << name;
  }
  std::vector<float> first(shape.hidden), last(shape.hidden);
  const GgufTensor& embedding = **made.file.RequireTensor("token_embd.weight");
  quant::DequantizeRow(TensorType::kF16, embedding.bytes.data(), shape.hidden, first.data());
  quant::DequantizeRow(TensorType::kF16, embedding.bytes.data() + 511 * shape.hidden * 2, shape.hidden, last.data());
  for (uint64_t c = 0; c < kChannels; ++c) EXPECT_EQ(first[c], last[c]);
  EXPECT_NE(first[kChannels], last[kChannels]);
}

TEST(DummyModel, DependsOnTheSeedAndNothingElse) {
  ModelShape shape;
  const Made first(shape), again(shape);
  EXPECT_EQ(first.image, again.image);
  shape.seed = 2;
  EXPECT_NE(first.image, Made(shape).image);
}

TEST(DummyModel, WritesEveryEmbeddingTypeWithTheSameValues) {
  ModelShape shape;
  shape.embedding = TensorType::kF32;
  const Made exact(shape);
  std::vector<float> expected(256), values(256);
  quant::DequantizeRow(TensorType::kF32, (**exact.file.RequireTensor("token_embd.weight")).bytes.data(), 256,
                       expected.data());
  for (const TensorType type :
       {TensorType::kF16, TensorType::kBF16, TensorType::kQ8_0, TensorType::kQ6_K, TensorType::kQ4_0}) {
    shape.embedding = type;
    const Made made(shape);
    const GgufTensor& embedding = **made.file.RequireTensor("token_embd.weight");
    ASSERT_EQ(embedding.type, type);
    quant::DequantizeRow(type, embedding.bytes.data(), 256, values.data());
    for (size_t i = 0; i < 256; ++i) ASSERT_NEAR(values[i], expected[i], 0.05) << quant::Info(type).name;
  }
}

TEST(DummyModel, PutsTheHeadsEnergyIntoAsManyColumnsAsTheStatisticsSay) {
  ModelShape shape;
  shape.hidden = 1024;
  ASSERT_TRUE(SetHeadStatistics("gemma3", shape).ok());
  const Made made(shape);
  const auto row = [&](const char* name) {
    const GgufTensor& tensor = **made.file.RequireTensor(name);
    std::vector<float> values(1024);
    quant::DequantizeRow(*tensor.type, tensor.bytes.data(), values.size(), values.data());
    return values;
  };
  const std::vector<float> norm = row("output_norm.weight"), head = row("token_embd.weight");
  float largest_quiet = 0;
  size_t loud = 0;
  for (size_t i = 0; i < 1024; ++i) {
    if (norm[i] > 0.5f) {
      ++loud;
    } else {
      EXPECT_LT(norm[i], 0.03f);
      largest_quiet = std::max(largest_quiet, std::fabs(head[i]));
    }
  }
  EXPECT_EQ(loud, 450u);
  EXPECT_LT(largest_quiet, 0.02f * 3 * 1.74f / std::sqrt(450.0f));
  EXPECT_FALSE(SetHeadStatistics("round", shape).ok());
}

TEST(DummyModel, RefusesShapesThatNoModelHas) {
  const auto refused = [](auto change) {
    ModelShape shape;
    change(shape);
    return Describe(shape).status().code();
  };
  EXPECT_EQ(refused([](ModelShape& s) { s.hidden = 0; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused([](ModelShape& s) { s.hidden = 192; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused([](ModelShape& s) { s.heads = 3; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused([](ModelShape& s) { s.kv_heads = 3; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused([](ModelShape& s) { s.vocab = 265; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused([](ModelShape& s) { s.zero_share = std::nan(""); }), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused([](ModelShape& s) { s.ffn_sparsity = 0.99; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused([](ModelShape& s) { s.ternary = TensorType::kF16; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused([](ModelShape& s) { s.ffn = 384, s.ternary = TensorType::kTQ1_0; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(Preset("3b").status().code(), StatusCode::kInvalidArgument);
}

TEST(DummyVocabulary, HasThePublishedSpecialTokensAtTheirIds) {
  const DummyVocabulary vocabulary = MakeVocabulary(kPublishedVocabularyTokens);
  ASSERT_EQ(vocabulary.tokens.size(), 128256u);
  EXPECT_EQ(vocabulary.tokens[128000], "<|begin_of_text|>");
  EXPECT_EQ(vocabulary.tokens[128001], "<|end_of_text|>");
  EXPECT_EQ(vocabulary.tokens[128005], "<|reserved_special_token_3|>");
  EXPECT_EQ(vocabulary.tokens[128006], "<|start_header_id|>");
  EXPECT_EQ(vocabulary.tokens[128007], "<|end_header_id|>");
  EXPECT_EQ(vocabulary.tokens[128008], "<|reserved_special_token_4|>");
  EXPECT_EQ(vocabulary.tokens[128009], "<|eot_id|>");
  EXPECT_EQ(vocabulary.tokens[128010], "<|reserved_special_token_5|>");
  EXPECT_EQ(vocabulary.tokens[128255], "<|reserved_special_token_250|>");
  EXPECT_EQ(vocabulary.types[127999], 1);
  EXPECT_EQ(vocabulary.types[128000], 3);
}

TEST(DummyVocabulary, MakesEveryTokenOnceAndFromEarlierOnes) {
  for (const uint64_t count : {kLeastVocabularyTokens, uint64_t{300}, uint64_t{3000}, kPublishedVocabularyTokens}) {
    const DummyVocabulary vocabulary = MakeVocabulary(count);
    const std::set<std::string> distinct(vocabulary.tokens.begin(), vocabulary.tokens.end());
    EXPECT_EQ(distinct.size(), count);
    EXPECT_EQ(vocabulary.scores.size(), count);
    EXPECT_EQ(vocabulary.types.size(), count);
    std::set<std::string> known(vocabulary.tokens.begin(), vocabulary.tokens.begin() + 256);
    for (size_t i = 0; i < vocabulary.merges.size(); ++i) {
      const std::string& merge = vocabulary.merges[i];
      const size_t space = merge.find(' ');
      ASSERT_EQ(known.count(merge.substr(0, space)) + known.count(merge.substr(space + 1)), 2u) << merge;
      ASSERT_EQ(merge.substr(0, space) + merge.substr(space + 1), vocabulary.tokens[256 + i]);
      known.insert(vocabulary.tokens[256 + i]);
    }
  }
}

}  // namespace
}  // namespace sterna::dummy_model
