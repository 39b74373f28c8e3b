# The CUDA plug-in, and its twin for the host. The twin is plain C, needs no CUDA, and is what the tests run; the plug-in is
# built by `make cuda` where there is nvcc. Neither is linked to anything of ours: src/model/device/device.c loads them at run time.
file(GLOB cuda_common CONFIGURE_DEPENDS src/cuda/*.c)
list(APPEND cuda_common src/vit/embed.c src/base/team.c src/base/thread.c src/base/fork.c src/base/threads.c src/base/cgroup.c
                        src/base/machine.c src/base/system_${BERG_SYSTEM}.c src/base/error.c src/base/memory.c src/base/text.c)

if(BERG_TESTS AND NOT BERG_ONLY_CUDA)
  file(GLOB cuda_host CONFIGURE_DEPENDS src/cuda/host/*.c)
  add_library(berg_cuda_host_objects OBJECT ${cuda_common} ${cuda_host})
  target_link_libraries(berg_cuda_host_objects PRIVATE berg_flags Threads::Threads)
  target_compile_options(berg_cuda_host_objects PRIVATE -O3 -Wno-psabi)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set_source_files_properties(src/cuda/host/product_host.c PROPERTIES COMPILE_OPTIONS "-march=x86-64-v3;-ffp-contract=fast")
  endif()
  add_library(berg_cuda_host MODULE $<TARGET_OBJECTS:berg_cuda_host_objects>)
  target_link_libraries(berg_cuda_host PRIVATE Threads::Threads m)
endif()

option(BERG_CUDA "Build the CUDA plug-in (needs nvcc)" OFF)
if(BERG_CUDA OR BERG_ONLY_CUDA)
  # A100, consumer cards of 8.6 and 8.9, H100 and H200, whose PTX serves 10.x, and consumer cards of 12.0, whose PTX serves what comes later.
  set(BERG_CUDA_ARCHITECTURES 80-real 86-real 89-real 90 120 CACHE STRING "Devices the plug-in has code for")
  set(CMAKE_CUDA_ARCHITECTURES ${BERG_CUDA_ARCHITECTURES})
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  file(GLOB cuda_device CONFIGURE_DEPENDS src/cuda/device/*.cu)
  # No fast-math and no -fmad change: what nvcc does by default keeps float32 exact to the last operation or better.
  add_library(berg_cuda_objects OBJECT ${cuda_common} ${cuda_device})
  set_target_properties(berg_cuda_objects PROPERTIES CUDA_STANDARD 17 CUDA_VISIBILITY_PRESET hidden)
  target_include_directories(berg_cuda_objects PRIVATE include src)
  target_compile_definitions(berg_cuda_objects PRIVATE BERG_BUILDING _POSIX_C_SOURCE=200809L)
  target_link_libraries(berg_cuda_objects PUBLIC CUDA::cublasLt Threads::Threads)
  add_library(berg_cuda MODULE $<TARGET_OBJECTS:berg_cuda_objects>)
  # the toolkit's folder is often not among those that the loader searches
  set(cuda_rpath ${CMAKE_INSTALL_RPATH} ${CUDAToolkit_LIBRARY_DIR})
  set_target_properties(berg_cuda PROPERTIES CUDA_RUNTIME_LIBRARY Static LINKER_LANGUAGE CUDA INSTALL_RPATH "${cuda_rpath}")
  target_link_libraries(berg_cuda PRIVATE CUDA::cublasLt Threads::Threads)
  target_link_options(berg_cuda PRIVATE LINKER:--no-undefined)
  install(TARGETS berg_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
