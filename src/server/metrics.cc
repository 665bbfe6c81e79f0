// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "server/prometheus_text.h"

namespace sterna::server {

void Metrics::CountReply(int status) {
  const std::lock_guard lock(mutex_);
  ++replies_[status];
}

void Metrics::CountAnswer(const engine::Timings& timings) {
  const std::lock_guard lock(mutex_);
  ++answers_;
  prompt_tokens_ += timings.prompt_tokens;
  cached_tokens_ += timings.cached_tokens;
  answered_tokens_ += timings.generated_tokens;
  largest_tokens_ =
      std::max<uint64_t>(largest_tokens_, timings.cached_tokens + timings.prompt_tokens + timings.generated_tokens);
  prefill_ms_ += timings.prefill_ms;
  decode_ms_ += timings.decode_ms;
  queue_ms_ += timings.queue_ms;
  first_token_ms_ += timings.queue_ms + timings.first_token_ms;
}

void Metrics::CountAbandoned() {
  const std::lock_guard lock(mutex_);
  ++abandoned_;
}

std::string Metrics::Text(const engine::Engine& engine, uint32_t connections) const {
  const engine::QueueState queue = engine.Queue();
  const HealthState health = engine.Health().state;
  const std::lock_guard lock(mutex_);
  PrometheusText text;
  text.Add("counter", "llamacpp:prompt_tokens_total", "Prompt tokens computed.", double(prompt_tokens_));
  text.Add("counter", "llamacpp:prompt_seconds_total", "Seconds of computing prompts.", prefill_ms_ / 1000);
  text.Add("counter", "llamacpp:tokens_predicted_total", "Tokens generated.", double(predicted_tokens_.load()));
  text.Add("counter", "llamacpp:tokens_predicted_seconds_total", "Seconds of generating.", decode_ms_ / 1000);
  text.Add("counter", "llamacpp:n_tokens_max", "Most tokens of one request.", double(largest_tokens_));
  text.Add("gauge", "llamacpp:prompt_tokens_seconds", "Prompt tokens per second.",
           PerSecond(prompt_tokens_, prefill_ms_));
  text.Add("gauge", "llamacpp:predicted_tokens_seconds", "Generated tokens per second.",
           PerSecond(answered_tokens_, decode_ms_));
  text.Add("gauge", "llamacpp:requests_processing", "Requests that run.", queue.running);
  text.Add("gauge", "llamacpp:requests_deferred", "Requests that wait.", queue.waiting);

  text.Head("counter", "sterna_http_replies_total", "Replies by status.");
  for (const auto& [status, count] : replies_) {
    text.Sample("sterna_http_replies_total", fmt::format("status=\"{}\"", status), double(count));
  }
  text.Add("counter", "sterna_answers_total", "Answers generated to their end.", double(answers_));
  text.Add("counter", "sterna_cached_prompt_tokens_total", "Prompt tokens that earlier requests had computed.",
           double(cached_tokens_));
  text.Add("counter", "sterna_abandoned_total", "Answers whose client went away.", double(abandoned_));
  text.Add("counter", "sterna_preempted_total", "Times that a request gave its KV blocks to others.",
           double(queue.preempted_total));
  text.Add("counter", "sterna_queue_seconds_total", "Seconds that answers waited before they began.", queue_ms_ / 1000);
  text.Add("counter", "sterna_first_token_seconds_total", "Seconds from arrival to the first token, of all answers.",
           first_token_ms_ / 1000);
  text.Add("gauge", "sterna_kv_blocks_used", "KV blocks in use.", queue.kv_blocks_used);
  text.Add("gauge", "sterna_kv_blocks_remembered", "KV blocks that hold beginnings for requests to come.",
           queue.kv_blocks_remembered);
  text.Add("gauge", "sterna_kv_blocks", "KV blocks that there are.", queue.kv_blocks_total);
  text.Add("gauge", "sterna_connections", "Open connections.", connections);
  text.Head("gauge", "sterna_health", "0 healthy, 1 degraded, 2 unhealthy.");
  text.Sample("sterna_health", fmt::format("instance=\"{}\"", engine.instance_id()), double(health));
  return text.Take();
}

}  // namespace sterna::server
