// SPDX-License-Identifier: Apache-2.0
//
// Tile registers in memory, by the pseudocode of Intel SDM volume 2 (LDTILECFG, TILELOADD, TDPBUSD, ...): what is wrong
// with a shape ends the program.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace sterna::emulated {
namespace {

struct Tiles {
  struct Tile {
    uint16_t row_bytes;
    uint8_t rows;
    uint8_t bytes[16][64];
  };
  bool configured = false;
  Tile tiles[8];
};

inline Tiles& ThreadTiles() {
  static thread_local Tiles tiles;
  return tiles;
}

inline void Require(bool holds) {
  if (!holds) std::abort();
}

inline Tiles::Tile& TileAt(int number) {
  Require(ThreadTiles().configured);
  return ThreadTiles().tiles[number];
}

inline void LoadConfig(const void* from) {
  uint8_t config[64];
  std::memcpy(config, from, sizeof config);
  Require(config[0] == 1 && config[1] == 0);
  Tiles& all = ThreadTiles();
  all = {};
  all.configured = true;
  for (int i = 0; i < 8; ++i) {
    std::memcpy(&all.tiles[i].row_bytes, config + 16 + 2 * i, sizeof(uint16_t));
    all.tiles[i].rows = config[48 + i];
    Require(all.tiles[i].row_bytes <= 64 && all.tiles[i].rows <= 16);
  }
}

inline void Release() { ThreadTiles().configured = false; }

inline void Zero(int number) { std::memset(TileAt(number).bytes, 0, sizeof(TileAt(number).bytes)); }

inline void Load(int number, const void* from, size_t stride) {
  Tiles::Tile& tile = TileAt(number);
  Zero(number);
  for (size_t r = 0; r < tile.rows; ++r) {
    std::memcpy(tile.bytes[r], static_cast<const char*>(from) + r * stride, tile.row_bytes);
  }
}

inline void Store(int number, void* to, size_t stride) {
  const Tiles::Tile& tile = TileAt(number);
  for (size_t r = 0; r < tile.rows; ++r) {
    std::memcpy(static_cast<char*>(to) + r * stride, tile.bytes[r], tile.row_bytes);
  }
}

// sums += products of bytes of the types A and B.
template <class A, class B>
void AddProducts(int sums, int a, int b) {
  Tiles::Tile& c = TileAt(sums);
  const Tiles::Tile &x = TileAt(a), &y = TileAt(b);
  Require(sums != a && sums != b && a != b);
  Require(c.rows == x.rows && x.row_bytes == 4 * y.rows && c.row_bytes == y.row_bytes);
  for (size_t m = 0; m < c.rows; ++m) {
    for (size_t n = 0; n < size_t(c.row_bytes) / 4; ++n) {
      uint32_t sum;
      std::memcpy(&sum, c.bytes[m] + 4 * n, sizeof sum);
      for (size_t k = 0; k < x.row_bytes; ++k) sum += uint32_t(A(x.bytes[m][k]) * B(y.bytes[k / 4][4 * n + k % 4]));
      std::memcpy(c.bytes[m] + 4 * n, &sum, sizeof sum);
    }
  }
}

}  // namespace
}  // namespace sterna::emulated

#undef _tile_loadconfig
#undef _tile_release
#undef _tile_zero
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbusd
#undef _tile_dpbsud
#define _tile_loadconfig(from) sterna::emulated::LoadConfig(from)
#define _tile_release() sterna::emulated::Release()
#define _tile_zero(number) sterna::emulated::Zero(number)
#define _tile_loadd(number, from, stride) sterna::emulated::Load(number, from, stride)
#define _tile_stored(number, to, stride) sterna::emulated::Store(number, to, stride)
#define _tile_dpbusd(sums, a, b) sterna::emulated::AddProducts<uint8_t, int8_t>(sums, a, b)
#define _tile_dpbsud(sums, a, b) sterna::emulated::AddProducts<int8_t, uint8_t>(sums, a, b)
