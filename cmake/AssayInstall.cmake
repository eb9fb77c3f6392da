# `cmake --install`: bin/assayd and bin/assay, and in lib/assay torch's shared libraries, which no system package has. The tree may
# be moved as a whole. Everything else comes from the system: deploy/Dockerfile lists the packages.

if(APPLE)
  set(ASSAY_INSTALL_ORIGIN @loader_path)
else()
  set(ASSAY_INSTALL_ORIGIN $ORIGIN)
endif()
set_target_properties(assayd PROPERTIES INSTALL_RPATH ${ASSAY_INSTALL_ORIGIN}/../lib/assay)

# What assayd needs that lies beside torch: its own libraries, and NVIDIA's packages where torch was built for CUDA.
# .../site-packages/torch/share/cmake -> .../site-packages, as it was given and without links.
cmake_path(SET ASSAY_PACKAGES_FOLDER NORMALIZE ${ASSAY_TORCH_CMAKE_PREFIX}/../../..)
file(REAL_PATH ${ASSAY_PACKAGES_FOLDER} ASSAY_PACKAGES_REAL_FOLDER)
set(ASSAY_PACKAGES_REGEXES)
foreach(folder ${ASSAY_PACKAGES_FOLDER} ${ASSAY_PACKAGES_REAL_FOLDER}/)
  string(REGEX REPLACE "([][+.*()^$?|])" "\\\\\\1" folder ${folder})
  list(APPEND ASSAY_PACKAGES_REGEXES "^${folder}")
endforeach()

install(TARGETS assayd RUNTIME_DEPENDENCY_SET assayd_libraries RUNTIME DESTINATION bin)
install(TARGETS assay RUNTIME DESTINATION bin)
install(RUNTIME_DEPENDENCY_SET assayd_libraries
  POST_INCLUDE_REGEXES ${ASSAY_PACKAGES_REGEXES}
  POST_EXCLUDE_REGEXES ".*"
  LIBRARY DESTINATION lib/assay
  FRAMEWORK DESTINATION lib/assay)
