// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sterna/status.h"

namespace sterna::cli {

// Writes a float32 array in NumPy's .npy format (version 1.0, little endian, C order), row by row. The file gets its
// name at Close(), so that a failure leaves no half file under it.
class NpyFile {
 public:
  static Result<NpyFile> Create(const std::string& path, const std::vector<uint64_t>& shape);
  NpyFile(NpyFile&&) noexcept = default;
  ~NpyFile();

  Status Append(std::span<const float> values);
  Status Close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  NpyFile(std::string path, std::string temporary, std::unique_ptr<std::FILE, Closer> file);
  Status Failed(const char* what) const;

  std::string path_, temporary_;
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace sterna::cli
