include(CMakePackageConfigHelpers)

install(TARGETS berg_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${BERG_ARCHIVE} DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET berg_program)
  install(TARGETS berg_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES include/berg.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(EXISTS ${PROJECT_SOURCE_DIR}/docs/berg.1)
  install(FILES docs/berg.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(FILES docs/completions/berg.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME berg)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# How far below the prefix the library folder is: lib, lib64 or lib/x86_64-linux-gnu.
string(REGEX REPLACE "[^/]+" ".." BERG_LIBDIR_UP "${CMAKE_INSTALL_LIBDIR}")
# What a program that links libberg.a has to link besides.
set(BERG_LIBS_PRIVATE "")
foreach(library ${HDF5_LDFLAGS} ${JPEG_LIBRARIES} ${SPNG_LDFLAGS} ${ZLIB_LIBRARIES} ${CJSON_LDFLAGS} ${CAIRO_LDFLAGS} ${NIFTI_LIBRARY}
                ${ZNZ_LIBRARY} ${CSV_LIBRARY} -pthread -lm -ldl)
  string(APPEND BERG_LIBS_PRIVATE " ${library}")
endforeach()
configure_file(cmake/berg.pc.in berg.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/berg.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(cmake/bergConfig.cmake.in bergConfig.cmake @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/bergConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/bergConfig.cmake ${PROJECT_BINARY_DIR}/bergConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/berg)
