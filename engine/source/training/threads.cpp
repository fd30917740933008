#include "training/threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#else
static int getpid() { return 0; }
#endif

namespace wetprint {

namespace {

class Pool {
 public:
  explicit Pool(int process) : process_(process) {}

  int process() const { return process_; }

  void run(int tasks, int threads, const std::function<void(int, int)>& work) {
    std::unique_lock<std::mutex> mine(busy_, std::try_to_lock);
    if (!mine) return alone(tasks, work);
    const int helpers = std::min(threads, tasks) - 1;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      while (static_cast<int>(threads_.size()) < helpers) {
        const int worker = static_cast<int>(threads_.size()) + 1;
        threads_.emplace_back([this, worker] { serve(worker); });
      }
      work_ = &work;
      tasks_ = tasks;
      next_ = 0;
      invited_ = helpers;
      running_ = helpers;
      ++round_;
    }
    begin_.notify_all();
    take_tasks(work, 0);
    std::unique_lock<std::mutex> lock(mutex_);
    finished_.wait(lock, [this] { return running_ == 0; });
  }

  static void alone(int tasks, const std::function<void(int, int)>& work) {
    for (int task = 0; task < tasks; ++task) work(task, 0);
  }

  ~Pool() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
    }
    begin_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void take_tasks(const std::function<void(int, int)>& work, int worker) {
    for (int task = next_++; task < tasks_; task = next_++) work(task, worker);
  }

  void serve(int worker) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (unsigned long seen = 0;;) {
      begin_.wait(lock, [&] { return ending_ || (round_ != seen && worker <= invited_); });
      if (ending_) return;
      seen = round_;
      const std::function<void(int, int)>& work = *work_;
      lock.unlock();
      take_tasks(work, worker);
      lock.lock();
      if (--running_ == 0) finished_.notify_one();
    }
  }

  const int process_;
  std::mutex busy_, mutex_;
  std::condition_variable begin_, finished_;
  std::vector<std::thread> threads_;
  const std::function<void(int, int)>* work_ = nullptr;
  std::atomic<int> next_{0};
  int tasks_ = 0, invited_ = 0, running_ = 0;
  unsigned long round_ = 0;
  bool ending_ = false;
};

// A process made by fork has none of its parent's threads: it needs a pool of its own. No pool is
// ever destroyed, because at exit other threads may still be training.
Pool& pool() {
  static std::mutex choosing;
  static Pool* current = nullptr;
  std::lock_guard<std::mutex> lock(choosing);
  if (!current || current->process() != static_cast<int>(getpid())) {
    current = new Pool(static_cast<int>(getpid()));
  }
  return *current;
}

}  // namespace

void in_parallel(int tasks, int threads, const std::function<void(int, int)>& work) {
  if (tasks <= 1 || threads <= 1) return Pool::alone(tasks, work);
  pool().run(tasks, threads, work);
}

}  // namespace wetprint
