// A disk without room for the tests.
#ifndef ASSAY_TESTS_EVALUATOR_STORE_FULL_DISK_H_
#define ASSAY_TESTS_EVALUATOR_STORE_FULL_DISK_H_

#include <sys/resource.h>

#include <csignal>

namespace assay::evaluator {

// Limits the size of files that this process writes, as a full disk would, until it is destroyed.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none = {.rlim_cur = 1, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_STORE_FULL_DISK_H_
