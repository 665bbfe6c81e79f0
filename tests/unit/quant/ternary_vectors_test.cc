// SPDX-License-Identifier: Apache-2.0
//
// tests/data/ternary_vectors.json: ternary tensors with scales of rows and groups, made by
// tools/goldens/make_ternary_goldens.py from the published layouts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/half.h"
#include "quant/ternary.h"
#include "support/test_sequences.h"

namespace sterna::quant {
namespace {

using nlohmann::json;
using sterna::testing::Hex;
using sterna::testing::LcgBytes;
using sterna::testing::LcgCodes;
using ::testing::HasSubstr;

constexpr TensorType kGroupTypes[] = {TensorType::kQ2_0, TensorType::kQ2_0_G128, TensorType::kPQ2_0,
                                      TensorType::kPTQ1_0};
constexpr TensorType kRowTypes[] = {TensorType::kIQ1_BN, TensorType::kIQ2_BN, TensorType::kIQ2_BN_R4};

TensorType TypeNamed(std::string name) {
  for (char& c : name) c = char(std::toupper(c));
  if (name == "Q2_0_G128") return TensorType::kQ2_0_G128;
  for (size_t i = 0; i <= size_t(TensorType::kF64); ++i) {
    if (Info(TensorType(i)).name == name) return TensorType(i);
  }
  ADD_FAILURE() << "no type " << name;
  return TensorType::kF32;
}

struct Vector {
  explicit Vector(const json& stored)
      : name(stored.at("type").get<std::string>() + ": " + stored.at("note").get<std::string>()),
        scales(stored.at("scales").get<std::vector<float>>()),
        group_columns(stored.at("group_columns")) {
    const auto hex = stored.at("bytes").get<std::string>();
    for (size_t i = 0; i < hex.size(); i += 2) bytes.push_back(std::byte(std::stoi(hex.substr(i, 2), nullptr, 16)));
    for (const char c : stored.at("ternary").get<std::string>()) codes.push_back(c == '-' ? 0 : c == '0' ? 1 : 2);
    source = {TypeNamed(stored.at("type")), I2sLayout::kX86, stored.at("rows"), stored.at("columns"), bytes};
  }

  std::string name;
  std::vector<std::byte> bytes;
  std::vector<uint8_t> codes;
  std::vector<float> scales;
  uint64_t group_columns;
  TernarySource source;
};

// Not copied once made: the sources look into the vectors.
const std::vector<Vector>& Vectors() {
  static const auto* const vectors = [] {
    std::ifstream in(STERNA_TEST_DATA "/ternary_vectors.json");
    const json stored = json::parse(in).at("vectors");
    auto* const all = new std::vector<Vector>;
    all->reserve(stored.size());
    for (const json& one : stored) all->emplace_back(one);
    return all;
  }();
  return *vectors;
}

std::vector<uint8_t> Unpacked(const TernarySource& source) {
  std::vector<uint8_t> codes(source.rows * source.columns);
  for (uint64_t row = 0; row < source.rows; ++row) UnpackTernaryRow(source, row, &codes[row * source.columns]);
  return codes;
}

TEST(TernaryVectors, UnpackToTheReferenceCodes) {
  ASSERT_GE(Vectors().size(), 21u);
  for (const Vector& vector : Vectors()) EXPECT_EQ(Unpacked(vector.source), vector.codes) << vector.name;
}

TEST(TernaryVectors, ReportTheReferenceScales) {
  for (const Vector& vector : Vectors()) {
    const auto scales = InspectTernary(vector.source);
    ASSERT_TRUE(scales.ok()) << vector.name << ": " << scales.status().ToString();
    if (scales->uniform) {
      for (const float scale : vector.scales) EXPECT_TRUE(scale == 0 || scale == scales->scale) << vector.name;
      continue;
    }
    EXPECT_EQ(scales->group_columns, vector.group_columns) << vector.name;
    const size_t groups = vector.source.columns / vector.group_columns;
    std::vector<float> found(vector.source.rows * groups);
    for (uint64_t row = 0; row < vector.source.rows; ++row) TernaryRowScales(vector.source, row, &found[row * groups]);
    EXPECT_EQ(found, vector.scales) << vector.name;
  }
}

TEST(TernaryVectors, PackToTheReferenceBytesWhereOneScaleHolds) {
  for (const Vector& vector : Vectors()) {
    const auto scales = InspectTernary(vector.source);
    if (!scales.ok() || !scales->uniform) continue;
    const TernarySource& s = vector.source;
    const auto packed = PackTernary(s.type, s.layout, s.rows, s.columns, vector.codes, scales->scale);
    ASSERT_TRUE(packed.ok()) << packed.status().ToString();
    EXPECT_EQ(Hex(*packed), Hex(vector.bytes)) << vector.name;
  }
}

// From each format to each other one and back: nothing is lost, and the bytes are the same again.
TEST(TernaryFormats, ComeBackFromEachOtherWithTheSameBytes) {
  constexpr uint64_t kRows = 8, kColumns = 768;
  std::vector<TensorType> types;
  for (size_t i = 0; i <= size_t(TensorType::kF64); ++i) {
    if (CanStoreTernary(TensorType(i))) types.push_back(TensorType(i));
  }
  ASSERT_GE(types.size(), 6u);
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    auto codes = LcgCodes(kRows * kColumns, seed);
    std::fill_n(codes.begin() + kColumns, kColumns, uint8_t{1});  // a row of zeros
    const auto pack = [&](TensorType type, const std::vector<uint8_t>& from, float scale) {
      return *PackTernary(type, I2sLayout::kX86, kRows, kColumns, from, scale);
    };
    for (const TensorType from : types) {
      const auto first = pack(from, codes, 0.625f);
      const TernarySource source{from, I2sLayout::kX86, kRows, kColumns, first};
      for (const TensorType to : types) {
        const auto other = pack(to, Unpacked(source), InspectTernary(source)->scale);
        const TernarySource back{to, I2sLayout::kX86, kRows, kColumns, other};
        EXPECT_EQ(Hex(pack(from, Unpacked(back), InspectTernary(back)->scale)), Hex(first))
            << Info(from).name << " by way of " << Info(to).name;
      }
    }
  }
}

TEST(RowScaledTernary, GivesOnlyCodesForAnyBytes) {
  for (const TensorType type : kRowTypes) {
    const auto bytes = LcgBytes(*TensorBytes(type, 8, 320), 9);
    for (const uint8_t code : Unpacked({type, I2sLayout::kX86, 8, 320, bytes})) ASSERT_LE(code, 2) << Info(type).name;
  }
}

TEST(RowScaledTernary, RefusesScalesThatAreNotFinite) {
  for (const TensorType type : kRowTypes) {
    auto bytes = *PackTernary(type, I2sLayout::kX86, 8, 128, LcgCodes(8 * 128), 0.5f);
    // Row 6: after six rows of two blocks; in R4, the third scale of the second four rows.
    const size_t at =
        type == TensorType::kIQ2_BN_R4 ? 4 * 36 + 8 : 6 * (Info(type).row_bytes + 2 * Info(type).block_bytes);
    const float infinity = std::numeric_limits<float>::infinity();
    const uint16_t half = F32ToF16(infinity);
    type == TensorType::kIQ1_BN ? std::memcpy(&bytes[at], &half, 2) : std::memcpy(&bytes[at], &infinity, 4);
    const Status status = InspectTernary({type, I2sLayout::kX86, 8, 128, bytes}).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << Info(type).name;
    EXPECT_THAT(status.message(), HasSubstr("scale of row 6 is inf"));
  }
}

TEST(RowScaledTernary, NamesTheFirstCodeThreeAndTheirNumber) {
  const std::vector<uint8_t> zeros(8 * 128, 0);
  for (const TensorType type : {TensorType::kIQ2_BN, TensorType::kIQ2_BN_R4}) {
    auto bytes = *PackTernary(type, I2sLayout::kX86, 8, 128, zeros, 0.5f);
    // Row 5, column 64 + 20, and row 7, column 127.
    const bool r4 = type == TensorType::kIQ2_BN_R4;
    bytes[r4 ? 144 + 16 + 64 + 16 + 4 : 5 * 36 + 4 + 16 + 4] |= std::byte{0x0c};
    bytes[r4 ? 144 + 16 + 64 + 48 + 12 + 3 : 7 * 36 + 4 + 16 + 15] |= std::byte{0xc0};
    const Status status = InspectTernary({type, I2sLayout::kX86, 8, 128, bytes}).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_THAT(status.message(), HasSubstr("2 of its " + std::string(Info(type).name) +
                                            " codes are 3, first at row 5, column 84; codes are 0, 1 or 2"));
  }
}

TEST(RowScaledTernary, ReadsARowOfScaleZeroAsZerosWhateverItsCodes) {
  for (const TensorType type : kRowTypes) {
    const std::vector<std::byte> bytes(*TensorBytes(type, 4, 64));
    EXPECT_EQ(Unpacked({type, I2sLayout::kX86, 4, 64, bytes}), std::vector<uint8_t>(4 * 64, 1)) << Info(type).name;
  }
}

TEST(RowScaledTernary, RefusesShapesAndSizesThatDoNotFit) {
  const std::vector<std::byte> bytes(4096);
  const auto inspect = [&](TensorType type, uint64_t rows, uint64_t columns, size_t size) {
    return InspectTernary({type, I2sLayout::kX86, rows, columns, std::span(bytes).first(size)}).status();
  };
  EXPECT_THAT(inspect(TensorType::kIQ1_BN, 4, 96, 96).message(), HasSubstr("64 values of a IQ1_BN block"));
  EXPECT_THAT(inspect(TensorType::kIQ2_BN_R4, 6, 64, 120).message(), HasSubstr("6 rows are no multiple of the 4"));
  EXPECT_EQ(inspect(TensorType::kIQ2_BN, 4, 64, 79).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(inspect(TensorType::kIQ2_BN, 4, 64, 80).ok());
}

TEST(GroupScaledTernary, RefusesScalesThatAreNotFinite) {
  for (const TensorType type : kGroupTypes) {
    const TypeInfo& info = Info(type);
    auto bytes = *PackTernary(type, I2sLayout::kX86, 3, 256, LcgCodes(3 * 256), 0.5f);
    const size_t block = 2 * 256 / info.block_elements + 1;  // the second of row 2
    const uint16_t half = F32ToF16(-std::numeric_limits<float>::infinity());
    std::memcpy(&bytes[block * info.block_bytes + (type == TensorType::kPTQ1_0 ? info.block_bytes - 2 : 0)], &half, 2);
    const Status status = InspectTernary({type, I2sLayout::kX86, 3, 256, bytes}).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << info.name;
    EXPECT_THAT(status.message(), HasSubstr("row 2, column " + std::to_string(info.block_elements) + " is -inf"));
  }
}

TEST(GroupScaledTernary, RefusesTwiceTheScaleByRowAndColumn) {
  const std::vector<uint8_t> zeros(3 * 256, 0);
  for (const TensorType type : {TensorType::kQ2_0, TensorType::kQ2_0_G128, TensorType::kPQ2_0}) {
    const TypeInfo& info = Info(type);
    auto bytes = *PackTernary(type, I2sLayout::kX86, 3, 256, zeros, 0.5f);
    const size_t block = 256 / info.block_elements + 1;  // the second of row 1
    bytes[block * info.block_bytes + 2 + 9] |= std::byte{0x30};
    const Status status = InspectTernary({type, I2sLayout::kX86, 3, 256, bytes}).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << info.name;
    EXPECT_THAT(status.message(), HasSubstr("row 1, column " + std::to_string(info.block_elements + 38) + " is 3"));
  }
}

TEST(GroupScaledTernary, GivesOnlyCodesForAnyBytes) {
  for (const TensorType type : kGroupTypes) {
    const auto bytes = LcgBytes(*TensorBytes(type, 4, 384), 9);
    for (const uint8_t code : Unpacked({type, I2sLayout::kX86, 4, 384, bytes})) ASSERT_LE(code, 2) << Info(type).name;
  }
}

}  // namespace
}  // namespace sterna::quant
