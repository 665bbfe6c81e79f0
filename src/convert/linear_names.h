// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "format/gguf_file.h"
#include "model/architecture.h"

namespace sterna::convert {

inline constexpr std::string_view kWeightEnding = ".weight";
inline constexpr std::string_view kScaleEnding = ".scale";

// The name without its ending.
inline std::string_view Stem(std::string_view name, std::string_view ending) {
  return name.substr(0, name.size() - ending.size());
}

// "blk.3.attn_q.scale" of "blk.3.attn_q.weight", and back.
inline std::string ScaleNameOf(std::string_view weight) {
  return std::string(Stem(weight, kWeightEnding)).append(kScaleEnding);
}
inline std::string WeightNameOf(std::string_view scale) {
  return std::string(Stem(scale, kScaleEnding)).append(kWeightEnding);
}

// Whether it is stored in a ternary type.
bool IsTernary(const format::GgufTensor& tensor);

// "attn_q" of "blk.3.attn_q.weight" where that is a linear layer of the architecture; else empty.
std::string_view LinearRole(const model::Architecture& architecture, std::string_view name);

// Whether it is the factor of a linear layer: "blk.3.attn_q.scale".
bool IsLinearScale(const model::Architecture& architecture, std::string_view name);

}  // namespace sterna::convert
