// SPDX-License-Identifier: Apache-2.0
#include "convert/linear_names.h"

#include <algorithm>
#include <array>
#include <string>

#include "quant/tensor_type.h"

namespace sterna::convert {

bool IsTernary(const format::GgufTensor& tensor) { return tensor.type && quant::Info(*tensor.type).ternary; }

std::string_view LinearRole(const model::Architecture& architecture, std::string_view name) {
  const model::LayerTensorNames& names = architecture.layer;
  if (!name.starts_with("blk.") || !name.ends_with(kWeightEnding)) return {};
  name = Stem(name, kWeightEnding);
  const size_t dot = name.find('.', 4);
  const std::string_view role = dot == name.npos ? std::string_view() : name.substr(dot + 1);
  const std::array roles = {names.q, names.k, names.v, names.o, names.gate, names.up, names.down};
  return std::find(roles.begin(), roles.end(), role) == roles.end() ? std::string_view() : role;
}

bool IsLinearScale(const model::Architecture& architecture, std::string_view name) {
  if (!name.ends_with(kScaleEnding)) return false;
  return !LinearRole(architecture, WeightNameOf(name)).empty();
}

}  // namespace sterna::convert
