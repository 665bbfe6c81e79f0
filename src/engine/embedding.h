// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "model/model_config.h"

namespace sterna::engine {

// How the rows of a text become one vector: their mean, the last one, the first one.
enum class Pooling : uint8_t { kMean, kLast, kCls };

std::string_view PoolingName(Pooling pooling);  // "mean", "last", "cls"
std::optional<Pooling> PoolingByName(std::string_view name);

// What a model asks for, and the sentence that says why. The published b1.58 embedding models store `mean` and were
// trained with the last row, so for models with norms inside their linear layers the file's word does not count.
struct PoolingChoice {
  Pooling kind = Pooling::kMean;
  std::string reason;
};
PoolingChoice DefaultPooling(const model::ModelConfig& config);

// One vector [hidden] of a text's tokens: the output norm of each, pooled (sums in double, in order of position), of
// length 1 when `normalize` is set (a vector of zeros stays). The session forgets what it held. Errors as
// Session::Generate; Corrupt where a value is no finite number.
Result<std::vector<float>> Embed(Session& session, std::vector<text::TokenId> tokens, Pooling pooling, bool normalize);

}  // namespace sterna::engine
