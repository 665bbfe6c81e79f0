// SPDX-License-Identifier: Apache-2.0
//
// tests/data/quant_vectors.json: bytes and values made with the `gguf` package and with encoders written from the
// published layouts; tests/data/README.md says by which command.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quant/dequantize.h"
#include "quant/ternary.h"
#include "support/test_sequences.h"

namespace sterna::quant {
namespace {

using nlohmann::json;
using sterna::testing::Hex;

struct GoldenVectors : public ::testing::Test {
  static json Load() {
    std::ifstream in(STERNA_TEST_DATA "/quant_vectors.json");
    return json::parse(in).at("vectors");
  }

  static std::vector<std::byte> Bytes(const json& vector) {
    const auto hex = vector.at("bytes").get<std::string>();
    std::vector<std::byte> bytes;
    for (size_t i = 0; i < hex.size(); i += 2) bytes.push_back(std::byte(std::stoi(hex.substr(i, 2), nullptr, 16)));
    return bytes;
  }

  static TensorType Type(const json& vector) {
    static const std::map<std::string, TensorType> kTypes = {
        {"q8_0", TensorType::kQ8_0},   {"q4_0", TensorType::kQ4_0}, {"q6_k", TensorType::kQ6_K},
        {"f16", TensorType::kF16},     {"bf16", TensorType::kBF16}, {"tq1_0", TensorType::kTQ1_0},
        {"tq2_0", TensorType::kTQ2_0}, {"i2_s", TensorType::kI2_S}, {"q5_0", TensorType::kQ5_0},
        {"q4_k", TensorType::kQ4_K},
    };
    return kTypes.at(vector.at("type").get<std::string>());
  }

  static std::string Name(const json& vector) {
    return vector.at("type").get<std::string>() + ": " + vector.at("note").get<std::string>();
  }
};

TEST_F(GoldenVectors, DecodeToTheReferenceBitForBit) {
  size_t checked = 0;
  for (const json& vector : Load()) {
    if (!vector.contains("values")) continue;
    const auto bytes = Bytes(vector);
    const TypeInfo& info = Info(Type(vector));
    std::vector<float> values(bytes.size() / info.block_bytes * info.block_elements);
    DequantizeRow(info.type, bytes.data(), values.size(), values.data());
    EXPECT_EQ(Hex(std::as_bytes(std::span(values))), vector.at("values").get<std::string>()) << Name(vector);
    ++checked;
  }
  EXPECT_GE(checked, 25u);
}

struct Ternary {
  std::vector<std::byte> bytes;
  TernarySource source;
  std::string expected;  // '-', '0', '+'
};

Ternary Read(const json& vector, TensorType type, std::vector<std::byte> bytes) {
  Ternary ternary{.bytes = std::move(bytes), .source = {}, .expected = vector.at("ternary")};
  const std::string order = vector.value("order", "x86");
  const I2sLayout layout = order == "neon" ? I2sLayout::kNeon : order == "rows4" ? I2sLayout::kRows4 : I2sLayout::kX86;
  ternary.source = {type, layout, vector.at("rows"), vector.at("columns"), ternary.bytes};
  return ternary;
}

std::string Unpacked(const TernarySource& source) {
  std::string text;
  std::vector<uint8_t> codes(source.columns);
  for (uint64_t row = 0; row < source.rows; ++row) {
    UnpackTernaryRow(source, row, codes.data());
    for (const uint8_t code : codes) text += "-0+"[code];
  }
  return text;
}

TEST_F(GoldenVectors, UnpackToTheReferenceCodes) {
  size_t checked = 0;
  for (const json& vector : Load()) {
    if (!vector.contains("ternary")) continue;
    const Ternary ternary = Read(vector, Type(vector), Bytes(vector));
    EXPECT_EQ(Unpacked(ternary.source), ternary.expected) << Name(vector);
    ++checked;
  }
  EXPECT_GE(checked, 8u);
}

TEST_F(GoldenVectors, ReportTheReferenceScales) {
  for (const json& vector : Load()) {
    if (!vector.contains("ternary")) continue;
    const Ternary ternary = Read(vector, Type(vector), Bytes(vector));
    const auto scales = InspectTernary(ternary.source);
    ASSERT_TRUE(scales.ok()) << Name(vector) << ": " << scales.status().ToString();
    EXPECT_TRUE(scales->uniform) << Name(vector);
    const float expected =
        vector.contains("scale") ? vector["scale"].get<float>() : vector["block_scales"][0].get<float>();
    EXPECT_EQ(scales->scale, expected) << Name(vector);
  }
}

TEST_F(GoldenVectors, PackToTheReferenceBytes) {
  for (const json& vector : Load()) {
    if (!vector.contains("ternary") || vector.at("note") == "every byte value") continue;  // no encoder writes those
    const Ternary ternary = Read(vector, Type(vector), Bytes(vector));
    std::vector<uint8_t> codes;
    for (const char c : ternary.expected) codes.push_back(c == '-' ? 0 : c == '0' ? 1 : 2);
    const float scale =
        vector.contains("scale") ? vector["scale"].get<float>() : vector["block_scales"][0].get<float>();
    const TernarySource& source = ternary.source;
    const auto packed = PackTernary(source.type, source.layout, source.rows, source.columns, codes, scale);
    ASSERT_TRUE(packed.ok()) << packed.status().ToString();
    EXPECT_EQ(Hex(*packed), vector.at("bytes").get<std::string>()) << Name(vector);
  }
}

}  // namespace
}  // namespace sterna::quant
