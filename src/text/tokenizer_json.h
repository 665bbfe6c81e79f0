// SPDX-License-Identifier: Apache-2.0
//
// tokenizer.json of the Hugging Face tokenizers package, as far as Sterna's tokenizers do what it says: byte-level BPE
// with a known split, SentencePiece-style BPE and unigram. What it says otherwise is refused by name.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "text/vocabulary.h"

namespace sterna::text {

// `place` stands for the file in messages. Tokens, kinds, scores, merges, the split, the unknown token and whether BOS
// and EOS are added; which tokens these are is in other files. Ids that no token has, up to `size`, become unused
// tokens. Corrupt for what the format does not allow, Unsupported for what is not built in.
Result<Vocabulary> ParseTokenizerJson(const nlohmann::json& json, const std::string& place, uint32_t size);

}  // namespace sterna::text
