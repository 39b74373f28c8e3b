# Flags of our own code: berg_warnings for all of it, berg_flags for the library's folders.
add_library(berg_warnings INTERFACE)
target_compile_options(berg_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
                                               -Wpointer-arith -Wvla -Wwrite-strings)
if(BERG_WERROR)
  target_compile_options(berg_warnings INTERFACE -Werror)
endif()

add_library(berg_flags INTERFACE)
target_link_libraries(berg_flags INTERFACE berg_warnings)
target_include_directories(berg_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(berg_flags INTERFACE BERG_BUILDING _POSIX_C_SOURCE=200809L)
# macOS has these under other names, or undeclared.
if(APPLE)
  target_compile_definitions(berg_warnings INTERFACE _DARWIN_C_SOURCE st_mtim=st_mtimespec fdatasync=fsync)
endif()

# -O2 with vectorising, no -ffast-math: the order of every sum is part of the contract (same bits for any --threads and
# --batch).
set(CMAKE_C_FLAGS_RELEASE "-O2 -ftree-vectorize -g1 -DNDEBUG")

# The same source gives the same bytes in whatever folder it is built: line numbers name files from the source's root on. nvcc, which
# writes none, hands no folder with a space in its name on to its host's compiler.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options("$<$<COMPILE_LANGUAGE:C>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.>"
                      "$<$<COMPILE_LANGUAGE:C>:-ffile-prefix-map=${PROJECT_BINARY_DIR}=build>")
endif()

if(BERG_SANITIZE)
  add_compile_options(-fsanitize=${BERG_SANITIZE} -fno-omit-frame-pointer -g1)
  if(NOT BERG_FUZZ)
    add_compile_options(-O1) # half the time of compiling, and reports name the same lines
  endif()
  add_link_options(-fsanitize=${BERG_SANITIZE})
  if(BERG_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  # the stack that clang 15, gcc 13 and later then give to a function is not aligned to the vectors of AVX-512
  if(BERG_SANITIZE MATCHES address)
    if(CMAKE_C_COMPILER_ID MATCHES Clang)
      add_compile_options(-fsanitize-address-use-after-return=never)
    else()
      add_compile_options(--param=asan-use-after-return=0)
    endif()
  endif()
endif()
if(BERG_COVERAGE)
  add_compile_options(--coverage -O0 -g)
  add_link_options(--coverage)
endif()
if(BERG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  # readers take any checksum: no fuzzer guesses them
  add_compile_definitions(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
endif()
