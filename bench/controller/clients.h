// Several clients at once, so that one slow answer does not delay what comes next.
//
// Threading: `work` is called by several threads, each of which has a client of its own. Errors: the first exception of a thread, once all
// have ended; the others go on meanwhile.
#pragma once

#include <functional>

#include "tests/api/admin_client.h"

namespace borgop::bench {

// Calls `work` with each number below `count`; of one client's in order.
void ShareOut(const api_tests::ControlPlane& plane, int count, const std::function<void(api_tests::AdminClient&, int)>& work);

}  // namespace borgop::bench
