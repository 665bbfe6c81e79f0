// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sterna::model {

// How a tensor's bytes come from its file.
enum class LoadRule : uint8_t { kWindow, kMap, kChunkedRead, kOneRead };
std::string_view LoadRuleName(LoadRule rule);  // "window", "map", "chunked read", "one read"

// By size, in this order: what is streamed flows through a window; a tensor of map_bytes or more is mapped; one of
// chunked_bytes or more is read in chunks; a smaller one is read at once.
struct LoadingOptions {
  bool streamed = false;   // embedding, head and linear layers are read while the model runs
  bool keep_head = false;  // with `streamed`: the head excepted, which is mapped
  bool use_memory_mapping = true;
  bool map_all = false;  // whatever its size
  uint64_t map_bytes = uint64_t{256} << 20;
  uint64_t chunked_bytes = uint64_t{100} << 20;
  uint64_t chunk_bytes = uint64_t{16} << 20;
  bool parallel = true;           // several chunks at once
  bool preload_critical = false;  // pages of a mapped embedding and head are brought into memory while loading
};

// What a large tensor is for.
enum class TensorUse : uint8_t { kLayer, kEmbedding, kHead };

// How a tensor came to be where it is.
struct TensorPlacement {
  std::string name;
  LoadRule rule = LoadRule::kMap;
  uint64_t bytes = 0;
  bool operator==(const TensorPlacement&) const = default;
};

// What loading asked of the file.
struct LoadCounters {
  uint64_t reads = 0;            // whole tensors, and chunks
  uint32_t readers = 0;          // threads that read at once, at most
  uint64_t preloaded_bytes = 0;  // of mapped tensors, whose pages were brought into memory
};

}  // namespace sterna::model
