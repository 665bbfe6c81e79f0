// SPDX-License-Identifier: Apache-2.0
//
// Which tiles a TL1 or TL2 matrix was cut into. bitnet.cpp generates its kernels for the shapes of one model and takes
// the tiles from a kernel_config.ini of that build; no file says which.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quant/ternary.h"
#include "sterna/status.h"

namespace sterna::model {

struct TlTiling {
  uint64_t rows = 0, columns = 0;  // of the matrices that it holds for; 0: of all others
  quant::TlTiles tiles;
};

// What the user knows of it.
struct TlTileOptions {
  // For one published model bitnet.cpp has two sets of tiles: those that its setup script asks for and those among its
  // preset kernels.
  enum class Published : uint8_t { kEither, kSetup, kPreset };
  Published published = Published::kEither;
  std::vector<TlTiling> given;  // goes before what is published
};

// "auto", "setup", "preset", "256,128,32" for all matrices, "3200x8640=160,64,32/3200x3200=320,128,64" for those of a
// shape. InvalidArgument names the word that is none of these.
Result<TlTileOptions> ParseTlTiles(std::string_view text);
// The text of a kernel_config.ini: sections with m, k, bm, bk and bmm.
Result<TlTileOptions> ParseKernelConfig(std::string_view text);

// The tiles of a matrix of TL1 or TL2. InvalidArgument, naming --tl-tiles, where neither the options nor the published
// kernels decide, or what the options say cannot be.
Result<quant::TlTiles> ChooseTlTiles(quant::TensorType type, uint64_t rows, uint64_t columns,
                                     const TlTileOptions& options);

// "256,128,32"
std::string ToText(const quant::TlTiles& tiles);

}  // namespace sterna::model
