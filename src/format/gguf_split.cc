// SPDX-License-Identifier: Apache-2.0
//
// Models split into several files, as llama.cpp's gguf-split writes them: NAME-00001-of-00003.gguf holds the metadata,
// every part names its number and how many there are, and each tensor lies whole in one of them.
#include <fmt/format.h>

#include "base/status_macros.h"
#include "format/gguf_file_impl.h"
#include "format/gguf_layout.h"
#include "format/gguf_names.h"
#include "format/gguf_split.h"

namespace sterna::format {
namespace {

struct Split {
  uint64_t number;  // from 0
  uint64_t count;
  std::optional<uint64_t> tensors;  // of all parts
};

std::string Ending(uint64_t number, uint64_t count) { return fmt::format("-{:05}-of-{:05}.gguf", number + 1, count); }

Status Wrong(const std::string& file, StatusCode code, std::string_view what) {
  return {code, fmt::format("file {}: {}", Quoted(file), what)};
}

// Nothing where the file is no part of a split model.
Result<std::optional<Split>> SplitOf(const GgufFile& file) {
  STERNA_ASSIGN_OR_RETURN(const auto count, file.GetUnsigned(kSplitCountKey));
  if (!count) return std::optional<Split>();
  STERNA_ASSIGN_OR_RETURN(const auto number, file.GetUnsigned(kSplitNumberKey));
  STERNA_ASSIGN_OR_RETURN(const auto tensors, file.GetUnsigned(kSplitTensorsKey));
  if (!number || *number >= *count) {
    const std::string stored = number ? fmt::format("{}", *number) : "absent";
    return Wrong(
        file.name(), StatusCode::kCorrupt,
        fmt::format("{} is {} and {} is {}; parts count from 0", kSplitNumberKey, stored, kSplitCountKey, *count));
  }
  return std::optional<Split>({*number, *count, tensors});
}

// The name of all parts without their endings.
Result<std::string> StemOf(const std::string& path, const Split& split) {
  const std::string ending = Ending(split.number, split.count);
  if (path.ends_with(ending)) return path.substr(0, path.size() - ending.size());
  return Wrong(path, StatusCode::kUnsupported,
               fmt::format("it is part {} of {} of a split model, whose name must end in {}: rename it, or join the "
                           "parts",
                           split.number + 1, split.count, Quoted(ending)));
}

Status CheckPart(const GgufFile& part, uint64_t number, uint64_t count, const std::string& first) {
  STERNA_ASSIGN_OR_RETURN(const auto split, SplitOf(part));
  if (split && split->number == number && split->count == count) return {};
  const std::string what = split ? fmt::format("it says it is part {} of {}", split->number + 1, split->count)
                                 : "it is no part of any model";
  return Wrong(part.name(), StatusCode::kCorrupt,
               fmt::format("{}, but part {} of {} of {} was looked for; is it another model's?", what, number + 1,
                           count, Quoted(first)));
}

}  // namespace

Status GgufFile::OpenParts() {
  STERNA_ASSIGN_OR_RETURN(const auto split, SplitOf(*this));
  if (!split || split->count == 1) return {};
  STERNA_ASSIGN_OR_RETURN(const std::string stem, StemOf(name(), *split));
  if (split->number != 0) {
    return Wrong(name(), StatusCode::kUnsupported,
                 fmt::format("it is part {} of {} of a split model; open the first, {}", split->number + 1,
                             split->count, Quoted(stem + Ending(0, split->count))));
  }
  for (uint64_t number = 1; number < split->count; ++number) {
    auto part = OpenOne(stem + Ending(number, split->count));
    if (!part.ok()) {
      return {part.status().code(), fmt::format("part {} of {} of {}: {}", number + 1, split->count, Quoted(name()),
                                                part.status().message())};
    }
    STERNA_RETURN_IF_ERROR(CheckPart(*part, number, split->count, name()));
    impl_->tensors.insert(impl_->tensors.end(), part->tensors().begin(), part->tensors().end());
    for (const std::string& warning : part->warnings()) impl_->warnings.Add(warning);
    impl_->parts.push_back(std::move(*part));
  }
  if (split->tensors && *split->tensors != impl_->tensors.size()) {
    return Wrong(name(), StatusCode::kCorrupt,
                 fmt::format("{} is {}, but its {} parts hold {} tensors; are they all of one model?", kSplitTensorsKey,
                             *split->tensors, split->count, impl_->tensors.size()));
  }
  auto order = SortTensorsByName(impl_->tensors);
  if (!order.ok()) return Wrong(name(), order.status().code(), order.status().message());
  impl_->tensors_by_name = std::move(*order);
  return {};
}

}  // namespace sterna::format
