// SPDX-License-Identifier: Apache-2.0
//
// One function per verb. Each takes the words after the verb, does the whole job and returns the exit code.
#pragma once

#include <span>
#include <string>

namespace sterna::cli {

using Words = std::span<const std::string>;

int RunVerb(Words words);
int ChatVerb(Words words);
int BatchVerb(Words words);
int CalibrateVerb(Words words);
int TokenizeVerb(Words words);
int DetokenizeVerb(Words words);
int EmbedVerb(Words words);
int EvalVerb(Words words);
int BenchVerb(Words words);
int InspectVerb(Words words);
int DevicesVerb(Words words);
int DoctorVerb(Words words);
int SetupVerb(Words words);
int TuneVerb(Words words);
int ConvertVerb(Words words);
int CompletionVerb(Words words);
int PullVerb(Words words);
int ConfigVerb(Words words);
int ServeVerb(Words words);

}  // namespace sterna::cli
