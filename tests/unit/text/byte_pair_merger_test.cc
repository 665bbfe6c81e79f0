// SPDX-License-Identifier: Apache-2.0
#include "text/byte_pair_merger.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "small_vocabularies.h"
#include "text/merge_table.h"
#include "text/token_table.h"

namespace sterna::text {
namespace {

// Merges over the letters a, b and c: each joins two tokens that exist, so ranks and lengths are mixed up.
Vocabulary MakeRandomVocabulary(std::mt19937& generator) {
  std::vector<std::string> tokens = {"a", "b", "c"};
  std::vector<std::pair<std::string, std::string>> merges;
  for (int i = 0; i < 20; ++i) {
    const std::string left = tokens[generator() % tokens.size()];
    const std::string right = tokens[generator() % tokens.size()];
    if ((left + right).size() > 9) continue;
    merges.emplace_back(left, right);
    tokens.push_back(left + right);
  }
  std::shuffle(merges.begin(), merges.end(), generator);
  return MakeByteVocabulary(merges);
}

// The definition: merge the leftmost pair of the smallest rank until there is none.
std::vector<TokenId> MergeNaively(const MergeTable& merges, std::vector<TokenId> symbols) {
  while (true) {
    MergeTable::Merge best;
    size_t at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto merge = merges.Find(symbols[i], symbols[i + 1]);
      if (merge.rank < best.rank) best = merge, at = i;
    }
    if (best.rank == MergeTable::kNoMerge) return symbols;
    symbols[at] = best.result;
    symbols.erase(symbols.begin() + ptrdiff_t(at) + 1);
  }
}

TEST(BytePairMerger, MeetsTheDefinitionForShortAndLongPieces) {
  std::mt19937 generator(5);
  for (int round = 0; round < 300; ++round) {
    const Vocabulary vocabulary = MakeRandomVocabulary(generator);
    std::vector<std::string> warnings;
    const auto tokens = TokenTable::Create(vocabulary, TokenSpelling::kByteAlphabet, warnings);
    const auto merges = MergeTable::Create(vocabulary, *tokens, warnings);
    BytePairMerger merger(*merges);
    for (const size_t length : {0u, 1u, 2u, 10u, 47u, 48u, 49u, 50u, 200u}) {
      std::vector<TokenId> symbols(length);
      for (TokenId& symbol : symbols) symbol = TokenId('a' + generator() % 3);
      const auto expected = MergeNaively(*merges, symbols);
      merger.Merge(symbols);
      ASSERT_EQ(symbols, expected) << "round " << round << ", length " << length;
    }
  }
}

TEST(BytePairMerger, MergesAMillionEqualBytesWithoutQuadraticTime) {
  std::vector<std::pair<std::string, std::string>> merges;
  for (size_t length = 1; length <= 64; length *= 2)
    merges.emplace_back(std::string(length, 'a'), std::string(length, 'a'));
  const auto tokenizer = MakeTokenizer(MakeByteVocabulary(merges));
  const auto ids = tokenizer->Encode(std::string(1 << 20, 'a'), /*trusted=*/false, /*add_special=*/false);
  ASSERT_TRUE(ids.ok()) << ids.status().ToString();
  EXPECT_EQ(ids->size(), size_t(1 << 20) / 128);
}

}  // namespace
}  // namespace sterna::text
