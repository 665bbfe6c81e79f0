// SPDX-License-Identifier: Apache-2.0
//
// Reader of safetensors (the container of Hugging Face models): hostile bytes in, checked descriptions out. Whatever
// the bytes are, the answer is a SafetensorsFile whose views lie inside the file, without holes and overlaps between
// them, or a Status that names the file, the tensor, what is wrong and the limit. Limits and decisions:
// docs/hostile-files.md.
//
// Thread-safety: a SafetensorsFile is read-only once made; any number of threads may use it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/safetensors_types.h"
#include "platform/mapped_file.h"
#include "sterna/status.h"

namespace sterna::format {

struct SafetensorsTensor {
  std::string name;
  SafetensorsType type = SafetensorsType::kU8;
  std::vector<uint64_t> shape;       // outermost first, as PyTorch has it; empty for a scalar; a dimension may be 0
  uint64_t elements = 0;             // the product of `shape`
  uint64_t offset_bytes = 0;         // from the start of the file
  std::span<const std::byte> bytes;  // elements x element size; begins at any address, so copy out rather than cast
};

class SafetensorsFile {
 public:
  // Maps and checks the file. NotFound, Corrupt, Unsupported or ResourceExhausted; one line naming the file.
  static Result<SafetensorsFile> Open(const std::string& path);
  // Checks bytes that the caller keeps alive; `name` stands for the file in messages.
  static Result<SafetensorsFile> Parse(std::span<const std::byte> bytes, std::string name);

  const std::string& name() const { return name_; }
  // Sorted by name.
  std::span<const SafetensorsTensor> tensors() const { return tensors_; }
  const SafetensorsTensor* FindTensor(std::string_view name) const;
  // Corrupt once the mapped file shrank under its readers (platform::MappedFile::Check); ok for Parse().
  Status CheckStillWhole() const;
  uint64_t file_bytes() const { return file_bytes_; }
  // The tensor is not needed in memory any more: its pages may go until they are read again.
  void AdviseDone(const SafetensorsTensor& tensor) const;

 private:
  SafetensorsFile() = default;
  Status Read(std::span<const std::byte> bytes);

  std::string name_;
  uint64_t file_bytes_ = 0;
  std::optional<platform::MappedFile> mapping_;
  std::vector<SafetensorsTensor> tensors_;
};

}  // namespace sterna::format
