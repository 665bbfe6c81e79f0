// SPDX-License-Identifier: Apache-2.0
#include "server/embeddings.h"

#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "engine/embedding.h"
#include "engine/submission.h"
#include "server/api_error.h"
#include "server/base64.h"

namespace sterna::server {
namespace {

constexpr size_t kAtOnce = 8;  // inputs of one request that are submitted
static_assert(std::endian::native == std::endian::little, "floats are sent as they lie in memory");

Result<std::vector<text::TokenId>> InputTokens(const Json& input, const ApiContext& context) {
  std::vector<text::TokenId> tokens;
  if (input.is_string()) {
    STERNA_ASSIGN_OR_RETURN(tokens, context.engine.tokenizer().Encode(input.get<std::string>(), /*trusted=*/false,
                                                                      /*add_special=*/true));
  } else if (input.is_array()) {
    for (const Json& id : input) {
      STERNA_ASSIGN_OR_RETURN(const int32_t token, TokenIdOf(id, "input"));
      tokens.push_back(token);
    }
  } else {
    return WrongField("input", "a text, token ids, or a list of these");
  }
  if (tokens.empty()) return WrongField("input", "made of texts that are not empty");
  if (tokens.size() > context.engine.context_tokens()) {
    return WrongField("input", fmt::format("made of texts of at most {} tokens, not {}",
                                           context.engine.context_tokens(), tokens.size()));
  }
  return tokens;
}

// The vectors of one request. The step loop's thread calls back.
class Embedding : public std::enable_shared_from_this<Embedding> {
 public:
  Embedding(EmbeddingRequest request, const ApiContext& context, const RequestOrigin& origin, InFlight& in_flight,
            std::shared_ptr<Responder> responder)
      : in_flight_(in_flight),
        request_(std::move(request)),
        context_(context),
        origin_(origin),
        responder_(std::move(responder)),
        pooling_(engine::DefaultPooling(context.engine.config()).kind),
        vectors_(request_.inputs.size()) {}

  void Start() {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < kAtOnce; ++i) SubmitNext();
  }

 private:
  void SubmitNext();
  void OnDone(size_t i, engine::EmbeddingPool& pool, Result<engine::GenerateResult> result);
  void Finish();
  void Fail(const Status& status);
  void Reply(HttpReply reply);
  Json VectorJson(const std::vector<float>& vector) const;

  const InFlight::Token in_flight_;  // first, so that it goes last
  const EmbeddingRequest request_;
  const ApiContext context_;
  const RequestOrigin origin_;
  const std::shared_ptr<Responder> responder_;
  const engine::Pooling pooling_;
  std::atomic<bool> over_{false};

  std::mutex mutex_;  // guards all below
  std::vector<std::vector<float>> vectors_;
  size_t submitted_ = 0, done_ = 0;
};

void Embedding::SubmitNext() {
  if (over_ || submitted_ == request_.inputs.size()) return;
  const size_t i = submitted_++;
  const auto self = shared_from_this();
  const auto pool = std::make_shared<engine::EmbeddingPool>(pooling_, request_.inputs[i].size());
  engine::Submission submission;
  submission.generate.prompt = request_.inputs[i];
  submission.generate.max_tokens = 0;
  submission.generate.on_hidden = [pool](uint32_t position, std::span<const float> hidden) {
    pool->Add(position, hidden);
  };
  submission.generate.cancelled = [self] { return self->over_ || self->responder_->gone(); };
  submission.client = origin_.client;
  submission.on_done = [self, i, pool](Result<engine::GenerateResult> result) {
    const std::lock_guard lock(self->mutex_);
    self->OnDone(i, *pool, std::move(result));
  };
  if (const Status status = context_.engine.Submit(std::move(submission)); !status.ok()) Fail(status);
}

void Embedding::OnDone(size_t i, engine::EmbeddingPool& pool, Result<engine::GenerateResult> result) {
  if (over_) return;
  if (!result.ok()) return Fail(result.status());
  if (result->finish_reason == engine::FinishReason::kCancelled) {
    over_ = true;
    return context_.metrics.CountAbandoned();
  }
  Result<std::vector<float>> vector = pool.Take(/*normalize=*/true);
  if (!vector.ok()) return Fail(vector.status());
  vectors_[i] = *std::move(vector);
  context_.metrics.CountAnswer(result->timings);
  if (++done_ == vectors_.size()) return Finish();
  SubmitNext();
}

Json Embedding::VectorJson(const std::vector<float>& vector) const {
  if (!request_.base64) return vector;
  return Base64({reinterpret_cast<const uint8_t*>(vector.data()), vector.size() * sizeof(float)});
}

void Embedding::Finish() {
  over_ = true;
  Json data = Json::array();
  size_t tokens = 0;
  for (size_t i = 0; i < vectors_.size(); ++i) {
    tokens += request_.inputs[i].size();
    data.push_back({{"object", "embedding"}, {"index", i}, {"embedding", VectorJson(vectors_[i])}});
  }
  Reply({.body = Dump({{"object", "list"},
                       {"model", request_.model},
                       {"data", std::move(data)},
                       {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}}),
         .headers = {}});
}

void Embedding::Fail(const Status& status) {
  if (!over_.exchange(true)) Reply(ErrorReply(status));
}

void Embedding::Reply(HttpReply reply) {
  reply.headers.insert(reply.headers.end(), origin_.headers.begin(), origin_.headers.end());
  context_.metrics.CountReply(reply.status);
  responder_->Send(std::move(reply));
}

}  // namespace

Result<EmbeddingRequest> ReadEmbeddingRequest(const Json& body, const ApiContext& context) {
  EmbeddingRequest request;
  STERNA_ASSIGN_OR_RETURN(auto model, TextField(body, "model"));
  request.model = model && !model->empty() ? *std::move(model) : context.settings.model_name;
  STERNA_ASSIGN_OR_RETURN(const auto format, TextField(body, "encoding_format"));
  if (format && format != "float" && format != "base64") return WrongField("encoding_format", "float or base64");
  request.base64 = format == "base64";
  const int64_t hidden = context.engine.config().hidden;
  STERNA_RETURN_IF_ERROR(IntegerField(body, "dimensions", hidden, hidden).status());
  const Json* field = FindField(body, "input");
  if (field == nullptr) return WrongField("input", "given");
  const bool one = field->is_string() || (field->is_array() && !field->empty() && field->front().is_number());
  const Json list = one ? Json::array({*field}) : *field;
  if (!list.is_array() || list.empty() || list.size() > context.settings.max_inputs) {
    return WrongField("input",
                      fmt::format("a text, token ids, or a list of 1 to {} of these", context.settings.max_inputs));
  }
  for (const Json& input : list) {
    STERNA_ASSIGN_OR_RETURN(auto tokens, InputTokens(input, context));
    request.inputs.push_back(std::move(tokens));
  }
  return request;
}

void Embed(EmbeddingRequest request, const ApiContext& context, const RequestOrigin& origin, InFlight& in_flight,
           std::shared_ptr<Responder> responder) {
  std::make_shared<Embedding>(std::move(request), context, origin, in_flight, std::move(responder))->Start();
}

}  // namespace sterna::server
