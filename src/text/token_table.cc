// SPDX-License-Identifier: Apache-2.0
#include "text/token_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "text/byte_alphabet.h"
#include "text/known_tokens.h"

namespace sterna::text {
namespace {

// Far above what a half full table needs by chance (about 100 for a million tokens); a file made to collide is refused
// instead of taking for ever.
constexpr size_t kMaxProbes = 512;

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
  return x ^ (x >> 29);
}

uint32_t Hash(std::string_view bytes) {
  uint64_t state = bytes.size();
  while (bytes.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    state = Mix(state ^ word) + 0x9e3779b97f4a7c15u;
    bytes.remove_prefix(8);
  }
  uint64_t rest = 0;
  if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());  // data() may be null
  return uint32_t(Mix(Mix(state ^ rest)));
}

bool IsPlainByteToken(const Vocabulary& vocabulary, size_t id) {
  return vocabulary.kinds[id] == TokenKind::kByte && ParseByteToken(vocabulary.tokens[id]).has_value();
}

// nullopt for a token that no text can become: spaces are stored as U+2581.
std::optional<std::string> DecodeSpaceSigns(std::string_view text) {
  if (text.find(' ') != text.npos) return std::nullopt;
  std::string decoded(text);
  for (size_t at = 0; (at = decoded.find(kSpaceSign, at)) != decoded.npos; ++at) {
    decoded.replace(at, kSpaceSign.size(), 1, ' ');
  }
  return decoded;
}

std::optional<std::string> Decode(std::string_view text, TokenSpelling spelling) {
  return spelling == TokenSpelling::kByteAlphabet ? DecodeAlphabet(text) : DecodeSpaceSigns(text);
}

void WarnCount(size_t count, std::string_view what, std::vector<std::string>& warnings) {
  if (count > 0) warnings.push_back(fmt::format("tokenizer.ggml.tokens: {} {}", count, what));
}

}  // namespace

Result<TokenTable> TokenTable::Create(const Vocabulary& vocabulary, TokenSpelling spelling,
                                      std::vector<std::string>& warnings) {
  TokenTable table;
  const size_t count = vocabulary.tokens.size();
  table.offsets_.reserve(count + 1);
  table.offsets_.push_back(0);
  table.slots_.resize(std::bit_ceil(2 * count + 1));
  size_t duplicates = 0, outside_spelling = 0, empty = 0, bad_bytes = 0;
  for (size_t id = 0; id < count; ++id) {
    const std::string& text = vocabulary.tokens[id];
    const bool normal = vocabulary.kinds[id] == TokenKind::kNormal;
    bool reachable = normal && !text.empty();
    if (IsPlainByteToken(vocabulary, id)) {
      table.bytes_.push_back(char(*ParseByteToken(text)));
    } else if (const auto decoded = normal ? Decode(text, spelling) : std::nullopt) {
      table.bytes_.insert(table.bytes_.end(), decoded->begin(), decoded->end());
    } else {
      table.bytes_.insert(table.bytes_.end(), text.begin(), text.end());
      reachable = false;
      outside_spelling += normal;
      bad_bytes += vocabulary.kinds[id] == TokenKind::kByte;
    }
    table.offsets_.push_back(table.bytes_.size());
    empty += text.empty();
    if (!reachable) continue;
    const Insertion insertion = table.Insert(TokenId(id));
    if (insertion == Insertion::kTooManyCollisions) {
      return Status::Unsupported(
          fmt::format("tokenizer.ggml.tokens: over {} tokens share a hash, as if made to", kMaxProbes));
    }
    duplicates += insertion == Insertion::kDuplicate;
  }
  WarnCount(duplicates, "duplicate tokens; text becomes the first of each", warnings);
  WarnCount(outside_spelling,
            spelling == TokenSpelling::kByteAlphabet
                ? "normal tokens with characters outside the byte alphabet; no text becomes them"
                : "normal tokens with a space in them; no text becomes them",
            warnings);
  WarnCount(empty, "empty tokens; no text becomes them", warnings);
  WarnCount(bad_bytes, "byte tokens that are not <0x00> to <0xFF>; they stand for their own text", warnings);
  return table;
}

Result<TokenTable> TokenTable::Restore(const StoredTables& stored, size_t count) {
  TokenTable table;
  table.bytes_ = CopyTable<char>(stored.token_bytes);
  table.offsets_ = CopyTable<uint64_t>(stored.token_offsets);
  table.slots_ = CopyTable<Slot>(stored.token_slots);
  const auto inside = [count](const Slot& slot) { return slot.id < TokenId(count); };
  const bool sound = table.offsets_.size() == count + 1 &&
                     std::is_sorted(table.offsets_.begin(), table.offsets_.end()) &&
                     table.offsets_.back() <= table.bytes_.size() && std::has_single_bit(table.slots_.size()) &&
                     std::all_of(table.slots_.begin(), table.slots_.end(), inside);
  if (!sound) return Status::Corrupt(fmt::format("the stored token tables are not those of {} tokens", count));
  return table;
}

StoredTables TokenTable::Stored() const {
  return {std::as_bytes(std::span(bytes_)), std::as_bytes(std::span(offsets_)), std::as_bytes(std::span(slots_)), {}};
}

TokenTable::Insertion TokenTable::Insert(TokenId id) {
  const std::string_view bytes = Bytes(id);
  const uint32_t hash = Hash(bytes);
  const size_t mask = slots_.size() - 1;
  for (size_t probe = 0; probe < kMaxProbes; ++probe) {
    Slot& slot = slots_[(hash + probe) & mask];
    if (slot.id < 0) {
      slot = {hash, id};
      return Insertion::kDone;
    }
    if (slot.hash == hash && Bytes(slot.id) == bytes) return Insertion::kDuplicate;
  }
  return Insertion::kTooManyCollisions;
}

std::optional<TokenId> TokenTable::Find(std::string_view bytes) const {
  const uint32_t hash = Hash(bytes);
  const size_t mask = slots_.size() - 1;
  for (size_t probe = 0; probe < kMaxProbes; ++probe) {
    const Slot& slot = slots_[(hash + probe) & mask];
    if (slot.id < 0) return std::nullopt;
    if (slot.hash == hash && Bytes(slot.id) == bytes) return slot.id;
  }
  return std::nullopt;
}

}  // namespace sterna::text
