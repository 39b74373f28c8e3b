/* What berg_fetch tells of its files, as JSON. */
#ifndef MODEL_FETCH_REPORT_H
#define MODEL_FETCH_REPORT_H

#include "model/fetch/plan.h"

/* The caller's (base_free). ELIMIT. */
berg_status model_fetch_report(const model_fetch_plan *plan, char **json, berg_error *error);

#endif
