#include "controller/metrics/http_endpoint.h"

#include <civetweb.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace borgop::metrics {
namespace {

struct Page {
  int status = 200;
  const char* type = "text/plain; charset=utf-8";
  std::string body;
};

Page CheckPage(const HttpEndpoint::Check& check) {
  const std::string problem = check();
  if (problem.empty()) return {.body = "ok\n"};
  return {.status = 503, .body = problem + "\n"};
}

Page PageFor(std::string_view path, const HttpEndpoint::Callbacks& callbacks) {
  if (path == "/metrics") {
    return {.type = "text/plain; version=0.0.4; charset=utf-8",
            .body = prometheus::TextSerializer().Serialize(callbacks.collect())};
  }
  if (path == "/healthz") return CheckPage(callbacks.healthy);
  if (path == "/readyz") return CheckPage(callbacks.ready);
  return {.status = 404, .body = "There is /metrics, /healthz and /readyz.\n"};
}

// civetweb's form: "[::1]:8080", "127.0.0.1:8080", and "+8080" for both families. Empty: not an address.
std::string ListeningPort(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {};
  const std::string_view port = std::string_view(address).substr(colon + 1);
  std::uint16_t number = 0;
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size()) return {};
  if (address.find_first_of(", \t") != std::string::npos) return {};
  const std::string host = address.substr(0, colon);
  if (host.empty()) return "+" + std::string(port);
  if (host.find(':') != std::string::npos && !(host.front() == '[' && host.back() == ']')) return {};
  return host + ":" + std::string(port);
}

}  // namespace

int HttpEndpoint::Answer(mg_connection* connection, void* self) {
  const mg_request_info* request = mg_get_request_info(connection);
  const std::string_view method = request->request_method;
  Page page;
  if (method != "GET" && method != "HEAD") {
    page = {.status = 405, .body = "GET only\n"};
  } else {
    page = PageFor(request->local_uri, static_cast<HttpEndpoint*>(self)->callbacks_);
  }
  const char* reason = page.status == 200   ? "OK"
                       : page.status == 404 ? "Not Found"
                       : page.status == 405 ? "Method Not Allowed"
                                            : "Service Unavailable";
  mg_printf(connection, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", page.status,
            reason, page.type, page.body.size());
  if (method != "HEAD") mg_write(connection, page.body.data(), page.body.size());
  return page.status;
}

Result<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Listen(const std::string& address, Callbacks callbacks) {
  const std::string listening = ListeningPort(address);
  if (listening.empty()) {
    return Fail(Reason::kInvalidConfig, "'" + address + "' is no address to listen on", "Give HOST:PORT, [::1]:PORT or :PORT.");
  }
  std::unique_ptr<HttpEndpoint> endpoint(new HttpEndpoint(std::move(callbacks)));
  const std::array<const char*, 9> options = {"listening_ports", listening.c_str(),   "num_threads", "4",    "request_timeout_ms",
                                              "10000",           "enable_keep_alive", "no",          nullptr};
  mg_callbacks none{};
  endpoint->server_ = mg_start(&none, nullptr, const_cast<const char**>(options.data()));
  if (endpoint->server_ == nullptr) {
    return Fail(Reason::kInternal, "cannot listen on " + address + " for metrics and health checks",
                "Choose another --metrics-address.");
  }
  mg_set_request_handler(endpoint->server_, "/**", Answer, endpoint.get());
  std::array<mg_server_port, 2> ports{};
  if (mg_get_server_ports(endpoint->server_, static_cast<int>(ports.size()), ports.data()) > 0) {
    endpoint->port_ = static_cast<std::uint16_t>(ports.front().port);
  }
  return endpoint;
}

HttpEndpoint::~HttpEndpoint() {
  if (server_ != nullptr) mg_stop(server_);
}

}  // namespace borgop::metrics
