# The vector kernels of la and vit are written once, with the compiler's vector types, and compiled once for each
# instruction set below; src/base/machine.c picks one at run time. A file in src/<folder>/kernels/ sees BERG_ISA.
set(BERG_ISAS portable)
set(BERG_ISA_FLAGS_portable "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND BERG_ISAS avx2 avx512)
  set(BERG_ISA_FLAGS_avx2 -march=x86-64-v3)
  set(BERG_ISA_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
endif()

# -O3 unrolls the register tiles; contraction to fused multiply-adds is wanted here, and the same for every caller.
# -Wno-psabi: vectors wider than the ISA are passed between static functions only, never across this boundary.
set(BERG_KERNEL_FLAGS -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wno-psabi)
if(BERG_SANITIZE AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND BERG_KERNEL_FLAGS -fno-var-tracking) # of variables in unrolled tiles: half of the time that compiling them takes
endif()
if(BERG_FUZZ) # no target multiplies: minutes of compiling that show nothing
  list(APPEND BERG_KERNEL_FLAGS -O1 -fno-sanitize=all)
endif()

# What is undefined is undefined in all of them: it is looked for where vectors are short, for unrolled tiles of long ones take four times
# as long to compile with it.
if(BERG_SANITIZE MATCHES undefined AND NOT BERG_FUZZ)
  set(BERG_KERNEL_CHECKS_portable SHELL:-O1) # else CMake leaves it out, as one that is there already
  foreach(isa avx2 avx512)
    set(BERG_KERNEL_CHECKS_${isa} -fno-sanitize=undefined)
  endforeach()
endif()

foreach(isa ${BERG_ISAS})
  file(GLOB sources CONFIGURE_DEPENDS src/la/kernels/*.c src/vit/kernels/*.c)
  if(sources)
    add_library(berg_kernels_${isa} OBJECT ${sources})
    target_compile_options(berg_kernels_${isa} PRIVATE ${BERG_KERNEL_FLAGS} ${BERG_ISA_FLAGS_${isa}} ${BERG_KERNEL_CHECKS_${isa}})
    target_compile_definitions(berg_kernels_${isa} PRIVATE BERG_ISA=${isa})
    target_link_libraries(berg_kernels_${isa} PRIVATE berg_flags)
    list(APPEND BERG_OBJECTS $<TARGET_OBJECTS:berg_kernels_${isa}>)
  endif()
endforeach()

# What AVX-512 has by extensions that not every such processor knows: in files of their own, chosen at run time
# (src/la/gemm.c).
if(avx512 IN_LIST BERG_ISAS)
  file(GLOB sources CONFIGURE_DEPENDS src/la/kernels/avx512/*.c)
  add_library(berg_kernels_avx512_more OBJECT ${sources})
  target_compile_options(berg_kernels_avx512_more PRIVATE ${BERG_KERNEL_FLAGS} ${BERG_ISA_FLAGS_avx512} -mavx512vnni
                                                          -mavx512bf16 ${BERG_KERNEL_CHECKS_avx512})
  target_compile_definitions(berg_kernels_avx512_more PRIVATE BERG_ISA=avx512)
  target_link_libraries(berg_kernels_avx512_more PRIVATE berg_flags)
  list(APPEND BERG_OBJECTS $<TARGET_OBJECTS:berg_kernels_avx512_more>)
endif()
# torch's resize rounds after each product and after each sum, and normal numbers are the same on every machine.
set_source_files_properties(src/vit/kernels/resize_tensor.c src/la/kernels/normal.c PROPERTIES COMPILE_OPTIONS -ffp-contract=off)
