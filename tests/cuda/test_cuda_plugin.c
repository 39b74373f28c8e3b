/* The real plug-in, libberg_cuda.so, on whatever machine this is: that it loads and links, that its table is whole, and
 * that without a device every way in says so. Part of `make cuda-check`. The plug-in of this build, or the file that is
 * named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <string.h>

#include "cuda/plugin.h"
#include "vit/weights.h"

static const char *file = CUDA_PLUGIN_FILE;
static const cuda_plugin *plugin;

static int load(void **state) {
  cuda_plugin_function table;
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  (void)state;
  if (!library) {
    print_error("%s\n", dlerror());
    return -1;
  }
  *(void **)&table = dlsym(library, CUDA_PLUGIN_SYMBOL);
  if (table) plugin = table();
  return !plugin;
}

static void the_table(void **state) {
  const void *entries[(sizeof(cuda_plugin) - offsetof(cuda_plugin, build)) / sizeof(void *)];
  (void)state;
  assert_int_equal(plugin->abi, CUDA_PLUGIN_ABI);
  assert_int_equal(plugin->size, sizeof *plugin);
  memcpy(entries, (const char *)plugin + offsetof(cuda_plugin, build), sizeof entries);
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) assert_non_null(entries[i]);
  print_message("built with %s\n", plugin->build);
}

static void expect_no_device(cuda_status status, const cuda_fault *fault) {
  assert_int_equal(status, CUDA_NO_DEVICE);
  assert_int_equal(fault->status, CUDA_NO_DEVICE);
  assert_true(strlen(fault->text) > 10 && !strchr(fault->text, '\n'));
}

static void every_way_in(void **state) {
  static const float nothing[1];
  const float *tensors[VIT_TENSORS];
  const cuda_model model = {.tensors = tensors, .tensor_count = VIT_TENSORS};
  cuda_fault fault = {.text = ""};
  cuda_session *session = NULL;
  cuda_gram *gram = NULL;
  cuda_device about;
  int devices = 0;
  (void)state;
  plugin->close(NULL), plugin->gram_close(NULL), plugin->unpin(NULL);
  for (size_t t = 0; t < VIT_TENSORS; t++) tensors[t] = nothing;
  if (!plugin->count(&devices, &fault)) {
    for (int i = 0; i < devices; i++) {
      assert_int_equal(plugin->describe(i, &about, &fault), CUDA_DONE);
      print_message("device %d: %s, %d.%d, %zu MB\n", i, about.name, about.major, about.minor, about.memory >> 20);
    }
    return;
  }
  print_message("%s\n", fault.text);
  expect_no_device(plugin->count(&devices, &fault), &fault);
  expect_no_device(plugin->describe(0, &about, &fault), &fault);
  expect_no_device(plugin->open(&session, &model, &fault), &fault);
  assert_null(session);
  expect_no_device(plugin->gram_open(&gram, 0, 0, 10, 64, &fault), &fault);
  assert_null(gram);
  assert_null(plugin->pinned(4096));
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_table), cmocka_unit_test(every_way_in)};
  if (argc > 1) file = argv[1];
  return cmocka_run_group_tests(tests, load, NULL);
}
