// SPDX-License-Identifier: Apache-2.0
//
// A model that is about to become a GGUF file, whatever holds it now.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "convert/ternary_values.h"
#include "format/gguf_writer.h"
#include "quant/tensor_type.h"
#include "sterna/status.h"

namespace sterna::convert {

inline constexpr std::string_view kEmbeddingName = "token_embd.weight";
inline constexpr std::string_view kHeadName = "output.weight";

// A tensor with the name and the shape that it has in a GGUF file.
struct SourceTensor {
  enum class Kind : uint8_t {
    kLinear,     // a linear layer: becomes ternary
    kScale,      // the factor of one, which is folded into the codes' scales where these are made anew
    kEmbedding,  // token_embd.weight
    kHead,       // output.weight
    kOther,
  };
  std::string name;
  std::vector<uint64_t> dimensions;  // dimensions[0] is the row length
  Kind kind = Kind::kOther;
  quant::TensorType type = quant::TensorType::kF32;  // as stored, or what it is best stored as
  std::span<const std::byte> stored = {};            // its bytes in that type; empty where they have to be made
  bool must_remake = false;                          // `stored` is not as a file of that type has it

  uint64_t columns() const { return dimensions[0]; }
  uint64_t rows() const {
    uint64_t rows = 1;
    for (size_t i = 1; i < dimensions.size(); ++i) rows *= dimensions[i];
    return rows;
  }
};

class ModelSource {
 public:
  virtual ~ModelSource() = default;

  virtual const std::string& name() const = 0;        // for messages
  virtual uint64_t bytes() const = 0;                 // of its files
  virtual std::string_view architecture() const = 0;  // as GGUF names it
  virtual backend::Activation activation() const = 0;
  // In the order to write them.
  virtual std::span<const SourceTensor> tensors() const = 0;
  // All keys but general.file_type and general.alignment.
  virtual Status AddMetadata(format::GgufWriter& writer) const = 0;
  // What whoever converts should know; may grow while tensors are read.
  virtual const std::vector<std::string>& warnings() const = 0;

  // Of a linear layer: codes and scales, the factor of its kScale tensor included.
  virtual Result<TernaryValues> ReadTernary(const SourceTensor& tensor, Rounding& rounding) const = 0;
  // Its one scale as far as that is known without reading numbers; nullopt where it is not, or where there are several.
  virtual std::optional<float> KnownScale(const SourceTensor& tensor) const = 0;
  // Rows of any tensor but a linear layer, as floats.
  virtual Status ReadRows(const SourceTensor& tensor, uint64_t first, uint64_t count, float* out) const = 0;
  // The tensor is not needed in memory any more.
  virtual void AdviseDone(const SourceTensor& tensor) const = 0;
  // Corrupt once a file shrank under its readers.
  virtual Status CheckStillWhole() const = 0;
};

}  // namespace sterna::convert
