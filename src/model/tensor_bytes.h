// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "format/gguf_file.h"
#include "model/loading.h"
#include "platform/aligned_buffer.h"
#include "sterna/status.h"

namespace sterna::model {

// Brings the bytes of a model's large tensors, and remembers how. A file that cannot be read (format::GgufFile::
// reads_enabled) is mapped. Not thread-safe.
class TensorBytes {
 public:
  TensorBytes(const format::GgufFile& file, const LoadingOptions& options) : file_(file), options_(options) {}

  // Bytes that stay while this object does.
  Result<std::span<const std::byte>> ToKeep(const format::GgufTensor& tensor, TensorUse use);
  // Bytes that are copied at once: valid until the next call.
  Result<std::span<const std::byte>> ToCopy(const format::GgufTensor& tensor);
  // Forgets what ToCopy brought last.
  void DropCopied() { copied_ = {}; }
  const std::vector<TensorPlacement>& placements() const { return placements_; }
  const LoadCounters& counters() const { return counters_; }

 private:
  LoadRule RuleFor(const format::GgufTensor& tensor, TensorUse use) const;
  LoadRule Note(const format::GgufTensor& tensor, TensorUse use);
  Status Read(const format::GgufTensor& tensor, LoadRule rule, std::byte* out);
  Status ReadChunks(std::span<const std::byte> bytes, std::byte* out);

  const format::GgufFile& file_;
  const LoadingOptions options_;
  std::vector<AlignedBuffer> kept_;
  AlignedBuffer copied_;
  std::vector<TensorPlacement> placements_;
  LoadCounters counters_;
};

}  // namespace sterna::model
