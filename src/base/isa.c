/* Which instruction set is meant by a name, and why one cannot be had. */
#include "base/isa.h"

#include <string.h>

#include "base/text.h"

/* Of all builds, so that a name for other processors, or for kernels that are not here, is not called misspelt:
 * x86-64's, then aarch64's. */
static const char *const known[] = {"portable", "avx2", "avx512", "amx", "neon", "neon_dot", "neon_matrix"};
#define KNOWN (sizeof known / sizeof *known)
#define NEON 4

const char *base_isa_listed(size_t index) {
  if (BASE_ISA_IS_NEON) return index < KNOWN - NEON ? known[NEON + index] : NULL;
  return index < NEON ? known[index] : NULL;
}

#define LIST_ROOM 128

/* "portable, avx2": those that `has` is true of. */
static void list(bool (*has)(base_isa isa), char text[LIST_ROOM]) {
  size_t length = 0;
  for (base_isa isa = BASE_ISA_PORTABLE; isa < BASE_ISA_COUNT; isa++) {
    if (!has(isa)) continue;
    base_print(text + length, LIST_ROOM - length, "%s%s", length ? ", " : "", base_isa_name(isa));
    length += strlen(text + length);
  }
}

static bool is_known(const char *name) {
  for (size_t i = 0; i < KNOWN; i++)
    if (!strcmp(known[i], name)) return true;
  return false;
}

static berg_status refuse(base_isa isa, const char *name, berg_error *error) {
  char there[LIST_ROOM], processor[128];
  const bool is_compiled = isa < BASE_ISA_COUNT && base_isa_is_compiled(isa);
  list(is_compiled ? base_machine_has : base_isa_is_compiled, there);
  if (!is_compiled)
    return base_fail(error, BERG_EDEVICE, "isa %s: this build has no kernels for it: it has %s", name, there);
  base_machine_name(processor, sizeof processor);
  const char *lacks = strcmp(name, "amx") ? "lacks it" : "lacks it, or the system keeps it from this process";
  return base_fail(error, BERG_EDEVICE, "isa %s: this processor (%s) %s: it has %s", name, processor, lacks, there);
}

bool base_isa_is_named(const char *name) { return name && strcmp(name, "auto") != 0; }

berg_status base_isa_choose(base_isa *isa, const char *name, berg_error *error) {
  *isa = base_machine_isa();
  if (!base_isa_is_named(name)) return BERG_OK;
  base_isa named = BASE_ISA_PORTABLE;
  while (named < BASE_ISA_COUNT && strcmp(base_isa_name(named), name) != 0) named++;
  if (named == BASE_ISA_COUNT && !is_known(name))
    return base_fail(error, BERG_EPARAMETER,
                     "isa '%s' is not known: expected auto, portable, avx2, avx512, amx, neon, neon_dot or neon_matrix",
                     name);
  if (named == BASE_ISA_COUNT || !base_machine_has(named)) return refuse(named, name, error);
  *isa = named;
  return BERG_OK;
}
