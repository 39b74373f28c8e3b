# What a Python wheel holds beside the extension: the program, and all that compiling against the library takes, in the package's own
# folder. pip puts the program on PATH as it is, so that exit statuses and signals are its own. A wheel holds no links: the library has
# one name, that by which programs look for it.
set_target_properties(berg_shared PROPERTIES VERSION ${BERG_SOVERSION})
# Libraries that are loaded when needed, of an environment that has its own (conda).
set_target_properties(berg_program PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")

set(CMAKE_INSTALL_LIBDIR lib)
set(CMAKE_INSTALL_INCLUDEDIR include)
set(BERG_LIBDIR_UP ..)
set(BERG_LIBS_PRIVATE "") # of libberg.a, which a wheel does not hold
set(BERG_LINKED "-l:libberg.so.${BERG_SOVERSION} -Wl,-rpath,\${libdir}")
set(made ${PROJECT_BINARY_DIR}/wheel)
configure_file(cmake/berg.pc.in ${made}/berg.pc @ONLY)
configure_file(cmake/bergConfig.cmake.in ${made}/bergConfig.cmake @ONLY)

install(TARGETS berg_program RUNTIME DESTINATION ${SKBUILD_SCRIPTS_DIR} COMPONENT python)
install(TARGETS berg_shared LIBRARY DESTINATION berg/lib COMPONENT python NAMELINK_SKIP)
install(FILES include/berg.h DESTINATION berg/include COMPONENT python)
install(FILES ${made}/berg.pc DESTINATION berg/lib/pkgconfig COMPONENT python)
install(FILES ${made}/bergConfig.cmake ${PROJECT_BINARY_DIR}/bergConfigVersion.cmake DESTINATION berg/lib/cmake/berg COMPONENT python)
install(FILES docs/berg.1 DESTINATION ${SKBUILD_DATA_DIR}/share/man/man1 COMPONENT python)
install(FILES docs/completions/berg.bash DESTINATION ${SKBUILD_DATA_DIR}/share/bash-completion/completions COMPONENT python RENAME berg)
if(BERG_NOTICES)
  install(DIRECTORY ${BERG_NOTICES}/ DESTINATION ${SKBUILD_METADATA_DIR}/licenses/linked COMPONENT python)
endif()
