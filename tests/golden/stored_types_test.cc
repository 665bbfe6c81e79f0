// SPDX-License-Identifier: Apache-2.0
//
// One model in every ternary format that Sterna reads, and in several files: the formats hold the same codes and
// scales, so the logits have the same bits, and so they have after `sterna convert`.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>

#include "convert/sterna_file.h"
#include "format/gguf_file.h"
#include "format/gguf_writer.h"
#include "golden/golden_case.h"
#include "quant/ternary.h"
#include "support/temporary_folder.h"

namespace sterna::golden {
namespace {

using quant::TensorType;

std::vector<TensorType> TernaryTypes() {
  std::vector<TensorType> types;
  for (size_t i = 0; i <= size_t(TensorType::kF64); ++i) {
    if (quant::CanStoreTernary(TensorType(i))) types.push_back(TensorType(i));
  }
  return types;
}

std::vector<std::byte> Repacked(const format::GgufTensor& tensor, TensorType type) {
  const quant::TernarySource source{*tensor.type, quant::I2sLayout::kX86, tensor.rows(), tensor.columns(),
                                    tensor.bytes};
  std::vector<uint8_t> codes(source.rows * source.columns);
  for (uint64_t row = 0; row < source.rows; ++row) quant::UnpackTernaryRow(source, row, &codes[row * source.columns]);
  const float scale = quant::InspectTernary(source)->scale;
  return *quant::PackTernary(type, quant::I2sLayout::kX86, source.rows, source.columns, codes, scale);
}

class StoredModel : public ::testing::Test {
 protected:
  const GoldenCase golden_ = LoadGolden("b158-tiny");
  const testing::TemporaryFolder folder_;

  Outcome Run(const std::string& path) const {
    return RunPrompt(*engine::Engine::Load(path, OptionsFor(golden_)).value(), golden_.ids);
  }

  // The golden's I2_S model with its ternary matrices in another type, each passed through `change`.
  std::string Rewritten(TensorType type, const std::function<void(std::vector<std::byte>&, uint64_t)>& change) const {
    const auto file = format::GgufFile::Open(ModelPath("b158-tiny.i2_s.gguf"));
    format::GgufWriter writer;
    for (const auto& [key, value] : file->values()) writer.AddValue(key, value);
    std::deque<std::vector<std::byte>> repacked;
    for (const format::GgufTensor& tensor : file->tensors()) {
      const auto first = tensor.dimensions.begin();
      const std::vector<uint64_t> dimensions(first, first + tensor.dimension_count);
      if (!quant::Info(*tensor.type).ternary) {
        writer.AddTensor(tensor.name, dimensions, *tensor.type, tensor.bytes);
        continue;
      }
      auto& bytes = repacked.emplace_back(Repacked(tensor, type));
      if (change) change(bytes, tensor.columns());
      writer.AddTensor(tensor.name, dimensions, type, bytes);
    }
    const std::string path = folder_.File("model.gguf");
    const Status written = writer.Write(path);
    EXPECT_TRUE(written.ok()) << written.ToString();
    return path;
  }

  std::string Converted(const std::string& path) const {
    const std::string target = path + ".sterna";
    const auto report = convert::ConvertToSterna(path, target, {.model = golden_.model_options, .on_progress = {}});
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return target;
  }
};

class StoredTypes : public StoredModel, public ::testing::WithParamInterface<TensorType> {};

TEST_P(StoredTypes, GiveTheSameLogitsToTheBit) {
  const Outcome expected = Run(ModelPath("b158-tiny.i2_s.gguf"));
  const std::string path = Rewritten(GetParam(), {});
  EXPECT_TRUE(Run(path) == expected);
  EXPECT_TRUE(Run(Converted(path)) == expected);
}

INSTANTIATE_TEST_SUITE_P(Ternary, StoredTypes, ::testing::ValuesIn(TernaryTypes()), [](const auto& tested) {
  std::string name(quant::Info(tested.param).name);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST_F(StoredModel, KeepsRowScalesThatDifferWhenConverted) {
  const std::string path = Rewritten(TensorType::kIQ2_BN, [](std::vector<std::byte>& bytes, uint64_t columns) {
    const size_t row_bytes = 4 + columns / 4;
    for (size_t at = 0; at < bytes.size(); at += 3 * row_bytes) {
      float scale;
      std::memcpy(&scale, &bytes[at], sizeof scale);
      scale *= 1.5f;
      std::memcpy(&bytes[at], &scale, sizeof scale);
    }
  });
  const Outcome expected = Run(path);
  EXPECT_FALSE(expected == Run(ModelPath("b158-tiny.i2_s.gguf")));
  EXPECT_TRUE(Run(Converted(path)) == expected);
}

TEST_F(StoredModel, KeepsScalesOfGroupsThatDifferWhenConverted) {
  const Outcome one_scale = Run(ModelPath("b158-tiny.i2_s.gguf"));
  for (const TensorType type : {TensorType::kQ2_0, TensorType::kQ2_0_G128, TensorType::kPQ2_0, TensorType::kPTQ1_0}) {
    const size_t block_bytes = quant::Info(type).block_bytes;
    const size_t upper = type == TensorType::kPTQ1_0 ? block_bytes - 1 : 1;  // of the scale: two times, for exponents
    const std::string path = Rewritten(type, [&](std::vector<std::byte>& bytes, uint64_t) {
      for (size_t at = upper; at < bytes.size(); at += 3 * block_bytes) bytes[at] = std::byte(uint8_t(bytes[at]) + 4);
    });
    const Outcome expected = Run(path);
    EXPECT_FALSE(expected == one_scale) << quant::Info(type).name;
    EXPECT_TRUE(Run(Converted(path)) == expected) << quant::Info(type).name;
  }
}

TEST_F(StoredModel, InThreeFilesGivesTheSameLogitsToTheBit) {
  const std::string whole = ModelPath("b158-tiny.i2_s.gguf");
  const auto file = format::GgufFile::Open(whole);
  for (uint64_t part = 0; part < 3; ++part) {
    format::GgufWriter writer;
    if (part == 0) {
      for (const auto& [key, value] : file->values()) writer.AddValue(key, value);
    }
    writer.AddU64("split.no", part);
    writer.AddU64("split.count", 3);
    writer.AddU64("split.tensors.count", file->tensors().size());
    for (size_t i = part; i < file->tensors().size(); i += 3) {
      const format::GgufTensor& tensor = file->tensors()[i];
      const auto first = tensor.dimensions.begin();
      writer.AddTensor(tensor.name, {first, first + tensor.dimension_count}, *tensor.type, tensor.bytes);
    }
    ASSERT_TRUE(writer.Write(folder_.File("m-0000" + std::to_string(part + 1) + "-of-00003.gguf")).ok());
  }
  const Outcome expected = Run(whole);
  const std::string split = folder_.File("m-00001-of-00003.gguf");
  EXPECT_TRUE(Run(split) == expected);
  EXPECT_TRUE(Run(Converted(split)) == expected);
}

}  // namespace
}  // namespace sterna::golden
