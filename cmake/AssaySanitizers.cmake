# Compiles and links everything with the sanitizers of ASSAY_SANITIZER. CONTRIBUTING.md describes the presets.
if(NOT ASSAY_SANITIZER)
  return()
endif()
# With sanitizers GCC 12 reports members of inactive std::variant alternatives as uninitialized.
add_compile_options(-fsanitize=${ASSAY_SANITIZER} -fno-omit-frame-pointer $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
add_link_options(-fsanitize=${ASSAY_SANITIZER})
# A build must not run the tests' programs, because ctest has the options of the sanitizers.
set(CMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE PRE_TEST)
if(ASSAY_FUZZ)
  # libFuzzer is guided by the coverage of all libraries.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(NOT ASSAY_SANITIZER MATCHES thread)
  return()
endif()

# ThreadSanitizer needs an abseil that is compiled with it, see deploy/sanitizers/abseil.sh.
set(ASSAY_TSAN_ABSEIL ${ASSAY_ROOT}/var/tsan/abseil)
if(EXISTS ${ASSAY_TSAN_ABSEIL}/stamp)
  list(PREPEND CMAKE_PREFIX_PATH ${ASSAY_TSAN_ABSEIL})
  # gRPC's libraries must load the same copy. DT_RUNPATH of a program does not apply to what its libraries need, DT_RPATH does.
  add_link_options(-Wl,--disable-new-dtags)
elseif(NOT APPLE)
  message(WARNING "Debian's abseil is not compiled with ThreadSanitizer, so that it reports thousands of false races. "
                  "Run deploy/sanitizers/abseil.sh and remove ${CMAKE_BINARY_DIR}/CMakeCache.txt.")
endif()
