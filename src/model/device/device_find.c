/* Finding and loading the CUDA plug-in. */
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/loader.h"
#include "base/memory.h"
#include "base/own_folder.h"
#include "base/text.h"
#include "model/device/device_handle.h"

#define PLUGIN "libberg_cuda.so"
#define DRIVER "libcuda.so.1"
#define OLDEST_MAJOR 8

/* --- Where to look --- */

static void add_place(model_device_search *search, const char *folder, size_t length, const char *file) {
  model_device_place *place = &search->places[search->count];
  const int written = base_print(place->path, sizeof place->path, "%.*s%s", (int)length, folder, file);
  if (written > 0 && (size_t)written < sizeof place->path) search->count++;
}

static void list_places(model_device_search *search, const char *plugin) {
  char own[sizeof search->places->path];
  if (plugin) {
    add_place(search, plugin, strlen(plugin), "");
    return;
  }
  base_own_folder(own, sizeof own);
  if (*own) add_place(search, own, strlen(own), PLUGIN);
  add_place(search, BERG_LIBDIR, strlen(BERG_LIBDIR), "/" PLUGIN);
  if (search->count == 2 && !strcmp(search->places[0].path, search->places[1].path)) search->count = 1;
  add_place(search, "", 0, PLUGIN);
}

/* --- Loading --- */

/* A plug-in loads some hundred megabytes of cuBLASLt, so first whether it is of any use. */
static bool has_driver(char *why, size_t room) {
  void *driver = dlopen(DRIVER, RTLD_LAZY | RTLD_LOCAL);
  if (driver) {
    dlclose(driver);
    return true;
  }
  base_print(why, room, "no NVIDIA driver (%s)", dlerror());
  return false;
}

static bool load(model_device *device, model_device_place *place) {
  cuda_plugin_function table;
  /* CUDA does not stand being unloaded */
  void *library = dlopen(place->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char *why = dlerror(); /* "path: why" */
    const size_t length = strlen(place->path);
    if (!strncmp(why, place->path, length) && why[length] == ':') why += length + 1 + strspn(why + length + 1, " ");
    base_print(place->found, sizeof place->found, "%s", why);
    return false;
  }
  *(void **)&table = dlsym(library, CUDA_PLUGIN_SYMBOL); /* as POSIX has it */
  const cuda_plugin *plugin = table ? table() : NULL;
  if (!plugin)
    base_print(place->found, sizeof place->found, "not a plug-in: it has no %s", CUDA_PLUGIN_SYMBOL);
  else if (plugin->abi != CUDA_PLUGIN_ABI || plugin->size != sizeof *plugin)
    base_print(place->found, sizeof place->found, "of another version: its interface is %u, expected %u", plugin->abi,
               CUDA_PLUGIN_ABI);
  else {
    base_print(place->found, sizeof place->found, "%s, interface %u", plugin->build, plugin->abi);
    device->library = library;
    device->plugin = plugin;
    return true;
  }
  dlclose(library);
  return false;
}

static bool try_place(model_device *device, model_device_place *place, bool needs_driver) {
  if (strchr(place->path, '/') && access(place->path, F_OK)) {
    base_print(place->found, sizeof place->found, "not there");
    return false;
  }
  if (needs_driver && !has_driver(place->found, sizeof place->found)) return false;
  return load(device, place);
}

/* The first device that is new enough. */
static void choose_device(model_device *device, model_device_search *search) {
  int count = 0;
  cuda_fault fault = {.text = "the plug-in failed"};
  if (device->plugin->count(&count, &fault)) {
    base_print(search->problem, sizeof search->problem, "%.500s", fault.text);
    return;
  }
  base_print(search->problem, sizeof search->problem, "no device");
  for (int i = 0; i < count; i++) {
    cuda_device about = {.name = ""};
    if (device->plugin->describe(i, &about, &fault)) {
      base_print(search->problem, sizeof search->problem, "%.500s", fault.text);
    } else if (about.major < OLDEST_MAJOR) {
      base_print(search->problem, sizeof search->problem,
                 "%.127s is too old: compute capability %d.%d, %d.0 or later is needed", about.name, about.major,
                 about.minor, OLDEST_MAJOR);
    } else {
      device->index = i;
      base_print(device->name, sizeof device->name, "cuda: %.127s", about.name);
      base_print(search->device, sizeof search->device, "%.127s", about.name);
      search->major = about.major, search->minor = about.minor, search->memory = about.memory;
      search->problem[0] = 0;
      return;
    }
  }
}

/* Every place with what was found there, in one line. */
static void describe_places(model_device_search *search) {
  size_t used = 0;
  for (size_t i = 0; i < search->count && used < sizeof search->problem; i++) {
    const int written = base_print(search->problem + used, sizeof search->problem - used, "%s%.120s: %.150s",
                                   i ? "; " : "", search->places[i].path, search->places[i].found);
    if (written < 0) return;
    used += (size_t)written;
  }
}

berg_status model_device_find(model_device **out, const char *plugin, model_device_search *given, berg_error *error) {
  model_device_search own = {.count = 0}, *search = given ? given : &own;
  *out = NULL;
  *search = (model_device_search){.count = 0};
  model_device *device = base_calloc(1, sizeof *device, error);
  if (!device) return BERG_ELIMIT;
  list_places(search, plugin);
  for (size_t i = 0; i < search->count && !device->plugin; i++) {
    if (!try_place(device, &search->places[i], !plugin)) continue;
    search->count = i + 1;
  }
  if (device->plugin)
    choose_device(device, search);
  else
    describe_places(search);
  if (!search->problem[0]) {
    *out = device;
    return BERG_OK;
  }
  model_device_free(device);
  for (size_t i = 0; i < search->count; i++)
    if (base_loader_lacked_memory(search->places[i].found))
      return base_fail(error, BERG_ELIMIT, "device cuda: out of memory (%s)", search->problem);
  return base_fail(error, BERG_EDEVICE, "device cuda: %s", search->problem);
}

void model_device_free(model_device *device) {
  if (!device) return;
  if (device->session) device->plugin->close(device->session);
  if (device->library) dlclose(device->library);
  base_free(device);
}
