/* The formats of figures, and whether what draws them is there. */
#ifndef REPORT_FORMATS_H
#define REPORT_FORMATS_H

#include <stdbool.h>

#include "base/error.h"

/* Whether `formats`, "svg,png,pdf" or some of them, names this one; NULL names all. */
bool report_names_format(const char *formats, const char *format);
/* EARGUMENT: none, or another; EINTERNAL: cairo is needed and not there. */
berg_status report_check_formats(const char *formats, berg_error *error);

#endif
