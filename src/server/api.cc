// SPDX-License-Identifier: Apache-2.0
#include "server/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "engine/submission.h"
#include "server/access.h"
#include "server/api_error.h"
#include "server/embeddings.h"
#include "server/openapi_document.h"
#include "server/page.h"
#include "server/text_endpoints.h"

namespace sterna::server {
namespace {

HttpReply JsonReply(const Json& body) { return {.body = Dump(body), .headers = {}}; }

// A body to a body, for endpoints that answer at once.
template <class Make>
HttpReply ReplyOf(const HttpRequest& request, const ApiContext& context, Make make) {
  const Result<Json> body = ParseObject(request.body);
  if (!body.ok()) return ErrorReply(body.status());
  const Result<Json> made = make(*body, context);
  return made.ok() ? JsonReply(*made) : ErrorReply(made.status());
}

}  // namespace

// What a path does. Public ones need no key.
struct Api::Endpoint {
  using Call = void (*)(Api& api, const HttpRequest& request, const std::shared_ptr<Responder>& responder);
  std::string_view path;
  std::string_view method;
  bool is_public;
  Call call;
};

const std::vector<Api::Endpoint>& Api::Endpoints() {
  using R = const HttpRequest&;
  using P = const std::shared_ptr<Responder>&;
  static const std::vector<Endpoint> endpoints = {
      {"/health", "GET", true, [](Api& a, R r, P p) { a.Reply(a.Health(), a.OriginOf(r), *p); }},
      {"/ready", "GET", true, [](Api& a, R r, P p) { a.Reply(a.Ready(), a.OriginOf(r), *p); }},
      {"/v1/health", "GET", true, [](Api& a, R r, P p) { a.Reply(a.Health(), a.OriginOf(r), *p); }},
      {"/openapi.json", "GET", true,
       [](Api& a, R r, P p) { a.Reply({.body = std::string(kOpenApiDocument), .headers = {}}, a.OriginOf(r), *p); }},
      {"/v1/models", "GET", false, [](Api& a, R r, P p) { a.Reply(a.Models(), a.OriginOf(r), *p); }},
      {"/models", "GET", false, [](Api& a, R r, P p) { a.Reply(a.Models(), a.OriginOf(r), *p); }},
      {"/props", "GET", false, [](Api& a, R r, P p) { a.Reply(a.Props(), a.OriginOf(r), *p); }},
      {"/slots", "GET", false, [](Api& a, R r, P p) { a.Reply(a.Slots(), a.OriginOf(r), *p); }},
      {"/metrics", "GET", false, [](Api& a, R r, P p) { a.Reply(a.MetricsText(), a.OriginOf(r), *p); }},
      {"/v1/chat/completions", "POST", false, [](Api& a, R r, P p) { a.AnswerGeneration(r, ReadChatRequest, p); }},
      {"/chat/completions", "POST", false, [](Api& a, R r, P p) { a.AnswerGeneration(r, ReadChatRequest, p); }},
      {"/v1/completions", "POST", false, [](Api& a, R r, P p) { a.AnswerGeneration(r, ReadCompletionRequest, p); }},
      {"/completion", "POST", false, [](Api& a, R r, P p) { a.AnswerGeneration(r, ReadNativeRequest, p); }},
      {"/completions", "POST", false, [](Api& a, R r, P p) { a.AnswerGeneration(r, ReadNativeRequest, p); }},
      {"/v1/embeddings", "POST", false, [](Api& a, R r, P p) { a.AnswerEmbedding(r, p); }},
      {"/tokenize", "POST", false,
       [](Api& a, R r, P p) { a.Reply(ReplyOf(r, a.context_, Tokenize), a.OriginOf(r), *p); }},
      {"/detokenize", "POST", false,
       [](Api& a, R r, P p) { a.Reply(ReplyOf(r, a.context_, Detokenize), a.OriginOf(r), *p); }},
      {"/apply-template", "POST", false,
       [](Api& a, R r, P p) { a.Reply(ReplyOf(r, a.context_, ApplyTemplate), a.OriginOf(r), *p); }},
  };
  return endpoints;
}

std::vector<std::pair<std::string_view, std::string_view>> Api::Paths() {
  std::vector<std::pair<std::string_view, std::string_view>> paths;
  paths.reserve(Endpoints().size());
  for (const Endpoint& endpoint : Endpoints()) paths.emplace_back(endpoint.path, endpoint.method);
  return paths;
}

const Api::Endpoint* Api::FindEndpoint(const std::string& path, const ApiSettings& settings) {
  static constexpr Endpoint kPage = {"", "GET", true,
                                     [](Api& a, const HttpRequest& r, const std::shared_ptr<Responder>& p) {
                                       a.Reply(PageReply(*FindPageFile(r.path), r.if_none_match), a.OriginOf(r), *p);
                                     }};
  if (settings.page && FindPageFile(path)) return &kPage;
  const auto& all = Endpoints();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Endpoint& endpoint) { return endpoint.path == path; });
  return found == all.end() ? nullptr : &*found;
}

Status Api::LoadKeys() { return keys_.Load(settings_.api_keys, settings_.api_key_file); }

Status Api::OpenAccessLog() {
  if (access_log_ != nullptr) return access_log_->Reopen();
  if (!settings_.access_log) return {};
  STERNA_ASSIGN_OR_RETURN(access_log_, AccessLog::Open(*settings_.access_log));
  return {};
}

std::optional<HttpReply> Api::Look(const HttpRequest& head) {
  std::optional<HttpReply> refusal = Refusal(head, settings_, keys_);
  if (!refusal) return std::nullopt;
  metrics_.CountReply(refusal->status);
  if (access_log_ != nullptr) LogRefusal(head, *refusal, *access_log_);
  return refusal;
}

std::optional<HttpReply> Api::Refusal(const HttpRequest& head, const ApiSettings& settings, const ApiKeys& keys) {
  std::optional<HttpReply> refusal = CheckAccess(head, settings, keys);
  if (!refusal) return std::nullopt;
  const RequestOrigin origin = OriginOf(head, settings, keys);
  refusal->headers.insert(refusal->headers.end(), origin.headers.begin(), origin.headers.end());
  return refusal;
}

std::optional<HttpReply> Api::CheckAccess(const HttpRequest& head, const ApiSettings& settings, const ApiKeys& keys) {
  if (!OriginAllowed(head, settings.cors_origins)) {
    return ErrorReply(403, "pages of this origin may not ask; start the server with --cors-origin to allow it");
  }
  if (head.method == "OPTIONS") return HttpReply{.status = 204, .content_type = "", .body = {}, .headers = {}};
  const Endpoint* endpoint = FindEndpoint(head.path, settings);
  const bool is_public = endpoint != nullptr && endpoint->is_public;
  if (keys.required() && !is_public && !keys.Find(KeyOf(head))) {
    return ErrorReply(401, "the API key is missing or wrong; send it as 'Authorization: Bearer KEY'");
  }
  if (endpoint == nullptr) return ErrorReply(404, "there is no such path here; see docs/server.md");
  const bool read_only = endpoint->method == "GET";
  if (head.method == endpoint->method || (read_only && head.method == "HEAD")) return std::nullopt;
  HttpReply reply = ErrorReply(405, read_only ? "this path wants GET" : "this path wants POST");
  reply.headers.emplace_back("Allow", read_only ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
  return reply;
}

RequestOrigin Api::OriginOf(const HttpRequest& head, const ApiSettings& settings, const ApiKeys& keys) {
  RequestOrigin origin;
  origin.id = RequestIdOf(head);
  const std::optional<size_t> key = keys.required() ? keys.Find(KeyOf(head)) : std::nullopt;
  origin.client = key ? "key " + std::to_string(*key) : head.peer;
  origin.headers = CorsHeaders(head, settings.cors_origins);
  origin.headers.emplace_back("X-Request-Id", origin.id);
  if (!TraceOf(head.traceparent).empty()) origin.headers.emplace_back("traceparent", head.traceparent);
  return origin;
}

void Api::Answer(const HttpRequest& request, const std::shared_ptr<Responder>& responder) {
  const Endpoint& endpoint = *FindEndpoint(request.path, settings_);  // Look has seen that there is one
  const bool logged = access_log_ != nullptr && !request.peer.empty();
  endpoint.call(*this, request, logged ? LoggedResponder(request, responder, *access_log_) : responder);
}

HttpReply Api::Malformed(int status, const std::string& message) {
  metrics_.CountReply(status);
  return ErrorReply(status, message);
}

void Api::Reply(HttpReply reply, const RequestOrigin& origin, Responder& responder) {
  reply.headers.insert(reply.headers.end(), origin.headers.begin(), origin.headers.end());
  metrics_.CountReply(reply.status);
  responder.Send(std::move(reply));
}

void Api::AnswerGeneration(const HttpRequest& request, Maker read, const std::shared_ptr<Responder>& responder) {
  const RequestOrigin origin = OriginOf(request);
  const Result<Json> body = ParseObject(request.body);
  if (!body.ok()) return Reply(ErrorReply(body.status()), origin, *responder);
  Result<GenerationRequest> wanted = read(*body, context_);
  if (!wanted.ok()) return Reply(ErrorReply(wanted.status()), origin, *responder);
  const uint32_t context_tokens = context_.engine.context_tokens();
  for (const GenerationRequest::Prompt& prompt : wanted->prompts) {
    if (prompt.tokens.size() < context_tokens) continue;
    return Reply(ContextErrorReply(prompt.tokens.size(), context_tokens), origin, *responder);
  }
  Generate(*std::move(wanted), context_, origin, in_flight_, responder);
}

void Api::AnswerEmbedding(const HttpRequest& request, const std::shared_ptr<Responder>& responder) {
  const RequestOrigin origin = OriginOf(request);
  const Result<Json> body = ParseObject(request.body);
  if (!body.ok()) return Reply(ErrorReply(body.status()), origin, *responder);
  Result<EmbeddingRequest> wanted = ReadEmbeddingRequest(*body, context_);
  if (!wanted.ok()) return Reply(ErrorReply(wanted.status()), origin, *responder);
  Embed(*std::move(wanted), context_, origin, in_flight_, responder);
}

HttpReply Api::Health() const {
  if (draining_) return ErrorReply(503, "the server is shutting down");
  const HealthStatus health = context_.engine.Health();
  if (health.state == HealthState::Healthy) return JsonReply({{"status", "ok"}});
  HttpReply reply = JsonReply({{"status", to_string(health.state)}, {"reasons", health.reasons}});
  if (health.state == HealthState::Unhealthy) reply.status = 503;
  return reply;
}

HttpReply Api::Ready() const {
  if (draining_) return ErrorReply(503, "the server is shutting down");
  const engine::QueueState queue = context_.engine.Queue();
  if (queue.waiting >= context_.engine.max_waiting()) return ErrorReply(503, "the queue is full");
  const HealthStatus health = context_.engine.Health();
  if (health.state == HealthState::Unhealthy)
    return ErrorReply(503, fmt::format("{}", fmt::join(health.reasons, "; ")));
  Json body = {{"status", "ready"}};
  if (!health.reasons.empty()) body["reasons"] = health.reasons;
  return JsonReply(body);
}

HttpReply Api::Models() const {
  const model::ModelConfig& config = context_.engine.config();
  Json model = {{"id", settings_.model_name},
                {"object", "model"},
                {"created", std::time(nullptr)},
                {"owned_by", "sterna"},
                {"meta",
                 {{"n_ctx", context_.engine.context_tokens()},
                  {"n_ctx_train", config.context_length},
                  {"n_embd", config.hidden},
                  {"n_vocab", config.vocabulary_size},
                  {"architecture", config.architecture}}}};
  return JsonReply({{"object", "list"}, {"data", Json::array({std::move(model)})}});
}

HttpReply Api::Props() const {
  const sample::SamplingParams& defaults = settings_.sampling;
  return JsonReply(
      {{"model_path", settings_.model_path},
       {"model_alias", settings_.model_name},
       {"total_slots", context_.engine.max_running()},
       {"chat_template_name", context_.chat_template != nullptr ? Json(context_.chat_template->name()) : Json()},
       {"build_info", "sterna"},
       {"default_generation_settings",
        {{"n_ctx", context_.engine.context_tokens()},
         {"params",
          {{"n_predict", settings_.max_tokens},
           {"temperature", defaults.temperature},
           {"top_k", defaults.top_k},
           {"top_p", defaults.top_p},
           {"min_p", defaults.min_p},
           {"repeat_penalty", defaults.repetition_penalty},
           {"seed", defaults.seed}}}}}});
}

HttpReply Api::Slots() const {
  const engine::QueueState queue = context_.engine.Queue();
  Json slots = Json::array();
  for (uint32_t i = 0; i < context_.engine.max_running(); ++i) {
    slots.push_back({{"id", i}, {"n_ctx", context_.engine.context_tokens()}, {"is_processing", i < queue.running}});
  }
  return JsonReply(slots);
}

HttpReply Api::MetricsText() const {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = metrics_.Text(context_.engine, connections_()),
          .headers = {}};
}

}  // namespace sterna::server
