// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "format/gguf_writer.h"
#include "model_shape.h"

namespace sterna::dummy_model {

struct DummyFile {
  format::GgufWriter writer;
  uint64_t parameters = 0;
  uint64_t ternary_parameters = 0;
};

// The whole file, to be written: metadata keys in the published order, tensors in the published order.
Result<DummyFile> Describe(const ModelShape& shape);

}  // namespace sterna::dummy_model
