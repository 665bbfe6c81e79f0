// SPDX-License-Identifier: Apache-2.0
//
// One model in every ternary format that Sterna reads, and in several files: the formats hold the same codes and
// scales, so the logits have the same bits, and so they have after `sterna convert`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>

#include "convert/convert.h"
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

convert::ConvertOptions Reading(const model::ModelOptions& options, std::optional<TensorType> linear = std::nullopt) {
  convert::ConvertOptions conversion;
  conversion.model = options;
  conversion.linear = linear;
  return conversion;
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
    std::string path = folder_.File("model.gguf");
    const Status written = writer.Write(path);
    EXPECT_TRUE(written.ok()) << written.ToString();
    return path;
  }

  // With weights that flow through the smallest window.
  Outcome RunStreamed(const std::string& path) const {
    engine::EngineOptions options = OptionsFor(golden_);
    options.weights = engine::WeightPlacement::kStreamed;
    options.tensor_cache_bytes = 0;
    return RunPrompt(*engine::Engine::Load(path, options).value(), golden_.ids);
  }

  std::string Converted(const std::string& path) const {
    std::string target = path + ".sterna";
    const auto report = convert::ConvertToSterna(path, target, Reading(golden_.model_options));
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return target;
  }
};

class StoredTypes : public StoredModel, public ::testing::WithParamInterface<TensorType> {};

TEST_P(StoredTypes, GiveTheSameLogitsToTheBit) {
  const Outcome expected = Run(ModelPath("b158-tiny.i2_s.gguf"));
  const std::string path = Rewritten(GetParam(), {});
  EXPECT_TRUE(Run(path) == expected);
  EXPECT_TRUE(RunStreamed(path) == expected);
  EXPECT_TRUE(Run(Converted(path)) == expected);
  EXPECT_TRUE(RunStreamed(Converted(path)) == expected);
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
  EXPECT_TRUE(RunStreamed(path) == expected);
  EXPECT_TRUE(Run(Converted(path)) == expected);
  EXPECT_TRUE(RunStreamed(Converted(path)) == expected);
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
    EXPECT_TRUE(RunStreamed(path) == expected) << quant::Info(type).name;
    EXPECT_TRUE(RunStreamed(Converted(path)) == expected) << quant::Info(type).name;
    EXPECT_TRUE(Run(Converted(path)) == expected) << quant::Info(type).name;
  }
}

// b158-q6_k as tools/goldens/make_tile_goldens.py cut it.
constexpr const char* kTileModels[][2] = {{"b158-q6_k.tl1.gguf", "256x256=128,64,64/128x256=64,128,32"},
                                          {"b158-q6_k.tl2.gguf", "256x256=128,96,32/128x256=64,192,32"}};

TEST_F(StoredModel, InTilesGivesTheSameLogitsToTheBit) {
  GoldenCase golden = LoadGolden("b158-q6_k");
  const auto run = [&](const std::string& path) {
    return RunPrompt(*engine::Engine::Load(path, OptionsFor(golden)).value(), golden.ids);
  };
  const auto run_streamed = [&](const std::string& path) {
    engine::EngineOptions options = OptionsFor(golden);
    options.weights = engine::WeightPlacement::kStreamed;
    options.tensor_cache_bytes = 0;
    return RunPrompt(*engine::Engine::Load(path, options).value(), golden.ids);
  };
  const Outcome expected = run(ModelPath("b158-q6_k.i2_s.gguf"));
  for (const auto& [file, tiles] : kTileModels) {
    golden.model_options.tl_tiles = *model::ParseTlTiles(tiles);
    EXPECT_TRUE(run(ModelPath(file)) == expected) << file;
    EXPECT_TRUE(run_streamed(ModelPath(file)) == expected) << file;
    const std::string target = folder_.File("tiles.sterna");
    const auto report = convert::ConvertToSterna(ModelPath(file), target, Reading(golden.model_options));
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_TRUE(run(target) == expected) << file;
    const std::string again = folder_.File("tiles.i2_s.gguf");
    ASSERT_TRUE(convert::ConvertModel(ModelPath(file), again, Reading(golden.model_options, TensorType::kI2_S)).ok());
    EXPECT_TRUE(run(again) == expected) << file;
  }
}

TEST_F(StoredModel, InTilesThatNobodySaysIsRefused) {
  const GoldenCase golden = LoadGolden("b158-q6_k");
  for (const auto& [file, tiles] : kTileModels) {
    const Status status = engine::Engine::Load(ModelPath(file), OptionsFor(golden)).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), ::testing::HasSubstr("tensor 'blk.0.attn_q.weight': TL"));
    EXPECT_THAT(status.message(), ::testing::HasSubstr("give --tl-tiles"));
    const auto report =
        convert::ConvertToSterna(ModelPath(file), folder_.File("none.sterna"), Reading(golden.model_options));
    EXPECT_EQ(report.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(report.status().message(), ::testing::HasSubstr("give --tl-tiles"));
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
  EXPECT_TRUE(RunStreamed(split) == expected);
  EXPECT_TRUE(Run(Converted(split)) == expected);
}

}  // namespace
}  // namespace sterna::golden
