// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "format/gguf_file.h"
#include "sterna/status.h"

namespace sterna::model {

// Finds a file's tensors by name, checks their shape against what the model's configuration asks for, and remembers
// which were asked for, so that the rest can be reported. Errors name the file, the tensor and what was expected.
class TensorReader {
 public:
  explicit TensorReader(const format::GgufFile& file) : file_(file) {}

  // A matrix of `rows` rows of `columns` elements. Corrupt when absent or of another
  // shape, Unsupported when its type is not one that Sterna reads: the returned tensor has a type.
  Result<const format::GgufTensor*> Matrix(const std::string& name, uint64_t rows, uint64_t columns);
  // `count` finite floats, stored as F32, F16 or BF16. Corrupt, or Unsupported for another type.
  Result<std::vector<float>> Vector(const std::string& name, uint64_t count);
  // A one-element tensor (<linear>.scale); 1 when absent.
  Result<float> Scale(const std::string& name);
  bool Has(const std::string& name) const { return file_.FindTensor(name) != nullptr; }

  // Tensors of the file that nobody asked for.
  std::vector<std::string_view> Unused() const;

  Status Wrong(std::string_view name, std::string_view what) const;
  Status Unsupported(std::string_view name, std::string_view what) const;
  // What the file leaves open and the caller has to say: InvalidArgument.
  Status Undecided(std::string_view name, std::string_view what) const;

 private:
  Result<const format::GgufTensor*> Find(const std::string& name, uint64_t rows, uint64_t columns);
  const format::GgufFile& file_;
  std::unordered_set<const format::GgufTensor*> used_;
};

}  // namespace sterna::model
