// SPDX-License-Identifier: Apache-2.0
//
// Reader of GGUF v2 and v3 (the container of llama.cpp and its kin): hostile bytes in, checked descriptions out. Knows
// no model. Every count, length, offset and size is checked against the file before anything is allocated or touched,
// so that whatever the bytes are, the answer is a GgufFile whose views lie inside the file, or a Status that names the
// file, the key or tensor, and the limit. Limits and decisions: docs/hostile-files.md.
//
// Thread-safety: a GgufFile is read-only once made; any number of threads may use it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/gguf_value.h"
#include "platform/mapped_file.h"
#include "quant/tensor_type.h"

namespace sterna::format {

// A tensor as the file lists it. A type that Sterna does not read, or whose id several projects use and whose bytes
// decide for none of them, does not keep the file from being listed: `type` is empty then, and RequireTensor() refuses.
struct GgufTensor {
  std::string_view name;
  uint32_t dimension_count = 0;
  std::array<uint64_t, 4> dimensions{1, 1, 1, 1};  // dimensions[0] is the row length (columns); each >= 1
  uint32_t type_id = 0;                            // as stored
  std::optional<quant::TensorType> type;           // as decided (ambiguous ids by their byte spans)
  std::string_view type_name;                      // "I2_S", "MXFP4"; "undecided" or "unknown" where no name is certain
  std::string unsupported;                         // why `type` is empty, one clause for a message; else ""
  uint64_t offset_bytes = 0;         // from the start of the file (of a split model: of the part that holds it)
  uint64_t span_bytes = 0;           // up to the next tensor's offset or the end of the file
  std::span<const std::byte> bytes;  // exactly the tensor's bytes, inside the file; empty without `type`

  uint64_t columns() const { return dimensions[0]; }
  uint64_t rows() const { return dimensions[1] * dimensions[2] * dimensions[3]; }  // the reader checked the product
};

class GgufFile {
 public:
  // Maps and checks the file; the first part of a split model opens all of them, as if they were one. NotFound,
  // Corrupt, Unsupported or ResourceExhausted; one line naming the file.
  static Result<GgufFile> Open(const std::string& path);
  // Checks bytes that the caller keeps alive; `name` stands for the file in messages.
  static Result<GgufFile> Parse(std::span<const std::byte> bytes, std::string name);

  GgufFile(GgufFile&&) noexcept;
  GgufFile& operator=(GgufFile&&) noexcept;
  ~GgufFile();

  const std::string& name() const;
  uint32_t version() const;
  uint64_t file_bytes() const;
  uint64_t alignment() const;
  // Non-fatal oddities found while reading ("tensor 'x': 32 bytes of slack after it"), for inspect and the log.
  const std::vector<std::string>& warnings() const;

  // In file order.
  std::span<const std::pair<std::string_view, GgufValue>> values() const;
  const GgufValue* Find(std::string_view key) const;

  // Typed access: nullopt when the key is absent. A key of another kind, or a number that does not fit, is Corrupt and
  // names the key, its type and what was expected. Any integer type is accepted for an integer.
  Result<std::optional<uint64_t>> GetUnsigned(std::string_view key) const;
  Result<std::optional<int64_t>> GetSigned(std::string_view key) const;
  Result<std::optional<double>> GetFloat(std::string_view key) const;
  Result<std::optional<bool>> GetBool(std::string_view key) const;
  Result<std::optional<std::string_view>> GetString(std::string_view key) const;
  Result<std::optional<std::span<const std::string_view>>> GetStrings(std::string_view key) const;
  Result<std::optional<std::vector<float>>> GetFloats(std::string_view key) const;      // array of f32 or f64
  Result<std::optional<std::vector<int64_t>>> GetIntegers(std::string_view key) const;  // array of any integer type

  std::span<const GgufTensor> tensors() const;
  const GgufTensor* FindTensor(std::string_view name) const;
  // A tensor whose type is decided: Corrupt when the file has none of that name, Unsupported when its type is not read.
  Result<const GgufTensor*> RequireTensor(std::string_view name) const;

  // Corrupt once the mapped file shrank under its readers (platform::MappedFile::Check); ok for Parse().
  Status CheckStillWhole() const;
  // Asks the system to read all of it before it is used; the bytes asked for (0 for Parse()).
  uint64_t AdviseWillNeed() const;
  // The tensor is not needed in memory any more: its pages may go until they are read again.
  void AdviseDone(const GgufTensor& tensor) const;
  // Copies bytes of one of the tensors (a part of GgufTensor::bytes) to `out`, read from the file and not through the
  // mapping, so that no page of it comes into memory. Needs EnableReads() once. Corrupt when the file shrank.
  Status ReadStored(std::span<const std::byte> bytes, std::byte* out) const;
  Status EnableReads();
  bool reads_enabled() const;  // of every part
  // nullptr for Parse(); of a split model that of the first part.
  const platform::MappedFile* mapping() const;

 private:
  struct Impl;
  explicit GgufFile(std::unique_ptr<Impl> impl);
  static Result<GgufFile> OpenOne(const std::string& path);
  // Opens the other parts of a split model and takes their tensors in.
  Status OpenParts();
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::format
