#include "bench/controller/observer.h"

#include <stdexcept>
#include <utility>

#include "tests/api/admin_client.h"

namespace borgop::bench {
namespace {

constexpr std::chrono::seconds kSyncLimit{120};

}  // namespace

Observer::Observer(const api_tests::ControlPlane& plane, const kube::ResourceType& type, const kube::Selection& selection,
                   kube::Reflector::Handler handler)
    : http_(api_tests::ConnectAsAdmin(plane)),
      client_(*http_, api_tests::UnlimitedClient()),
      reflector_(client_, type, selection, {}, kube::Clock::Real(), kube::RealSleep, [] { return 0.5; }) {
  reflector_.AddHandler(std::move(handler));
  thread_ = std::jthread([this](const std::stop_token& stop) { reflector_.Run(stop); });
  if (!reflector_.WaitForSync({}, kSyncLimit)) throw std::runtime_error("the " + type.plural + " cannot be listed");
}

}  // namespace borgop::bench
