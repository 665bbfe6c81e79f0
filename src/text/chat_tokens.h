// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "sterna/status.h"
#include "text/tokenizer.h"

namespace sterna::text {

// The tokens of a rendered conversation, as a model wants them at the start of its context: with BOS first where the
// vocabulary asks for it and the template has not written it.
Result<std::vector<TokenId>> EncodeRenderedChat(const Tokenizer& tokenizer, std::span<const TextPiece> pieces);

}  // namespace sterna::text
