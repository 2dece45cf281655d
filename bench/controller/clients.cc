#include "bench/controller/clients.h"

#include <exception>
#include <thread>
#include <vector>

namespace borgop::bench {
namespace {

constexpr int kThreads = 4;

}  // namespace

void ShareOut(const api_tests::ControlPlane& plane, int count, const std::function<void(api_tests::AdminClient&, int)>& work) {
  std::vector<std::exception_ptr> failures(kThreads);
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        try {
          api_tests::AdminClient admin(plane);
          for (int i = thread; i < count; i += kThreads) work(admin, i);
        } catch (...) {
          failures.at(static_cast<std::size_t>(thread)) = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace borgop::bench
