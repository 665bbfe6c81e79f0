// SPDX-License-Identifier: Apache-2.0
#include "format/checksums.h"

#include <fmt/format.h>

#include <cstring>

#include "base/hash.h"
#include "base/status_macros.h"
#include "format/gguf_names.h"

namespace sterna::format {

Status VerifyChecksums(const GgufFile& file) {
  if (file.FindTensor(kChecksumsTensor) == nullptr) {
    return Status::NotFound(fmt::format("file {} holds no checksums; sterna convert writes them", Quoted(file.name())));
  }
  STERNA_ASSIGN_OR_RETURN(const GgufTensor* stored, file.RequireTensor(kChecksumsTensor));
  const std::span<const GgufTensor> tensors = file.tensors();
  const bool sound = stored == &tensors.back() && stored->type == quant::TensorType::kI64 && stored->rows() == 1 &&
                     stored->columns() == tensors.size() - 1;
  if (!sound) {
    return Status::Corrupt(fmt::format("file {}: tensor {} is not one I64 for each tensor before it",
                                       Quoted(file.name()), kChecksumsTensor));
  }
  for (size_t i = 0; i + 1 < tensors.size(); ++i) {
    uint64_t expected;
    std::memcpy(&expected, stored->bytes.data() + i * sizeof expected, sizeof expected);
    const bool same = Hash64(tensors[i].bytes) == expected;
    file.AdviseDone(tensors[i]);
    if (same) continue;
    return Status::Corrupt(
        fmt::format("file {}: the bytes of tensor {} are not those that were written; its checksum "
                    "differs",
                    Quoted(file.name()), Quoted(tensors[i].name)));
  }
  return file.CheckStillWhole();
}

}  // namespace sterna::format
