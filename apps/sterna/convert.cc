// SPDX-License-Identifier: Apache-2.0
//
// sterna convert: a model in another format.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "convert/convert.h"
#include "download/resolve_model.h"
#include "exit_code.h"
#include "flag_set.h"
#include "interrupt.h"
#include "model_flags.h"
#include "platform/thread_pool.h"
#include "platform/topology.h"
#include "streams.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kConvertExamples[] =
    "  sterna convert model.gguf model.sterna\n"
    "  sterna convert bitnet-b1.58-2B-4T/ model.gguf --to i2_s\n"
    "  sterna convert model.gguf small.gguf --to tq2_0 --embedding-type q6_k\n"
    "  sterna run -m model.sterna -p \"What is a sparrow?\"\n";

constexpr char kSterna[] = "sterna";
constexpr char kAsItIs[] = "keep";

struct ConvertFlags {
  ModelFlags model;  // how the source is read
  std::string input, output;
  std::string to = kSterna;
  std::string embedding_type = kAsItIs, head_type = kAsItIs;
  uint32_t threads = 0;  // 0 = not given
  bool force = false;
  bool json = false;
};

// "converting: 42 %, 512 MB/s, 3 s left", over itself on a terminal; elsewhere nothing.
class ProgressLine {
 public:
  ProgressLine() : start_(Clock::now()), shown_(start_) {}
  ~ProgressLine() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Update(uint64_t done, uint64_t total) {
    const Clock::time_point now = Clock::now();
    if (!StderrIsTerminal() || now - shown_ < kInterval) return;
    shown_ = now;
    drawn_ = true;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const double rate = double(done) / seconds;
    const std::string line = fmt::format("\r\x1b[Kconverting: {:3.0f} %, {:.0f} MB/s, {:.0f} s left",
                                         100.0 * double(done) / double(total), rate / 1e6, double(total - done) / rate);
    std::fputs(line.c_str(), stderr);
  }

 private:
  static constexpr std::chrono::milliseconds kInterval{100};
  Clock::time_point start_, shown_;
  bool drawn_ = false;
};

Status CheckPaths(const ConvertFlags& flags) {
  if (flags.input.empty() || flags.output.empty()) {
    return Status::InvalidArgument("convert needs two files; give them, as in sterna convert model.gguf model.sterna");
  }
  std::error_code ignored;
  if (std::filesystem::equivalent(flags.input, flags.output, ignored)) {
    return Status::InvalidArgument(fmt::format("'{}' is both input and output; give another output", flags.output));
  }
  if (!flags.force && std::filesystem::exists(flags.output, ignored)) {
    return Status::InvalidArgument(fmt::format("'{}' exists; give --force to replace it", flags.output));
  }
  return {};
}

std::vector<std::string> Targets() {
  std::vector<std::string> names = convert::LinearTypeNames();
  names.insert(names.begin(), kSterna);
  return names;
}

constexpr quant::TensorType kNumberTypes[] = {quant::TensorType::kF16,  quant::TensorType::kQ8_0,
                                              quant::TensorType::kQ6_K, quant::TensorType::kQ4_0,
                                              quant::TensorType::kBF16, quant::TensorType::kF32};

std::vector<std::string> NumberTypeNames() {
  std::vector<std::string> names = {kAsItIs};
  for (const quant::TensorType type : kNumberTypes) names.push_back(convert::TypeName(type));
  return names;
}

std::optional<quant::TensorType> NumberType(std::string_view name) {
  for (const quant::TensorType type : kNumberTypes) {
    if (convert::TypeName(type) == name) return type;
  }
  return std::nullopt;
}

Status Convert(ConvertFlags flags) {
  STERNA_ASSIGN_OR_RETURN(flags.input, download::ResolveModel(flags.input));
  STERNA_RETURN_IF_ERROR(CheckPaths(flags));
  convert::ConvertOptions options;
  options.model = flags.model.ModelOptions();
  options.linear = convert::LinearTypeByName(flags.to);
  options.embedding = NumberType(flags.embedding_type);
  options.head = NumberType(flags.head_type);
  options.threads = flags.threads > 0 ? flags.threads : platform::UsableCores();
  const NoteInterrupts interrupts;
  options.should_stop = Interrupted;
  const Clock::time_point start = Clock::now();
  auto report = [&] {
    ProgressLine progress;
    options.on_progress = [&](uint64_t done, uint64_t total) { progress.Update(done, total); };
    return convert::ConvertModel(flags.input, flags.output, options);
  }();
  if (!report.ok()) return report.status();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (const std::string& warning : report->warnings)
    std::fputs(("sterna: warning: " + warning + "\n").c_str(), stderr);

  std::error_code error;
  const auto output_bytes = std::filesystem::file_size(flags.output, error);
  ResultStream out;
  if (flags.json) {
    const nlohmann::ordered_json json = {{"output", flags.output},
                                         {"bytes", error ? 0 : output_bytes},
                                         {"source_bytes", report->source_bytes},
                                         {"tensors", report->tensors},
                                         {"ternary_tensors", report->ternary_tensors},
                                         {"seconds", seconds}};
    out.Write(json.dump(2) + "\n");
  } else {
    out.Write(fmt::format("{}: {:.1f} MB in {} tensors ({} ternary), {:.1f} s\n", flags.output,
                          double(error ? 0 : output_bytes) / 1e6, report->tensors, report->ternary_tensors, seconds));
  }
  return out.status();
}

}  // namespace

int ConvertVerb(Words words) {
  ConvertFlags values;
  FlagSet flags("convert", "Writes a model in another format: the same codes, scales and text", kConvertExamples);
  flags.AddPositional("IN", &values.input, "Model file in GGUF, a Hugging Face folder, or the name of a pulled model");
  flags.AddPositional("OUT", &values.output, "File to write");
  flags.Add(
      ChoiceSetting("--to",
                    "What to write: a sterna file, laid out as the kernels read it, or GGUF with linear layers of "
                    "this type",
                    &values.to, Targets()));
  flags.Add(ChoiceSetting("--embedding-type", "Type of the embedding; keep is the source's, of a folder f16",
                          &values.embedding_type, NumberTypeNames()));
  flags.Add(ChoiceSetting("--head-type", "Type of the output head, which a model without one gets as well",
                          &values.head_type, NumberTypeNames()));
  Setting threads =
      UnsignedSetting("-t,--threads", "Worker threads", &values.threads, 1, platform::ThreadPool::kMaxThreads);
  threads.get = [] { return std::string("the usable physical cores"); };
  flags.Add(threads);
  values.model.AddReadingTo(flags);
  flags.AddSwitch("--force", &values.force, "Replace OUT where it exists");
  flags.AddSwitch("--json", &values.json, "Report as JSON");
  const auto parsed = flags.Parse(words);
  if (!parsed.ok()) return Finish(parsed.status());
  if (*parsed) return **parsed;
  return Finish(Convert(std::move(values)));
}

}  // namespace sterna::cli
