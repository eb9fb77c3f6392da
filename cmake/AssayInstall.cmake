# `cmake --install` installs bin/assayd and bin/assay, and in lib/assay the program that reads tables
# for assay and the shared libraries of torch and Arrow, which are in no system package. The
# installed tree can be moved as a whole. All other libraries come from the system;
# deploy/Dockerfile lists the packages. share/assay has the SBOM if `make sbom` has written it.

if(APPLE)
  set(ASSAY_INSTALL_ORIGIN @loader_path)
else()
  set(ASSAY_INSTALL_ORIGIN $ORIGIN)
endif()
set_target_properties(assayd PROPERTIES INSTALL_RPATH ${ASSAY_INSTALL_ORIGIN}/../lib/assay)

set_target_properties(assay-table-reader PROPERTIES INSTALL_RPATH ${ASSAY_INSTALL_ORIGIN})

# Finds the libraries next to torch that assayd needs: torch's own, and NVIDIA's packages if torch
# was built for CUDA. Maps .../site-packages/torch/share/cmake to .../site-packages, both as given
# and with symbolic links resolved.
cmake_path(SET ASSAY_PACKAGES_FOLDER NORMALIZE ${ASSAY_TORCH_CMAKE_PREFIX}/../../..)
file(REAL_PATH ${ASSAY_PACKAGES_FOLDER} ASSAY_PACKAGES_REAL_FOLDER)
set(ASSAY_PACKAGES_REGEXES)
set(ASSAY_PACKAGES_FOLDERS ${ASSAY_PACKAGES_FOLDER} ${ASSAY_PACKAGES_REAL_FOLDER}/)
if(ASSAY_ARROW_FOLDER)
  file(REAL_PATH ${ASSAY_ARROW_FOLDER} ASSAY_ARROW_REAL_FOLDER)
  list(APPEND ASSAY_PACKAGES_FOLDERS ${ASSAY_ARROW_FOLDER}/ ${ASSAY_ARROW_REAL_FOLDER}/)
endif()
foreach(folder ${ASSAY_PACKAGES_FOLDERS})
  string(REGEX REPLACE "([][+.*()^$?|])" "\\\\\\1" folder ${folder})
  list(APPEND ASSAY_PACKAGES_REGEXES "^${folder}")
endforeach()

install(TARGETS assayd RUNTIME_DEPENDENCY_SET assayd_libraries RUNTIME DESTINATION bin)
install(TARGETS assay RUNTIME DESTINATION bin)
install(TARGETS assay-table-reader RUNTIME_DEPENDENCY_SET assayd_libraries
  RUNTIME DESTINATION lib/assay)
install(RUNTIME_DEPENDENCY_SET assayd_libraries
  POST_INCLUDE_REGEXES ${ASSAY_PACKAGES_REGEXES}
  POST_EXCLUDE_REGEXES ".*"
  LIBRARY DESTINATION lib/assay
  FRAMEWORK DESTINATION lib/assay)
install(FILES ${CMAKE_BINARY_DIR}/assay.cdx.json DESTINATION share/assay OPTIONAL)
