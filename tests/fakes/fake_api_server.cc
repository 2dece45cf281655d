#include "tests/fakes/fake_api_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "engine/base/unique_fd.h"

namespace borgop::kube {
namespace {

// Thrown within a connection's thread when there is no more to do on it.
struct Closed {};

std::string Decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

class Connection : public FakeAnswer {
 public:
  Connection(int fd, SSL_CTX* context, const std::atomic<bool>& ending)
      : fd_(fd), ending_(ending), ssl_(SSL_new(context), SSL_free) {
    SSL_set_fd(ssl_.get(), fd);
  }
  void Accept() {
    Step([&] { return SSL_accept(ssl_.get()); });
  }
  std::string PeerName() const {
    const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    if (!peer) return {};
    std::array<char, 128> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name.data(), static_cast<int>(name.size()));
    return name.data();
  }

  FakeRequest ReadRequest() {
    while (buffer_.find("\r\n\r\n") == std::string::npos) Fill();
    const std::size_t end = buffer_.find("\r\n\r\n");
    const std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    FakeRequest request;
    const std::size_t first = head.find("\r\n");
    const std::string line = head.substr(0, first);
    const std::size_t space = line.find(' ');
    request.method = line.substr(0, space);
    const std::string target = line.substr(space + 1, line.rfind(' ') - space - 1);
    request.path = target.substr(0, target.find('?'));
    if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
    for (std::size_t at = first + 2; at < head.size();) {
      const std::size_t stop = head.find("\r\n", at);
      const std::string header = head.substr(at, stop - at);
      const std::size_t colon = header.find(':');
      request.headers[Lower(header.substr(0, colon))] =
          header.substr(std::min(header.size(), header.find_first_not_of(' ', colon + 1)));
      at = stop + 2;
    }
    const auto length = request.headers.find("content-length");
    const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
    while (buffer_.size() < size) Fill();
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    request.peer_name = PeerName();
    return request;
  }

  void Send(int status, std::string_view body, const std::string& more_headers) override {
    Raw("HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: application/json\r\n" + more_headers +
        "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  void BeginChunks(int status) override {
    Raw("HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  }
  void Chunk(std::string_view bytes) override {
    std::ostringstream chunk;
    chunk << std::hex << bytes.size() << "\r\n" << bytes << "\r\n";
    Raw(chunk.str());
  }
  void EndChunks() override { Raw("0\r\n\r\n"); }
  void Raw(std::string_view bytes) override {
    while (!bytes.empty()) {
      const int sent = Step([&] { return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); });
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void Cut() override { throw Closed(); }
  bool WaitForPeer() override {
    try {
      while (true) Fill();
    } catch (const Closed&) {
      return !ending_;
    }
  }

 private:
  void Fill() {
    std::array<char, 4096> piece{};
    const int got = Step([&] { return SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size())); });
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  }
  // The socket does not block, so that the server's end is noticed.
  template <typename Call>
  int Step(Call call) {
    while (true) {
      ERR_clear_error();
      const int result = call();
      if (result > 0) return result;
      const int error = SSL_get_error(ssl_.get(), result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) throw Closed();
      pollfd ready{fd_, static_cast<short>(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
      poll(&ready, 1, 20);
      if (ending_) throw Closed();
    }
  }

  int fd_;
  const std::atomic<bool>& ending_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string buffer_;
};

}  // namespace

std::string FakeRequest::Parameter(std::string_view name) const {
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view pair = std::string_view(query).substr(at, end - at);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (Decoded(pair.substr(0, equals)) == name) return Decoded(pair.substr(std::min(pair.size(), equals + 1)));
    at = end + 1;
  }
  return {};
}

struct FakeApiServer::Implementation {
  Handler handler;
  Options options;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  UniqueFd listening;
  std::uint16_t port = 0;
  std::atomic<bool> ending = false;
  mutable std::mutex mutex;
  std::vector<std::string> requests;
  int connections = 0;
  std::vector<std::jthread> serving;
  std::jthread accepting;

  void Serve(int number, UniqueFd fd) {
    try {
      if (options.silent_tls) {
        while (!ending) poll(nullptr, 0, 20);
        return;
      }
      Connection connection(fd.get(), context.get(), ending);
      connection.Accept();
      while (true) {
        FakeRequest request = connection.ReadRequest();
        request.connection = number;
        {
          const std::lock_guard lock(mutex);
          requests.push_back(request.method + " " + request.path + (request.query.empty() ? "" : "?" + request.query));
        }
        handler(request, connection);
      }
    } catch (const Closed&) {
    }
  }

  void AcceptAll() {
    while (!ending) {
      pollfd ready{listening.get(), POLLIN, 0};
      if (poll(&ready, 1, 20) <= 0) continue;
      UniqueFd fd(accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) continue;
      const std::lock_guard lock(mutex);
      const int number = ++connections;
      serving.emplace_back([this, number, held = std::move(fd)]() mutable { Serve(number, std::move(held)); });
    }
  }
};

FakeApiServer::FakeApiServer(const TestAuthority& authority, Handler handler, Options options)
    : implementation_(std::make_unique<Implementation>()) {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));  // OpenSSL writes to sockets without MSG_NOSIGNAL
  Implementation& self = *implementation_;
  self.handler = std::move(handler);
  self.options = std::move(options);
  const TestIdentity identity = authority.Issue(self.options.common_name, self.options.names, self.options.certificate_ends_in);
  const std::unique_ptr<BIO, decltype(&BIO_free)> certificate(BIO_new_mem_buf(identity.certificate_pem.data(), -1), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr),
                                                         X509_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> key(BIO_new_mem_buf(identity.key_pem.data(), -1), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr),
                                                                 EVP_PKEY_free);
  SSL_CTX_use_certificate(self.context.get(), x509.get());
  SSL_CTX_use_PrivateKey(self.context.get(), pkey.get());
  if (self.options.client_authority != nullptr) {
    const std::string pem = self.options.client_authority->pem();
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> ca(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(self.context.get()), ca.get());
    SSL_CTX_set_verify(self.context.get(), SSL_VERIFY_PEER, nullptr);
    static constexpr unsigned char kSession[] = "fake";
    SSL_CTX_set_session_id_context(self.context.get(), kSession, sizeof kSession - 1);
  }
  self.listening = UniqueFd(socket(self.options.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address{};
  socklen_t size = 0;
  if (self.options.ipv6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_loopback;
    size = sizeof *v6;
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size = sizeof *v4;
  }
  if (bind(self.listening.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(self.listening.get(), 64) != 0)
    throw std::runtime_error("the fake API server cannot listen");
  getsockname(self.listening.get(), reinterpret_cast<sockaddr*>(&address), &size);
  self.port = ntohs(self.options.ipv6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                      : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
  self.accepting = std::jthread([&self] { self.AcceptAll(); });
}

FakeApiServer::~FakeApiServer() {
  implementation_->ending = true;
  implementation_->accepting.join();
  implementation_->serving.clear();
}

std::uint16_t FakeApiServer::port() const { return implementation_->port; }
std::vector<std::string> FakeApiServer::Requests() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->requests;
}
int FakeApiServer::Connections() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->connections;
}

}  // namespace borgop::kube
