# `cmake --install` installs bin/assayd and bin/assay, and in lib/assay the shared libraries of
# torch, which are in no system package. The installed tree can be moved as a whole. All other
# libraries come from the system; deploy/Dockerfile lists the packages.

if(APPLE)
  set(ASSAY_INSTALL_ORIGIN @loader_path)
else()
  set(ASSAY_INSTALL_ORIGIN $ORIGIN)
endif()
set_target_properties(assayd PROPERTIES INSTALL_RPATH ${ASSAY_INSTALL_ORIGIN}/../lib/assay)

# Finds the libraries next to torch that assayd needs: torch's own, and NVIDIA's packages if torch
# was built for CUDA. Maps .../site-packages/torch/share/cmake to .../site-packages, both as given
# and with symbolic links resolved.
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
