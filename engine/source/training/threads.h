// A small pool of threads for work that comes in independent tasks.
#pragma once

#include <functional>

namespace wetprint {

// Runs `work(task, worker)` for every task from 0 to `tasks`, on at most `threads` threads, the
// caller being one of them; `worker` is from 0 to threads - 1 and never used twice at once, so that
// it may choose scratch memory. Which worker gets which task is open: results must not depend on
// it. `work` must not throw. Waiting threads sleep. When the pool is busy with another caller's
// work, the caller does everything alone.
void in_parallel(int tasks, int threads, const std::function<void(int task, int worker)>& work);

}  // namespace wetprint
