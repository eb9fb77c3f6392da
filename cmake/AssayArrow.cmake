# Finds Apache Arrow and its Parquet library, which only client/tables uses, as the target
# assay::arrow: those of the pyarrow wheel in ASSAY_VENV, otherwise those of the system
# (Homebrew's apache-arrow). The wheel has no CMake package and no unversioned library names.

set(ASSAY_ARROW_FOLDER "" CACHE PATH "Folder of pyarrow's wheel; empty: the one in ASSAY_VENV")
if(NOT ASSAY_ARROW_FOLDER)
  file(GLOB found ${ASSAY_VENV}/lib/python3*/site-packages/pyarrow/include/arrow/api.h)
  if(found)
    list(GET found 0 header)
    cmake_path(SET folder NORMALIZE ${header}/../../..)
    string(REGEX REPLACE "/$" "" folder ${folder})
    set(ASSAY_ARROW_FOLDER ${folder} CACHE PATH "" FORCE)
  endif()
endif()

add_library(assay_arrow INTERFACE)
add_library(assay::arrow ALIAS assay_arrow)
if(ASSAY_ARROW_FOLDER)
  foreach(name arrow parquet)
    # The dot keeps libarrow_python and others out.
    file(GLOB libraries ${ASSAY_ARROW_FOLDER}/lib${name}.so.* ${ASSAY_ARROW_FOLDER}/lib${name}.*.dylib)
    list(LENGTH libraries count)
    if(NOT count EQUAL 1)
      message(FATAL_ERROR
        "${ASSAY_ARROW_FOLDER} has ${count} files of lib${name} instead of one: run `make setup`")
    endif()
    target_link_libraries(assay_arrow INTERFACE ${libraries})
  endforeach()
  target_include_directories(assay_arrow SYSTEM INTERFACE ${ASSAY_ARROW_FOLDER}/include)
else()
  find_package(Parquet CONFIG QUIET)
  if(NOT TARGET Parquet::parquet_shared)
    message(FATAL_ERROR "no pyarrow in ${ASSAY_VENV} and no Apache Arrow in the system: run "
                        "`make setup`, or set ASSAY_VENV or ASSAY_ARROW_FOLDER")
  endif()
  target_link_libraries(assay_arrow INTERFACE Parquet::parquet_shared Arrow::arrow_shared)
endif()
