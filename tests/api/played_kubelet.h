// A test in the place of a kubelet, as far as its own port is asked: the API server reads the logs of pods from there.
//
// Threading: one thread; the logs are handed out from others. Errors: std::runtime_error.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tests/api/played_pod.h"
#include "tests/fakes/fake_api_server.h"

namespace borgop::api_tests {

class PlayedKubelet {
 public:
  PlayedKubelet();  // adds a Node, on which the scheduler puts nothing
  PlayedKubelet(const PlayedKubelet&) = delete;
  PlayedKubelet& operator=(const PlayedKubelet&) = delete;
  ~PlayedKubelet();  // removes it

  // Puts a pod on the node, which is what has its log asked for here.
  void Take(const PlayedPod& pod) const;
  void SetLog(const PlayedPod& pod, const std::string& text);
  // Answers all questions with an error, or as it should.
  void Fail(bool fails);
  // How often a log was asked for.
  std::size_t Asked() const { return server_->Requests().size(); }

 private:
  void Answer(const kube::FakeRequest& request, kube::FakeAnswer& answer);

  std::string name_;
  std::mutex mutex_;
  std::map<std::string, std::string> logs_;  // by the path that they are asked at
  bool fails_ = false;
  TestAuthority authority_;
  std::unique_ptr<kube::FakeApiServer> server_;  // last: it uses the others
};

}  // namespace borgop::api_tests
