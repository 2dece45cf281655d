#include "tests/api/played_kubelet.h"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace borgop::api_tests {
namespace {

const kube::ResourceType kNodes{"", "v1", "nodes", "Node", false};

std::string PathOf(const PlayedPod& pod) { return "/containerLogs/" + pod.key().ns + "/" + pod.key().name + "/engine"; }

constexpr std::size_t kPiece = std::size_t{16} << 10U;

// As containerd and the kubelet do: a long line is kept in pieces, each of which counts as a line of the last `count`.
std::string LastLines(const std::string& text, std::size_t count) {
  std::vector<std::size_t> begins;
  for (std::size_t at = 0; at < text.size();) {
    begins.push_back(at);
    const std::size_t newline = text.find('\n', at);
    const std::size_t end = newline == std::string::npos ? text.size() : newline + 1;
    at = std::min(end, at + kPiece);
  }
  return begins.size() <= count ? text : text.substr(begins[begins.size() - count]);
}

}  // namespace

PlayedKubelet::PlayedKubelet()
    : name_("played-" + std::to_string(getpid())),
      server_(std::make_unique<kube::FakeApiServer>(
          authority_, [this](const kube::FakeRequest& request, kube::FakeAnswer& answer) { Answer(request, answer); })) {
  AdminClient& api = AdminClient::Shared();
  api.Create(kNodes,
             {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", name_}}}, {"spec", {{"unschedulable", true}}}});
  api.Patch(kNodes, {"", name_},
            {{"status",
              {{"addresses", Json::array({{{"type", "InternalIP"}, {"address", "127.0.0.1"}}})},
               {"daemonEndpoints", {{"kubeletEndpoint", {{"Port", server_->port()}}}}}}}},
            "status");
}

PlayedKubelet::~PlayedKubelet() {
  try {
    AdminClient::Shared().Delete(kNodes, {"", name_});
  } catch (const std::exception&) {
    // The cluster goes with the tests.
  }
}

void PlayedKubelet::Take(const PlayedPod& pod) const {
  AdminClient::Shared().CreateBelow(kube::Pods(), pod.key(), "binding",
                                    {{"apiVersion", "v1"},
                                     {"kind", "Binding"},
                                     {"metadata", {{"name", pod.key().name}, {"namespace", pod.key().ns}}},
                                     {"target", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", name_}}}});
}

void PlayedKubelet::SetLog(const PlayedPod& pod, const std::string& text) {
  const std::lock_guard lock(mutex_);
  logs_[PathOf(pod)] = text;
}

void PlayedKubelet::Fail(bool fails) {
  const std::lock_guard lock(mutex_);
  fails_ = fails;
}

void PlayedKubelet::Answer(const kube::FakeRequest& request, kube::FakeAnswer& answer) {
  const std::lock_guard lock(mutex_);
  const auto log = logs_.find(request.path);
  if (fails_) return answer.Send(500, "the test says that this fails");
  if (log == logs_.end()) return answer.Send(404, "no such container");
  const std::string lines = request.Parameter("tailLines");
  std::string text = lines.empty() ? log->second : LastLines(log->second, std::stoul(lines));
  if (const std::string limit = request.Parameter("limitBytes"); !limit.empty())
    text.resize(std::min(text.size(), std::stoul(limit)));
  answer.Send(200, text);
}

}  // namespace borgop::api_tests
