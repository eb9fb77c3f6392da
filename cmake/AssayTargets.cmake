# Defines assay_library() and assay_test(): one library per folder, compiled with warnings.

get_filename_component(ASSAY_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

find_program(ASSAY_CCACHE ccache)
if(ASSAY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ASSAY_CCACHE})
endif()
find_program(ASSAY_MOLD mold)
if(ASSAY_MOLD AND NOT APPLE)
  add_link_options(-fuse-ld=mold)
endif()

add_library(assay_options INTERFACE)
target_include_directories(assay_options INTERFACE ${ASSAY_ROOT})
target_compile_options(assay_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
# GCC 12 reports overlaps and overflows inside std::string that are not there (GCC bugs 105651,
# 105329 and 105762).
foreach(warning restrict stringop-overflow stringop-overread array-bounds)
  target_compile_options(assay_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-${warning}>)
endforeach()
if(ASSAY_WERROR)
  target_compile_options(assay_options INTERFACE -Werror)
endif()
# Lets ccache keep the objects of a target that has a precompiled header.
function(assay_ccache_precompiled target)
  if(NOT ASSAY_CCACHE)
    return()
  endif()
  set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${ASSAY_CCACHE}")
  # The precompiled header must carry no time stamp.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  else()
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# A target that others reuse the precompiled HEADER of: assay_precompiled_header(NAME HEADER).
function(assay_precompiled_header name header)
  set(source ${CMAKE_BINARY_DIR}/${name}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Gives the precompiled header a target.\n")
  add_library(${name} STATIC ${source})
  target_link_libraries(${name} PRIVATE assay_options)
  target_precompile_headers(${name} PRIVATE ${header})
  assay_ccache_precompiled(${name})
endfunction()

function(assay_reuse_precompiled_header target name)
  target_precompile_headers(${target} REUSE_FROM ${name})
  assay_ccache_precompiled(${target})
endfunction()

# A static library of this folder: target assay_NAME, alias assay::NAME. It reuses the precompiled header cmake/assay_pch.h;
# OWN_PCH: it has one of its own, or flags that rule one out.
function(assay_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OWN_PCH" "" "")
  add_library(assay_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  add_library(assay::${name} ALIAS assay_${name})
  target_link_libraries(assay_${name} PUBLIC assay_options)
  if(NOT arg_OWN_PCH AND TARGET assay_pch)
    assay_reuse_precompiled_header(assay_${name} assay_pch)
  endif()
endfunction()

# Adds a header-only library: target assay_NAME, alias assay::NAME.
function(assay_header_library name)
  add_library(assay_${name} INTERFACE)
  add_library(assay::${name} ALIAS assay_${name})
  target_link_libraries(assay_${name} INTERFACE assay_options)
endfunction()

# Tests that hang end after this many times their TIMEOUT. Tests wait in the same proportion (tests/patience.h, bench/patience.py).
set(ASSAY_TEST_TIMEOUT_FACTOR "$ENV{ASSAY_TEST_TIMEOUT_FACTOR}" CACHE STRING
  "Factor of the timeouts of all tests (default: 1, 5 with address, 10 with thread sanitizer)")

# Stores in OUT the SECONDS of a quiet machine, times the factor and a reserve for machines that are busy with other work.
function(assay_timeout out seconds)
  set(factor ${ASSAY_TEST_TIMEOUT_FACTOR})
  if(NOT factor AND ASSAY_SANITIZER MATCHES thread)
    set(factor 10)
  elseif(NOT factor AND ASSAY_SANITIZER)
    set(factor 5)
  elseif(NOT factor)
    set(factor 1)
  endif()
  math(EXPR seconds "${seconds} * ${factor} * 5")
  set(${out} ${seconds} PARENT_SCOPE)
endfunction()

# Adds a GoogleTest binary: target NAME with one ctest entry per test case, or a single entry with
# WHOLE (for many short cases that share a slow start). The working directory is the source tree.
# FIXTURE names the ctest fixture that must have run before.
function(assay_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WHOLE" "FIXTURE" "")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE assay_options GTest::gmock_main)
  if(TARGET assay_test_pch)
    assay_reuse_precompiled_header(${name} assay_test_pch)
  endif()
  assay_discover_tests(${name} "${arg_WHOLE}" "${arg_FIXTURE}")
endfunction()

# The entries of ctest for the GoogleTest binary NAME, see assay_test().
function(assay_discover_tests name whole fixture)
  assay_timeout(case_timeout 120)
  assay_timeout(whole_timeout 600)
  assay_timeout(discovery_timeout 60)
  if(whole)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${ASSAY_ROOT})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${whole_timeout} FIXTURES_REQUIRED "${fixture}")
    return()
  endif()
  gtest_discover_tests(${name} WORKING_DIRECTORY ${ASSAY_ROOT} DISCOVERY_TIMEOUT ${discovery_timeout}
                       PROPERTIES TIMEOUT ${case_timeout} FIXTURES_REQUIRED "${fixture}")
endfunction()
