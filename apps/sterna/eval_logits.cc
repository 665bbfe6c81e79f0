// SPDX-License-Identifier: Apache-2.0
//
// sterna eval logits: the model's logits for given token ids, into a .npy file.
#include <fmt/format.h>

#include "base/status_macros.h"
#include "config/number_parsing.h"
#include "eval.h"
#include "exit_code.h"
#include "flag_set.h"
#include "model_flags.h"
#include "model_loading.h"
#include "npy_file.h"

namespace sterna::cli {
namespace {

constexpr char kEvalLogitsExamples[] =
    "  sterna eval logits --ids 1,2,3 -o logits.npy\n"
    "  sterna eval logits -m model.gguf --ids 1,2,3 -o all.npy --all -t 1\n";

struct LogitsFlags {
  ModelFlags model;
  std::optional<std::string> ids, output;
  bool all = false;
};

// Runs `prompt` through the session and appends the logits of each of its positions.
Status AppendLogits(engine::Session& session, std::vector<text::TokenId> prompt, NpyFile& npy) {
  Status write;
  engine::GenerateRequest request;
  request.prompt = std::move(prompt);
  request.max_tokens = 0;
  request.on_prompt_logits = [&](uint32_t, std::span<const float> logits) {
    if (write.ok()) write = npy.Append(logits);
  };
  request.cancelled = [&] { return !write.ok(); };
  STERNA_RETURN_IF_ERROR(session.Generate(request).status());
  return write;
}

Status Prefill(engine::Session& session, std::vector<text::TokenId> prompt) {
  engine::GenerateRequest request;
  request.prompt = std::move(prompt);
  request.max_tokens = 0;
  return session.Generate(request).status();
}

Status Logits(const LogitsFlags& flags) {
  if (!flags.ids) return Status::InvalidArgument("no token ids; give --ids 1,2,3");
  if (!flags.output) return Status::InvalidArgument("no output file; give -o FILE.npy");
  STERNA_ASSIGN_OR_RETURN(std::vector<text::TokenId> ids, config::ParseIds("--ids", *flags.ids));
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model));
  const uint64_t vocabulary = model.engine->config().vocabulary_size;
  const std::vector<uint64_t> shape =
      flags.all ? std::vector<uint64_t>{ids.size(), vocabulary} : std::vector<uint64_t>{vocabulary};
  STERNA_ASSIGN_OR_RETURN(NpyFile npy, NpyFile::Create(*flags.output, shape));
  if (!flags.all && ids.size() > 1) {
    const text::TokenId last = ids.back();
    ids.pop_back();
    STERNA_RETURN_IF_ERROR(Prefill(*model.session, std::move(ids)));
    ids = {last};
  }
  STERNA_RETURN_IF_ERROR(AppendLogits(*model.session, std::move(ids), npy));
  STERNA_RETURN_IF_ERROR(EndRun(flags.model, model));
  return npy.Close();
}

}  // namespace

int EvalLogits(Words words) {
  LogitsFlags values;
  values.model.config.SetDefault("inference.kv_storage", "f32");
  FlagSet flags("eval logits", "Write the model's logits after a sequence of token ids as float32 .npy.",
                kEvalLogitsExamples);
  flags.AddText("--ids", "1,2,3", &values.ids, "Token ids; no BOS is added [required]");
  flags.AddText("-o,--output", "FILE", &values.output, "The .npy file to write [required]");
  flags.AddSwitch("--all", &values.all, "[positions, vocabulary] instead of the last position's [vocabulary]");
  values.model.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return Finish(Logits(values));
}

}  // namespace sterna::cli
