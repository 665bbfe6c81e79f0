// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "format/gguf_file.h"

namespace sterna::cli {

// {key: value}; an array is {"array": type, "count": N, "first": [...]} with its first elements, a long text is cut.
nlohmann::ordered_json MetadataToJson(const format::GgufFile& file);

// [{"name", "type", "shape", "offset", "bytes"}], in file order; shape[0] is the row length.
nlohmann::ordered_json TensorsToJson(const format::GgufFile& file);

// {"I2_S": {"tensors": N, "bytes": N}, ...}
nlohmann::ordered_json TensorTypesToJson(const format::GgufFile& file);

}  // namespace sterna::cli
