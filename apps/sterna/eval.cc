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
                        "  perplexity  How well the model predicts a text\n\n"
                        "Examples:\n"
                        "  sterna eval logits --ids 1,2,3 -o logits.npy\n"
                        "  sterna eval perplexity -f text.txt --json\n"
                        "  sterna eval logits --help\n",
                        stdout) >= 0;
    return ok ? kExitOk : kExitFailed;
  }
  const std::string problem =
      what.empty() ? "eval needs to know what to evaluate" : "eval does not know '" + what + "'";
  return Finish(Status::InvalidArgument(problem + "; give eval logits or eval perplexity, or see sterna eval --help"));
}

}  // namespace sterna::cli
