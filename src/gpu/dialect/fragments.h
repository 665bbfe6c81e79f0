// SPDX-License-Identifier: Apache-2.0
//
// What a thread holds of the operands of MultiplyTile, and 16 bytes (dialect.h).
#pragma once

#include "gpu/dialect/address_spaces.h"

namespace sterna {
namespace gpu {

struct TileA {
  uint32_t word[4];
};
struct TileB {
  uint32_t word[2];
};
struct TileC {
  int32_t sum[4];
};
struct alignas(16) Words4 {
  uint32_t word[4];
};

}  // namespace gpu
}  // namespace sterna
