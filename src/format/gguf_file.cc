// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <new>

#include "base/checked_math.h"
#include "base/status_macros.h"
#include "format/byte_cursor.h"
#include "format/gguf_file_impl.h"
#include "format/gguf_layout.h"
#include "format/gguf_limits.h"
#include "format/gguf_names.h"

namespace sterna::format {
namespace {

// The least that one entry takes: a key of one byte with a one-byte value; a name of one byte with one dimension.
constexpr uint64_t kLeastValueBytes = 8 + 1 + 4 + 1;
constexpr uint64_t kLeastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

bool LiesIn(std::span<const std::byte> bytes, std::span<const std::byte> file) {
  return std::greater_equal<>()(bytes.data(), file.data()) && std::less<>()(bytes.data(), file.data() + file.size());
}

struct Header {
  uint32_t version;
  uint64_t tensor_count, value_count;
};

Status CheckVersion(uint32_t version) {
  if (version == 2 || version == 3) return {};
  if (version == 0) return Status::Corrupt("GGUF version 0; versions 2 and 3 are read");
  if ((version & 0xffffu) == 0) return Status::Unsupported("a big-endian GGUF file; little-endian files are read");
  return Status::Unsupported(fmt::format("GGUF version {}; versions 2 and 3 are read", version));
}

Status CheckCount(std::string_view what, uint64_t count, uint64_t most, uint64_t least_bytes, uint64_t remaining) {
  if (count <= most && count <= remaining / least_bytes) return {};
  return Status::Corrupt(fmt::format("the header counts {} {}; the limits are {} and what {} remaining bytes can hold",
                                     count, what, most, remaining));
}

Result<Header> ReadHeader(ByteCursor& cursor) {
  const auto magic = cursor.Read<uint32_t>();
  if (magic && *magic != kGgufMagic) return Status::Corrupt("no GGUF file: it does not begin with 'GGUF'");
  const auto version = cursor.Read<uint32_t>();
  if (version) STERNA_RETURN_IF_ERROR(CheckVersion(*version));
  const auto tensors = cursor.Read<uint64_t>();
  const auto values = cursor.Read<uint64_t>();
  if (!magic || !version || !tensors || !values) {
    return Status::Corrupt("no GGUF file: it is shorter than the 24 bytes of a header");
  }
  STERNA_RETURN_IF_ERROR(CheckCount("keys", *values, kMaxValues, kLeastValueBytes, cursor.remaining()));
  STERNA_RETURN_IF_ERROR(CheckCount("tensors", *tensors, kMaxTensors, kLeastTensorBytes, cursor.remaining()));
  return Header{*version, *tensors, *values};
}

Result<uint64_t> AlignmentOf(const GgufValues& values) {
  const GgufValue* value = values.Find("general.alignment");
  if (value == nullptr) return kDefaultAlignment;
  if (value->type != GgufType::kU32) {
    return Status::Corrupt(
        fmt::format("key 'general.alignment' has type {}; it must be u32", GgufTypeName(value->type)));
  }
  const uint64_t alignment = std::get<uint64_t>(value->value);
  if (!std::has_single_bit(alignment) || alignment < kMinAlignment) {
    return Status::Corrupt(fmt::format("key 'general.alignment' is {}; it must be a power of two and {} or more",
                                       alignment, kMinAlignment));
  }
  return alignment;
}

Status InFile(const std::string& name, const Status& status) {
  if (status.ok()) return status;
  return {status.code(), fmt::format("file {}: {}", Quoted(name), status.message())};
}

}  // namespace

Status GgufFile::Impl::Read() {
  ByteCursor cursor(bytes);
  STERNA_ASSIGN_OR_RETURN(const Header header, ReadHeader(cursor));
  version = header.version;
  STERNA_ASSIGN_OR_RETURN(values, ReadGgufValues(cursor, header.value_count, warnings));
  STERNA_ASSIGN_OR_RETURN(alignment, AlignmentOf(values));
  STERNA_ASSIGN_OR_RETURN(tensors, ReadGgufTensors(cursor, header.tensor_count));
  STERNA_ASSIGN_OR_RETURN(tensors_by_name, SortTensorsByName(tensors));
  const auto data_start = CheckedRoundUp(cursor.position(), alignment);
  if (!data_start) return Status::Corrupt("the data section starts beyond any file");
  return PlaceGgufTensors(bytes, *data_start, alignment, tensors, warnings);
}

Result<GgufFile> GgufFile::Parse(std::span<const std::byte> bytes, std::string name) {
  try {
    auto impl = std::make_unique<Impl>();
    impl->name = std::move(name);
    impl->bytes = bytes;
    if (Status status = impl->Read(); !status.ok()) return InFile(impl->name, status);
    return GgufFile(std::move(impl));
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("not enough memory for the description of a GGUF file");
  }
}

Result<GgufFile> GgufFile::Open(const std::string& path) {
  STERNA_ASSIGN_OR_RETURN(GgufFile file, OpenOne(path));
  try {
    STERNA_RETURN_IF_ERROR(file.OpenParts());
    return file;
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("not enough memory for the description of a split model");
  }
}

Result<GgufFile> GgufFile::OpenOne(const std::string& path) {
  STERNA_ASSIGN_OR_RETURN(platform::MappedFile mapping, platform::MappedFile::Open(path));
  auto file = Parse(mapping.bytes(), path);
  STERNA_RETURN_IF_ERROR(mapping.Check());  // what was parsed after the file shrank is no error of its own
  if (!file.ok()) return file;
  file->impl_->mapping.emplace(std::move(mapping));
  return file;
}

GgufFile::GgufFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GgufFile::GgufFile(GgufFile&&) noexcept = default;
GgufFile& GgufFile::operator=(GgufFile&&) noexcept = default;
GgufFile::~GgufFile() = default;

const std::string& GgufFile::name() const { return impl_->name; }
uint32_t GgufFile::version() const { return impl_->version; }
uint64_t GgufFile::file_bytes() const {
  uint64_t size_bytes = impl_->bytes.size();
  for (const GgufFile& part : impl_->parts) size_bytes += part.file_bytes();
  return size_bytes;
}
uint64_t GgufFile::alignment() const { return impl_->alignment; }
const std::vector<std::string>& GgufFile::warnings() const { return impl_->warnings.list(); }
std::span<const GgufTensor> GgufFile::tensors() const { return impl_->tensors; }

const GgufTensor* GgufFile::FindTensor(std::string_view name) const {
  const auto& order = impl_->tensors_by_name;
  const auto found = std::lower_bound(order.begin(), order.end(), name, [&](size_t index, std::string_view wanted) {
    return impl_->tensors[index].name < wanted;
  });
  if (found == order.end() || impl_->tensors[*found].name != name) return nullptr;
  return &impl_->tensors[*found];
}

Result<const GgufTensor*> GgufFile::RequireTensor(std::string_view name) const {
  const GgufTensor* tensor = FindTensor(name);
  if (tensor == nullptr) {
    return InFile(impl_->name, Status::Corrupt(fmt::format("tensor {} is missing", Quoted(name))));
  }
  if (!tensor->type) {
    return InFile(impl_->name, Status::Unsupported(fmt::format("tensor {}: {}", Quoted(name), tensor->unsupported)));
  }
  return tensor;
}

Status GgufFile::CheckStillWhole() const {
  if (impl_->mapping) STERNA_RETURN_IF_ERROR(impl_->mapping->Check());
  for (const GgufFile& part : impl_->parts) STERNA_RETURN_IF_ERROR(part.CheckStillWhole());
  return {};
}

uint64_t GgufFile::AdviseWillNeed() const {
  uint64_t asked_bytes = 0;
  if (impl_->mapping) {
    asked_bytes = impl_->mapping->bytes().size();
    impl_->mapping->AdviseWillNeed(0, asked_bytes);
  }
  for (const GgufFile& part : impl_->parts) asked_bytes += part.AdviseWillNeed();
  return asked_bytes;
}

void GgufFile::AdviseDone(const GgufTensor& tensor) const {
  if (impl_->mapping && LiesIn(tensor.bytes, impl_->bytes))
    impl_->mapping->AdviseDone(tensor.offset_bytes, tensor.bytes.size());
  for (const GgufFile& part : impl_->parts) part.AdviseDone(tensor);
}

Status GgufFile::ReadStored(std::span<const std::byte> bytes, std::byte* out) const {
  if (LiesIn(bytes, impl_->bytes)) {
    if (impl_->mapping) return impl_->mapping->ReadAt(size_t(bytes.data() - impl_->bytes.data()), {out, bytes.size()});
    std::copy(bytes.begin(), bytes.end(), out);
    return {};
  }
  for (const GgufFile& part : impl_->parts) {
    if (LiesIn(bytes, part.impl_->bytes)) return part.ReadStored(bytes, out);
  }
  return InFile(impl_->name, Status::Internal("bytes were asked for that lie in no tensor"));
}

Status GgufFile::EnableReads() {
  if (impl_->mapping) STERNA_RETURN_IF_ERROR(impl_->mapping->EnableReads());
  for (GgufFile& part : impl_->parts) STERNA_RETURN_IF_ERROR(part.EnableReads());
  return {};
}

bool GgufFile::reads_enabled() const {
  return impl_->mapping && impl_->mapping->reads_enabled() &&
         std::all_of(impl_->parts.begin(), impl_->parts.end(),
                     [](const GgufFile& part) { return part.reads_enabled(); });
}

const platform::MappedFile* GgufFile::mapping() const { return impl_->mapping ? &*impl_->mapping : nullptr; }

}  // namespace sterna::format
