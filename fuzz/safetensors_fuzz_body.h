// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a safetensors file, as a function that says what is wrong instead of stopping, so that a unit test can
// run the seeds through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "format/safetensors_file.h"

namespace sterna::fuzz {

// Empty when the reader kept its promises: a one-line message, or views that tile the data of the file exactly.
inline std::string CheckSafetensorsInput(std::span<const uint8_t> input) {
  const auto bytes = std::as_bytes(input);
  const auto file = format::SafetensorsFile::Parse(bytes, "fuzz");
  if (!file.ok()) {
    const std::string& message = file.status().message();
    const bool one_line = !message.empty() && message.find('\n') == std::string::npos;
    return one_line ? "" : "the message is not one line";
  }
  uint64_t owned = 0;
  unsigned touched = 0;
  for (const auto& tensor : file->tensors()) {
    if (file->FindTensor(tensor.name) != &tensor) return "a tensor is not found by its name";
    if (tensor.offset_bytes > bytes.size() || tensor.bytes.size() > bytes.size() - tensor.offset_bytes) {
      return "a tensor lies outside the file";
    }
    if (tensor.bytes.data() != bytes.data() + tensor.offset_bytes)
      return "a tensor's offset is not where its bytes are";
    if (tensor.bytes.size() != tensor.elements * format::SafetensorsElementBytes(tensor.type)) {
      return "a tensor's bytes do not fit its elements";
    }
    for (const std::byte byte : tensor.bytes) touched += unsigned(byte);
    owned += tensor.bytes.size();
  }
  volatile unsigned sink = touched;
  (void)sink;
  return owned <= bytes.size() ? "" : "the tensors are larger than the file";
}

}  // namespace sterna::fuzz
