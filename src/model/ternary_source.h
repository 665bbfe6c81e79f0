// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "model/model_config.h"
#include "quant/ternary.h"
#include "sterna/status.h"

namespace sterna::model {

// How to read a stored ternary matrix: what its type leaves open is decided by the options and, for tiles, by the
// published kernels. InvalidArgument, naming the flag, when these do not decide.
Result<quant::TernarySource> MakeTernarySource(quant::TensorType type, uint64_t rows, uint64_t columns,
                                               std::span<const std::byte> bytes, const ModelOptions& options);
inline Result<quant::TernarySource> MakeTernarySource(const format::GgufTensor& tensor, const ModelOptions& options) {
  return MakeTernarySource(*tensor.type, tensor.rows(), tensor.columns(), tensor.bytes, options);
}

}  // namespace sterna::model
