# The library three ways: what the tests and the program link, with every name in it; the shared one, which shows berg_* alone; and the
# archive that is installed, one object in which all other names are local.
add_library(berg_static STATIC ${BERG_OBJECTS})
set_target_properties(berg_static PROPERTIES OUTPUT_NAME berg_internal)
target_link_libraries(berg_static PUBLIC berg_dependencies)
target_include_directories(berg_static PUBLIC ${PROJECT_SOURCE_DIR}/include)

# Until 1.0 a minor version may change the interface, and its name says so: libberg.so.0.1.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(BERG_SOVERSION 0.${PROJECT_VERSION_MINOR})
else()
  set(BERG_SOVERSION ${PROJECT_VERSION_MAJOR})
endif()
add_library(berg_shared SHARED ${BERG_OBJECTS})
set_target_properties(berg_shared PROPERTIES OUTPUT_NAME berg VERSION ${PROJECT_VERSION} SOVERSION ${BERG_SOVERSION}
                                             LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libberg.map)
if(APPLE)
  target_link_options(berg_shared PRIVATE LINKER:-exported_symbol,_berg_*)
else()
  target_link_options(berg_shared PRIVATE LINKER:--version-script,${PROJECT_SOURCE_DIR}/cmake/libberg.map)
endif()
target_link_libraries(berg_shared PRIVATE berg_dependencies)
target_include_directories(berg_shared PUBLIC ${PROJECT_SOURCE_DIR}/include)

# Of what the program and the Python package's extension take the library: they see include/berg.h alone.
if(BERG_SHARED)
  set(BERG_LINKED berg_shared)
else()
  set(BERG_LINKED berg_static)
endif()

# Functions of the library call each other across files: only when these have become one object can their names become local.
set(BERG_ARCHIVE ${PROJECT_BINARY_DIR}/libberg.a)
if(APPLE) # whose linker makes names local by itself
  set(hide COMMAND ${CMAKE_LINKER} -r -o berg.o -exported_symbol _berg_* -all_load $<TARGET_FILE:berg_static>)
else()
  set(hide COMMAND ${CMAKE_LINKER} -r -o berg.o --whole-archive $<TARGET_FILE:berg_static>
           COMMAND ${CMAKE_OBJCOPY} --localize-hidden berg.o)
endif()
add_custom_command(
  OUTPUT ${BERG_ARCHIVE}
  ${hide}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${BERG_ARCHIVE}
  COMMAND ${CMAKE_AR} qcsD ${BERG_ARCHIVE} berg.o
  COMMAND ${CMAKE_COMMAND} -E rm -f berg.o
  DEPENDS berg_static
  WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
  COMMENT "Hiding what is the library's own in libberg.a"
  VERBATIM)
add_custom_target(berg_archive ALL DEPENDS ${BERG_ARCHIVE})
