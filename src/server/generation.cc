// SPDX-License-Identifier: Apache-2.0
#include "server/generation.h"

#include <atomic>
#include <mutex>

#include "engine/submission.h"
#include "engine/text_output.h"
#include "server/api_error.h"
#include "server/reply_format.h"
#include "server/sse.h"

namespace sterna::server {
namespace {

// The answers to one request. The step loop's thread calls back; the connection's thread only starts.
class Generation : public std::enable_shared_from_this<Generation> {
 public:
  Generation(GenerationRequest request, const ApiContext& context, const RequestOrigin& origin, InFlight& in_flight,
             std::shared_ptr<Responder> responder)
      : in_flight_(in_flight),
        request_(std::move(request)),
        context_(context),
        origin_(origin),
        format_(request_.style == ReplyStyle::kNative ? NativeFormat(request_, context.engine.tokenizer())
                                                      : OpenAiFormat(request_, context.engine.tokenizer(), origin.id)),
        responder_(std::move(responder)) {}

  void Start();

 private:
  // One answer that is being generated.
  struct Choice {
    Choice(const text::Tokenizer& tokenizer, const std::vector<std::string>& stops)
        : output(tokenizer, stops, [this](std::string_view text) { gain.text += text; }) {}
    engine::TextOutput output;
    LogprobScratch scratch;
    ToolCallReader calls;
    Gain gain;
  };

  void AddAnswers();
  engine::Submission SubmissionOf(size_t i);
  bool OnToken(size_t i, text::TokenId token);
  void OnDone(size_t i, Result<engine::GenerateResult> result);
  void TakeGain(size_t i, bool last);
  void Finish();
  void Fail(const Status& status);

  const InFlight::Token in_flight_;  // first, so that it goes last
  const GenerationRequest request_;
  const ApiContext context_;
  const RequestOrigin origin_;
  const std::unique_ptr<const ReplyFormat> format_;
  const std::shared_ptr<Responder> responder_;
  const std::chrono::steady_clock::time_point arrival_ = std::chrono::steady_clock::now();
  std::atomic<bool> over_{false};  // nothing more is wanted

  std::mutex mutex_;  // guards all below
  std::vector<Answer> answers_;
  std::vector<std::unique_ptr<Choice>> choices_;
  size_t running_ = 0;
  bool begun_ = false;  // the head of a stream is out
};

void Generation::Start() {
  const std::lock_guard lock(mutex_);  // callbacks wait until all are submitted
  AddAnswers();
  for (size_t i = 0; i < answers_.size(); ++i) {
    if (const Status status = context_.engine.Submit(SubmissionOf(i)); !status.ok()) return Fail(status);
    ++running_;
  }
  if (!request_.stream) return;
  begun_ = true;
  HttpReply head{.content_type = "text/event-stream", .body = {}, .headers = origin_.headers};
  head.headers.emplace_back("Cache-Control", "no-store");
  context_.metrics.CountReply(head.status);
  responder_->Begin(std::move(head));
  for (const Answer& answer : answers_) responder_->Write(format_->First(answer));
}

void Generation::AddAnswers() {
  for (const GenerationRequest::Prompt& prompt : request_.prompts) {
    for (uint32_t choice = 0; choice < request_.choices; ++choice) {
      Answer answer;
      answer.index = uint32_t(answers_.size());
      answer.prompt = &prompt;
      answers_.push_back(std::move(answer));
      choices_.push_back(std::make_unique<Choice>(context_.engine.tokenizer(), request_.stop_strings));
    }
  }
}

engine::Submission Generation::SubmissionOf(size_t i) {
  engine::Submission submission;
  engine::GenerateRequest& generate = submission.generate;
  generate.prompt = answers_[i].prompt->tokens;
  generate.sampling = request_.sampling;
  generate.max_tokens = request_.max_tokens;
  generate.ignore_end_of_generation = request_.ignore_end_of_generation;
  generate.constraint = request_.constraint;
  generate.speculate_tokens = context_.settings.speculate_tokens;
  generate.choice = uint32_t(i % request_.choices);
  const auto self = shared_from_this();
  generate.on_token = [self, i](text::TokenId token) { return self->OnToken(i, token); };
  if (request_.top_logprobs) {
    generate.on_draw_logits = [self, i](std::span<const float> logits) {
      self->choices_[i]->scratch.Set(logits, *self->request_.top_logprobs);
    };
  }
  generate.cancelled = [self] { return self->over_ || self->responder_->gone(); };
  submission.client = origin_.client;
  if (context_.settings.request_timeout) submission.deadline = arrival_ + *context_.settings.request_timeout;
  submission.on_done = [self, i](Result<engine::GenerateResult> result) { self->OnDone(i, std::move(result)); };
  return submission;
}

bool Generation::OnToken(size_t i, text::TokenId token) {
  context_.metrics.CountToken();
  const std::lock_guard lock(mutex_);
  Choice& choice = *choices_[i];
  answers_[i].tokens.push_back(token);
  choice.gain.tokens.push_back(token);
  if (request_.top_logprobs) choice.gain.logprobs.push_back(choice.scratch.Of(token));
  const bool go_on = choice.output.Push(token);
  TakeGain(i, /*last=*/false);
  return go_on;
}

// Tokens that show no text yet wait for the next that do.
void Generation::TakeGain(size_t i, bool last) {
  Gain& gain = choices_[i]->gain;
  Answer& answer = answers_[i];
  if (request_.may_call_tools) {
    ToolCallReader::Gain read = choices_[i]->calls.Push(gain.text, last);
    gain.text = std::move(read.text);
    gain.calls = std::move(read.calls);
  }
  const bool tokens_are_due = last && request_.style == ReplyStyle::kNative && !gain.tokens.empty();
  if (gain.text.empty() && gain.calls.empty() && gain.logprobs.empty() && !tokens_are_due) return;
  answer.text += gain.text;
  for (const ToolCall& part : gain.calls) {
    if (part.index == answer.calls.size()) answer.calls.push_back({part.index, part.name, {}});
    answer.calls[part.index].arguments += part.arguments;
  }
  answer.logprobs.insert(answer.logprobs.end(), gain.logprobs.begin(), gain.logprobs.end());
  if (request_.stream && !over_) responder_->Write(format_->Next(answer, gain));
  gain = {};
}

void Generation::OnDone(size_t i, Result<engine::GenerateResult> result) {
  const std::lock_guard lock(mutex_);
  --running_;
  if (over_) return;
  if (!result.ok()) return Fail(result.status());
  if (result->finish_reason == engine::FinishReason::kCancelled) {
    if (!over_.exchange(true)) context_.metrics.CountAbandoned();
    return;
  }
  choices_[i]->output.Finish();
  TakeGain(i, /*last=*/true);
  Answer& answer = answers_[i];
  answer.timings = result->timings;
  answer.stop_string_found = choices_[i]->output.stopped();
  answer.finish_reason = answer.stop_string_found ? engine::FinishReason::kStop : result->finish_reason;
  context_.metrics.CountAnswer(answer.timings);
  responder_->Note({.queue_ms = answer.timings.queue_ms,
                    .first_token_ms = answer.timings.queue_ms + answer.timings.first_token_ms,
                    .prompt_tokens = answer.timings.prompt_tokens,
                    .cached_tokens = answer.timings.cached_tokens,
                    .completion_tokens = answer.timings.generated_tokens,
                    .finish = FinishWord(answer)});
  if (request_.stream) responder_->Write(format_->Last(answer));
  if (running_ == 0) Finish();
}

void Generation::Finish() {
  over_ = true;
  if (request_.stream) {
    responder_->Write(format_->End(answers_));
    return responder_->End();
  }
  context_.metrics.CountReply(200);
  responder_->Send({.body = format_->Whole(answers_), .headers = origin_.headers});
}

void Generation::Fail(const Status& status) {
  if (over_.exchange(true)) return;
  if (begun_) {
    responder_->Write(SseEvent(ErrorJson(HttpStatusOf(status), status.message())));
    return responder_->End();
  }
  HttpReply reply = ErrorReply(status);
  reply.headers.insert(reply.headers.end(), origin_.headers.begin(), origin_.headers.end());
  context_.metrics.CountReply(reply.status);
  responder_->Send(std::move(reply));
}

}  // namespace

void Generate(GenerationRequest request, const ApiContext& context, const RequestOrigin& origin, InFlight& in_flight,
              std::shared_ptr<Responder> responder) {
  std::make_shared<Generation>(std::move(request), context, origin, in_flight, std::move(responder))->Start();
}

}  // namespace sterna::server
