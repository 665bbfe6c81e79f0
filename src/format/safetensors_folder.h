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

  std::span<const SafetensorsFile> files() const { return files_; }
  // nullptr when no file has it.
  const SafetensorsTensor* FindTensor(std::string_view name) const;

 private:
  std::vector<SafetensorsFile> files_;
};

}  // namespace sterna::format
