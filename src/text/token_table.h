// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"
#include "text/stored_tables.h"
#include "text/vocabulary.h"

namespace sterna::text {

// How a vocabulary spells its normal tokens: each byte as a character of GPT-2's alphabet, or text with U+2581 for
// spaces.
enum class TokenSpelling : uint8_t { kByteAlphabet, kSentencePiece };

// The bytes of every token of a vocabulary, and the way back for the tokens that text is encoded into.
// Looking up allocates nothing. Immutable, so thread-safe.
class TokenTable {
 public:
  // Appends what is odd but harmless (duplicates, tokens that no text can reach) to `warnings`.
  static Result<TokenTable> Create(const Vocabulary& vocabulary, TokenSpelling spelling,
                                   std::vector<std::string>& warnings);
  // Copies stored tables. Corrupt when they are not those of `count` tokens: whatever they hold, no lookup leaves them.
  static Result<TokenTable> Restore(const StoredTables& stored, size_t count);
  // As a file stores them; valid while the table is.
  StoredTables Stored() const;

  size_t size() const { return offsets_.size() - 1; }
  // Normal tokens: decoded from their spelling (as stored where that is not possible). Byte tokens: the byte.
  // All other kinds: their text as stored. `id` must be inside the vocabulary.
  std::string_view Bytes(TokenId id) const {
    return {bytes_.data() + offsets_[size_t(id)], offsets_[size_t(id) + 1] - offsets_[size_t(id)]};
  }
  // The normal token with exactly these bytes. Control, unused and other kinds are never found: text, whatever it
  // spells, does not become one of them here. Of duplicates the smallest id.
  std::optional<TokenId> Find(std::string_view bytes) const;

 private:
  struct Slot {
    uint32_t hash = 0;
    TokenId id = -1;  // -1: free
  };
  enum class Insertion : uint8_t { kDone, kDuplicate, kTooManyCollisions };
  Insertion Insert(TokenId id);

  std::vector<char> bytes_;        // of all tokens, one after the other
  std::vector<uint64_t> offsets_;  // [size + 1]
  std::vector<Slot> slots_;        // open addressing, a power of two, at most half full
};

}  // namespace sterna::text
