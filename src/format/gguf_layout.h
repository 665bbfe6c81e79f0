// SPDX-License-Identifier: Apache-2.0
//
// The tensor section of a GGUF file: its list of tensors, and where each lies in the data. Messages name the tensor but
// not the file; GgufFile::Parse puts that in front.
#pragma once

#include <span>
#include <vector>

#include "format/byte_cursor.h"
#include "format/gguf_file.h"
#include "format/gguf_warnings.h"

namespace sterna::format {

// Names, dimensions, type ids; offset_bytes still counts from the start of the data section.
Result<std::vector<GgufTensor>> ReadGgufTensors(ByteCursor& cursor, uint64_t count);

// Indices sorted by name; Corrupt when a name is there twice.
Result<std::vector<size_t>> SortTensorsByName(std::span<const GgufTensor> tensors);

// Places the tensors in `file`, whose data section starts at data_start: decides their types, refuses unaligned,
// overlapping and cut-off ones, and warns of bytes between them that belong to none.
Status PlaceGgufTensors(std::span<const std::byte> file, uint64_t data_start, uint64_t alignment,
                        std::span<GgufTensor> tensors, GgufWarnings& warnings);

}  // namespace sterna::format
