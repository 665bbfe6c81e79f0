// SPDX-License-Identifier: Apache-2.0
#include "engine/embedding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"

namespace sterna::engine {
namespace {

// The values of <architecture>.pooling_type.
constexpr uint32_t kFileMean = 1, kFileCls = 2, kFileLast = 3;

void Normalize(std::vector<double>& vector) {
  double square = 0;
  for (const double value : vector) square += value * value;
  if (square == 0) return;
  for (double& value : vector) value /= std::sqrt(square);
}

}  // namespace

std::string_view PoolingName(Pooling pooling) {
  switch (pooling) {
    case Pooling::kMean: return "mean";
    case Pooling::kLast: return "last";
    case Pooling::kCls: return "cls";
  }
  return "unknown";
}

std::optional<Pooling> PoolingByName(std::string_view name) {
  for (const Pooling pooling : {Pooling::kMean, Pooling::kLast, Pooling::kCls}) {
    if (PoolingName(pooling) == name) return pooling;
  }
  return std::nullopt;
}

PoolingChoice DefaultPooling(const model::ModelConfig& config) {
  if (config.inner_norms) return {Pooling::kLast, "last: b1.58 embedding models were trained so"};
  const std::string key = fmt::format("key {}.pooling_type", config.architecture);
  switch (config.pooling_type) {
    case kFileMean: return {Pooling::kMean, "mean: " + key};
    case kFileCls: return {Pooling::kCls, "cls: " + key};
    case kFileLast: return {Pooling::kLast, "last: " + key};
    default: return {Pooling::kMean, "mean: the file does not say"};
  }
}

void EmbeddingPool::Add(uint32_t position, std::span<const float> hidden) {
  sum_.resize(hidden.size());
  const bool counts = pooling_ == Pooling::kMean || position == (pooling_ == Pooling::kLast ? count_ - 1 : 0);
  for (size_t i = 0; counts && i < hidden.size(); ++i) sum_[i] += double(hidden[i]);
}

Result<std::vector<float>> EmbeddingPool::Take(bool normalize) {
  if (pooling_ == Pooling::kMean) {
    for (double& value : sum_) value /= double(count_);
  }
  if (normalize) Normalize(sum_);
  if (!std::all_of(sum_.begin(), sum_.end(), [](double value) { return std::isfinite(value); })) {
    return Status::Corrupt("the model gives an embedding with values that are no finite numbers; check its weights");
  }
  return std::vector<float>(sum_.begin(), sum_.end());
}

Result<std::vector<float>> Embed(Session& session, std::vector<text::TokenId> tokens, Pooling pooling, bool normalize) {
  session.Truncate(0);
  EmbeddingPool pool(pooling, tokens.size());
  GenerateRequest request;
  request.prompt = std::move(tokens);
  request.max_tokens = 0;
  request.on_hidden = [&](uint32_t position, std::span<const float> hidden) { pool.Add(position, hidden); };
  STERNA_RETURN_IF_ERROR(session.Generate(request).status());
  return pool.Take(normalize);
}

}  // namespace sterna::engine
