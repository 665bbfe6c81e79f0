// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "format/gguf_writer.h"
#include "text/vocabulary.h"

namespace sterna::text {

// The vocabulary of a Hugging Face folder: tokenizer.json, and beside it what there is of tokenizer_config.json,
// special_tokens_map.json, generation_config.json, config.json and chat_template.jinja. `size` is the model's
// vocab_size. NotFound without tokenizer.json; otherwise as ParseTokenizerJson.
Result<Vocabulary> ReadFolderVocabulary(const std::string& folder, uint32_t size);

// The tokenizer.* keys from which ReadVocabulary makes it again.
void AddVocabulary(const Vocabulary& vocabulary, format::GgufWriter& writer);

}  // namespace sterna::text
