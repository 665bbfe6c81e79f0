// SPDX-License-Identifier: Apache-2.0
//
// TL1 and TL2: tests/data/tile_vectors.json, made by tools/goldens/make_tile_goldens.py and compared there with
// bitnet.cpp's own converter, and what must be refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quant/ternary.h"
#include "support/test_sequences.h"

namespace sterna::quant {
namespace {

using nlohmann::json;
using sterna::testing::LcgBytes;
using sterna::testing::LcgCodes;
using ::testing::HasSubstr;

struct Vector {
  explicit Vector(const json& stored)
      : type(stored.at("type") == "tl1" ? TensorType::kTL1 : TensorType::kTL2),
        rows(stored.at("rows")),
        columns(stored.at("columns")),
        tiles{stored.at("tiles").at(0), stored.at("tiles").at(1), stored.at("tiles").at(2)},
        scale(stored.at("scale")) {
    const auto hex = stored.at("bytes").get<std::string>();
    for (size_t i = 0; i < hex.size(); i += 2) bytes.push_back(std::byte(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }

  TernarySource Source() const {
    return {.type = type, .layout = {}, .rows = rows, .columns = columns, .bytes = bytes, .tiles = tiles};
  }
  std::string Name() const {
    return std::string(Info(type).name) + " " + std::to_string(rows) + "x" + std::to_string(columns) + ", " +
           std::to_string(tiles.rows) + "," + std::to_string(tiles.columns) + "," + std::to_string(tiles.lanes);
  }

  TensorType type;
  uint64_t rows, columns;
  TlTiles tiles;
  float scale;
  std::vector<std::byte> bytes;
};

std::vector<Vector> Vectors() {
  std::ifstream in(STERNA_TEST_DATA "/tile_vectors.json");
  std::vector<Vector> vectors;
  const json stored = json::parse(in).at("vectors");
  for (const json& one : stored) vectors.emplace_back(one);
  return vectors;
}

// The first of this type.
Vector VectorOf(TensorType type) {
  const auto vectors = Vectors();
  return *std::find_if(vectors.begin(), vectors.end(), [=](const Vector& vector) { return vector.type == type; });
}

std::vector<uint8_t> Unpacked(const TernarySource& source) {
  std::vector<uint8_t> codes(source.rows * source.columns);
  for (uint64_t row = 0; row < source.rows; ++row) UnpackTernaryRow(source, row, &codes[row * source.columns]);
  return codes;
}

TEST(TileVectors, UnpackToTheSequenceTheyWereMadeOf) {
  const auto vectors = Vectors();
  ASSERT_GE(vectors.size(), 10u);
  for (const Vector& vector : vectors) {
    EXPECT_EQ(*TensorBytes(vector.type, vector.rows, vector.columns), vector.bytes.size()) << vector.Name();
    EXPECT_EQ(Unpacked(vector.Source()), LcgCodes(vector.rows * vector.columns)) << vector.Name();
  }
}

TEST(TileVectors, HaveTheReferenceScale) {
  for (const Vector& vector : Vectors()) {
    const auto scales = InspectTernary(vector.Source());
    ASSERT_TRUE(scales.ok()) << vector.Name() << ": " << scales.status().ToString();
    EXPECT_TRUE(scales->uniform);
    EXPECT_EQ(scales->scale, vector.scale) << vector.Name();
  }
}

TEST(Tiles, OfAnotherSizeAreAnotherMatrix) {
  size_t tried = 0;
  for (const Vector& vector : Vectors()) {
    for (const TlTiles& tiles : {TlTiles{uint32_t(vector.rows), vector.tiles.columns, vector.tiles.lanes},
                                 TlTiles{vector.tiles.rows, vector.tiles.columns, 96 - vector.tiles.lanes}}) {
      TernarySource source = vector.Source();
      source.tiles = tiles;
      if (tiles == vector.tiles || !InspectTernary(source).ok()) continue;
      ++tried;
      EXPECT_NE(Unpacked(source), LcgCodes(vector.rows * vector.columns)) << vector.Name();
    }
  }
  EXPECT_GE(tried, 4u);
}

// Then tiles follow each other as the bands of one tile do.
TEST(Tiles, OneBandHighOrAsWideAsTheMatrixAreTheSame) {
  const Vector vector = VectorOf(TensorType::kTL1);
  ASSERT_EQ(vector.Name(), "TL1 64x64, 32,32,32");
  for (const TlTiles tiles : {TlTiles{32, 16, 32}, TlTiles{32, 64, 32}, TlTiles{64, 64, 32}}) {
    TernarySource source = vector.Source();
    source.tiles = tiles;
    EXPECT_EQ(Unpacked(source), LcgCodes(64 * 64)) << tiles.rows << "," << tiles.columns;
  }
}

TEST(Tiles, RefuseScalesThatAreNotFinite) {
  for (Vector vector : Vectors()) {
    const float infinity = std::numeric_limits<float>::infinity();
    std::memcpy(&vector.bytes[vector.bytes.size() - 32], &infinity, sizeof infinity);
    const Status status = InspectTernary(vector.Source()).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << vector.Name();
    EXPECT_THAT(status.message(), HasSubstr(std::string(Info(vector.type).name) + " scale is inf; it must be finite"));
  }
}

TEST(Tiles, RefuseNumbersThatNoPairMakes) {
  Vector vector = VectorOf(TensorType::kTL1);
  vector.bytes[100] = std::byte{0x49};
  vector.bytes[700] = std::byte{0x90};
  const Status status = InspectTernary(vector.Source()).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(),
              HasSubstr("2 of its TL1 bytes hold a number above 8, which no pair of values makes, first "
                        "byte 100"));
}

// 32 rows of 256 columns, tiles 96 columns wide: 1024 bytes of triples, 256 of signs, 512 of pairs.
TEST(Tiles, RefuseNumbersThatNoTripleMakesAndThoseThatNoPairMakes) {
  const Vector whole = VectorOf(TensorType::kTL2);
  ASSERT_EQ(whole.Name(), "TL2 32x256, 32,96,32");
  struct Case {
    size_t at;
    std::byte value;
    std::string message;
  };
  for (const auto& [at, value, message] :
       {Case{1023, std::byte{0x0e},
             "1 of its TL2 bytes hold a number above 13, which no triple of values makes, first "
             "byte 1023"},
        Case{1280, std::byte{0x19},
             "1 of its TL2 bytes hold a number above 8, which no pair of values makes, first byte "
             "1280"},
        Case{1791, std::byte{0x90}, "first byte 1791"}}) {
    Vector vector = whole;
    vector.bytes[at] = value;
    const Status status = InspectTernary(vector.Source()).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << at;
    EXPECT_THAT(status.message(), HasSubstr(message));
  }
  Vector signs = whole;  // all minus, of zeros too, which stay zeros; and padding
  for (size_t at = 1024; at < signs.bytes.size() - 32; ++at) {
    if (at < 1280 || at >= 1792) signs.bytes[at] = std::byte{0xff};
  }
  EXPECT_TRUE(InspectTernary(signs.Source()).ok());
}

TEST(Tiles, GiveOnlyCodesForAnyBytes) {
  for (Vector vector : Vectors()) {
    vector.bytes = LcgBytes(vector.bytes.size(), 9);
    for (const uint8_t code : Unpacked(vector.Source())) ASSERT_LE(code, 2) << vector.Name();
  }
}

TEST(Tiles, ThatDoNotDivideTheMatrixAreRefused) {
  struct Case {
    TensorType type;
    uint64_t rows, columns;
    TlTiles tiles;
    std::string message;
  };
  constexpr TensorType tl1 = TensorType::kTL1, tl2 = TensorType::kTL2;
  for (const auto& [type, rows, columns, tiles, message] :
       {Case{tl1, 64, 64, {}, "are not known"}, Case{tl1, 64, 64, {32, 32, 0}, "are not known"},
        Case{tl1, 64, 64, {0, 32, 32}, "are not known"},
        Case{tl1, 64, 64, {64, 32, 16}, "bm of TL1 is 16; it is 32 or 64"},
        Case{tl1, 64, 64, {64, 32, 128}, "bm of TL1 is 128"},
        Case{tl1, 64, 64, {64, 4, 32}, "4 columns of a tile are no multiple of 8"},
        Case{tl1, 64, 64, {64, 48, 32}, "64 columns are no multiple of 48"},
        Case{tl1, 64, 64, {64, 128, 32}, "64 columns are no multiple of 128"},
        Case{tl1, 64, 64, {48, 32, 32}, "48 rows of a tile are no multiple of 32"},
        Case{tl1, 64, 64, {32, 32, 64}, "32 rows of a tile are no multiple of 64"},
        Case{tl1, 96, 64, {64, 32, 32}, "96 rows are no multiple of 64"},
        Case{tl1, 64, 64, {4294967264u, 32, 32}, "64 rows are no multiple of 4294967264"},
        Case{tl2, 64, 256, {64, 96, 64}, "bm of TL2 is 64; it is 32"},
        Case{tl2, 64, 256, {64, 64, 32}, "64 columns of a tile are no multiple of 24"},
        Case{tl2, 64, 256, {64, 72, 32}, "40 columns beside whole tiles are no multiple of 32"},
        Case{tl2, 64, 256, {128, 96, 32}, "64 rows are no multiple of 128"},
        Case{tl2, 64, 864, {64, 576, 32}, "leave 288 columns in pairs: 12288 bytes of codes where TL2 has room for"}}) {
    const Status status = CheckTlTiles(type, rows, columns, tiles);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(status.message(), HasSubstr(message));
    const std::vector<std::byte> bytes(*TensorBytes(type, rows, columns));
    const TernarySource source{
        .type = type, .layout = {}, .rows = rows, .columns = columns, .bytes = bytes, .tiles = tiles};
    EXPECT_EQ(InspectTernary(source).status().message(), status.message());
  }
  EXPECT_TRUE(CheckTlTiles(tl1, 64, 64, {64, 32, 64}).ok());
  EXPECT_TRUE(CheckTlTiles(tl2, 64, 512, {32, 480, 32}).ok());
}

TEST(Tiles, TensorsOfAnotherSizeAreRefused) {
  for (Vector vector : Vectors()) {
    vector.bytes.pop_back();
    EXPECT_EQ(InspectTernary(vector.Source()).status().code(), StatusCode::kInvalidArgument);
    vector.bytes.resize(vector.bytes.size() + 33);
    EXPECT_EQ(InspectTernary(vector.Source()).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(Tiles, AreOfSizesThatTheShapeImplies) {
  EXPECT_EQ(*TensorBytes(TensorType::kTL1, 3200, 8640), 3200u * 8640 / 4 + 32);
  // 8384 * 3200 / 3 triples of 5 bits, 409600 pairs of 4, to the next multiple of 32 bytes.
  EXPECT_EQ(*TensorBytes(TensorType::kTL2, 3200, 8640), 5794144u + 32);
  EXPECT_EQ(*TensorBytes(TensorType::kTL2, 32, 256), 2048u + 32);
  EXPECT_THAT(TensorBytes(TensorType::kTL2, 32, 255).status().message(),
              HasSubstr("255 columns are fewer than the 256"));
  EXPECT_EQ(TensorBytes(TensorType::kTL2, uint64_t{1} << 60, uint64_t{1} << 60).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(TensorBytes(TensorType::kTL2, uint64_t{1} << 55, 300).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(TensorBytes(TensorType::kTL1, 1, 6).status().code(), StatusCode::kInvalidArgument);
}

TEST(Tiles, AreReadAndNotWritten) {
  for (const TensorType type : {TensorType::kTL1, TensorType::kTL2}) {
    EXPECT_FALSE(CanStoreTernary(type));
    EXPECT_EQ(PackTernary(type, I2sLayout::kX86, 32, 256, LcgCodes(32 * 256), 1).status().code(),
              StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sterna::quant
