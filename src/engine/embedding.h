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

// Makes one vector [hidden] of the output norms of a text's tokens: sums in double, in order of position.
class EmbeddingPool {
 public:
  EmbeddingPool(Pooling pooling, size_t tokens) : pooling_(pooling), count_(tokens) {}
  // As GenerateRequest::on_hidden, for each position of the prompt.
  void Add(uint32_t position, std::span<const float> hidden);
  // Of length 1 when `normalize` is set (a vector of zeros stays). Corrupt where a value is no finite number. Call
  // once.
  Result<std::vector<float>> Take(bool normalize);

 private:
  const Pooling pooling_;
  const size_t count_;
  std::vector<double> sum_;
};

// The vector of a text's tokens. The session forgets what it held. Errors as Session::Generate and EmbeddingPool::Take.
Result<std::vector<float>> Embed(Session& session, std::vector<text::TokenId> tokens, Pooling pooling, bool normalize);

}  // namespace sterna::engine
