// SPDX-License-Identifier: Apache-2.0
#include "measure_sequences.h"

#include <chrono>
#include <thread>
#include <vector>

#include "base/status_macros.h"

namespace sterna::cli {

Result<double> GenerateAtOnce(std::span<const std::unique_ptr<engine::Session>> sessions, uint32_t tokens) {
  std::vector<Status> ends(sessions.size());
  const auto generate = [&](size_t i) {
    engine::GenerateRequest request;
    request.prompt = {static_cast<text::TokenId>(i)};
    request.sampling.temperature = 0;
    request.max_tokens = tokens;
    request.ignore_end_of_generation = true;
    ends[i] = sessions[i]->Generate(request).status();
  };
  for (const auto& session : sessions) session->Truncate(0);
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < sessions.size(); ++i) threads.emplace_back(generate, i);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  for (const Status& end : ends) STERNA_RETURN_IF_ERROR(end);
  return double(sessions.size()) * tokens / elapsed.count();
}

}  // namespace sterna::cli
