// SPDX-License-Identifier: Apache-2.0
#include "engine/request_end.h"

namespace sterna::engine {
namespace {

double Milliseconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

void CutToComputed(Sequence& sequence) { sequence.tokens.resize(sequence.computed_tokens); }

}  // namespace

void FinishRequest(Sequence& sequence, FinishReason reason) {
  if (!sequence.PrefillDone()) CutToComputed(sequence);
  GenerateResult& result = sequence.result;
  result.finish_reason = reason;
  result.timings.generated_tokens = uint32_t(result.tokens.size());
  if (!result.tokens.empty()) result.timings.decode_ms = Milliseconds(sequence.first_token, sequence.last_token);
  sequence.finished = true;
}

void FailRequest(Sequence& sequence, Status status) {
  CutToComputed(sequence);
  sequence.result.finish_reason = FinishReason::kError;
  sequence.status = std::move(status);
  sequence.finished = true;
}

}  // namespace sterna::engine
