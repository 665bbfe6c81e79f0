// SPDX-License-Identifier: Apache-2.0
//
// The parts of reading a vocabulary that need no file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sterna/status.h"
#include "text/vocabulary.h"

namespace sterna::text {

// "left right": two parts that are not empty, with the only space between them. Corrupt otherwise.
Result<std::pair<std::string, std::string>> SplitMerge(std::string_view merge, size_t rank);

// Fills pre_tokenizer and pre_reason for a file without tokenizer.ggml.pre; Unsupported when nothing tells which.
Status InferPreTokenizer(std::string_view architecture, Vocabulary& vocabulary);

// For a file without token kinds: the special ids and the tokens that look like control tokens become kControl.
void InferTokenKinds(Vocabulary& vocabulary);

// Fills eot (where the file names none) and end_of_generation.
void FindEndOfGeneration(Vocabulary& vocabulary);

}  // namespace sterna::text
