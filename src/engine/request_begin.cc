// SPDX-License-Identifier: Apache-2.0
#include "engine/request_begin.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"

namespace sterna::engine {
namespace {

Status CheckConstraint(const GenerateRequest& request, size_t vocabulary_size) {
  if (request.constraint == nullptr) return {};
  if (request.constraint->tree().vocabulary_size() != vocabulary_size) {
    return Status::InvalidArgument("the constraint was made for another vocabulary; make it with this engine");
  }
  if (request.ignore_end_of_generation) {
    return Status::InvalidArgument(
        "a constrained answer ends where its grammar ends; do not ignore the end of generation");
  }
  return {};
}

}  // namespace

Status CheckRequest(const GenerateRequest& request, size_t vocabulary_size, size_t held_tokens,
                    uint32_t context_tokens) {
  if (request.prompt.empty()) return Status::InvalidArgument("the prompt is empty; at least one token is needed");
  for (const text::TokenId id : request.prompt) {
    if (id < 0 || size_t(id) >= vocabulary_size) {
      return Status::InvalidArgument(fmt::format("token id {} is not in 0..{}", id, vocabulary_size - 1));
    }
  }
  STERNA_RETURN_IF_ERROR(request.sampling.Validate(vocabulary_size));
  STERNA_RETURN_IF_ERROR(CheckConstraint(request, vocabulary_size));
  if (request.prompt.size() > context_tokens - held_tokens) {
    return Status::ResourceExhausted(
        fmt::format("a prompt of {} tokens{} does not fit the context of {} tokens", request.prompt.size(),
                    held_tokens > 0 ? fmt::format(" after {} tokens", held_tokens) : "", context_tokens));
  }
  return {};
}

Status BeginRequest(Sequence& sequence, const GenerateRequest& request) {
  sequence.constrained.reset();
  if (request.constraint != nullptr) {
    STERNA_RETURN_IF_ERROR(sequence.constrained.emplace(request.constraint).Begin());
  }
  const size_t held = sequence.tokens.size();
  const size_t total = held + request.prompt.size();
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

}  // namespace sterna::engine
