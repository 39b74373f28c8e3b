/* An instruction set asked for by its name. */
#ifndef BASE_ISA_H
#define BASE_ISA_H

#include "base/error.h"
#include "base/machine.h"

/* NULL and "auto": the highest there is. EPARAMETER: no such name; EDEVICE: this build or this processor lacks it. */
berg_status base_isa_choose(base_isa *isa, const char *name, berg_error *error);
/* The names that processors of this kind may have, here or not; NULL past the end. */
const char *base_isa_listed(size_t index);
/* Whether `name` says which, in place of leaving it to the machine. */
bool base_isa_is_named(const char *name);

#endif
