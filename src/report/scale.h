/* Where the colour scales of maps end. */
#ifndef REPORT_SCALE_H
#define REPORT_SCALE_H

#include "report/subject.h"

/* One value in a thousand of a subject lies above it, rounded up, not above `most`; the same for all subjects. */
double report_scale_end(const report_data *data, bool of_ceilings, double most);

#endif
