// SPDX-License-Identifier: Apache-2.0
#include "text/merge_table.h"

#include <algorithm>
#include <bit>
#include <optional>

#include <fmt/format.h>

#include "text/byte_alphabet.h"
#include "text/stored_tables.h"

namespace sterna::text {
namespace {

struct IdMerge {
  TokenId left, right, result;
};

std::optional<IdMerge> ResolveMerge(const std::pair<std::string, std::string>& parts, const TokenTable& tokens) {
  auto left_bytes = DecodeAlphabet(parts.first);
  const auto right_bytes = DecodeAlphabet(parts.second);
  if (!left_bytes || !right_bytes) return std::nullopt;
  const auto left = tokens.Find(*left_bytes);
  const auto right = tokens.Find(*right_bytes);
  if (!left || !right) return std::nullopt;
  const auto result = tokens.Find(left_bytes->append(*right_bytes));
  if (!result) return std::nullopt;
  return IdMerge{*left, *right, *result};
}

}  // namespace

Result<MergeTable> MergeTable::Create(const Vocabulary& vocabulary, const TokenTable& tokens,
                                      std::vector<std::string>& warnings) {
  MergeTable table;
  table.slots_.resize(std::bit_ceil(2 * vocabulary.merges.size() + 1));
  table.mask_ = table.slots_.size() - 1;
  size_t unknown = 0, first_unknown = 0;
  for (size_t rank = 0; rank < vocabulary.merges.size(); ++rank) {
    const auto merge = ResolveMerge(vocabulary.merges[rank], tokens);
    if (!merge) {
      if (unknown++ == 0) first_unknown = rank;
      continue;
    }
    if (!table.Insert(Key(merge->left, merge->right), {uint32_t(rank), merge->result})) {
      return Status::Unsupported(
          fmt::format("tokenizer.ggml.merges: over {} merges share a hash, as if made to", kMaxProbes));
    }
  }
  if (unknown > 0) {
    warnings.push_back(
        fmt::format("tokenizer.ggml.merges: {} merges name no normal token (the first is number {}); left out", unknown,
                    first_unknown));
  }
  return table;
}

Result<MergeTable> MergeTable::Restore(std::span<const std::byte> stored, size_t token_count) {
  MergeTable table;
  table.slots_ = CopyTable<Slot>(stored);
  const auto inside = [token_count](const Slot& slot) {
    return slot.key == kFree || (slot.merge.result >= 0 && size_t(slot.merge.result) < token_count);
  };
  if (!std::has_single_bit(table.slots_.size()) || !std::all_of(table.slots_.begin(), table.slots_.end(), inside)) {
    return Status::Corrupt(fmt::format("the stored merges are not those of {} tokens", token_count));
  }
  table.mask_ = table.slots_.size() - 1;
  return table;
}

bool MergeTable::Insert(uint64_t key, Merge merge) {
  for (size_t probe = 0; probe < kMaxProbes; ++probe) {
    Slot& slot = slots_[(Hash(key) + probe) & mask_];
    if (slot.key == key) return true;
    if (slot.key == kFree) {
      slot = {key, merge};
      return true;
    }
  }
  return false;
}

}  // namespace sterna::text
