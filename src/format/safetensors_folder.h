// SPDX-License-Identifier: Apache-2.0
//
// The weights of a Hugging Face folder: model.safetensors, or the files that model.safetensors.index.json names. A name
// of a file that would lead out of the folder is refused, and so is an index that disagrees with its files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/safetensors_file.h"

namespace sterna::format {

class SafetensorsFolder {
 public:
  // NotFound, Corrupt, Unsupported or ResourceExhausted; one line naming the file.
  static Result<SafetensorsFolder> Open(const std::string& folder);

  const std::string& path() const { return path_; }
  std::span<const SafetensorsFile> files() const { return files_; }
  uint64_t bytes() const;  // of all files
  // nullptr when no file has it.
  const SafetensorsTensor* FindTensor(std::string_view name) const;

  // Corrupt once one of the files shrank under its readers.
  Status CheckStillWhole() const;
  // The tensor (one of this folder) is not needed in memory any more: its pages may go until they are read again.
  void AdviseDone(const SafetensorsTensor& tensor) const;

 private:
  std::string path_;
  std::vector<SafetensorsFile> files_;
};

}  // namespace sterna::format
