// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/checked_math.h"
#include "base/status_macros.h"
#include "format/gguf_names.h"
#include "format/gguf_type_table.h"

namespace sterna::format {
namespace {

// How the bytes up to the next tensor agree with a meaning. Only the last tensor can fit loosely: whatever follows it
// in the file may be no part of it.
enum class Fit : uint8_t { kNo, kLoose, kExact };

class Placer {
 public:
  Placer(std::span<const std::byte> file, uint64_t data_start, uint64_t alignment, std::span<GgufTensor> tensors,
         GgufWarnings& warnings)
      : file_(file), data_start_(data_start), alignment_(alignment), tensors_(tensors), warnings_(warnings) {}

  Status Run();

 private:
  using Group = std::span<const size_t>;  // tensors of one type id

  Status SetOffset(GgufTensor& tensor) const;
  Status SetSpans();
  Status DecideTypes();
  Status DecideGroup(Group group);
  Fit FitOf(const TypeMeaning& meaning, const GgufTensor& tensor) const;
  Fit FitOf(const TypeMeaning& meaning, Group group) const;
  Status CheckAnyMeaningFits(std::span<const TypeMeaning> meanings, const GgufTensor& tensor) const;
  Status Apply(const TypeMeaning& meaning, GgufTensor& tensor);
  void WarnOfSlack(const TypeMeaning& meaning, uint64_t bytes, const GgufTensor& tensor);
  bool IsLast(const GgufTensor& tensor) const { return &tensor == &tensors_[by_offset_.back()]; }
  std::string WhatFollows(const GgufTensor& tensor) const;

  std::span<const std::byte> file_;
  uint64_t data_start_, alignment_;
  std::span<GgufTensor> tensors_;
  GgufWarnings& warnings_;
  std::vector<size_t> by_offset_;
};

Status Placer::Run() {
  if (tensors_.empty()) return {};
  for (GgufTensor& tensor : tensors_) STERNA_RETURN_IF_ERROR(SetOffset(tensor));
  STERNA_RETURN_IF_ERROR(SetSpans());
  return DecideTypes();
}

Status Placer::SetOffset(GgufTensor& tensor) const {
  const uint64_t stored = tensor.offset_bytes;
  if (stored % alignment_ != 0) {
    return Status::Corrupt(fmt::format("tensor {} has offset {}; offsets are multiples of the file's alignment of {}",
                                       Quoted(tensor.name), stored, alignment_));
  }
  const auto offset = CheckedAdd(data_start_, stored);
  if (!offset || *offset >= file_.size()) {
    return Status::Corrupt(fmt::format("tensor {} starts {} bytes into the data, which begin at byte {} of {}",
                                       Quoted(tensor.name), stored, data_start_, file_.size()));
  }
  tensor.offset_bytes = *offset;
  return {};
}

Status Placer::SetSpans() {
  by_offset_.resize(tensors_.size());
  std::iota(by_offset_.begin(), by_offset_.end(), size_t{0});
  std::stable_sort(by_offset_.begin(), by_offset_.end(),
                   [&](size_t a, size_t b) { return tensors_[a].offset_bytes < tensors_[b].offset_bytes; });
  for (size_t i = 0; i < by_offset_.size(); ++i) {
    GgufTensor& tensor = tensors_[by_offset_[i]];
    const bool last = i + 1 == by_offset_.size();
    const uint64_t next = last ? file_.size() : tensors_[by_offset_[i + 1]].offset_bytes;
    tensor.span_bytes = next - tensor.offset_bytes;
    if (tensor.span_bytes == 0) {
      return Status::Corrupt(fmt::format("tensors {} and {} overlap: both start at byte {}", Quoted(tensor.name),
                                         Quoted(tensors_[by_offset_[i + 1]].name), tensor.offset_bytes));
    }
  }
  if (const uint64_t gap = tensors_[by_offset_.front()].offset_bytes - data_start_; gap > 0) {
    warnings_.Add(fmt::format("{} bytes lie unused before the first tensor", gap));
  }
  return {};
}

Status Placer::DecideTypes() {
  std::vector<size_t> by_type(tensors_.size());
  std::iota(by_type.begin(), by_type.end(), size_t{0});
  std::stable_sort(by_type.begin(), by_type.end(),
                   [&](size_t a, size_t b) { return tensors_[a].type_id < tensors_[b].type_id; });
  for (Group rest = by_type; !rest.empty();) {
    const uint32_t id = tensors_[rest.front()].type_id;
    const auto end = std::find_if(rest.begin(), rest.end(), [&](size_t i) { return tensors_[i].type_id != id; });
    const auto count = size_t(end - rest.begin());
    STERNA_RETURN_IF_ERROR(DecideGroup(rest.first(count)));
    rest = rest.subspan(count);
  }
  return {};
}

// "MXFP4 or TL2"
std::string Names(std::span<const TypeMeaning> meanings) {
  std::string text;
  for (const TypeMeaning& meaning : meanings) text += (text.empty() ? "" : " or ") + std::string(meaning.name);
  return text;
}

// All tensors of an id must agree on its meaning: a file is written by one program.
Status Placer::DecideGroup(Group group) {
  const uint32_t id = tensors_[group.front()].type_id;
  const auto meanings = MeaningsOf(id);
  const TypeMeaning* decided = nullptr;
  if (meanings.size() == 1) {
    decided = &meanings.front();
  } else if (!meanings.empty()) {
    for (size_t i : group) STERNA_RETURN_IF_ERROR(CheckAnyMeaningFits(meanings, tensors_[i]));
    for (const Fit wanted : {Fit::kExact, Fit::kLoose}) {
      const auto fits = [&](const TypeMeaning& meaning) { return FitOf(meaning, group) == wanted; };
      const auto matches = std::count_if(meanings.begin(), meanings.end(), fits);
      if (matches == 1) decided = &*std::find_if(meanings.begin(), meanings.end(), fits);
      if (matches > 0) break;
    }
  }
  for (size_t i : group) {
    GgufTensor& tensor = tensors_[i];
    if (decided != nullptr) {
      STERNA_RETURN_IF_ERROR(Apply(*decided, tensor));
    } else if (meanings.empty()) {
      tensor.type_name = "unknown";
      tensor.unsupported = fmt::format("type id {} is not known", id);
    } else {
      tensor.type_name = "undecided";
      tensor.unsupported = fmt::format(
          "type id {} means {}, and the byte counts of the file's tensors fit no single one", id, Names(meanings));
    }
  }
  return {};
}

Fit Placer::FitOf(const TypeMeaning& meaning, const GgufTensor& tensor) const {
  const auto bytes = MeaningBytes(meaning, tensor.rows(), tensor.columns());
  if (!bytes || *bytes > tensor.span_bytes) return Fit::kNo;
  const uint64_t padded = *CheckedRoundUp(*bytes, alignment_);  // a span fits 63 bits, so this fits 64
  for (const uint64_t hidden : {uint64_t{0}, uint64_t{meaning.hidden_bytes}}) {
    // Offsets are aligned, so only the last tensor can have a span between the two.
    if (tensor.span_bytes >= *bytes + hidden && tensor.span_bytes <= padded + hidden) return Fit::kExact;
  }
  return IsLast(tensor) ? Fit::kLoose : Fit::kNo;
}

Fit Placer::FitOf(const TypeMeaning& meaning, Group group) const {
  Fit fit = Fit::kExact;
  for (size_t i : group) fit = std::min(fit, FitOf(meaning, tensors_[i]));
  return fit;
}

// "the next tensor" or "the end of the file", for messages.
std::string Placer::WhatFollows(const GgufTensor& tensor) const {
  if (IsLast(tensor)) return "the file ends";
  const auto next = std::upper_bound(by_offset_.begin(), by_offset_.end(), tensor.offset_bytes,
                                     [&](uint64_t offset, size_t i) { return offset < tensors_[i].offset_bytes; });
  return fmt::format("tensor {} starts", Quoted(tensors_[*next].name));
}

// A tensor that is cut off under every meaning of its id is no clash but damage.
Status Placer::CheckAnyMeaningFits(std::span<const TypeMeaning> meanings, const GgufTensor& tensor) const {
  for (const TypeMeaning& meaning : meanings) {
    if (meaning.rule == SizeRule::kUnknown) return {};
    const auto bytes = MeaningBytes(meaning, tensor.rows(), tensor.columns());
    if (bytes && *bytes <= tensor.span_bytes) return {};
  }
  const auto bytes = MeaningBytes(meanings.front(), tensor.rows(), tensor.columns());
  return Status::Corrupt(fmt::format(
      "tensor {} of type id {} ({}) has {} bytes before {}; {}", Quoted(tensor.name), tensor.type_id, Names(meanings),
      tensor.span_bytes, WhatFollows(tensor),
      bytes ? fmt::format("{} takes {}", meanings.front().name, *bytes)
            : fmt::format("its {} x {} values fit no {}", tensor.rows(), tensor.columns(), Names(meanings))));
}

Status Placer::Apply(const TypeMeaning& meaning, GgufTensor& tensor) {
  tensor.type_name = meaning.name;
  if (!meaning.type) {
    tensor.unsupported =
        fmt::format("type id {} is {} here, {}, which Sterna does not read", meaning.id, meaning.name, meaning.what);
  }
  if (meaning.rule == SizeRule::kUnknown) return {};
  const auto bytes = MeaningBytes(meaning, tensor.rows(), tensor.columns());
  if (!bytes) {
    return Status::Corrupt(fmt::format("tensor {} has {} rows of {} values, which {} cannot hold (blocks of {} values)",
                                       Quoted(tensor.name), tensor.rows(), tensor.columns(), meaning.name,
                                       meaning.block_elements));
  }
  if (*bytes > tensor.span_bytes) {
    return Status::Corrupt(fmt::format("tensor {} takes {} bytes in {}, but {} {} bytes after its start",
                                       Quoted(tensor.name), *bytes, meaning.name, WhatFollows(tensor),
                                       tensor.span_bytes));
  }
  WarnOfSlack(meaning, *bytes, tensor);
  if (!meaning.type) return {};
  tensor.type = meaning.type;
  tensor.bytes = file_.subspan(tensor.offset_bytes, *bytes);
  return {};
}

void Placer::WarnOfSlack(const TypeMeaning& meaning, uint64_t bytes, const GgufTensor& tensor) {
  const uint64_t padded = *CheckedRoundUp(bytes, alignment_);
  if (tensor.span_bytes <= padded || tensor.span_bytes == padded + meaning.hidden_bytes) return;
  const uint64_t slack = tensor.span_bytes - padded;
  warnings_.Add(IsLast(tensor) ? fmt::format("{} bytes follow the last tensor {}", slack, Quoted(tensor.name))
                               : fmt::format("{} bytes lie unused after tensor {}", slack, Quoted(tensor.name)));
}

}  // namespace

Status PlaceGgufTensors(std::span<const std::byte> file, uint64_t data_start, uint64_t alignment,
                        std::span<GgufTensor> tensors, GgufWarnings& warnings) {
  return Placer(file, data_start, alignment, tensors, warnings).Run();
}

}  // namespace sterna::format
