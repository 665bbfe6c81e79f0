// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "base/checked_math.h"
#include "base/status_macros.h"
#include "format/byte_cursor.h"
#include "format/gguf_names.h"
#include "format/safetensors_header.h"

namespace sterna::format {
namespace {

struct Sections {
  std::string_view header;
  std::span<const std::byte> data;
  uint64_t data_offset_bytes;
};

Result<Sections> SplitFile(std::span<const std::byte> bytes) {
  ByteCursor cursor(bytes);
  const auto length = cursor.Read<uint64_t>();
  if (!length) return Status::Corrupt("no safetensors file: it is shorter than the 8 bytes of a header length");
  if (*length > kMaxSafetensorsHeaderBytes) {
    return Status::Corrupt(fmt::format("no safetensors file: its header would be {} bytes long; the limit is {}",
                                       *length, kMaxSafetensorsHeaderBytes));
  }
  const auto header = cursor.Take(*length);
  if (!header) {
    return Status::Corrupt(
        fmt::format("the header is {} bytes long, and {} bytes remain; the file is cut short, get it again", *length,
                    cursor.remaining()));
  }
  return Sections{AsText(*header), bytes.subspan(cursor.position()), cursor.position()};
}

Result<uint64_t> CountElements(const SafetensorsEntry& entry) {
  // Without the zeros, so that no order of the dimensions decides whether the product fits.
  uint64_t product = 1;
  bool empty = false;
  for (const uint64_t dimension : entry.shape) {
    if (dimension == 0) {
      empty = true;
      continue;
    }
    const auto next = CheckedMul(product, dimension);
    if (!next) return Status::Corrupt(fmt::format("tensor {} has 2^64 elements or more", Quoted(entry.name)));
    product = *next;
  }
  return empty ? 0 : product;
}

Result<SafetensorsTensor> PlaceTensor(SafetensorsEntry entry, const Sections& sections) {
  STERNA_ASSIGN_OR_RETURN(const uint64_t elements, CountElements(entry));
  const std::string name = Quoted(entry.name);
  if (entry.begin_bytes > entry.end_bytes) {
    return Status::Corrupt(
        fmt::format("tensor {} begins at {} and ends before, at {}", name, entry.begin_bytes, entry.end_bytes));
  }
  if (entry.end_bytes > sections.data.size()) {
    return Status::Corrupt(
        fmt::format("tensor {} ends at {}, and the data has {} bytes; the file is cut short, get it again", name,
                    entry.end_bytes, sections.data.size()));
  }
  const uint64_t span = entry.end_bytes - entry.begin_bytes;
  const auto wanted = CheckedMul(elements, SafetensorsElementBytes(entry.type));
  if (!wanted || *wanted != span) {
    return Status::Corrupt(fmt::format("tensor {} has {} bytes; {} elements of {} do not take that", name, span,
                                       elements, SafetensorsTypeName(entry.type)));
  }
  return SafetensorsTensor{.name = std::move(entry.name),
                           .type = entry.type,
                           .shape = std::move(entry.shape),
                           .elements = elements,
                           .offset_bytes = sections.data_offset_bytes + entry.begin_bytes,
                           .bytes = sections.data.subspan(entry.begin_bytes, span)};
}

// The format has neither holes nor overlaps: bytes that no tensor owns could hide anything.
Status CheckCoverage(std::span<const SafetensorsTensor> tensors, const Sections& sections) {
  std::vector<const SafetensorsTensor*> order;
  for (const auto& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->offset_bytes, a->bytes.size()) < std::pair(b->offset_bytes, b->bytes.size());
  });
  uint64_t end = sections.data_offset_bytes;
  for (const auto* tensor : order) {
    if (tensor->offset_bytes < end) {
      return Status::Corrupt(fmt::format("tensor {} overlaps the one before it by {} bytes", Quoted(tensor->name),
                                         end - tensor->offset_bytes));
    }
    if (tensor->offset_bytes > end) {
      return Status::Corrupt(fmt::format("{} bytes before tensor {} belong to no tensor", tensor->offset_bytes - end,
                                         Quoted(tensor->name)));
    }
    end += tensor->bytes.size();
  }
  const uint64_t rest = sections.data_offset_bytes + sections.data.size() - end;
  if (rest != 0) return Status::Corrupt(fmt::format("{} bytes after the last tensor belong to no tensor", rest));
  return {};
}

bool BeforeByName(const SafetensorsTensor& a, const SafetensorsTensor& b) { return a.name < b.name; }

Status CheckNames(std::span<const SafetensorsTensor> sorted) {
  const auto twice =
      std::adjacent_find(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice == sorted.end()) return {};
  return Status::Corrupt(fmt::format("tensor {} is there twice; a name may come once", Quoted(twice->name)));
}

}  // namespace

Status SafetensorsFile::Read(std::span<const std::byte> bytes) {
  STERNA_ASSIGN_OR_RETURN(const Sections sections, SplitFile(bytes));
  STERNA_ASSIGN_OR_RETURN(auto entries, ReadSafetensorsHeader(sections.header));
  for (auto& entry : entries) {
    STERNA_ASSIGN_OR_RETURN(auto tensor, PlaceTensor(std::move(entry), sections));
    tensors_.push_back(std::move(tensor));
  }
  std::sort(tensors_.begin(), tensors_.end(), BeforeByName);
  STERNA_RETURN_IF_ERROR(CheckNames(tensors_));
  return CheckCoverage(tensors_, sections);
}

Result<SafetensorsFile> SafetensorsFile::Parse(std::span<const std::byte> bytes, std::string name) {
  try {
    SafetensorsFile file;
    file.name_ = std::move(name);
    file.file_bytes_ = bytes.size();
    if (const Status status = file.Read(bytes); !status.ok()) {
      return Status(status.code(), fmt::format("file {}: {}", Quoted(file.name_), status.message()));
    }
    return file;
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("not enough memory for the description of a safetensors file");
  }
}

Result<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  STERNA_ASSIGN_OR_RETURN(platform::MappedFile mapping, platform::MappedFile::Open(path));
  auto file = Parse(mapping.bytes(), path);
  STERNA_RETURN_IF_ERROR(mapping.Check());  // what was parsed after the file shrank is no error of its own
  if (!file.ok()) return file;
  file->mapping_.emplace(std::move(mapping));
  return file;
}

const SafetensorsTensor* SafetensorsFile::FindTensor(std::string_view name) const {
  const auto found = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                      [](const auto& tensor, std::string_view wanted) { return tensor.name < wanted; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

Status SafetensorsFile::CheckStillWhole() const { return mapping_ ? mapping_->Check() : Status(); }

void SafetensorsFile::AdviseDone(const SafetensorsTensor& tensor) const {
  if (mapping_) mapping_->AdviseDone(tensor.offset_bytes, tensor.bytes.size());
}

}  // namespace sterna::format
