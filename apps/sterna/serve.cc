// SPDX-License-Identifier: Apache-2.0
//
// sterna serve: a model behind HTTP.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "api/engine_options.h"
#include "base/status_macros.h"
#include "exit_code.h"
#include "flag_set.h"
#include "model_flags.h"
#include "model_loading.h"
#include "platform/environment.h"
#include "prompt.h"
#include "router/serve_instances.h"
#include "serve_instance.h"
#include "server/server.h"
#include "verbs.h"

namespace sterna::cli {
namespace {

constexpr char kRoleFlag[] = "--as-instance";
constexpr char kServeExamples[] =
    "  sterna serve -m model.gguf\n"
    "  sterna serve -m model.gguf --host 0.0.0.0 --port 8000 --api-key-file keys.txt\n"
    "  sterna serve -m model.gguf --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem\n"
    "  sterna serve --unix-socket /tmp/sterna.sock\n"
    "  sterna serve -m model.sterna --instances 2\n"
    "  curl http://127.0.0.1:8080/v1/chat/completions -d '{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}'\n";

struct ServeFlags {
  ModelFlags model;
  server::TransportSettings transport;
  server::ApiSettings api;
  std::optional<std::string> host, alias, chat_template, tls_cert, tls_key;
  uint32_t port = server::TransportSettings().port;
  uint32_t parallel = 64, queue = 256, kv_contexts = 2;
  uint64_t max_body_mb = server::TransportSettings().max_body_bytes >> 20;
  uint32_t read_timeout_s = 30, request_timeout_s = 0;
  bool no_page = false;
  uint32_t instances = 1;
  std::optional<std::string> role;  // of an instance

  void AddTo(FlagSet& flags);
  void AddLimitsTo(FlagSet& flags);
};

void ServeFlags::AddTo(FlagSet& flags) {
  flags.Group("Server flags");
  flags.AddText("--host", "ADDRESS", &host, "Address to listen on; 0.0.0.0 is all of IPv4 [default: 127.0.0.1]");
  flags.Add(UnsignedSetting("--port", "Port to listen on; 0 = any free one", &port, 0, 65535));
  flags.AddText("--unix-socket", "PATH", &transport.unix_socket, "Listen on a Unix socket instead [default: none]");
  flags.AddText("--api-key-file", "FILE", &api.api_key_file,
                "Ask for one of these keys, one a line; read again on SIGHUP [default: STERNA_API_KEY, else none]");
  flags.AddText("--tls-cert", "FILE", &tls_cert,
                "Speak HTTPS with this PEM certificate (and chain); read again on SIGHUP [default: plain HTTP]");
  flags.AddText("--tls-key", "FILE", &tls_key, "Its private key, PEM without a passphrase [default: none]");
  flags.AddText("--access-log", "FILE", &api.access_log,
                "Write a line of JSON for each request; - is stdout; opened again on SIGHUP [default: none]");
  flags.AddList("--cors-origin", "ORIGIN", &api.cors_origins,
                "Let web pages of this origin ask, as https://example.org; * = all");
  flags.AddSwitch("--no-page", &no_page, "Serve no web page, the API alone");
  flags.AddText("--alias", "NAME", &alias, "The model's name in replies [default: its file's]");
  flags.AddText("--chat-template", "NAME", &chat_template,
                "bitnet, llama3, chatml, falcon3, gemma or a file with Jinja [default: the model's own]");
  flags.Add(UnsignedSetting("--instances", "Processes that share cores and memory limits, and the requests", &instances,
                            1, router::kMaxInstances));
  AddLimitsTo(flags);
  model.AddTo(flags);
  flags.Group("");
  flags.AddText(kRoleFlag, "ROLE", &role, "What one process of several is told");
}

void ServeFlags::AddLimitsTo(FlagSet& flags) {
  flags.Group("Limits");
  flags.Add(UnsignedSetting("--parallel", "Requests that run at once", &parallel, 1, 4096));
  flags.Add(UnsignedSetting("--queue", "Requests that wait; more are refused with 429", &queue, 1, 1u << 20));
  flags.Add(UnsignedSetting("--kv-contexts", "Memory for keys and values, in full contexts", &kv_contexts, 1, 4096));
  flags.Add(UnsignedSetting("--max-connections", "Open connections", &transport.max_connections, 1, 1u << 20));
  flags.Add(UnsignedSetting("--max-body", "Size of a request, in MB", &max_body_mb, 1, 1024));
  flags.Add(UnsignedSetting("--read-timeout", "Seconds for a request to come in", &read_timeout_s, 1, 3600));
  flags.Add(UnsignedSetting("--request-timeout", "Seconds for an answer; 0 = any", &request_timeout_s, 0, 86400));
}

Status Complete(ServeFlags& flags) {
  if (flags.tls_cert.has_value() != flags.tls_key.has_value()) {
    return Status::InvalidArgument("--tls-cert and --tls-key belong together; give both or none");
  }
  if (flags.tls_cert) flags.transport.tls = server::TlsFiles{*flags.tls_cert, *flags.tls_key};
  if (flags.host) flags.transport.host = *flags.host;
  flags.transport.port = uint16_t(flags.port);
  flags.api.page = !flags.no_page;
  flags.transport.max_body_bytes = flags.max_body_mb << 20;
  flags.transport.max_bodies_bytes = std::max(flags.transport.max_bodies_bytes, flags.transport.max_body_bytes);
  flags.transport.read_timeout = std::chrono::seconds(flags.read_timeout_s);
  if (flags.request_timeout_s > 0) flags.api.request_timeout = std::chrono::seconds(flags.request_timeout_s);
  const auto key = platform::GetEnvironment("STERNA_API_KEY");
  if (key && !key->empty() && !flags.api.api_key_file) flags.api.api_keys.push_back(*key);
  return {};
}

using OnListening = std::function<void(const std::string& address)>;

void SayListening(const std::string& address) { std::fputs(fmt::format("listening on {}\n", address).c_str(), stderr); }

Status Run(ServeFlags& flags, const OnListening& on_listening) {
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, flags.model.config.Resolve());
  const GenerationConfig& generation = resolved.config.generation;
  flags.api.sampling = api::ToSamplingParams(generation);
  flags.api.max_tokens = generation.max_length;
  flags.api.stop_strings = generation.stop_tokens;
  flags.api.speculate_tokens = generation.speculate;
  STERNA_ASSIGN_OR_RETURN(engine::EngineOptions options, flags.model.EngineOptions());
  options.max_sessions = flags.kv_contexts;
  options.max_running = flags.parallel;
  options.max_waiting = flags.queue;
  options.head_in_background = true;
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags.model, options));
  STERNA_ASSIGN_OR_RETURN(const auto choice, ChooseTemplate(*model.engine, flags.chat_template));
  flags.api.model_path = model.path;
  flags.api.model_name = flags.alias.value_or(std::filesystem::path(model.path).stem().string());
  STERNA_RETURN_IF_ERROR(
      server::Serve(*model.engine, choice.chat_template.get(), flags.transport, flags.api, on_listening));
  return EndRun(flags.model, model);
}

Status RunInstance(ServeFlags& flags, const router::InstanceRole& role) {
  STERNA_RETURN_IF_ERROR(TakeShare(flags.model, role));
  STERNA_RETURN_IF_ERROR(router::TakeRole(role));
  flags.transport = router::InstanceTransport(flags.transport, role);
  Status status = Run(flags, [](const std::string&) { router::TellReady(); });
  router::LeaveRole(role);
  return status;
}

Result<std::optional<int>> RunInstances(const ServeFlags& flags, Words words) {
  STERNA_RETURN_IF_ERROR(CheckShares(flags.model, flags.instances));
  router::InstancesSettings settings;
  settings.count = flags.instances;
  settings.words = [words](const router::InstanceRole& role) {
    std::vector<std::string> line = {"sterna", "serve"};
    line.insert(line.end(), words.begin(), words.end());
    line.emplace_back(kRoleFlag);
    line.push_back(role.ToText());
    return line;
  };
  return router::ServeInstances(settings, flags.transport, flags.api, SayListening);
}

int ServeAs(ServeFlags& flags, Words words) {
  if (const Status complete = Complete(flags); !complete.ok()) return Finish(complete);
  if (flags.role) {
    const auto role = router::InstanceRole::FromText(*flags.role);
    return Finish(role.ok() ? RunInstance(flags, *role) : role.status());
  }
  if (flags.instances == 1) return Finish(Run(flags, SayListening));
  const auto ended = RunInstances(flags, words);
  if (!ended.ok()) return Finish(ended.status());
  return ended->value_or(kExitOk);
}

}  // namespace

int ServeVerb(Words words) {
  ServeFlags values;
  FlagSet flags("serve", "Answer over HTTP: OpenAI's API and llama-server's, until SIGTERM or Ctrl-C.", kServeExamples);
  values.AddTo(flags);
  const auto over = flags.Parse(words);
  if (!over.ok()) return Finish(over.status());
  if (*over) return **over;
  return ServeAs(values, words);
}

}  // namespace sterna::cli
