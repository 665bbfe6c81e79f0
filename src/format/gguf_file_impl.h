// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "format/gguf_file.h"
#include "format/gguf_limits.h"
#include "format/gguf_values.h"
#include "format/gguf_warnings.h"

namespace sterna::format {

struct GgufFile::Impl {
  std::string name;
  std::optional<platform::MappedFile> mapping;
  std::span<const std::byte> bytes;
  uint32_t version = 0;
  uint64_t alignment = kDefaultAlignment;
  GgufWarnings warnings;
  GgufValues values;
  std::vector<GgufTensor> tensors;
  std::vector<size_t> tensors_by_name;
  std::vector<GgufFile> parts;  // the other files of a split model; `tensors` has theirs too

  // Fills everything below `bytes`. Messages do not name the file yet.
  Status Read();
};

}  // namespace sterna::format
