# The vector kernels of la and vit are written once, with the compiler's vector types, and compiled once for each
# instruction set below; src/base/machine.c picks one at run time. A file in src/<folder>/kernels/ sees BERG_ISA, whose kernels it
# names, and BERG_ISA_NAME. Those of what every processor of the kind has are "portable"; on aarch64 that is NEON.
set(isas "")
set(BERG_ISA_NAME_portable portable)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(isas avx2 avx512)
  # BERG_TILES=twin: a tile unit in C, and AVX-VNNI's instruction in AVX-512's coding, which compute the same bits: to test all that uses
  # them on any processor with AVX-512 (and its VNNI).
  set(BERG_TILES processor CACHE STRING "Whose tile unit isa amx multiplies with: the processor's, or the twin of the tests")
  include(CheckCCompilerFlag)
  include(CheckCSourceCompiles)
  check_c_compiler_flag("-mamx-tile -mamx-bf16 -mamx-int8" BERG_COMPILES_TILES)
  if(BERG_COMPILES_TILES OR BERG_TILES STREQUAL "twin")
    list(APPEND isas amx)
  endif()
  # gcc knows AVX-VNNI before some assemblers do: RHEL 9 has gcc 11 with binutils 2.35.
  set(CMAKE_REQUIRED_FLAGS "-mavx2 -mavxvnni")
  check_c_source_compiles("#include <immintrin.h>
    int main(void) { __m256i x = _mm256_setzero_si256(); return _mm256_extract_epi32(_mm256_dpbusd_avx_epi32(x, x, x), 0); }" BERG_COMPILES_AVX_VNNI)
  unset(CMAKE_REQUIRED_FLAGS)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(isas neon_dot neon_matrix)
  set(BERG_ISA_NAME_portable neon)
endif()
set(BERG_ISAS "${isas}" CACHE STRING "Instruction sets beside the one that every processor of the kind has: some of ${isas}, or nothing")
set(BERG_ISA_FLAGS_avx2 -march=x86-64-v3)
set(BERG_ISA_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
set(BERG_MORE_FLAGS_avx2 ${BERG_ISA_FLAGS_avx2} -mavxvnni)
set(BERG_MORE_FLAGS_avx512 ${BERG_ISA_FLAGS_avx512} -mavx512vnni -mavx512bf16)
set(BERG_MORE_FLAGS_amx ${BERG_ISA_FLAGS_avx512} -mamx-tile -mamx-bf16 -mamx-int8)
if(BERG_TILES STREQUAL "twin")
  set(BERG_MORE_FLAGS_amx ${BERG_ISA_FLAGS_avx512} -DBERG_TILE_UNIT="tiles/unit_twin.h" -I${PROJECT_SOURCE_DIR}/tests)
  set(BERG_MORE_FLAGS_avx2 ${BERG_ISA_FLAGS_avx2} -mavx512vnni -mavx512vl)
  set_source_files_properties(src/base/machine.c PROPERTIES COMPILE_DEFINITIONS BERG_TILE_TWIN)
endif()
set(BERG_MORE_FLAGS_neon_dot -march=armv8.2-a+dotprod)
set(BERG_MORE_FLAGS_neon_matrix -march=armv8.2-a+i8mm+bf16)
foreach(isa ${BERG_ISAS})
  string(TOUPPER ${isa} name)
  target_compile_definitions(berg_flags INTERFACE BERG_HAS_${name})
endforeach()
set(more avx512 amx neon_dot neon_matrix)
if(avx2 IN_LIST BERG_ISAS AND (BERG_COMPILES_AVX_VNNI OR BERG_TILES STREQUAL "twin"))
  list(APPEND more avx2)
  target_compile_definitions(berg_flags INTERFACE BERG_HAS_AVX_VNNI)
endif()

# -O3 unrolls the register tiles; contraction to fused multiply-adds is wanted here, and the same for every caller.
# -Wno-psabi: vectors wider than the ISA are passed between static functions only, never across this boundary.
set(BERG_KERNEL_FLAGS -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wno-psabi)
if(BERG_SANITIZE AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND BERG_KERNEL_FLAGS -fno-var-tracking) # of variables in unrolled tiles: half of the time that compiling them takes
endif()
# Checks of what is unrolled furthest as calls rather than in line: a third of the time that compiling it takes, and of few tests' running.
if(BERG_SANITIZE MATCHES address AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  set_source_files_properties(src/la/kernels/plain.c PROPERTIES COMPILE_OPTIONS --param=asan-instrumentation-with-call-threshold=200)
endif()
if(BERG_FUZZ) # no target multiplies: minutes of compiling that show nothing
  list(APPEND BERG_KERNEL_FLAGS -O1 -fno-sanitize=all)
endif()

# What is undefined is undefined in all of them: it is looked for where vectors are short, for unrolled tiles of long ones take four times
# as long to compile with it.
if(BERG_SANITIZE MATCHES undefined AND NOT BERG_FUZZ)
  set(BERG_KERNEL_CHECKS_portable SHELL:-O1) # else CMake leaves it out, as one that is there already
  foreach(isa avx2 avx512 amx)
    set(BERG_KERNEL_CHECKS_${isa} -fno-sanitize=undefined)
  endforeach()
endif()

# gcc would put loads far ahead of their products and have no registers left for sums.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND BERG_KERNEL_FLAGS -fno-schedule-insns)
endif()

# What NEON has beyond the base is products of bytes and bf16 alone, and AMX has the tile unit beside AVX-512.
set(isas portable ${BERG_ISAS})
list(REMOVE_ITEM isas neon_dot neon_matrix amx)
foreach(isa ${isas})
  file(GLOB sources CONFIGURE_DEPENDS src/la/kernels/*.c src/vit/kernels/*.c)
  if(sources)
    add_library(berg_kernels_${isa} OBJECT ${sources})
    target_compile_options(berg_kernels_${isa} PRIVATE ${BERG_KERNEL_FLAGS} ${BERG_ISA_FLAGS_${isa}} ${BERG_KERNEL_CHECKS_${isa}})
    if(NOT BERG_ISA_NAME_${isa})
      set(BERG_ISA_NAME_${isa} ${isa})
    endif()
    target_compile_definitions(berg_kernels_${isa} PRIVATE BERG_ISA=${isa} BERG_ISA_NAME="${BERG_ISA_NAME_${isa}}")
    target_link_libraries(berg_kernels_${isa} PRIVATE berg_flags)
    list(APPEND BERG_OBJECTS $<TARGET_OBJECTS:berg_kernels_${isa}>)
  endif()
endforeach()

# Products by extensions that not every processor knows: in files of their own, chosen at run time (src/la/gemm.c), with what AVX2's or
# AVX-512's kernels or the base's share.
foreach(isa ${more})
  if(isa IN_LIST BERG_ISAS)
    file(GLOB sources CONFIGURE_DEPENDS src/la/kernels/${isa}/*.c)
    add_library(berg_kernels_${isa}_more OBJECT ${sources})
    target_compile_options(berg_kernels_${isa}_more PRIVATE ${BERG_KERNEL_FLAGS} ${BERG_MORE_FLAGS_${isa}} ${BERG_KERNEL_CHECKS_${isa}})
    string(REGEX REPLACE "^neon_.*" portable shared ${isa})
    string(REPLACE amx avx512 shared ${shared})
    target_compile_definitions(berg_kernels_${isa}_more PRIVATE BERG_ISA=${shared})
    target_link_libraries(berg_kernels_${isa}_more PRIVATE berg_flags)
    list(APPEND BERG_OBJECTS $<TARGET_OBJECTS:berg_kernels_${isa}_more>)
  endif()
endforeach()
# torch's resize rounds after each product and after each sum, and normal numbers are the same on every machine.
set_source_files_properties(src/vit/kernels/resize_tensor.c src/la/kernels/normal.c PROPERTIES COMPILE_OPTIONS -ffp-contract=off)
