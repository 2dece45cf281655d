#include "controller/kube/cpprest_http.h"

#include <cpprest/http_client.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "controller/kube/tls_material.h"

namespace borgop::kube {
namespace {

using Code = ApiError::Code;
using web::http::client::http_client;
using web::http::client::http_client_config;

constexpr std::size_t kThreads = 2;
constexpr int kHttpsPort = 443;
// Our own limits are shorter; these are for exchanges that nobody waits for any more.
constexpr std::chrono::seconds kQuickBackstop{300};
constexpr std::chrono::seconds kWatchBackstop{3600};
// A cancelled exchange ends within milliseconds, except while a name is being resolved: then it is left to itself.
constexpr std::chrono::seconds kCancelGrace{2};

ApiError Translate(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const web::http::http_exception& error) {
    if (error.error_code().value() == ETIMEDOUT) return {Code::kTimeout, 0, {}, "no answer in time"};
    return {Code::kUnreachable, 0, {}, error.what()};
  } catch (const pplx::task_canceled&) {
    return {Code::kUnreachable, 0, {}, "the exchange was ended"};
  } catch (const std::exception& error) {
    return {Code::kUnreachable, 0, {}, error.what()};
  } catch (...) {
    return {Code::kUnreachable, 0, {}, "an unknown failure"};
  }
}

// The library says of a handshake only that it failed.
ApiError WithCause(ApiError error, const TlsMaterial& material) {
  if (error.code != Code::kUnreachable || error.message.find("handshake") == std::string::npos) return error;
  const std::string why = material.LastRefusal();
  if (!why.empty()) error.message = "the server's certificate is refused: " + why;
  return error;
}

// One exchange. Each step is awaited by the caller's thread; whatever a step may still touch when nobody waits for it any more is held by
// its own continuation.
class Exchange {
 public:
  Exchange(std::stop_token stop, MonotonicTime deadline) : stop_(std::move(stop)), deadline_(deadline) {}
  ~Exchange() {
    if (!finished_) cancel_.cancel();  // dropping the answer alone would leave the connection open
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Result<web::http::http_response> Begin(http_client& client, const web::http::http_request& request) {
    auto keeps = std::make_shared<http_client>(client);
    return Await(client.request(request, cancel_.get_token()), keeps);
  }

  // Some bytes; empty at the end of the body. `deadline` is for these alone.
  Result<std::string_view> Read(const web::http::http_response& response) {
    concurrency::streams::streambuf<std::uint8_t> body = response.body().streambuf();
    const auto first = Await(body.bumpc(), response);
    if (!first) return Fail(first.error());
    if (*first == concurrency::streams::streambuf<std::uint8_t>::traits::eof()) {
      finished_ = true;
      return std::string_view();
    }
    auto bytes = std::make_shared<std::vector<std::uint8_t>>(1 + std::min(body.in_avail(), kMaxPiece));
    bytes->front() = static_cast<std::uint8_t>(*first);
    if (bytes->size() > 1) {
      const Result<std::size_t> more = Await(body.getn(bytes->data() + 1, bytes->size() - 1), std::pair(response, bytes));
      if (!more) return Fail(more.error());
      bytes->resize(1 + *more);
    }
    piece_ = std::move(bytes);
    return std::string_view(reinterpret_cast<const char*>(piece_->data()), piece_->size());
  }

  void SetDeadline(MonotonicTime deadline) { deadline_ = deadline; }

 private:
  static constexpr std::size_t kMaxPiece = std::size_t{64} << 10;

  template <typename T>
  struct Outcome {
    std::mutex mutex;
    std::condition_variable_any done;
    std::optional<T> value;
    std::exception_ptr failed;
    bool over() const { return value.has_value() || failed != nullptr; }
  };

  template <typename T, typename Keep>
  Result<T> Await(pplx::task<T> task, Keep keep) {
    // As bytes that are there already: no other thread has to be asked.
    if (task.is_done()) return Now(std::move(task));
    auto outcome = std::make_shared<Outcome<T>>();
    task.then([outcome, keep](pplx::task<T> ended) {
      const std::lock_guard lock(outcome->mutex);
      try {
        outcome->value = ended.get();
      } catch (...) {
        outcome->failed = std::current_exception();
      }
      outcome->done.notify_all();
    });
    std::unique_lock lock(outcome->mutex);
    const auto over = [&] { return outcome->over(); };
    if (!outcome->done.wait_until(lock, stop_, deadline_, over)) {
      lock.unlock();
      cancel_.cancel();
      lock.lock();
      outcome->done.wait_for(lock, kCancelGrace, over);
      if (stop_.stop_requested()) return Fail(Code::kCancelled, "stopped");
      return Fail(Code::kTimeout, "no answer in time");
    }
    if (outcome->failed) return Fail(Translate(outcome->failed));
    return *std::move(outcome->value);
  }

  template <typename T>
  static Result<T> Now(pplx::task<T> task) {
    try {
      return task.get();
    } catch (...) {
      return Fail(Translate(std::current_exception()));
    }
  }

  std::stop_token stop_;
  MonotonicTime deadline_;
  pplx::cancellation_token_source cancel_;
  bool finished_ = false;
  std::shared_ptr<std::vector<std::uint8_t>> piece_;
};

// The clients for one client certificate.
struct Clients {
  std::string certificate_pem;
  std::shared_ptr<const TlsMaterial> material;
  http_client quick;
  http_client watching;
};

http_client_config MakeConfig(const std::shared_ptr<const TlsMaterial>& material, const std::string& server_name,
                              std::chrono::seconds timeout) {
  http_client_config config;
  config.set_timeout(timeout);
  config.set_max_redirects(0);
  config.set_validate_certificates(true);
  config.set_tlsext_sni_enabled(!IsAddress(server_name));  // RFC 6066: addresses are no server names
  config.set_ssl_context_callback([material, server_name](boost::asio::ssl::context& context) {
    if (!material->Apply(context.native_handle(), server_name)) throw std::runtime_error("TLS cannot be set up");
  });
  return config;
}

// An IPv6 address is resolved only without its brackets; without them it needs its port.
web::uri WithoutBrackets(const web::uri& uri) {
  const std::string& host = uri.host();
  if (!host.starts_with('[') || !host.ends_with(']')) return uri;
  web::uri_builder plain(uri);
  plain.set_host(host.substr(1, host.size() - 2));
  plain.set_port(uri.is_port_default() ? kHttpsPort : uri.port());
  return plain.to_uri();
}

std::optional<std::chrono::seconds> RetryAfter(const web::http::http_response& response) {
  const auto found = response.headers().find("Retry-After");
  return found == response.headers().end() ? std::nullopt : ReadRetryAfter(found->second);
}

}  // namespace

class CpprestHttp::Implementation {
 public:
  explicit Implementation(ClusterConfig config)
      : config_(std::move(config)),
        base_(WithoutBrackets(web::uri(config_.server))),
        server_name_(config_.tls_server_name.empty() ? base_.host() : config_.tls_server_name) {
    static std::once_flag once;
    std::call_once(once, [] { crossplat::threadpool::initialize_with_threads(kThreads); });
  }

  const web::uri& base() const { return base_; }

  // The clients for what the source gives now.
  Result<std::shared_ptr<Clients>> ClientsFor(const Credential& credential) {
    const std::lock_guard lock(mutex_);
    if (clients_ && clients_->certificate_pem == credential.certificate_pem) return clients_;
    Result<std::shared_ptr<const TlsMaterial>> material = TlsMaterial::Make(config_.authority_pem, credential);
    if (!material) return Fail(material.error());
    const std::shared_ptr<SSL_CTX> scratch(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!scratch || !(*material)->Apply(scratch.get(), server_name_))
      return Fail(Code::kConfig, "the client certificate cannot be used for TLS");
    clients_ = std::make_shared<Clients>(Clients{credential.certificate_pem, *material,
                                                 http_client(base_, MakeConfig(*material, server_name_, kQuickBackstop)),
                                                 http_client(base_, MakeConfig(*material, server_name_, kWatchBackstop))});
    return clients_;
  }

  // Runs `use` with an answer whose body is unread; once more with new credentials after a 401.
  template <typename Use>
  auto WithAnswer(const HttpRequest& request, const std::stop_token& stop, bool watching, Use use)
      -> decltype(use(std::declval<Exchange&>(), std::declval<web::http::http_response&>())) {
    const MonotonicTime deadline = std::chrono::steady_clock::now() + request.timeout;
    for (bool again = false;; again = true) {
      if (stop.stop_requested()) return Fail(Code::kCancelled, "stopped");
      const auto credential = config_.credentials->Get({stop, deadline});
      if (!credential) return Fail(credential.error());
      const Result<std::shared_ptr<Clients>> clients = ClientsFor(**credential);
      if (!clients) return Fail(clients.error());
      // The credentials may have taken their time.
      if (stop.stop_requested() || (request.may_be_sent && !request.may_be_sent())) return Fail(Code::kCancelled, "stopped");
      Exchange exchange(stop, deadline);
      Result<web::http::http_response> response =
          exchange.Begin(watching ? (*clients)->watching : (*clients)->quick, MakeRequest(request, (*credential)->token));
      if (!response) return Fail(WithCause(response.error(), *(*clients)->material));
      if (response->status_code() == web::http::status_codes::Unauthorized) {
        config_.credentials->Reject(*credential);
        if (!again) continue;
      }
      return use(exchange, *response);
    }
  }

  static Result<std::string> ReadBody(Exchange& exchange, const web::http::http_response& response, std::size_t limit) {
    std::string body;
    while (true) {
      const Result<std::string_view> piece = exchange.Read(response);
      if (!piece) return Fail(piece.error());
      if (piece->empty()) return body;
      if (body.size() + piece->size() > limit)
        return Fail(Code::kTooLarge, "the answer is larger than " + std::to_string(limit) + " bytes");
      body += *piece;
    }
  }

 private:
  web::http::http_request MakeRequest(const HttpRequest& request, const Secret& token) const {
    web::http::http_request message(request.method);
    message.set_request_uri(web::uri(request.target));
    if (!request.content_type.empty()) message.set_body(request.body, request.content_type);
    message.headers().add("Accept", request.accept);
    message.headers().add("User-Agent", "borg-operator");
    // The library takes the name to verify from here.
    if (server_name_ != base_.host()) message.headers().add("Host", server_name_);
    if (!token.empty()) {
      std::string value = "Bearer " + std::string(token.Reveal());
      message.headers().add("Authorization", value);
      Wipe(value);
    }
    return message;
  }

  const ClusterConfig config_;
  const web::uri base_;
  const std::string server_name_;
  std::mutex mutex_;
  std::shared_ptr<Clients> clients_;
};

CpprestHttp::CpprestHttp(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
CpprestHttp::~CpprestHttp() = default;

Result<std::unique_ptr<CpprestHttp>> CpprestHttp::Make(ClusterConfig config) try {
  if (!config.credentials) return Fail(Code::kConfig, "there are no credentials for the cluster");
  if (!config.server.starts_with("https://")) return Fail(Code::kConfig, "the API server's address must begin with https://");
  // Said now rather than at the first request; credentials themselves are asked for only then.
  if (const auto material = TlsMaterial::Make(config.authority_pem, Credential{}); !material) return Fail(material.error());
  auto implementation = std::make_unique<Implementation>(std::move(config));
  if (implementation->base().host().empty()) return Fail(Code::kConfig, "the API server's address has no host");
  return std::unique_ptr<CpprestHttp>(new CpprestHttp(std::move(implementation)));
} catch (const std::exception&) {
  return Fail(Code::kConfig, "the API server's address is no URL");
}

Result<HttpResponse> CpprestHttp::Send(const HttpRequest& request, std::stop_token stop) try {
  return implementation_->WithAnswer(
      request, stop, false, [&](Exchange& exchange, web::http::http_response& response) -> Result<HttpResponse> {
        Result<std::string> body = Implementation::ReadBody(exchange, response, request.max_response);
        if (!body) return Fail(body.error());
        return HttpResponse{response.status_code(), *std::move(body), RetryAfter(response)};
      });
} catch (...) {
  return Fail(Translate(std::current_exception()));
}

Status CpprestHttp::Stream(const HttpRequest& request, const OnBytes& on_bytes, std::stop_token stop) try {
  return implementation_->WithAnswer(request, stop, true, [&](Exchange& exchange, web::http::http_response& response) -> Status {
    if (response.status_code() < 200 || response.status_code() >= 300) {
      const Result<std::string> body = Implementation::ReadBody(exchange, response, request.max_response);
      return Fail(body ? ErrorFromAnswer(response.status_code(), *body, RetryAfter(response)) : body.error());
    }
    while (true) {
      exchange.SetDeadline(std::chrono::steady_clock::now() + request.timeout);
      const Result<std::string_view> piece = exchange.Read(response);
      if (!piece) return Fail(piece.error());
      if (piece->empty() || !on_bytes(*piece)) return {};
    }
  });
} catch (...) {
  return Fail(Translate(std::current_exception()));
}

}  // namespace borgop::kube
