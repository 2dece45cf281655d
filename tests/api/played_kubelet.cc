#include "tests/api/played_kubelet.h"

#include <unistd.h>

#include <stdexcept>

namespace borgop::api_tests {
namespace {

const kube::ResourceType kNodes{"", "v1", "nodes", "Node", false};

std::string PathOf(const PlayedPod& pod) { return "/containerLogs/" + pod.key().ns + "/" + pod.key().name + "/engine"; }

// As the kubelet does: the last `count` lines. A newline at the end is no line of its own.
std::string LastLines(const std::string& text, std::size_t count) {
  std::size_t at = text.size();
  if (at > 0 && text[at - 1] == '\n') --at;
  while (count > 0 && at > 0) {
    const std::size_t newline = text.rfind('\n', at - 1);
    at = newline == std::string::npos ? 0 : newline;
    --count;
  }
  return text.substr(at == 0 ? 0 : at + 1);
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
