// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>
#include <optional>

#include "base/status_macros.h"
#include "engine/engine.h"
#include "engine/request_begin.h"
#include "engine/session_state.h"

namespace sterna::engine {
Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}

Session::~Session() { state_->Truncate(0); }

Status Session::State::Begin(const GenerateRequest& request) {
  const size_t held = sequence.tokens.size();
  STERNA_RETURN_IF_ERROR(CheckRequest(request, core->tokenizer->vocabulary_size(), held, sequence.context_tokens));
  Status reserved = core->kv->Reserve(sequence.kv, uint32_t(held + request.prompt.size()));
  if (!reserved.ok()) {
    core->health->NoteRequest(std::nullopt, true);  // the loop will not hear of it
    return reserved;
  }
  return BeginRequest(sequence, request);
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
  return core->report.plan.BytesOf("KV cache") / core->kv->block_count();
}

uint64_t Session::KvBytes() const { return state_->KvBlockBytes() * state_->sequence.kv.blocks().size(); }

}  // namespace sterna::engine
