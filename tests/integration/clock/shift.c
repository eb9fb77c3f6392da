/* Preloaded into a process, shifts its time of day by the nanoseconds in the file that the
 * environment variable ASSAY_CLOCK_FILE names, at any moment. The monotonic clock stays as it is.
 * Waits of the kernel for a moment of the time of day end when the shifted clock reaches it, as they
 * would if the clock of the machine were set. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
/* How soon a wait notices that the clock was set. */
#define SLICE (20 * 1000000LL)

static _Atomic int64_t zero;
static _Atomic int64_t* offset = &zero;

__attribute__((constructor)) static void Open(void) {
  const char* path = getenv("ASSAY_CLOCK_FILE");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* mapped = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) offset = mapped;
  close(file);
}

static long RawSyscall(long number, long a, long b, long c, long d, long e, long f) {
  static long (*next)(long, ...) = NULL;
  if (next == NULL) next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  return next(number, a, b, c, d, e, f);
}

static int IsDate(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

static int64_t Nanos(const struct timespec* time) {
  return time->tv_sec * SECOND + time->tv_nsec;
}

static struct timespec Timespec(int64_t nanos) {
  struct timespec time = {nanos / SECOND, nanos % SECOND};
  return time;
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  const long result = RawSyscall(SYS_clock_gettime, clock, (long)time, 0, 0, 0, 0);
  if (result != 0) return -1;
  if (IsDate(clock)) *time = Timespec(Nanos(time) + *offset);
  return 0;
}

static int64_t Now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return Nanos(&time);
}

time_t time(time_t* result) {
  const time_t seconds = Now() / SECOND;
  if (result != NULL) *result = seconds;
  return seconds;
}

int gettimeofday(struct timeval* restrict result, void* restrict zone) {
  (void)zone;
  const int64_t now = Now();
  result->tv_sec = now / SECOND;
  result->tv_usec = now % SECOND / 1000;
  return 0;
}

/* Futexes that wait for a date: abseil's before its release of August 2023. */
long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  const int waits = number == SYS_futex && (a[1] & FUTEX_CLOCK_REALTIME) && a[3] != 0 &&
                    (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
  if (!waits) return RawSyscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  const int64_t end = Nanos((const struct timespec*)a[3]);
  while (1) {
    const int64_t left = end - Now();
    if (left <= 0) {
      errno = ETIMEDOUT;
      return -1;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const struct timespec slice = Timespec(Nanos(&now) + (left < SLICE ? left : SLICE));
    const long result = RawSyscall(SYS_futex, a[0], a[1] & ~FUTEX_CLOCK_REALTIME, a[2],
                                   (long)&slice, a[4], a[5]);
    if (result == 0 || errno != ETIMEDOUT) return result;
  }
}

int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict end) {
  static int (*next)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*) = NULL;
  if (next == NULL) {
    next = (int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*))dlsym(
        RTLD_NEXT, "pthread_cond_clockwait");
  }
  while (1) {
    const int64_t left = Nanos(end) - Now();
    if (left <= 0) return ETIMEDOUT;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const struct timespec slice = Timespec(Nanos(&now) + (left < SLICE ? left : SLICE));
    const int result = next(condition, mutex, CLOCK_MONOTONIC, &slice);
    if (result != ETIMEDOUT) return result;
  }
}
