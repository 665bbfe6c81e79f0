// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "base/status_macros.h"
#include "engine/engine.h"
#include "engine/session_state.h"

namespace sterna::engine {

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}

Session::~Session() { state_->Truncate(0); }

Status Session::State::Check(const GenerateRequest& request) const {
  if (request.prompt.empty()) return Status::InvalidArgument("the prompt is empty; at least one token is needed");
  const size_t vocabulary_size = core->tokenizer->vocabulary_size();
  for (const text::TokenId id : request.prompt) {
    if (id < 0 || size_t(id) >= vocabulary_size) {
      return Status::InvalidArgument(fmt::format("token id {} is not in 0..{}", id, vocabulary_size - 1));
    }
  }
  STERNA_RETURN_IF_ERROR(request.sampling.Validate(vocabulary_size));
  const size_t held = sequence.tokens.size();
  if (request.prompt.size() > sequence.context_tokens - held) {
    return Status::ResourceExhausted(
        fmt::format("a prompt of {} tokens{} does not fit the context of {} tokens", request.prompt.size(),
                    held > 0 ? fmt::format(" after {} tokens", held) : "", sequence.context_tokens));
  }
  return {};
}

Status Session::State::Begin(const GenerateRequest& request) {
  STERNA_RETURN_IF_ERROR(Check(request));
  const size_t held = sequence.tokens.size();
  const size_t total = held + request.prompt.size();
  STERNA_RETURN_IF_ERROR(core->kv->Reserve(sequence.kv, uint32_t(total)));
  sequence.result = GenerateResult{};
  sequence.result.tokens.reserve(std::min<size_t>(request.max_tokens, sequence.context_tokens - total));
  sequence.tokens.insert(sequence.tokens.end(), request.prompt.begin(), request.prompt.end());
  sequence.request = &request;
  sequence.speculation.Begin(request.speculate_tokens);
  sequence.prompt_begin = uint32_t(held);
  sequence.prompt_end = uint32_t(total);
  sequence.result.timings.prompt_tokens = sequence.PendingRows();
  sequence.status = Status();
  sequence.finished = false;
  sequence.submitted = Clock::now();
  return {};
}

void Session::State::Truncate(size_t count) {
  if (count < sequence.tokens.size()) sequence.tokens.resize(count);
  sequence.computed_tokens = std::min(sequence.computed_tokens, uint32_t(sequence.tokens.size()));
  core->kv->Truncate(sequence.kv, uint32_t(sequence.tokens.size()));
}

Result<GenerateResult> Session::Generate(const GenerateRequest& request) {
  if (state_->busy.exchange(true)) {
    return Status::FailedPrecondition("the session has a request in flight; one at a time");
  }
  Sequence& sequence = state_->sequence;
  Status status;
  try {
    status = state_->Begin(request);
  } catch (const std::bad_alloc&) {
    status = Status::ResourceExhausted("out of memory for the request");
  }
  if (status.ok()) {
    state_->core->loop->Run(sequence);
    status = std::move(sequence.status);
    sequence.request = nullptr;
  }
  state_->Truncate(sequence.tokens.size());  // blocks that were reserved and not used
  GenerateResult result = std::move(sequence.result);
  state_->busy = false;
  if (!status.ok()) return status;
  return result;
}

std::span<const text::TokenId> Session::tokens() const { return state_->sequence.tokens; }

void Session::Truncate(size_t count) { state_->Truncate(count); }

uint32_t Session::context_tokens() const { return state_->sequence.context_tokens; }

uint64_t Session::State::KvBlockBytes() const {
  uint64_t all_bytes = 0;
  for (const backend::MemoryPlan::Item& item : core->report.plan.items) {
    if (item.what == "KV cache") all_bytes += item.bytes;
  }
  return all_bytes / core->kv->block_count();
}

uint64_t Session::KvBytes() const { return state_->KvBlockBytes() * state_->sequence.kv.blocks().size(); }

}  // namespace sterna::engine
