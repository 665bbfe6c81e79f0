// SPDX-License-Identifier: Apache-2.0
//
// The checksums of a `sterna` file: its last tensor, kChecksumsTensor of type I64, holds XXH3 of the bytes of each
// tensor before it, in the order of the file.
#pragma once

#include <string_view>

#include "format/gguf_file.h"
#include "format/gguf_writer.h"

namespace sterna::format {

inline constexpr std::string_view kChecksumsTensor = "sterna.checksums";

// Reads every tensor. Corrupt when one is not what was written (it is named), NotFound when the file has no checksums.
Status VerifyChecksums(const GgufFile& file);

}  // namespace sterna::format
