/* Ends of colour scales. */
#include "report/scale.h"

#include <math.h>

#include "report/axes.h"

double report_scale_end(const report_data *data, bool of_ceilings, double most) {
  double top = 0;
  for (size_t i = 0; i < data->count; i++) {
    const report_subject *subject = &data->subjects[i];
    const report_sorted *sorted = of_ceilings ? &subject->sorted_ceiling : &subject->sorted_accuracy;
    if (sorted->count) top = fmax(top, report_quantile(sorted->values, sorted->count, 0.999));
  }
  if (!(top > 0)) return most;
  double step = report_step(0, fmin(top, most), 10);
  return fmin(ceil(top / step - 1e-9) * step, most);
}
