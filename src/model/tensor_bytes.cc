// SPDX-License-Identifier: Apache-2.0
#include "model/tensor_bytes.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/checked_math.h"
#include "base/status_macros.h"

namespace sterna::model {
namespace {

constexpr size_t kReaders = 4;  // chunks read at once: enough to keep a disk's queue filled

void TouchPages(std::span<const std::byte> bytes) {
  constexpr size_t kPageBytes = 4096;
  for (size_t at = 0; at < bytes.size(); at += kPageBytes) {
    [[maybe_unused]] const volatile std::byte touched = bytes[at];
  }
}

}  // namespace

std::string_view LoadRuleName(LoadRule rule) {
  switch (rule) {
    case LoadRule::kWindow: return "window";
    case LoadRule::kMap: return "map";
    case LoadRule::kChunkedRead: return "chunked read";
    case LoadRule::kOneRead: return "one read";
  }
  return "unknown";
}

LoadRule TensorBytes::RuleFor(const format::GgufTensor& tensor, TensorUse use) const {
  if (options_.streamed) return options_.keep_head && use == TensorUse::kHead ? LoadRule::kMap : LoadRule::kWindow;
  if (options_.map_all || !file_.reads_enabled()) return LoadRule::kMap;
  if (options_.use_memory_mapping && tensor.bytes.size() >= options_.map_bytes) return LoadRule::kMap;
  return tensor.bytes.size() >= options_.chunked_bytes ? LoadRule::kChunkedRead : LoadRule::kOneRead;
}

LoadRule TensorBytes::Note(const format::GgufTensor& tensor, TensorUse use) {
  const LoadRule rule = RuleFor(tensor, use);
  placements_.push_back({std::string(tensor.name), rule, tensor.bytes.size()});
  return rule;
}

Result<std::span<const std::byte>> TensorBytes::ToKeep(const format::GgufTensor& tensor, TensorUse use) {
  const LoadRule rule = Note(tensor, use);
  if (rule == LoadRule::kWindow || rule == LoadRule::kMap) {
    if (rule == LoadRule::kMap && use != TensorUse::kLayer && options_.preload_critical) {
      TouchPages(tensor.bytes);
      counters_.preloaded_bytes += tensor.bytes.size();
    }
    return tensor.bytes;
  }
  STERNA_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Create(tensor.bytes.size()));
  STERNA_RETURN_IF_ERROR(Read(tensor, rule, buffer.data()));
  kept_.push_back(std::move(buffer));
  return std::span<const std::byte>(kept_.back().data(), tensor.bytes.size());
}

Result<std::span<const std::byte>> TensorBytes::ToCopy(const format::GgufTensor& tensor) {
  const LoadRule rule = Note(tensor, TensorUse::kLayer);
  if (rule == LoadRule::kWindow || rule == LoadRule::kMap) return tensor.bytes;
  if (copied_.size() < tensor.bytes.size()) {
    copied_ = {};
    STERNA_ASSIGN_OR_RETURN(copied_, AlignedBuffer::Create(tensor.bytes.size()));
  }
  STERNA_RETURN_IF_ERROR(Read(tensor, rule, copied_.data()));
  return std::span<const std::byte>(copied_.data(), tensor.bytes.size());
}

Status TensorBytes::Read(const format::GgufTensor& tensor, LoadRule rule, std::byte* out) {
  if (rule == LoadRule::kChunkedRead) return ReadChunks(tensor.bytes, out);
  ++counters_.reads;
  counters_.readers = std::max(counters_.readers, 1u);
  return file_.ReadStored(tensor.bytes, out);
}

Status TensorBytes::ReadChunks(std::span<const std::byte> bytes, std::byte* out) {
  const size_t chunk_bytes = std::max<uint64_t>(options_.chunk_bytes, 1), chunks = CeilDiv(bytes.size(), chunk_bytes);
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  Status status;  // guarded by mutex
  const auto read_some = [&] {
    for (size_t chunk = next++; chunk < chunks; chunk = next++) {
      const size_t offset = chunk * chunk_bytes;
      Status one = file_.ReadStored(bytes.subspan(offset, std::min(chunk_bytes, bytes.size() - offset)), out + offset);
      if (one.ok()) continue;
      const std::lock_guard lock(mutex);
      status = std::move(one);
      return;
    }
  };
  std::vector<std::jthread> readers;
  try {
    const size_t wanted = options_.parallel ? std::min(chunks, kReaders) : 1;
    while (readers.size() + 1 < wanted) readers.emplace_back(read_some);
  } catch (const std::system_error&) {  // no more threads: those that there are read all
  }
  counters_.reads += chunks;
  counters_.readers = std::max(counters_.readers, uint32_t(readers.size()) + 1);
  read_some();
  readers.clear();
  return status;
}

}  // namespace sterna::model
