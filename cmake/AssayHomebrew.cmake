# Homebrew keeps some packages apart from /opt/homebrew/lib ("keg-only"), OpenSSL among them.
# Makes the OpenSSL that Homebrew's gRPC was built with visible to pkg-config, because gRPC's .pc
# files require it, and to find_package(OpenSSL), so that one process holds one OpenSSL. Sets
# ENV{PKG_CONFIG_PATH} and, unless it is set, OPENSSL_ROOT_DIR. Does nothing without Homebrew.
macro(assay_use_homebrew_openssl)
  find_program(ASSAY_BREW brew)
  if(ASSAY_BREW)
    execute_process(COMMAND ${ASSAY_BREW} deps grpc
      OUTPUT_VARIABLE assay_grpc_dependencies COMMAND_ERROR_IS_FATAL ANY)
    if(NOT assay_grpc_dependencies MATCHES "(^|\n)(openssl[^\n]*)")
      message(FATAL_ERROR "`brew deps grpc` lists no openssl: run `brew update`, then `make setup`")
    endif()
    execute_process(COMMAND ${ASSAY_BREW} --prefix ${CMAKE_MATCH_2}
      OUTPUT_VARIABLE assay_openssl_prefix OUTPUT_STRIP_TRAILING_WHITESPACE
      COMMAND_ERROR_IS_FATAL ANY)
    if(NOT EXISTS ${assay_openssl_prefix}/lib/pkgconfig)
      message(FATAL_ERROR "${assay_openssl_prefix}/lib/pkgconfig does not exist: run `make setup`")
    endif()
    set(ENV{PKG_CONFIG_PATH} "${assay_openssl_prefix}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")
    if(NOT OPENSSL_ROOT_DIR)
      set(OPENSSL_ROOT_DIR ${assay_openssl_prefix})
    endif()
  endif()
endmacro()
