// Runs a libFuzzer entry point without libFuzzer (as with GCC): on files as they are, and on seeded
// mutations of them.
//
//   gguf_fuzz [--mutations=N] [--seed=S] FILE...
//
// Mutation i has the seed S + i and depends only on the seed and the files. A crash prints the
// seed, and `--seed=SEED --mutations=1` with the same files reproduces it. A run that takes more
// than one second of processor time or more than 1 GiB of memory counts as a crash. With
// sanitizers, which need both themselves, the limit is ten seconds and memory is unlimited.
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Sanitizers define this function and handle the signals themselves.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Random = std::mt19937_64;

using Clock = std::chrono::steady_clock;

uint64_t current_seed = 0;
Clock::duration slowest = {};

void PrintSeed() {
  char line[64];
  const int length = std::snprintf(line, sizeof(line), "\nfailed at --seed=%llu --mutations=1\n",
                                   static_cast<unsigned long long>(current_seed));
  if (write(STDERR_FILENO, line, static_cast<size_t>(length)) < 0) return;
}

void OnSignal(int signal) {
  PrintSeed();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

bool HasSanitizer() { return __sanitizer_set_death_callback != nullptr; }

void ReportCrashes() {
  std::signal(SIGPROF, OnSignal);
  if (HasSanitizer()) {
    __sanitizer_set_death_callback(PrintSeed);
    // Require() aborts.
    std::signal(SIGABRT, OnSignal);
    return;
  }
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) {
    std::signal(signal, OnSignal);
  }
  constexpr rlim_t kMaxBytes = rlim_t{1} << 30;
  const rlimit memory = {.rlim_cur = kMaxBytes, .rlim_max = kMaxBytes};
  setrlimit(RLIMIT_DATA, &memory);
}

// Starts the time limit of a run, after which SIGPROF ends the process.
void LimitTime() {
  itimerval limit = {};
  limit.it_value.tv_sec = HasSanitizer() ? 10 : 1;
  setitimer(ITIMER_PROF, &limit, nullptr);
}

// Returns a random position: anywhere, or (as often) in the first 2,000 bytes, where headers are.
size_t RandomPosition(const std::string& text, Random& random) {
  constexpr size_t kHead = 2000;
  const size_t range = random() % 2 == 0 ? std::min(text.size(), kHead) : text.size();
  return random() % range;
}

// Returns a number that is likely to overflow, wrap around, or equal a limit.
uint64_t InterestingNumber(Random& random) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  switch (random() % 4) {
    case 0:
      return random() % 48;
    case 1:
      return uint64_t{1} << (random() % 64);
    case 2:
      return kMax >> (random() % 64);
    default:
      return kMax - random() % 64;
  }
}

void OverwriteNumber(std::string* text, Random& random) {
  const uint64_t number = InterestingNumber(random);
  const size_t at = RandomPosition(*text, random);
  const size_t width = std::min<size_t>(size_t{1} << (random() % 4), text->size() - at);
  std::memcpy(text->data() + at, &number, width);
}

// A run of letters and digits: in text files a name, number or keyword.
struct Word {
  size_t begin;
  size_t size;
};

// Returns the first word at or after `at`.
Word FindWord(const std::string& text, size_t at) {
  const auto in_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  };
  const auto begin =
      std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), in_word);
  const auto end = std::find_if_not(begin, text.end(), in_word);
  return {static_cast<size_t>(begin - text.begin()), static_cast<size_t>(end - begin)};
}

std::string InterestingWord(Random& random) {
  constexpr const char* kWords[] = {"null", "true", "false",  "none",  "[]",     "{}",  "0",
                                    "-1",   "0.0",  "1e-320", "1e308", "-1e308", "0.5", "\"\""};
  if (random() % 2 == 0) return std::to_string(InterestingNumber(random));
  return kWords[random() % std::size(kWords)];
}

// Replaces a word. Brackets and commas stay, so that parsers get further.
void ReplaceWord(std::string* text, Random& random) {
  const Word from = FindWord(*text, RandomPosition(*text, random));
  const std::string word =
      random() % 2 == 0 ? InterestingWord(random) : text->substr(from.begin, from.size);
  const Word to = FindWord(*text, RandomPosition(*text, random));
  text->replace(to.begin, to.size, word);
}

void CopyChunk(std::string* text, Random& random) {
  const std::string chunk = text->substr(RandomPosition(*text, random), 1 + random() % 64);
  const size_t at = RandomPosition(*text, random);
  if (random() % 2 == 0) {
    text->insert(at, chunk);
  } else {
    text->replace(at, std::min(chunk.size(), text->size() - at), chunk);
  }
}

void MutateOnce(std::string* text, Random& random) {
  if (text->empty()) return;
  switch (random() % 12) {
    case 0:
      text->resize(RandomPosition(*text, random));
      return;
    case 1:
      text->erase(RandomPosition(*text, random), 1 + random() % 16);
      return;
    case 2:
      CopyChunk(text, random);
      return;
    case 3:
    case 4:
      (*text)[RandomPosition(*text, random)] ^= static_cast<char>(1U << (random() % 8));
      return;
    case 5:
    case 6:
    case 7:
    case 8:
      ReplaceWord(text, random);
      return;
    default:
      OverwriteNumber(text, random);
  }
}

void Run(const std::string& input) {
  // A buffer of exactly this size lets a sanitizer detect a read past its end.
  const std::vector<uint8_t> exact(input.begin(), input.end());
  LimitTime();
  const auto start = Clock::now();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  slowest = std::max(slowest, Clock::now() - start);
}

void RunMutation(const std::vector<std::string>& files, uint64_t seed) {
  current_seed = seed;
  Random random(seed);
  std::string input = files[random() % files.size()];
  for (uint64_t count = 1 + random() % 4; count > 0; --count) MutateOnce(&input, random);
  Run(input);
}

bool ReadNumber(absl::string_view argument, absl::string_view flag, uint64_t* out) {
  return absl::ConsumePrefix(&argument, flag) && absl::SimpleAtoi(argument, out);
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t mutations = 0;
  uint64_t seed = 1;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (ReadNumber(argv[i], "--mutations=", &mutations) || ReadNumber(argv[i], "--seed=", &seed)) {
      continue;
    }
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::cerr << "usage: " << argv[0] << " [--mutations=N] [--seed=S] FILE...; cannot open "
                << argv[i] << "\n";
      return 2;
    }
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (files.empty()) {
    std::cerr << "usage: " << argv[0] << " [--mutations=N] [--seed=S] FILE...\n";
    return 2;
  }
  ReportCrashes();
  for (const std::string& file : files) Run(file);
  for (uint64_t i = 0; i < mutations; ++i) RunMutation(files, seed + i);
  std::cout << files.size() << " files and " << mutations << " mutations from seed " << seed
            << ": no failure, the slowest took "
            << std::chrono::duration_cast<std::chrono::milliseconds>(slowest).count() << " ms\n";
  return 0;
}
