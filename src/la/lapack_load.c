/* Finds and loads LAPACK: the system's, or that of a NumPy wheel. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "la/lapack_load.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "base/loader.h"
#include "base/own_folder.h"
#include "base/text.h"

#define NUMPY_FOLDER "numpy.libs/"

static bool find(void *library, const char *before, const char *name, const char *after, void *function) {
  char whole[64];
  base_print(whole, sizeof whole, "%s%s%s", before, name, after);
  return base_find_function(library, whole, function);
}

static bool find_threads(la_lapack *lapack, void *library, const char *before, const char *after) {
  return find(library, before, "openblas_get_num_threads", after, &lapack->get_threads) &&
         find(library, before, "openblas_set_num_threads", after, &lapack->set_threads);
}

static void say_why(char *why, size_t room) {
  const char *said = dlerror();
  base_print(why, room, "%s", said ? said : "it lacks a function");
}

/* --- The system's --- */

static bool find_narrow(la_lapack *lapack, void *library) {
  return find(library, "", "LAPACKE_dsyevd_work", "", &lapack->narrow.dsyevd) &&
         find(library, "", "LAPACKE_dgeqrf_work", "", &lapack->narrow.dgeqrf) &&
         find(library, "", "LAPACKE_dorgqr_work", "", &lapack->narrow.dorgqr);
}

/* Where LAPACKE is not a library of its own, as in Fedora and conda, OpenBLAS has it. */
static bool load_system(la_lapack *lapack, char *why, size_t room) {
  void *lapacke = dlopen("liblapacke.so.3", RTLD_NOW | RTLD_LOCAL);
  if (!lapacke) say_why(why, room);
  void *openblas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (openblas && find_narrow(lapack, lapacke ? lapacke : openblas) && find_threads(lapack, openblas, "", ""))
    return true;
  if (!*why) say_why(why, room);
  return false;
}

/* --- A NumPy wheel's --- */

static bool find_wide(la_lapack *lapack, void *library, const char *before) {
  return find(library, before, "LAPACKE_dsyevd_work", "64_", &lapack->wide.dsyevd) &&
         find(library, before, "LAPACKE_dgeqrf_work", "64_", &lapack->wide.dgeqrf) &&
         find(library, before, "LAPACKE_dorgqr_work", "64_", &lapack->wide.dorgqr) &&
         find_threads(lapack, library, before, "64_");
}

/* Its names begin with "scipy_" since NumPy 2.0. */
static bool load_wide(la_lapack *lapack, const char *path, char *why, size_t room) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library && (find_wide(lapack, library, "scipy_") || find_wide(lapack, library, "")))
    return lapack->is_wide = true;
  say_why(why, room);
  return false;
}

static int take_if_numpys(struct dl_phdr_info *object, size_t size, void *path) {
  (void)size;
  const char *folder = strstr(object->dlpi_name, "/" NUMPY_FOLDER);
  if (!folder || !strstr(folder, "openblas64_") || strlen(object->dlpi_name) >= PATH_MAX) return 0;
  base_print(path, PATH_MAX, "%s", object->dlpi_name);
  return 1;
}

/* The folder of this code without links, with its slash, as a pattern that matches it alone. */
static bool own_pattern(char *pattern, size_t room) {
  char own[PATH_MAX], real[PATH_MAX];
  size_t used = 0;
  base_own_folder(own, sizeof own);
  if (!*own || !realpath(own, real)) return false;
  for (const char *c = real; *c && used + 3 < room; c++) {
    if (strchr("*?[\\", *c)) pattern[used++] = '\\';
    pattern[used++] = *c;
  }
  pattern[used++] = '/';
  pattern[used] = 0;
  return true;
}

static bool load_matching(la_lapack *lapack, const char *pattern, char *why, size_t room) {
  glob_t found = {.gl_pathc = 0};
  bool loaded = false;
  if (!glob(pattern, 0, NULL, &found))
    for (size_t i = 0; i < found.gl_pathc && !loaded; i++) loaded = load_wide(lapack, found.gl_pathv[i], why, room);
  globfree(&found);
  return loaded;
}

/* From the program in bin/, the package in site-packages/berg/ and the library in site-packages/berg/lib/. */
static bool load_beside(la_lapack *lapack, char *why, size_t room) {
  static const char *const ways[] = {"../", "../../", "../lib*/python3.*/*-packages/"};
  char own[2 * PATH_MAX], pattern[2 * PATH_MAX + 96];
  if (!own_pattern(own, sizeof own)) return false;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    base_print(pattern, sizeof pattern, "%s%s" NUMPY_FOLDER "lib*openblas64_*.so", own, ways[i]);
    if (load_matching(lapack, pattern, why, room)) return true;
  }
  return false;
}

bool la_lapack_load(la_lapack *lapack, char *why, size_t room) {
  char path[PATH_MAX];
  *lapack = (la_lapack){.is_wide = false};
  *why = 0;
  return load_system(lapack, why, room) ||
         (dl_iterate_phdr(take_if_numpys, path) && load_wide(lapack, path, why, room)) ||
         load_beside(lapack, why, room);
}
