// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>
#include <variant>

#include "base/checked_math.h"
#include "base/status_macros.h"
#include "format/gguf_limits.h"
#include "format/gguf_names.h"
#include "format/gguf_values.h"

namespace sterna::format {
namespace {

using quant::TensorType;

constexpr size_t kCopyBytes = size_t{4} << 20;

void AppendBytes(std::vector<std::byte>& out, const void* from, size_t count) {
  if (count == 0) return;
  const size_t before = out.size();
  out.resize(before + count);
  std::memcpy(out.data() + before, from, count);
}

template <class T>
void Append(std::vector<std::byte>& out, T value) {
  AppendBytes(out, &value, sizeof value);
}

void AppendString(std::vector<std::byte>& out, std::string_view text) {
  Append(out, uint64_t(text.size()));
  AppendBytes(out, text.data(), text.size());
}

void AppendKey(std::vector<std::byte>& out, std::string_view key, GgufType type) {
  AppendString(out, key);
  Append(out, uint32_t(type));
}

void AppendArrayKey(std::vector<std::byte>& out, std::string_view key, GgufType element_type, uint64_t count) {
  AppendKey(out, key, GgufType::kArray);
  Append(out, uint32_t(element_type));
  Append(out, count);
}

// The ids that files store; docs/formats.md.
uint32_t TypeId(TensorType type) {
  switch (type) {
    case TensorType::kF32: return 0;
    case TensorType::kF16: return 1;
    case TensorType::kQ4_0: return 2;
    case TensorType::kQ5_0: return 6;
    case TensorType::kQ8_0: return 8;
    case TensorType::kQ4_K: return 12;
    case TensorType::kQ6_K: return 14;
    case TensorType::kI8: return 24;
    case TensorType::kI16: return 25;
    case TensorType::kI32: return 26;
    case TensorType::kI64: return 27;
    case TensorType::kF64: return 28;
    case TensorType::kBF16: return 30;
    case TensorType::kTQ1_0: return 34;
    case TensorType::kTQ2_0: return 35;
    case TensorType::kI2_S: return 36;
    case TensorType::kTL1: return 38;
    case TensorType::kTL2: return 39;
    case TensorType::kQ2_0:
    case TensorType::kQ2_0_G128: return 42;
    case TensorType::kIQ1_BN: return 134;
    case TensorType::kIQ2_BN: return 135;
    case TensorType::kPQ2_0: return 142;
    case TensorType::kPTQ1_0: return 143;
    case TensorType::kIQ2_BN_R4: return 335;
  }
  return 0;
}

Status Pad(const GgufWriter::Sink& sink, uint64_t written, uint64_t alignment) {
  return sink(std::vector<std::byte>(RoundUp(written, alignment) - written));
}

// The payload of a value that is no array, as wide as its type says.
void AppendScalar(std::vector<std::byte>& out, const GgufValue& value) {
  if (const auto* text = std::get_if<std::string_view>(&value.value)) return AppendString(out, *text);
  if (const auto* real = std::get_if<double>(&value.value)) {
    return value.type == GgufType::kF32 ? Append(out, float(*real)) : Append(out, *real);
  }
  // Little-endian two's complement: the low bytes of a wide integer are the narrow one.
  const auto* natural = std::get_if<uint64_t>(&value.value);
  const uint64_t bits = natural != nullptr ? *natural : uint64_t(std::get<int64_t>(value.value));
  AppendBytes(out, &bits, GgufTypeBytes(value.type));
}

Status FileError(std::string_view doing, const std::string& path, int error) {
  return Status::Unavailable(fmt::format("cannot {} file {}: {}; is its folder there, and room on the disk?", doing,
                                         Quoted(path), std::generic_category().message(error)));
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

Status GgufWriter::Copy(std::span<const std::byte> bytes, const Sink& sink) {
  for (size_t at = 0; at < bytes.size(); at += kCopyBytes) {
    STERNA_RETURN_IF_ERROR(sink(bytes.subspan(at, std::min(kCopyBytes, bytes.size() - at))));
  }
  return {};
}

void GgufWriter::AddU32(std::string_view key, uint32_t value) {
  AppendKey(metadata_, key, GgufType::kU32);
  Append(metadata_, value);
  ++value_count_;
}

void GgufWriter::AddU64(std::string_view key, uint64_t value) {
  AppendKey(metadata_, key, GgufType::kU64);
  Append(metadata_, value);
  ++value_count_;
}

void GgufWriter::AddF32(std::string_view key, float value) {
  AppendKey(metadata_, key, GgufType::kF32);
  Append(metadata_, value);
  ++value_count_;
}

void GgufWriter::AddBool(std::string_view key, bool value) {
  AppendKey(metadata_, key, GgufType::kBool);
  Append(metadata_, uint8_t(value ? 1 : 0));
  ++value_count_;
}

void GgufWriter::AddString(std::string_view key, std::string_view value) {
  AppendKey(metadata_, key, GgufType::kString);
  AppendString(metadata_, value);
  ++value_count_;
}

void GgufWriter::AddStrings(std::string_view key, std::span<const std::string> values) {
  AppendArrayKey(metadata_, key, GgufType::kString, values.size());
  for (const std::string& value : values) AppendString(metadata_, value);
  ++value_count_;
}

void GgufWriter::AddF32s(std::string_view key, std::span<const float> values) {
  AppendArrayKey(metadata_, key, GgufType::kF32, values.size());
  for (const float value : values) Append(metadata_, value);
  ++value_count_;
}

void GgufWriter::AddI32s(std::string_view key, std::span<const int32_t> values) {
  AppendArrayKey(metadata_, key, GgufType::kI32, values.size());
  for (const int32_t value : values) Append(metadata_, value);
  ++value_count_;
}

void GgufWriter::AddValue(std::string_view key, const GgufValue& value) {
  ++value_count_;
  const auto* array = std::get_if<GgufArray>(&value.value);
  if (array == nullptr) {
    AppendKey(metadata_, key, value.type);
    return AppendScalar(metadata_, value);
  }
  AppendArrayKey(metadata_, key, array->element_type, array->count);
  if (array->element_type == GgufType::kString) {
    for (const std::string_view text : array->strings) AppendString(metadata_, text);
  } else {
    AppendBytes(metadata_, array->data, array->count * GgufTypeBytes(array->element_type));
  }
}

void GgufWriter::SetAlignment(uint32_t bytes) {
  AddU32("general.alignment", bytes);
  alignment_ = bytes;
}

void GgufWriter::AddTensor(std::string_view name, std::vector<uint64_t> dimensions, TensorType type,
                           uint64_t size_bytes, Producer produce) {
  AddForeignTensor(name, std::move(dimensions), TypeId(type), size_bytes, std::move(produce));
}

void GgufWriter::AddForeignTensor(std::string_view name, std::vector<uint64_t> dimensions, uint32_t type_id,
                                  uint64_t size_bytes, Producer produce) {
  tensors_.push_back({std::string(name), std::move(dimensions), type_id, size_bytes, std::move(produce)});
}

void GgufWriter::AddTensor(std::string_view name, std::vector<uint64_t> dimensions, TensorType type,
                           std::span<const std::byte> bytes) {
  AddTensor(name, std::move(dimensions), type, bytes.size(), [bytes](const Sink& sink) { return sink(bytes); });
}

std::vector<std::byte> GgufWriter::Head() const {
  std::vector<std::byte> head;
  Append(head, kGgufMagic);
  Append(head, uint32_t{3});
  Append(head, uint64_t(tensors_.size()));
  Append(head, value_count_);
  AppendBytes(head, metadata_.data(), metadata_.size());
  uint64_t offset = 0;
  for (const Tensor& tensor : tensors_) {
    AppendString(head, tensor.name);
    Append(head, uint32_t(tensor.dimensions.size()));
    for (const uint64_t dimension : tensor.dimensions) Append(head, dimension);
    Append(head, tensor.type_id);
    Append(head, offset);
    offset += RoundUp(tensor.size_bytes, alignment_);
  }
  return head;
}

Status GgufWriter::WriteTo(const Sink& sink) const {
  const std::vector<std::byte> head = Head();
  STERNA_RETURN_IF_ERROR(sink(head));
  STERNA_RETURN_IF_ERROR(Pad(sink, head.size(), alignment_));
  for (const Tensor& tensor : tensors_) {
    uint64_t written = 0;
    STERNA_RETURN_IF_ERROR(tensor.produce([&](std::span<const std::byte> bytes) {
      written += bytes.size();
      return sink(bytes);
    }));
    if (written != tensor.size_bytes) {
      return Status::Internal(fmt::format("tensor {} was announced with {} bytes and made with {}", Quoted(tensor.name),
                                          tensor.size_bytes, written));
    }
    STERNA_RETURN_IF_ERROR(Pad(sink, written, alignment_));
  }
  return {};
}

Status GgufWriter::Write(const std::string& path) const {
  const std::string partial = path + ".partial";
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(partial.c_str(), "wb"));
  if (!file) return FileError("create", partial, errno);
  Status status = WriteTo([&](std::span<const std::byte> bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size()) return Status();
    return FileError("write", partial, errno);
  });
  if (std::fclose(file.release()) != 0 && status.ok()) status = FileError("write", partial, errno);
  if (status.ok() && std::rename(partial.c_str(), path.c_str()) != 0) status = FileError("create", path, errno);
  if (!status.ok()) std::remove(partial.c_str());
  return status;
}

Result<std::vector<std::byte>> GgufWriter::Serialize() const {
  std::vector<std::byte> image;
  STERNA_RETURN_IF_ERROR(WriteTo([&](std::span<const std::byte> bytes) {
    image.insert(image.end(), bytes.begin(), bytes.end());
    return Status();
  }));
  return image;
}

}  // namespace sterna::format
