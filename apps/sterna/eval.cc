// SPDX-License-Identifier: Apache-2.0
//
// sterna eval: picks what is evaluated.
#include "eval.h"

#include <cstdio>

#include "exit_code.h"

namespace sterna::cli {

int EvalVerb(Words words) {
  const std::string what = words.empty() ? "" : words[0];
  if (what == "logits") return EvalLogits(words.subspan(1));
  if (what == "perplexity") return EvalPerplexity(words.subspan(1));
  if (what == "-h" || what == "--help") {
    const bool ok = std::fputs(
                        "Evaluate a model.\n\nUsage: sterna eval logits|perplexity [flags]\n\n"
                        "  logits      The model's logits for a sequence of token ids, as a .npy file\n"
                        "  perplexity  How well the model predicts a text\n\n",
                        stdout) >= 0;
    const std::string help[] = {"--help"};
    if (!ok) return kExitFailed;
    const int first = EvalLogits(help);
    return first == kExitOk ? EvalPerplexity(help) : first;
  }
  const std::string problem =
      what.empty() ? "eval needs to know what to evaluate" : "eval does not know '" + what + "'";
  return Finish(Status::InvalidArgument(problem + "; give eval logits or eval perplexity, or see sterna eval --help"));
}

}  // namespace sterna::cli
