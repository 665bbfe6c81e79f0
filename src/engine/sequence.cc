// SPDX-License-Identifier: Apache-2.0
#include "engine/sequence.h"

#include <fmt/format.h>

namespace sterna::engine {

Sequence::Sequence(uint32_t context, size_t vocabulary_size, std::pmr::memory_resource* buffers)
    : context_tokens(context), tokens(buffers), kv(context), sampler(vocabulary_size, buffers) {
  tokens.reserve(context);
}

uint64_t Sequence::BytesFor(uint32_t context, size_t vocabulary_size) {
  constexpr uint64_t kRounding = 4 * 1024;  // of four blocks
  return context * sizeof(text::TokenId) + sample::Sampler::BytesFor(vocabulary_size) + kRounding;
}

std::string NoRoomForSequence(const memory::BufferPool& buffers) {
  const double used_mb = double(buffers.use().used_bytes) / double(1 << 20);
  return fmt::format(
      "the pool of request buffers is full ({:.1f} MB in use); a larger memory_pool.max_size_mb or memory limit holds "
      "more",
      used_mb);
}

}  // namespace sterna::engine
