// SPDX-License-Identifier: Apache-2.0
#include "quant/ternary_tl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/status_macros.h"

namespace sterna::quant {
namespace {

constexpr uint64_t kTl1BlockBytes = 64;  // bm rows of 256 / bm columns
constexpr uint64_t kTl1BlockElements = 256;
constexpr uint64_t kTl2BlockBytes = 32;  // 32 rows of 6 columns in triples, of 4 in pairs, or the signs of 24
constexpr uint64_t kTl2Lanes = 32;
constexpr uint64_t kTripleColumns = 6, kPairColumns = 4, kSignColumns = 24;
constexpr uint64_t kPairTileColumns = 32;  // tiles of the columns in pairs have this width whatever BK is
constexpr unsigned kLargestPair = 8, kLargestTriple = 13;

// Codes of the pair v = 3 a + b + 4, or zeros where v is none.
constexpr auto kPairs = [] {
  std::array<std::array<uint8_t, 2>, 16> pairs{};
  for (unsigned v = 0; v < 16; ++v) {
    pairs[v] = v <= kLargestPair ? std::array{uint8_t(v / 3), uint8_t(v % 3)} : std::array{uint8_t{1}, uint8_t{1}};
  }
  return pairs;
}();

// Codes of the triple 9 a + 3 b + c of this magnitude, negative from 16 on; zeros where there is none.
constexpr auto kTriples = [] {
  std::array<std::array<uint8_t, 3>, 32> triples{};
  for (unsigned i = 0; i < 32; ++i) {
    const unsigned magnitude = i % 16 <= kLargestTriple ? i % 16 : 0;
    const unsigned v = i < 16 ? kLargestTriple + magnitude : kLargestTriple - magnitude;
    triples[i] = {uint8_t(v / 9), uint8_t(v / 3 % 3), uint8_t(v % 3)};
  }
  return triples;
}();

// A run of columns stored tile after tile, each tile in bands of `lanes` rows, each band in blocks of columns.
struct Region {
  uint64_t columns;
  uint64_t tile_rows, tile_columns;
  uint64_t lanes;

  // Where the row's band begins in the tile of these columns, when a block of block_columns takes block_bytes.
  uint64_t BandByte(uint64_t row, uint64_t column, uint64_t block_columns, uint64_t block_bytes) const {
    const uint64_t tile = row / tile_rows * (columns / tile_columns) + column / tile_columns;
    const uint64_t band = tile * (tile_rows / lanes) + row % tile_rows / lanes;
    return band * (tile_columns / block_columns) * block_bytes;
  }
};

void UnpackTl1Row(const TernarySource& source, uint64_t row, uint8_t* codes) {
  const TlTiles& tiles = source.tiles;
  const Region region{source.columns, tiles.rows, tiles.columns, tiles.lanes};
  const uint64_t block_columns = kTl1BlockElements / tiles.lanes, lane = row % tiles.lanes;
  // 16 rows are stored side by side, for every four columns of a block.
  const uint64_t first = lane / 16 * (block_columns / 4) * 16 + lane % 16;
  for (uint64_t column = 0; column < source.columns; column += tiles.columns) {
    const std::byte* block = &source.bytes[region.BandByte(row, column, block_columns, kTl1BlockBytes)];
    for (uint64_t k = 0; k < tiles.columns; k += block_columns, block += kTl1BlockBytes) {
      for (uint64_t four = 0; four < block_columns / 4; ++four, codes += 4) {
        const auto both = unsigned(block[first + 16 * four]);
        std::copy_n(kPairs[both >> 4].begin(), 2, codes);
        std::copy_n(kPairs[both & 15u].begin(), 2, codes + 2);
      }
    }
  }
}

// The parts of a TL2 tensor: triples of the columns that whole tiles hold, their signs, pairs of the other columns.
struct Tl2Parts {
  uint64_t triple_columns, pair_columns;
  uint64_t magnitude_bytes, sign_bytes, pair_bytes;
  uint64_t Total() const { return magnitude_bytes + sign_bytes + pair_bytes; }
};

Tl2Parts PartsOf(uint64_t rows, uint64_t columns, const TlTiles& tiles) {
  const uint64_t pairs = columns % tiles.columns, triples = columns - pairs;
  return {triples, pairs, rows * triples / 6, rows * triples / 24, rows * pairs / 4};
}

// Of 32 rows the middle two groups of eight are stored in each other's place.
uint64_t StoredLane(uint64_t lane) {
  constexpr std::array<uint64_t, 4> kGroups{0, 2, 1, 3};
  return kGroups[lane / 8] * 8 + lane % 8;
}

void UnpackTriples(const TernarySource& source, const Tl2Parts& parts, uint64_t row, uint8_t* codes) {
  const TlTiles& tiles = source.tiles;
  const Region region{parts.triple_columns, tiles.rows, tiles.columns, kTl2Lanes};
  const uint64_t lane = row % kTl2Lanes, stored = StoredLane(lane);
  for (uint64_t column = 0; column < parts.triple_columns; column += tiles.columns) {
    const std::byte* block = &source.bytes[region.BandByte(row, column, kTripleColumns, kTl2BlockBytes)];
    const std::byte* signs =
        &source.bytes[parts.magnitude_bytes + region.BandByte(row, column, kSignColumns, kTl2BlockBytes)];
    for (uint64_t k = 0; k < tiles.columns; k += kSignColumns, signs += kTl2BlockBytes) {
      uint16_t word;
      std::memcpy(&word, signs + lane % 16 * sizeof word, sizeof word);
      // From the top: the first triple of the upper 16 rows, that of the lower ones, the second triple, and so on.
      unsigned bits = unsigned(word) << lane / 16;
      for (uint64_t pair = 0; pair < kSignColumns / kTripleColumns; ++pair, block += kTl2BlockBytes, codes += 6) {
        const auto both = unsigned(block[stored]);
        std::copy_n(kTriples[(bits >> 11 & 16u) | both >> 4].begin(), 3, codes);
        std::copy_n(kTriples[(bits >> 9 & 16u) | (both & 15u)].begin(), 3, codes + 3);
        bits <<= 4;
      }
    }
  }
}

void UnpackPairs(const TernarySource& source, const Tl2Parts& parts, uint64_t row, uint8_t* codes) {
  const Region region{parts.pair_columns, source.tiles.rows, kPairTileColumns, kTl2Lanes};
  const uint64_t stored = StoredLane(row % kTl2Lanes);
  const auto bytes = source.bytes.subspan(parts.magnitude_bytes + parts.sign_bytes, parts.pair_bytes);
  for (uint64_t column = 0; column < parts.pair_columns; column += kPairTileColumns) {
    const std::byte* block = &bytes[region.BandByte(row, column, kPairColumns, kTl2BlockBytes)];
    for (uint64_t k = 0; k < kPairTileColumns; k += kPairColumns, block += kTl2BlockBytes, codes += 4) {
      const auto both = unsigned(block[stored]);
      std::copy_n(kPairs[both >> 4].begin(), 2, codes);
      std::copy_n(kPairs[both & 15u].begin(), 2, codes + 2);
    }
  }
}

bool Beyond(std::byte both, unsigned largest) {
  return (unsigned(both) >> 4) > largest || (unsigned(both) & 15u) > largest;
}

// Corrupt when a half of a byte is larger than what pairs or triples of values make.
Status CheckHalves(std::string_view type, std::string_view what, std::span<const std::byte> bytes, uint64_t before,
                   unsigned largest) {
  bool beyond = false;
  for (const std::byte both : bytes) beyond |= Beyond(both, largest);
  if (!beyond) return {};
  const auto wrong = [&](std::byte both) { return Beyond(both, largest); };
  const auto first = std::find_if(bytes.begin(), bytes.end(), wrong) - bytes.begin();
  return Status::Corrupt(
      fmt::format("{} of its {} bytes hold a number above {}, which no {} of values makes, first byte "
                  "{}: damage, or tiles of another width",
                  std::count_if(bytes.begin(), bytes.end(), wrong), type, largest, what, before + uint64_t(first)));
}

Status CheckCodes(const TernarySource& source) {
  const std::string_view type = Info(source.type).name;
  if (source.type == TensorType::kTL1) {
    return CheckHalves(type, "pair", source.bytes.first(source.rows * source.columns / 4), 0, kLargestPair);
  }
  const Tl2Parts parts = PartsOf(source.rows, source.columns, source.tiles);
  STERNA_RETURN_IF_ERROR(CheckHalves(type, "triple", source.bytes.first(parts.magnitude_bytes), 0, kLargestTriple));
  const uint64_t before = parts.magnitude_bytes + parts.sign_bytes;
  return CheckHalves(type, "pair", source.bytes.subspan(before, parts.pair_bytes), before, kLargestPair);
}

Status NoMultiple(uint64_t number, std::string_view what, uint64_t of, std::string_view whose) {
  return Status::InvalidArgument(fmt::format("{} {} are no multiple of {}, {}", number, what, of, whose));
}

Status CheckTl1Tiles(uint64_t columns, const TlTiles& tiles) {
  if (tiles.lanes != 32 && tiles.lanes != 64) {
    return Status::InvalidArgument(fmt::format("bm of TL1 is {}; it is 32 or 64", tiles.lanes));
  }
  const uint64_t block_columns = kTl1BlockElements / tiles.lanes;
  if (tiles.columns % block_columns != 0) {
    return NoMultiple(tiles.columns, "columns of a tile", block_columns, "which kernels of this bm take at once");
  }
  if (columns % tiles.columns != 0) return NoMultiple(columns, "columns", tiles.columns, "the width of a tile");
  return {};
}

Status CheckTl2Tiles(uint64_t rows, uint64_t columns, const TlTiles& tiles) {
  if (tiles.lanes != kTl2Lanes) {
    return Status::InvalidArgument(fmt::format("bm of TL2 is {}; it is {}", tiles.lanes, kTl2Lanes));
  }
  if (tiles.columns % kSignColumns != 0) {
    return NoMultiple(tiles.columns, "columns of a tile", kSignColumns, "which share words of signs");
  }
  const uint64_t rest = columns % tiles.columns;
  if (rest % kPairTileColumns != 0) {
    return NoMultiple(rest, "columns beside whole tiles", kPairTileColumns, "the width of tiles of pairs");
  }
  STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, TensorBytes(TensorType::kTL2, rows, columns));
  const uint64_t content = PartsOf(rows, columns, tiles).Total();
  if (content <= bytes - kScaleTailBytes) return {};
  return Status::InvalidArgument(
      fmt::format("tiles {} columns wide leave {} columns in pairs: {} bytes of codes where "
                  "TL2 has room for {}",
                  tiles.columns, rest, content, bytes - kScaleTailBytes));
}

}  // namespace

Status CheckTlTiles(TensorType type, uint64_t rows, uint64_t columns, const TlTiles& tiles) {
  if (tiles.rows == 0 || tiles.columns == 0 || tiles.lanes == 0) {
    return Status::InvalidArgument(
        fmt::format("the tiles of a {} matrix are not known, or have no rows or columns", Info(type).name));
  }
  STERNA_RETURN_IF_ERROR(type == TensorType::kTL1 ? CheckTl1Tiles(columns, tiles)
                                                  : CheckTl2Tiles(rows, columns, tiles));
  if (tiles.rows % tiles.lanes != 0) return NoMultiple(tiles.rows, "rows of a tile", tiles.lanes, "which is bm");
  if (rows % tiles.rows != 0) return NoMultiple(rows, "rows", tiles.rows, "the height of a tile");
  return {};
}

Result<TernaryScales> InspectTl(const TernarySource& source) {
  STERNA_RETURN_IF_ERROR(CheckTlTiles(source.type, source.rows, source.columns, source.tiles));
  float scale;
  std::memcpy(&scale, &source.bytes[source.bytes.size() - kScaleTailBytes], sizeof scale);
  if (!std::isfinite(scale)) {
    return Status::Corrupt(fmt::format("the {} scale is {}; it must be finite", Info(source.type).name, scale));
  }
  STERNA_RETURN_IF_ERROR(CheckCodes(source));
  return TernaryScales{.uniform = true, .scale = scale, .group_columns = 0};
}

void UnpackTlRow(const TernarySource& source, uint64_t row, uint8_t* codes) {
  if (source.type == TensorType::kTL1) return UnpackTl1Row(source, row, codes);
  const Tl2Parts parts = PartsOf(source.rows, source.columns, source.tiles);
  UnpackTriples(source, parts, row, codes);
  UnpackPairs(source, parts, row, codes + parts.triple_columns);
}

}  // namespace sterna::quant
