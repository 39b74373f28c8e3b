/* The parts of berg_simulate. What is simulated, and the formulas: docs/simulation.md.
 *
 * Images are numbered: training images concept by concept, then the test images. Every number drawn is a function of
 * the seed, of a stream below and of what it is drawn for, so that the bytes depend on no thread. */
#ifndef TRAIN_SIMULATE_H
#define TRAIN_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "train/run/run.h"

/* Streams of random numbers. Those of a subject's own come SUBJECT_STREAMS apart for each subject. */
enum {
  SIMULATE_CONCEPT = 1, /* what a concept looks like */
  SIMULATE_SCENE,       /* where and how it stands in one image */
  SIMULATE_TEXTURE,
  SIMULATE_GRAIN,
  SIMULATE_TEST_CONCEPTS,
  SIMULATE_PARCEL,
  SIMULATE_ORDER = 16, /* from here on a subject's: of the trials */
  SIMULATE_VOXEL,      /* its tuning */
  SIMULATE_SESSION,    /* offsets, gains, drifts */
  SIMULATE_NOISE,
  SIMULATE_SUBJECT_STREAMS = 16
};

static inline uint64_t simulate_subject_stream(uint64_t stream, int subject) {
  return stream + (uint64_t)subject * SIMULATE_SUBJECT_STREAMS;
}

/* --- The design (simulate_design.c) --- */

#define SIMULATE_NAME_ROOM 32
#define SIMULATE_RUNS 10

typedef struct simulate_design {
  uint64_t seed;
  size_t concepts, per_concept, tests, sessions;
  size_t trainings, images, trials; /* trainings + tests; trainings + tests * sessions */
  size_t *test_concepts;            /* [tests], ascending: the test images' order is that of their names */
} simulate_design;

berg_status simulate_design_init(simulate_design *design, const berg_simulate_options *options, berg_error *error);
void simulate_design_release(simulate_design *design);
size_t simulate_concept_of(const simulate_design *design, size_t image);
void simulate_concept_name(size_t concept, char name[SIMULATE_NAME_ROOM]);
/* "dog_12s.jpg" */
void simulate_image_name(const simulate_design *design, size_t image, char name[SIMULATE_NAME_ROOM]);

/* One subject's trials in their order: by session, by run, shuffled within a run. */
typedef struct simulate_trials {
  size_t *image, *session, *run; /* [trials], from 0 */
  size_t *first;                 /* [sessions + 1]: where a session begins */
  size_t *of_test;               /* [sessions][tests]: the trial of a test image */
} simulate_trials;

berg_status simulate_trials_init(simulate_trials *trials, const simulate_design *design, int subject,
                                 berg_error *error);
void simulate_trials_release(simulate_trials *trials);

/* --- Images (simulate_images.c) and what the model of vision sees of them --- */

#define SIMULATE_GRID 12 /* cells across an image */
#define SIMULATE_CELLS (SIMULATE_GRID * SIMULATE_GRID)
#define SIMULATE_SCALES 3
#define SIMULATE_ORIENTATIONS 4
#define SIMULATE_CHANNELS (SIMULATE_SCALES * SIMULATE_ORIENTATIONS + 3) /* and luminance, red-green, blue-yellow */
#define SIMULATE_EARLY (SIMULATE_CHANNELS * SIMULATE_CELLS)
#define SIMULATE_CATEGORIES 12
#define SIMULATE_LATENTS (SIMULATE_CATEGORIES + 20)
/* The same channels in 3 x 3 cells at a time, for receptive fields that are as wide: a ninth of the sums. */
#define SIMULATE_COARSE_GRID (SIMULATE_GRID / 3)
#define SIMULATE_COARSE_CELLS (SIMULATE_COARSE_GRID * SIMULATE_COARSE_GRID)
#define SIMULATE_COARSE (SIMULATE_CHANNELS * SIMULATE_COARSE_CELLS)
#define SIMULATE_FEATURES (SIMULATE_EARLY + SIMULATE_LATENTS + SIMULATE_COARSE)

typedef struct simulate_features {
  size_t images;
  float *values; /* [SIMULATE_FEATURES][images]: channel by channel, cell by cell; latents; channels in coarse cells */
} simulate_features;

#define SIMULATE_QUALITY 90 /* of a JPEG */

/* Where a rendered image goes: `keep` is called from any thread, with pixels [size][size][3]. */
typedef struct simulate_keeper {
  berg_status (*keep)(const struct simulate_keeper *keeper, size_t image, const uint8_t *pixels, size_t size,
                      berg_error *error);
  const simulate_design *design;
  const char *folder; /* of simulate_keep_jpeg: gets <concept>/<name> */
  bool force;
  void *user;
} simulate_keeper;

/* A JPEG in a folder. */
berg_status simulate_keep_jpeg(const simulate_keeper *keeper, size_t image, const uint8_t *pixels, size_t size,
                               berg_error *error);

/* Renders all images, has them kept, and gives their features: those of a channel divided by its standard deviation
 * over cells and images, latents with mean 0 and variance 1 over all images (or 0). Stage "images". */
berg_status simulate_images(simulate_features *features, const simulate_design *design, const simulate_keeper *keeper,
                            size_t size, int threads, const berg_run *run, berg_error *error);
void simulate_features_release(simulate_features *features);

/* --- One subject's brain (simulate_brain.c) --- */

#define SIMULATE_ROIS 29
#define SIMULATE_PARCELS 180

extern const char *const simulate_roi_names[SIMULATE_ROIS];       /* in the order and spelling of the CSV */
extern const char *const simulate_parcel_names[SIMULATE_PARCELS]; /* two of them hold a newline */

typedef struct simulate_brain {
  int subject;
  size_t voxels, shape[3];
  uint8_t *mask;    /* [shape], z fastest */
  uint16_t *coords; /* [voxels][3] */
  uint32_t *rois;   /* [voxels]: bit r is ROI r */
  uint8_t *parcel;  /* [voxels]: 1 + which, or 0 */
} simulate_brain;

berg_status simulate_brain_init(simulate_brain *brain, uint64_t seed, int subject, size_t voxels, int threads,
                                berg_error *error);
void simulate_brain_release(simulate_brain *brain);

/* --- Voxels (simulate_voxel.c) --- */

typedef struct simulate_voxel {
  double x, y, size;    /* receptive field: centre from that of the image and standard deviation, degrees */
  bool is_visual;       /* it has a receptive field */
  bool is_retinotopic;  /* and one that grows with eccentricity */
  float fit;            /* share of variance that a pRF explains, as the CSV has it */
  float early;          /* share of the signal's variance that is early vision */
  double signal, noise; /* variances */
  float channels[SIMULATE_CHANNELS], latents[SIMULATE_LATENTS]; /* weights */
} simulate_voxel;

#define SIMULATE_DEGREES 10.0 /* that an image subtends */
#define SIMULATE_DRIFT 0.1    /* share of the noise's variance that is slow drift */

void simulate_voxel_draw(simulate_voxel *voxel, const simulate_brain *brain, uint64_t seed, size_t index);
/* The signal for all images, float32 [images], of mean 0 and variance 1 over the test images, which come last; false
 * (and zeros) where it does not vary over them. `scratch` holds as many. */
bool simulate_voxel_signal(const simulate_voxel *voxel, const simulate_features *features, size_t tests, float *signal,
                           float *scratch);

/* --- One subject's files --- */

/* What is known of each voxel because it was put in: variances of the signal over the test images and of the noise, and
 * the signal itself. */
typedef struct simulate_truth {
  double *signal, *noise; /* [voxels] */
  float *test_signal;     /* [voxels][tests], of variance 1, or 0 */
} simulate_truth;

berg_status simulate_truth_init(simulate_truth *truth, size_t voxels, size_t tests, berg_error *error);
void simulate_truth_release(simulate_truth *truth);

/* What all of one subject's files are made from. */
typedef struct simulate_subject {
  const char *folder;
  const simulate_design *design;
  const simulate_features *features;
  simulate_brain brain;
  simulate_trials trials;
  simulate_truth truth;
  berg_reliability reliability; /* of the responses: four arrays [voxels] in one piece, which the first points to */
  bool force;
  int threads;
} simulate_subject;

/* betas_csv/sub-0N_ResponseData.h5; fills `truth` and `reliability`. `stage` counts voxels, on from `before`. */
berg_status simulate_write_responses(simulate_subject *subject, berg_dtype dtype, const train_stage *stage,
                                     size_t before, berg_error *error);
/* EEXISTS: a folder that holds something, unless forced. */
berg_status simulate_check_folder(const char *folder, bool force, berg_error *error);
berg_status simulate_check_range(const char *what, size_t value, size_t least, size_t most, berg_error *error);
/* ELIMIT: more bytes than the disk has room for. */
berg_status simulate_check_disk(const char *folder, uint64_t needed, berg_error *error);
/* Bytes that an image takes at most, on the safe side. */
uint64_t simulate_image_bytes(size_t size);
/* A .npz of these arrays, whole or not at all. */
berg_status simulate_write_arrays(const char *path, bool force, berg_array *arrays, size_t count, berg_error *error);
/* truth/sub-0N.npz */
berg_status simulate_write_truth(const simulate_subject *subject, berg_error *error);
/* betas_csv/sub-0N_StimulusMetadata.csv */
berg_status simulate_write_stimuli(const simulate_subject *subject, berg_error *error);
/* betas_csv/sub-0N_VoxelMetadata.csv */
berg_status simulate_write_voxels(const simulate_subject *subject, berg_error *error);
/* Bytes of one row of it, at most. */
#define SIMULATE_VOXEL_ROW 1024

#endif
