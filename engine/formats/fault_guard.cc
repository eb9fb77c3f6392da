// Keeps the process alive when a page of a mapped file cannot be read.
#include "engine/formats/fault_guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "absl/types/span.h"

namespace assay::engine {

// A guarded mapping. The handler reads it while other threads change it: `version` is odd during a
// change. Slots are never freed, only used again.
struct FaultGuard::Slot {
  std::atomic<bool> taken = false;
  std::atomic<uint32_t> version = 0;
  std::atomic<uintptr_t> begin = 0;
  std::atomic<uintptr_t> end = 0;
  std::atomic<bool> damaged = false;

  void SetRange(uintptr_t first, uintptr_t last) {
    version.fetch_add(1);
    begin.store(first);
    end.store(last);
    version.fetch_add(1);
  }

  // Returns the end of the mapping if `address` is in it, else 0. A slot that changes meanwhile
  // does not contain the address: the faulting thread uses its mapping.
  uintptr_t EndIfContains(uintptr_t address) const {
    const uint32_t before = version.load();
    const uintptr_t first = begin.load();
    const uintptr_t last = end.load();
    if (before % 2 != 0 || version.load() != before) return 0;
    return first <= address && address < last ? last : 0;
  }
};

namespace {

// A split model has tens of files.
constexpr size_t kBlockSlots = 128;

// A list of blocks that only grows.
struct Block {
  std::array<FaultGuard::Slot, kBlockSlots> slots;
  std::atomic<Block*> next = nullptr;
};

static_assert(std::atomic<uintptr_t>::is_always_lock_free);
static_assert(std::atomic<Block*>::is_always_lock_free);

constinit Block first_block;
// Both are set before the handler can run.
struct sigaction previous = {};
uintptr_t page_bytes = 0;

// Replaces the mapping from the page of `address` to `end` by zeros. mmap() is a system call, which
// may be made in a signal handler on Linux and macOS.
bool ReplaceByZeros(uintptr_t address, uintptr_t end) {
  const uintptr_t page = address & ~(page_bytes - 1);
  void* const replaced = mmap(reinterpret_cast<void*>(page), end - page, PROT_READ,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, /*fd=*/-1, /*offset=*/0);
  return replaced != MAP_FAILED;
}

void CallPrevious(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // The instruction that faulted runs again and ends the process. raise() is for a signal that
    // another process sent.
    std::signal(signal, SIG_DFL);
    raise(signal);
  }
}

void OnBusError(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  for (Block* block = &first_block; block != nullptr; block = block->next.load()) {
    for (FaultGuard::Slot& slot : block->slots) {
      const uintptr_t end = slot.EndIfContains(address);
      if (end == 0) continue;
      slot.damaged.store(true);
      if (!ReplaceByZeros(address, end)) break;
      errno = saved_errno;
      return;
    }
  }
  CallPrevious(signal, info, context);
}

void InstallHandler() {
  static std::once_flag once;
  std::call_once(once, [] {
    page_bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    struct sigaction action = {};
    action.sa_sigaction = OnBusError;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    // The old action must be known before the new one can be called.
    sigaction(SIGBUS, nullptr, &previous);
    sigaction(SIGBUS, &action, nullptr);
  });
}

FaultGuard::Slot* TakeSlot() {
  for (Block* block = &first_block;;) {
    for (FaultGuard::Slot& slot : block->slots) {
      if (!slot.taken.exchange(true)) return &slot;
    }
    Block* next = block->next.load();
    if (next == nullptr) {
      auto* const made = new Block;
      // Another thread may have appended a block.
      if (block->next.compare_exchange_strong(next, made)) {
        next = made;
      } else {
        delete made;
      }
    }
    block = next;
  }
}

}  // namespace

FaultGuard::FaultGuard(absl::Span<const std::byte> mapping) : slot_(TakeSlot()) {
  InstallHandler();
  slot_->damaged.store(false);
  const auto begin = reinterpret_cast<uintptr_t>(mapping.data());
  slot_->SetRange(begin, begin + mapping.size());
}

FaultGuard::~FaultGuard() {
  slot_->SetRange(0, 0);
  slot_->taken.store(false);
}

bool FaultGuard::is_damaged() const { return slot_->damaged.load(); }

}  // namespace assay::engine
