include(CMakePackageConfigHelpers)

install(TARGETS berg_shared berg_static LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
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
configure_file(cmake/berg.pc.in berg.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/berg.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(cmake/bergConfig.cmake.in bergConfig.cmake @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/bergConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/bergConfig.cmake ${PROJECT_BINARY_DIR}/bergConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/berg)
