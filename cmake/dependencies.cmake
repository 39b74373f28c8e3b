# Every library that libberg links, and why it rather than another or our own code: docs/DEPENDENCIES.md.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(JPEG REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(SPNG REQUIRED IMPORTED_TARGET spng)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
# Debian's NIFTI package file names a path that Debian does not use.
find_path(NIFTI_INCLUDE_DIR nifti/nifti1_io.h REQUIRED)
find_library(NIFTI_LIBRARY niftiio REQUIRED)
find_library(ZNZ_LIBRARY znz REQUIRED)
find_path(CSV_INCLUDE_DIR csv.h REQUIRED)
find_library(CSV_LIBRARY csv REQUIRED)

add_library(berg_dependencies INTERFACE)
# Any of them may be an archive: each before those it needs.
target_link_libraries(berg_dependencies INTERFACE JPEG::JPEG PkgConfig::SPNG PkgConfig::CJSON ${NIFTI_LIBRARY}
                                                  ${ZNZ_LIBRARY} ${CSV_LIBRARY} ZLIB::ZLIB Threads::Threads m dl)
# nifti1_io.h includes its neighbours without their folder.
target_include_directories(berg_dependencies SYSTEM INTERFACE ${NIFTI_INCLUDE_DIR}/nifti ${CSV_INCLUDE_DIR})
