# Finds system packages, in one way for Debian and Homebrew. Only engine/runtime finds libtorch: its
# headers must never be on the include path of code that uses protobuf or spdlog.

if(APPLE)
  include(${CMAKE_CURRENT_LIST_DIR}/AssayHomebrew.cmake)
  assay_use_homebrew_openssl()
endif()
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
# Protobuf's own config names the libraries of abseil that it needs; CMake's FindProtobuf does not
# (protobuf issue 16314). Debian 12's package has no config and needs no abseil.
find_package(Protobuf CONFIG QUIET)
if(NOT TARGET protobuf::libprotobuf)
  find_package(Protobuf MODULE REQUIRED)
endif()
find_package(spdlog CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
# Headers only: distributions, integers of any size, and the HTTP server.
find_package(Boost CONFIG REQUIRED)
if(ASSAY_SANITIZER MATCHES thread)
  # ThreadSanitizer does not see the fences of asio, which are between operations of one thread here.
  target_compile_options(Boost::headers INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
# Its -pthread would rule out the precompiled header, which is compiled without it.
set_property(TARGET PkgConfig::RE2 PROPERTY INTERFACE_COMPILE_OPTIONS "")
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
find_library(GRPC_REFLECTION_LIBRARY grpc++_reflection REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
find_program(PROTOC protoc REQUIRED)

# yaml-cpp before 0.8 exports a target without a namespace.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
if(ASSAY_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
  include(GoogleTest)
endif()
