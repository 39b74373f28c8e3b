/* One panel in memory: its rows at their distance, and standardised. */
#include <string.h>

#include "base/text.h"
#include "train/pca/pca_job.h"

la_block pca_arrange(const pca_job *job, size_t index, float *panel) {
  const size_t rows = job->panels->rows, width = train_panel_width(job->panels, index), ld = la_pitch(width);
  for (size_t i = rows; i-- > 0 && ld > width;) { /* from the last: rows move apart */
    memmove(panel + i * ld, panel + i * width, width * sizeof *panel);
    memset(panel + i * ld + width, 0, (ld - width) * sizeof *panel);
  }
  return (la_block){panel, rows, width, ld};
}

la_moments pca_moments(const pca_job *job, size_t index) {
  const size_t first = index * job->panels->width;
  return (la_moments){job->pca->mean + first, job->pca->variance + first, job->pca->scale + first, NULL};
}

static berg_status refuse(size_t feature, berg_error *error) {
  char item[48];
  base_print(item, sizeof item, "feature %zu", feature);
  return base_fail_at(error,
                      &(base_fault){BERG_EINPUT, NULL, BERG_NO_OFFSET, item, "its mean or variance is not finite",
                                    "finite numbers", "NaN, infinity, or values beyond float32"});
}

berg_status pca_fit_moments(const pca_job *job, size_t index, const la_block *block, berg_error *error) {
  const size_t first = index * job->panels->width;
  const double *offsets = job->panels->offsets ? job->panels->offsets + first : NULL;
  la_moments moments = pca_moments(job, index);
  moments.z_mean = job->z_mean;
  const size_t bad =
      la_moments_fit(job->machine->kernels, block, offsets, job->options->standardise, job->machine->threads, &moments);
  if (bad < block->columns) return refuse(first + bad, error);
  for (size_t c = 0; c < block->columns; c++) job->pca->pca_mean[first + c] = (float)job->z_mean[c];
  return BERG_OK;
}
