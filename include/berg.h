/*
 * berg.h - encoding models of the visual brain: images in, the fMRI response of every voxel out.
 *
 * For programs that want what `berg encode` and the Python package do, without a process or an interpreter between.
 * The simplest whole program:
 *
 *     berg_error error;
 *     berg_model_options options;
 *     berg_model *model = NULL;
 *     berg_stimuli *stimuli = NULL;
 *     const char *images[] = {"cat.jpg", "house.png"};
 *
 *     berg_model_options_init(&options);
 *     options.berg_dir = "brain-encoding-response-generator";
 *     if (berg_model_open(&model, "fmri-things_fmri_1-vit_b_32", &options, &error) ||
 *         berg_stimuli_open(&stimuli, images, 2, NULL, &error) ||
 *         berg_encode_to_file(model, stimuli, "responses.npy", NULL, NULL, &error))
 *       fprintf(stderr, "%s\n", error.message);
 *     berg_stimuli_free(stimuli);
 *     berg_model_free(model);
 *
 * Version 0.1. Until 1.0 a minor version may change what is here, and the library's name says which it is:
 * libberg.so.0.1.
 *
 * Conventions, without exception:
 *   - Names: what is about a handle or a type begins with it (berg_model_columns, berg_status_text) and takes it first;
 *     what does something begins with its verb, or says what becomes what (berg_values_to_nifti). `_open` and `_from`
 *     allocate a handle, `_free` releases it and takes NULL.
 *   - Functions that can fail return a berg_status, BERG_OK (0) when done, and then fill the caller's berg_error,
 *     which may be NULL. On failure an output handle is NULL.
 *   - Options: `_init` fills a struct with its defaults and its size, and allocates nothing; then the caller sets
 *     what is to be otherwise. A NULL pointer means the defaults. New options are added at the end of a struct: a
 *     program runs with a library that knows more of them, as if it had left them alone, and with one that knows
 *     fewer, as long as it sets none of those (EARGUMENT). A struct made without its `_init` is EARGUMENT too.
 *     Without `_init`, {.size = sizeof options} is all zeros. berg_error and berg_array stay as they are;
 *     enumerations get new values at their end.
 *   - Pointers that a handle returns stay valid until that handle is freed, and belong to it. `char *` results that
 *     are said to be the caller's are released with berg_free.
 *   - Nothing prints, exits, or keeps state between calls outside the handles, but for threads that wait for the next
 *     call. No locale that the program has set changes a number, a file or a message.
 *   - Weights, metadata and .npy files of images are mapped while a handle is open. What is written into them meanwhile
 *     shows: before an output file gets its name they are compared again by inode, size and time, and EMODEL or EINPUT
 *     says that one changed. One that is cut short raises SIGBUS, which the library leaves to its host (the program
 *     `berg` ends with a message and status 4): replace files by renaming, which open handles do not notice.
 *   - Arrays are little-endian and, unless strides say otherwise, in C order. Sizes count elements, never bytes,
 *     where not said.
 *
 * Threads, forks and callbacks:
 *   - One handle serves one call at a time; different handles are independent, and calls in different threads run
 *     side by side.
 *   - Where `threads` is 0, OMP_NUM_THREADS says how many threads a call uses, else SLURM_CPUS_PER_TASK, else the
 *     processors that affinity, SLURM_CPUS_ON_NODE and control group leave (berg_doctor tells). Where fewer can be
 *     had, fewer do the work. Numbers never depend on it.
 *   - Where `memory` is 0, the usual 4 GiB, of encoding no limit, shrink to nine tenths of what the control group,
 *     SLURM_MEM_PER_NODE or SLURM_MEM_PER_CPU leave.
 *   - In the child of a fork handles go on, with threads of its own. Only what another thread was calling when the
 *     process was forked ends there with EARGUMENT or EINTERNAL; nothing waits for a thread that is elsewhere.
 *   - Callbacks (progress, stage, warn) are called on the thread that made the call, never two at a time, and the
 *     call waits for them. They may call the library with other handles, and may ask the handles of this call what
 *     they are, but not start another run with them (the model says EARGUMENT). progress and warn may fork: the
 *     child's call ends with EINTERNAL, the parent's goes on. None may leave by longjmp or an exception.
 *   - A run is cancelled by what progress or cancel returns, and ends with ECANCELLED after the work at hand, or at
 *     once. What it had written stays where `resume` finds it; an array in memory is filled in part; handles can be
 *     used again.
 */
#ifndef BERG_H
#define BERG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(BERG_BUILDING) && defined(__GNUC__)
#define BERG_API __attribute__((visibility("default")))
#else
#define BERG_API
#endif

#define BERG_VERSION_MAJOR 0
#define BERG_VERSION_MINOR 1
#define BERG_VERSION_PATCH 0

/* "0.1.0": the version of the library that runs, to be held against the macros above. */
BERG_API const char *berg_version(void);

/* --- Errors --- */

/* Every status: its name, its number, the exit status that the program `berg` gives for it, and what it means. A
 * number never changes its meaning; a new status takes the next one. */
#define BERG_STATUS_MAP(X)                                                             \
  X(OK, 0, 0, "done")                                                                  \
  X(EINTERNAL, 1, 1, "a failure that is not the caller's")                             \
  X(EDEVICE, 2, 1, "the device asked for is not available")                            \
  X(EARGUMENT, 3, 2, "an argument of the call makes no sense")                         \
  X(ENOMODEL, 4, 2, "no model of that name")                                           \
  X(EPARAMETER, 5, 2, "unknown subject, ROI or key, or a selection that does not fit") \
  X(ESTIMULUS, 6, 3, "stimuli of the wrong type, shape or range")                      \
  X(EINPUT, 7, 3, "an input is missing, unreadable or invalid")                        \
  X(EMODEL, 8, 4, "a file of the model is missing, corrupt or does not fit")           \
  X(EWRITE, 9, 5, "an output cannot be written")                                       \
  X(EEXISTS, 10, 5, "an output exists already")                                        \
  X(ELIMIT, 11, 6, "would not fit the memory or the disk")                             \
  X(EDIFFERENT, 12, 8, "the two compared differ")                                      \
  X(ECANCELLED, 13, 130, "cancelled by the caller")                                    \
  X(EINCOMPLETE, 14, 9, "parts of what is to be put together are missing")

typedef enum berg_status {
#define X(name, number, exit_status, text) BERG_##name = number,
  BERG_STATUS_MAP(X)
#undef X
} berg_status;

BERG_API const char *berg_status_name(berg_status status); /* "BERG_EINPUT" */
BERG_API const char *berg_status_text(berg_status status); /* "an input is missing, unreadable or invalid" */
BERG_API int berg_status_exit(berg_status status);         /* 3 */

#define BERG_NO_OFFSET UINT64_MAX

/* What went wrong, on the caller's side. `message` is one whole line and says all that the other fields say; they
 * are there for programs. Fields that do not apply are empty strings, offset BERG_NO_OFFSET. */
typedef struct berg_error {
  berg_status status;
  char message[768];
  char file[256];  /* shortened in front with "..." where longer */
  uint64_t offset; /* byte in the file */
  char item[128];  /* tensor, key, column, option */
  char expected[128];
  char found[128];
} berg_error;

/* Called with what a call has done otherwise than the caller may expect, though it does not fail: one whole line,
 * which lives as long as this call of the function does. */
typedef void (*berg_warn_fn)(void *user, const char *message);

/* --- Arrays --- */

/* Element types: name, bytes, NumPy's code. STRING elements are `const char *` (UTF-8, zero-terminated); UNICODE is
 * NumPy's fixed-width UCS-4, whose item size is in the array. */
#define BERG_DTYPE_MAP(X) \
  X(BOOL, 1, "|b1")       \
  X(U8, 1, "|u1")         \
  X(I8, 1, "|i1")         \
  X(U16, 2, "<u2")        \
  X(I16, 2, "<i2")        \
  X(U32, 4, "<u4")        \
  X(I32, 4, "<i4")        \
  X(U64, 8, "<u8")        \
  X(I64, 8, "<i8")        \
  X(F16, 2, "<f2")        \
  X(BF16, 2, "<V2")       \
  X(F32, 4, "<f4")        \
  X(F64, 8, "<f8")        \
  X(STRING, 8, "|O")      \
  X(UNICODE, 0, "<U")

typedef enum berg_dtype {
#define X(name, bytes, code) BERG_##name,
  BERG_DTYPE_MAP(X)
#undef X
} berg_dtype;

BERG_API const char *berg_dtype_name(berg_dtype dtype); /* "float32", as NumPy says it */

#define BERG_MAX_DIMS 8

/* A view of an array. `data` may lie anywhere in a mapped file: read its elements with memcpy, or know that the
 * address is aligned. Strides are in bytes. */
typedef struct berg_array {
  const char *name; /* dotted path within its file, "pca_param.components_"; may be NULL */
  berg_dtype dtype;
  size_t itemsize; /* bytes of one element */
  size_t ndim;     /* 0: a scalar */
  size_t shape[BERG_MAX_DIMS];
  ptrdiff_t strides[BERG_MAX_DIMS];
  const void *data;
} berg_array;

/* --- Models known --- */

BERG_API size_t berg_catalog_count(void);
BERG_API const char *berg_catalog_id(size_t index); /* NULL past the end */

/* The card of a model as JSON (UTF-8, an object with the keys of the cards upstream). NULL: no such model. */
BERG_API const char *berg_catalog_card(const char *model_id);

/* --- Outputs: what the columns of responses are --- */

/* One dimension of an output. */
typedef struct berg_axis {
  const char *name; /* "repetition", "voxel", "vertex", "channel", "sensor", "electrode", "roi" or "time" */
  size_t length;
  const char *const *labels; /* [length] names; NULL: it has none */
  const size_t *indices;     /* [length] place in the metadata's arrays; NULL: as they stand */
  const double *values;      /* [length] of "time", else NULL */
  const char *unit;          /* of the values: "s" or "ms"; NULL */
} berg_axis;

/* Columns [first, first + columns) of the responses of a model (or of a subject's metadata), in C order of the axes:
 * 250 voxels; 4 repetitions x 63 channels x 140 times. Structs of this kind stay as they are. */
typedef struct berg_output {
  const char *name; /* "lh" or "rh" where there are two, else "" */
  size_t first, columns;
  size_t axis_count;
  berg_axis axes[3];
} berg_output;

/* --- Metadata: what is known of each voxel, channel or electrode, without loading the model --- */

typedef struct berg_metadata berg_metadata;

/* Opens the metadata of `subject`, "1" or "N" as the model's card lists them: <berg_dir>/.../metadata_sub-0N.npy.
 * EPARAMETER: no such subject; EMODEL: file missing or corrupt. */
BERG_API berg_status berg_metadata_open(berg_metadata **metadata, const char *model_id, const char *berg_dir,
                                        const char *subject, berg_error *error);
BERG_API void berg_metadata_free(berg_metadata *metadata);

BERG_API const char *berg_metadata_path(const berg_metadata *metadata);
/* The outputs of the subject's model where nothing is selected. Repetitions are not among their axes: only the weights
 * say how many there are. */
BERG_API size_t berg_metadata_outputs(const berg_metadata *metadata);
BERG_API const berg_output *berg_metadata_output(const berg_metadata *metadata, size_t index); /* NULL past the end */
BERG_API size_t berg_metadata_count(const berg_metadata *metadata);

/* Entry `index` in the file's order: "fmri.voxel_coords" int64 (voxels, 3), "roi.V1" int64 (n), ... Python's own int,
 * float and str values are arrays of no dimension; lists and tuples of numbers, and of lists of them, are arrays too,
 * int64 or float64, whose items are found by name ("roi.V1.0"). NULL past the end. */
BERG_API const berg_array *berg_metadata_entry(const berg_metadata *metadata, size_t index);

/* The entry of that dotted name, or NULL. */
BERG_API const berg_array *berg_metadata_find(const berg_metadata *metadata, const char *name);

/* The columns that an expression such as "V1 + V2 & ceiling > 20" selects (docs/selections.md) among those that the
 * outputs have: unit by unit, and of a unit its times. Ascending, the caller's (berg_free). EPARAMETER: no expression
 * (the message points at the character), a name that the subject does not have, no column; EINPUT, EMODEL: a mask. */
BERG_API berg_status berg_metadata_select(const berg_metadata *metadata, const char *expression, size_t **columns,
                                          size_t *count, berg_error *error);

/* What entries cannot say: how the file nests them, and of which Python type each value is. JSON, the caller's
 * (berg_free). A node is an object of one member, {"dict": [key, value, key, value, ...]} with nodes for keys too,
 * {"list": [...]}, {"tuple": [...]}, {"tensor": name} and {"scalar": name} for an array and a NumPy scalar, which is
 * the entry of that name, {"int": "250"}, {"float": "0x1.8p+1"}, {"str": "V1"}, {"bool": true}, {"none": true},
 * {"box": [...]} for an object array around one value; or an array of text with "shape" beside it, {"object": [text,
 * ...]} and, of "width" characters, {"unicode": [text, ...]} (and "is_scalar": true of a NumPy scalar). EMODEL: holds
 * Python's bytes; ELIMIT. */
BERG_API berg_status berg_metadata_structure(char **json, const berg_metadata *metadata, berg_error *error);

/* --- Files: what a weight, metadata or array file holds --- */

typedef struct berg_file berg_file;

/* Opens .npy (plain, or with the pickled dict that upstream writes), .npz, .pth/.pt (torch's zip form) or
 * .safetensors, told apart by content. Nothing is ever executed: a pickle that asks for more than arrays is refused.
 * EINPUT. */
BERG_API berg_status berg_file_open(berg_file **file, const char *path, berg_error *error);
BERG_API void berg_file_free(berg_file *file);
BERG_API const char *berg_file_format(const berg_file *file); /* "npy", "npy-pickle", "npz", "torch", "safetensors" */
BERG_API size_t berg_file_count(const berg_file *file);
BERG_API const berg_array *berg_file_entry(const berg_file *file, size_t index);
BERG_API const berg_array *berg_file_find(const berg_file *file, const char *name);

/* What an HDF5 file (also a .mat of version 7.3) holds: JSON, the caller's (berg_free). `entries` in alphabetical
 * order, each with `name` ("group/dataset"), `dtype`, `shape`, `bytes`, `matlab` (whether MATLAB wrote it, so that its
 * dimensions lie in reverse), how it is stored, its `attributes` that are texts, its `value` up to 1,000 elements, and
 * `refused`, why its data cannot be read; `attributes` of the file. EINPUT: no HDF5, or damaged. */
BERG_API berg_status berg_hdf5_describe(char **json, const char *path, berg_error *error);
/* 1: `path` is such a file, 0: not, or it cannot be opened. */
BERG_API int berg_hdf5_is(const char *path);

struct berg_run; /* by which a long call is watched and ended: below */

/* Rewrites `source` as `target`, whose ending says how: .safetensors, .npy (upstream's pickled dict), .pth, .npz or
 * .json (small values in full; arrays of more than 1,000 elements by type and shape). Values are carried exactly;
 * what the target cannot hold is an error. EEXISTS unless `force`; ECANCELLED. */
BERG_API berg_status berg_convert(const char *source, const char *target, int force, const struct berg_run *run,
                                  berg_error *error);

/* Converts the weights of a backbone, or the principal components of weights_sub-0N.npy, to the form that `precision`
 * ("bf16", "int8") multiplies by `isa` (as in berg_model_options): a .safetensors file. A backbone so converted can be
 * named as one; both are found beside their source as <name without ending>.<precision>.safetensors
 * (docs/precision.md). EMODEL: neither of the two; EPARAMETER; EDEVICE; EEXISTS unless `force`. */
BERG_API berg_status berg_convert_precision(const char *source, const char *target, const char *precision,
                                            const char *isa, int force, const struct berg_run *run, berg_error *error);

/* Puts `size` bytes into the file `path`, as everything here is written: beside its place, then renamed, so that no
 * reader ever sees a part, and of two writers the last one's stays. For the JSON of the calls below. EEXISTS unless
 * `force`. */
BERG_API berg_status berg_write_whole(const char *path, const void *bytes, size_t size, int force, berg_error *error);
/* Whether an output could take the name `path`, to be asked before the work, as every call that writes does itself.
 * EEXISTS unless `force`; EWRITE: what is there is replaced by no output: a directory, a device, a pipe. */
BERG_API berg_status berg_check_output(const char *path, int force, berg_error *error);
/* And whether a figure of that ending could be drawn. EINTERNAL: .png and .pdf need cairo, which is not installed. */
BERG_API berg_status berg_check_figure(const char *path, berg_error *error);

/* --- Fetching: the published files of models; nothing else here opens a connection --- */

typedef struct berg_fetch_options {
  size_t size;                                       /* set by _init */
  const char *berg_dir;                              /* where they go; made where it is missing */
  const char *const *subjects, *const *train_splits; /* the latter as of a model; NULL: all */
  size_t subject_count, train_split_count;
  int backbone, metadata, plots; /* 1: the ViT-B/32 too; of models the metadata alone; plots of accuracy too */
  int plan, force;               /* plan, 1: only say what there is, and how large; nothing is written */
  const char *from;              /* address of a mirror, which is a berg directory; NULL: where upstream publishes */
  size_t retries;                /* of what fails and may pass, one after another; 8 */
  double retry_seconds, stall_seconds; /* before the first (1), then doubled; without a byte until it counts (30) */
  int (*confirm)(void *user, const char *plan); /* asked before the first byte; 0: ECANCELLED. NULL: nobody is */
  void *user;
} berg_fetch_options;

BERG_API void berg_fetch_options_init(berg_fetch_options *options, size_t size);

/* Downloads what is not there whole, beside its place, renamed once size and checksum are right; goes on with what an
 * earlier run left. `json` (the caller's; also with a failure, unless memory is short) has each file's path, address,
 * size, state, SHA-256, and a shell command for it. libcurl does it, loaded here alone, with curl's proxies and
 * certificates (http_proxy, https_proxy, no_proxy; CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR). EINPUT: the server;
 * EEXISTS: another file has the place, unless `force`; EWRITE; ELIMIT: the disk. */
BERG_API berg_status berg_fetch(const char *model_id, const berg_fetch_options *options, const struct berg_run *run,
                                char **json, berg_error *error);

/* --- Stimuli: where images come from --- */

typedef struct berg_stimuli berg_stimuli;

typedef enum berg_layout { BERG_NCHW, BERG_NHWC, BERG_LAYOUT_AUTO } berg_layout;

typedef struct berg_stimuli_options {
  size_t size;        /* set by _init */
  berg_layout layout; /* of .npy and HDF5 inputs; AUTO (default): the dimension that is 3, NCHW if both are */
  int skip_bad;       /* 1: an unreadable image file is left out and listed, 0 (default): it is an error */
  size_t shard;       /* with shards > 0: only part `shard` (from 0) of `shards` equal parts */
  size_t shards;
} berg_stimuli_options;

BERG_API void berg_stimuli_options_init(berg_stimuli_options *options, size_t size);

/* Images from inputs, in the order given. Each input is an image file (JPEG, PNG), a folder (its images, sorted by
 * name), a text file of paths (one a line, relative to the file), a .npy, a .npz (of one array, or "file.npz:name"), or
 * "file.h5:dataset"; "-" is standard input, holding a .npy or such a list. Arrays cannot be mixed with files. Image
 * files take Pillow's resize, arrays take torchvision's: what upstream does in training and in encoding. EINPUT:
 * missing, no images; ESTIMULUS: an array that is not images. */
BERG_API berg_status berg_stimuli_open(berg_stimuli **stimuli, const char *const *inputs, size_t count,
                                       const berg_stimuli_options *options, berg_error *error);

/* Images in memory: 4 dimensions, NCHW or NHWC, 3 channels, any integer type holding 0..255. The memory stays the
 * caller's and must outlive the handle. ESTIMULUS: another type, shape, or value (found when it is read). */
BERG_API berg_status berg_stimuli_from_array(berg_stimuli **stimuli, const berg_array *array, berg_layout layout,
                                             berg_error *error);
BERG_API void berg_stimuli_free(berg_stimuli *stimuli);

BERG_API size_t berg_stimuli_count(const berg_stimuli *stimuli);
/* The path of image `index`; for arrays NULL. */
BERG_API const char *berg_stimuli_name(const berg_stimuli *stimuli, size_t index);
/* Files left out so far under skip_bad, and why: "path: reason". */
BERG_API size_t berg_stimuli_skipped_count(const berg_stimuli *stimuli);
BERG_API const char *berg_stimuli_skipped(const berg_stimuli *stimuli, size_t index);
/* Pictures in the folders that are of formats which are not read (.webp .gif .tif .bmp and others), by their endings:
 * they are no images of these stimuli. */
BERG_API size_t berg_stimuli_others_count(const berg_stimuli *stimuli);
BERG_API const char *berg_stimuli_other(const berg_stimuli *stimuli, size_t index);
/* Datasets that MATLAB wrote ("file.mat:images"), which lie with their dimensions in reverse: height x width x 3 x
 * images, or 3 x height x width x images, are read as they are seen in MATLAB, rows and columns changed back. */
BERG_API size_t berg_stimuli_turned_count(const berg_stimuli *stimuli);
BERG_API const char *berg_stimuli_turned(const berg_stimuli *stimuli, size_t index);

/* Image `index` as the network sees it before normalisation: uint8 [3][224][224], by the path its kind takes. */
BERG_API berg_status berg_stimuli_pixels(berg_stimuli *stimuli, size_t index, uint8_t *pixels, berg_error *error);

/* --- Models --- */

typedef struct berg_model berg_model;

/* One key of upstream's `selection`: a list of names, or one 0 or 1 for each unit or time. The model's card lists its
 * keys, and docs/models.md says how they combine: for THINGS-fMRI1, the voxels of "roi", one ROI after the other with
 * duplicates kept, then those that "voxel_index" marks, in ascending order. */
typedef struct berg_selection {
  const char *key;
  const char *const *names; /* [count]; NULL: marks */
  size_t count;
  const uint8_t *marks; /* [length] */
  size_t length;
} berg_selection;

typedef struct berg_model_options {
  size_t size;                 /* set by _init */
  const char *berg_dir;        /* folder in upstream's layout */
  const char *backbone;        /* ViT-B/32 weights (.pth, .safetensors), or "random:SEED"; NULL: searched for */
  const char *const *subjects; /* "1", "N"; of several, columns one after the other; NULL: the first */
  size_t subject_count;
  const berg_selection *selection; /* NULL: everything */
  size_t selection_count;
  /* Of models that have them: "all" (default), "split1" to "split4", or "single": all four, as an axis "repetition". */
  const char *train_splits;
  double min_noise_ceiling; /* keep voxels whose test-set ceiling is at least this, in percent; NaN (default): all */
  int mean_roi;             /* 1: one column a ROI, the mean over its voxels (all ROIs if none are named) */
  /* "cpu", "cuda" or "auto" (default): cuda where all that it needs is there (docs/cuda.md). */
  const char *device;
  /* Of the products (docs/precision.md): "f32" (default), "bf16", "int8" (cpu alone), "tf32" (cuda alone). A
   * processor that has no instructions for int8 computes in f32: see berg_model_precision. */
  const char *precision;
  int strict;        /* 1: EDEVICE instead */
  const char *cache; /* folder of weights that bf16 and int8 converted: berg_cache_folder; NULL (default): none */
  int threads;       /* 0 (default): chosen, see Threads above. Never changes the numbers */
  size_t batch;      /* images at a time; 0 (default): chosen. Never changes the numbers */
  size_t memory;     /* bytes that the process may hold, ELIMIT when it cannot be kept; 0 (default): as above */
  berg_warn_fn warn; /* told of another precision or device than was asked for; may be NULL */
  void *warn_user;
  int scores_only; /* 1: no backbone is opened; encodes images of a store alone. Default 0 */
  int reserved;    /* 0 */
  /* In place of `selection`: "V1 + V2 & ceiling > 20" (docs/selections.md), of each subject by itself, ascending. NULL
   * (default): none. EARGUMENT together with what else selects. */
  const char *select;
  const struct berg_run *run; /* whose `cancel` is asked while weights are opened; NULL (default): nobody is */
  /* What the processor computes with, wherever it runs: "portable", "avx2", "avx512", "amx"; of aarch64 "neon",
   * "neon_dot", "neon_matrix"; "auto" (default): the widest (berg_doctor). EDEVICE: not here; EPARAMETER: with cuda. */
  const char *isa;
} berg_model_options;

BERG_API void berg_model_options_init(berg_model_options *options, size_t size);

/* The user's cache folder, $XDG_CACHE_HOME/berg or ~/.cache/berg, the caller's (berg_free); it need not be there yet.
 * NULL: neither variable is set. */
BERG_API char *berg_cache_folder(void);

/* ENOMODEL, EPARAMETER (subject, selection, train_splits), EMODEL (missing, corrupt), EDEVICE, ELIMIT, ECANCELLED. */
BERG_API berg_status berg_model_open(berg_model **model, const char *model_id, const berg_model_options *options,
                                     berg_error *error);
BERG_API void berg_model_free(berg_model *model);

BERG_API const char *berg_model_id(const berg_model *model);
BERG_API size_t berg_model_subjects(const berg_model *model);
BERG_API const char *berg_model_subject(const berg_model *model, size_t index); /* "1"; NULL past the end */
/* "sub-01", "monkeyN": as names of files have it. */
BERG_API const char *berg_model_subject_label(const berg_model *model, size_t index);
BERG_API const berg_metadata *berg_model_metadata(const berg_model *model, size_t subject_index);
BERG_API const char *berg_model_device(const berg_model *model); /* "cpu", "cuda: NVIDIA H100 80GB HBM3" */
/* The precision that is computed in: "f32", "tf32", "bf16" or "int8". And the processor's instruction set, "avx512". */
BERG_API const char *berg_model_precision(const berg_model *model);
BERG_API const char *berg_model_isa(const berg_model *model);
BERG_API const char *berg_model_backbone_path(const berg_model *model);
/* Columns of the responses: of all subjects, and of one, with the first of them. */
BERG_API size_t berg_model_columns(const berg_model *model);
BERG_API size_t berg_model_subject_columns(const berg_model *model, size_t subject_index, size_t *first);
/* What the columns of one subject are: one output, or one for each hemisphere. */
BERG_API size_t berg_model_outputs(const berg_model *model, size_t subject_index);
BERG_API const berg_output *berg_model_output(const berg_model *model, size_t subject_index, size_t index);
/* How many component scores a subject has: 250; where a model has several PCAs, the sum over them. */
BERG_API size_t berg_model_components(const berg_model *model, size_t subject_index);

/* --- Running --- */

/* Called between batches, from the calling thread: images (or what a stage counts) done, in all, seconds since the
 * start. Return other than 0 to cancel (ECANCELLED). */
typedef int (*berg_progress_fn)(void *user, size_t done, size_t total, double seconds);

/* Called when a run of several stages begins one: "gram", and what `done` and `total` then count: "panels". `seconds`
 * in the progress is that stage's own. The texts live as long as the library. */
typedef void (*berg_stage_fn)(void *user, const char *stage, const char *unit);

/* Asked more often than there is progress to tell, several times a second while images are encoded, from the calling
 * thread: other than 0 cancels at once (ECANCELLED), and what was begun is not finished. */
typedef int (*berg_cancel_fn)(void *user);

/* Processes that share a run, of one machine or many: MPI, by a plug-in that `make mpi` builds (docs/mpi.md). Each
 * makes the same calls in the same order, with the same arguments, files of one file system, and `ranks` in its
 * berg_run. berg_encode_to_file, berg_encode_many_to_files, berg_score, berg_train and berg_evaluate then share the
 * work, give the bytes that one process gives, and return the same status in all; reports are rank 0's alone. */
typedef struct berg_ranks berg_ranks;

/* Joins the processes that mpirun or srun started; one that was started alone is rank 0 of 1. Where the program has not
 * begun MPI, this does, and berg_ranks_free ends it. `plugin`: NULL for the usual places, or the path of
 * libberg_mpi.so. The handle belongs to the thread that opened it. EDEVICE: no plug-in, or MPI refuses. */
BERG_API berg_status berg_ranks_open(berg_ranks **ranks, const char *plugin, berg_error *error);
BERG_API size_t berg_ranks_rank(const berg_ranks *ranks);
BERG_API size_t berg_ranks_size(const berg_ranks *ranks);
/* Waits for all. The same status in all: BERG_OK, or that of one that failed, with its message. Whoever fails between
 * the calls above makes this one in place of them: the others then fail in theirs, and nothing is shared any more. */
BERG_API berg_status berg_ranks_agree(berg_ranks *ranks, berg_status status, berg_error *error);
/* All of them call it, and it waits for the last. NULL is fine. */
BERG_API void berg_ranks_free(berg_ranks *ranks);

typedef struct berg_run {
  size_t size;               /* set by _init */
  berg_progress_fn progress; /* may be NULL */
  void *user;
  berg_stage_fn stage;   /* may be NULL; of training, evaluation and merging */
  berg_warn_fn warn;     /* may be NULL */
  berg_cancel_fn cancel; /* may be NULL */
  berg_ranks *ranks;     /* that share it; NULL: this process does it alone */
} berg_run;

BERG_API void berg_run_init(berg_run *run, size_t size);

/* Responses of all images: `responses` is float32 [images][columns], C order, in the model's units (docs/models.md).
 * With skip_bad the rows of images left out are NaN. What a batch needs stays with the model: called with image
 * after image of an array, this allocates nothing from the third call on, but for images that are resized. */
BERG_API berg_status berg_encode(berg_model *model, berg_stimuli *stimuli, float *responses, const berg_run *run,
                                 berg_error *error);

/* Several models in one pass: the network runs once for each image, and each model gives the same bits as alone.
 * responses[i] is [images][columns of models[i]]. The models are different handles with the same backbone, precision
 * and instruction set (else EARGUMENT). Threads, batch and memory are the first model's. If `memory` is too little for
 * all of them at once, they take turns in several passes over the images, and `warn` says so. On a device, each model
 * makes its own pass. */
BERG_API berg_status berg_encode_many(berg_model *const *models, size_t count, berg_stimuli *stimuli,
                                      float *const *responses, const berg_run *run, berg_error *error);

/* What comes before the regression: float32 [images][berg_model_components], principal component scores of one
 * subject. */
BERG_API berg_status berg_encode_scores(berg_model *model, berg_stimuli *stimuli, size_t subject_index, float *scores,
                                        const berg_run *run, berg_error *error);

/* The same of several models in one pass, of all their subjects: scores[i] is float32 [images][components of the
 * subjects of models[i], one after the other]. */
BERG_API berg_status berg_encode_many_scores(berg_model *const *models, size_t count, berg_stimuli *stimuli,
                                             float *const *scores, const berg_run *run, berg_error *error);

/* What comes before standardisation: float32 [images][12][50][768], the outputs of the blocks. */
BERG_API berg_status berg_encode_features(berg_model *model, berg_stimuli *stimuli, float *features,
                                          const berg_run *run, berg_error *error);

/* Where a volume (.nii, .nii.gz) lies, and what is in it where there are no voxels. */
typedef struct berg_volume_options {
  size_t size; /* set by _init */
  /* A NIfTI-1 of the same grid, such as sub-0N_space-T1w_brainmask.nii.gz: size, affines and units are taken over,
   * after a check that it holds the subject's voxels. */
  const char *like;
  const double *affine; /* or [4][4], voxel indices to millimetres. Neither: the space is unknown, the file says so */
  const char *outside;  /* "nan" or "0"; NULL (default): NaN, and 0 where the type has none */
} berg_volume_options;

BERG_API void berg_volume_options_init(berg_volume_options *options, size_t size);

/* Simulated single trials of images: what is measured when an image is shown, rather than what a model expects of it
 * (docs/trials.md has the definitions). Each number is a function of model, subject, seed, image (its pixels), trial
 * and unit alone: the same whatever else is selected or encoded, and how. */
typedef struct berg_trials_options {
  size_t size;   /* set by _init */
  size_t trials; /* of each image; default 1 */
  uint64_t seed; /* default 0 */
  /* What is added to the prediction: "complete" (default; the unit's noise, and the signal that the model does not
   * explain, the same in all trials of an image), "prediction" (noise alone), "signal" (noise, about a prediction
   * scaled to the whole signal), "matched" (noise for the unit's reliability). */
  const char *mode;
  double common;  /* share of the noise variance, 0 (default) to 1, that all units of a trial have in common */
  size_t average; /* each trial is the mean of so many; default 1 */
} berg_trials_options;

BERG_API void berg_trials_options_init(berg_trials_options *options, size_t size);

/* berg_encode with `options->trials` trials of each image: float32 [images][trials][columns], C order. EPARAMETER: an
 * option out of range, means over ROIs, a model or mode for which too little is known; EMODEL: the metadata have no
 * noise ceilings, or, but for "prediction", the weights no variances of the components. `run->warn` is told of units
 * that cannot be as they were measured. */
BERG_API berg_status berg_encode_trials(berg_model *model, berg_stimuli *stimuli, const berg_trials_options *options,
                                        float *responses, const berg_run *run, berg_error *error);

typedef struct berg_output_options {
  size_t size;                       /* set by _init */
  int force;                         /* replace an output that is there */
  int resume;                        /* go on from what an interrupted run left beside the output */
  const berg_volume_options *volume; /* NULL: the defaults */
  int sidecar;                       /* 1: also "<path without ending>.json": what the output was made from and what its
                                        columns are (docs/volumes.md); default 0 */
  const char *command;               /* for the sidecar and HDF5: what the user asked for; NULL: not said */
  const char *const *sources;        /* further files that the output was made from, to be named there */
  size_t source_count;
  int long_table; /* .csv: 1: a line a value, with a column for each axis; default 0: a line an image */
  int reserved;   /* 0 */
  /* Trials of each image in place of what is predicted, as an axis "trial" before the others; .npy, .h5, .csv of a
   * model's responses. NULL (default): none. As berg_encode_trials, and EARGUMENT: another format. */
  const berg_trials_options *trials;
  const berg_run *run; /* whose `cancel` functions ask that are given no other; NULL (default): nobody is */
} berg_output_options;

BERG_API void berg_output_options_init(berg_output_options *options, size_t size);

/* Responses to a file, by its ending: .npy, .h5, .csv; of voxels .nii, .nii.gz (4-D, one volume an image); of
 * vertices .func.gii, .mgh, .mgz; of EEG and MEG -ave.fif. Written beside its place and renamed when whole; constant
 * memory in the number of images. Several subjects give one file each, "_sub-0N" before the ending, two hemispheres
 * "_lh" and "_rh", of which one without columns has none. With skip_bad the images left out have no row. An interrupted
 * run leaves "<path>.partial", which `resume` continues to the same bytes. */
BERG_API berg_status berg_encode_to_file(berg_model *model, berg_stimuli *stimuli, const char *path,
                                         const berg_output_options *options, const berg_run *run, berg_error *error);
/* The name of the file that output `output_index` of a subject gets, as above: the caller's (berg_free), or NULL, as
 * where it has no column and so no file. */
BERG_API char *berg_model_output_path(const berg_model *model, const char *path, size_t subject_index,
                                      size_t output_index);
/* The same of several models in one pass, a path for each. */
BERG_API berg_status berg_encode_many_to_files(berg_model *const *models, size_t count, berg_stimuli *stimuli,
                                               const char *const *paths, const berg_output_options *options,
                                               const berg_run *run, berg_error *error);
/* What that would take, as JSON (berg_free): "images", "columns", "passes", "threads", "seconds" at the rate that
 * products have on this machine now, "memory_bytes". Nothing is encoded. */
BERG_API berg_status berg_encode_plan(char **json, berg_model *const *models, size_t count, const berg_stimuli *stimuli,
                                      berg_error *error);

/* --- Scores kept: a kilobyte an image, and what is asked of them ------------------------------------------------
 *
 * Responses are linear in the principal component scores, so that a store of scores answers whatever is asked of
 * regions, contrasts and similarities of all the images in it, without network and pixels (docs/scores.md). A store is
 * a folder of plain files: scores_sub-0N.npy, images.tsv, store.json (docs/file-formats.md). */

typedef struct berg_store berg_store;

/* Scores of one subject's model, float32 [images][components], as they lie in the store's file. */
typedef struct berg_store_part {
  const char *model_id, *subject;
  const char *train_splits; /* "all", or as in berg_model_options */
  berg_array scores;
} berg_store_part;

/* EINPUT: missing, no store, damaged. What others append later is not seen by this handle. */
BERG_API berg_status berg_store_open(berg_store **store, const char *path, berg_error *error);
BERG_API void berg_store_free(berg_store *store);
BERG_API size_t berg_store_count(const berg_store *store); /* images */
/* What its scores were computed in, as berg_model_precision says it. */
BERG_API const char *berg_store_precision(const berg_store *store);
BERG_API size_t berg_store_parts(const berg_store *store);
BERG_API berg_status berg_store_part_at(const berg_store *store, size_t index, berg_store_part *part,
                                        berg_error *error);
/* The name of an image: the path that it was read from, or "stimuli.npy[12]". The caller's (berg_free). */
BERG_API berg_status berg_store_name(char **name, const berg_store *store, size_t image, berg_error *error);
/* The image that was added under this name, or under which the same pixels were found again; a name without its folder
 * will do where it is the only one. EINPUT: none, or several. */
BERG_API berg_status berg_store_find(const berg_store *store, const char *name, size_t *image, berg_error *error);
/* What the store holds, and what it was made with: JSON, the caller's. */
BERG_API berg_status berg_store_describe(char **json, const berg_store *store, berg_error *error);
/* Reads all of it and holds it against its checksums. EINPUT: damaged, with the first row that is. */
BERG_API berg_status berg_store_check(const berg_store *store, int threads, const berg_run *run, berg_error *error);

typedef struct berg_score_options {
  size_t size;   /* set by _init */
  size_t commit; /* images after which the store is safe on disk; 0 (default): a batch */
  int check;     /* 1: what the store holds is held against its checksums before it grows; default 0 */
  int resume;    /* 1: a shard that is whole is read and passed over, which `warn` is told; default 0 */
} berg_score_options;

BERG_API void berg_score_options_init(berg_score_options *options, size_t size);

/* Scores of all images by all subjects of the models, in one pass, into the store at `path`, which is made, or grows by
 * the images whose pixels it does not hold yet. A run that was cut short is simply run again, to the same bytes as an
 * undisturbed one. Other handles may read meanwhile. `report` (may be NULL) gets JSON, the caller's: images added, and
 * found there already. EINPUT: the store is of other models or subjects, or its scores of another basis, backbone,
 * precision or instruction set; EWRITE: another run has it. */
BERG_API berg_status berg_score(berg_model *const *models, size_t count, berg_stimuli *stimuli, const char *path,
                                const berg_score_options *options, const berg_run *run, char **report,
                                berg_error *error);

/* Adds the images of another store to the one at `path`, which is made where there is none: shards that were scored
 * apart, as one run would have scored them in this order. EINPUT, EWRITE as berg_score. */
BERG_API berg_status berg_store_add(const char *path, const berg_store *from, int threads, const berg_run *run,
                                    berg_error *error);

typedef struct berg_merge_options {
  size_t size;  /* set by _init */
  int force;    /* replace an output (and its sidecar) that is there */
  int check;    /* 1: the parts are read and reported of, nothing is written; default 0 */
  int threads;  /* for the checksums of stores */
  int reserved; /* 0 */
} berg_merge_options;

BERG_API void berg_merge_options_init(berg_merge_options *options, size_t size);

/* Parts that were encoded or scored apart, with `shards` in berg_stimuli_options, become what one process would have
 * made, to the byte. `parts` are files of berg_encode_to_file with their sidecars (.npy, .h5, .csv; those of several
 * subjects and hemispheres are told apart, and `path` names their outputs as it does there), folders of such files
 * (`path` is one then), or stores. Nothing is written before every part was read: EINCOMPLETE if one is missing,
 * damaged, given twice or of another run. `report` (may be NULL) then gets JSON too, the caller's: {"whole", "missing":
 * [numbers], "damaged", "foreign", "doubled": [{"part", "number", "why"}], "rerun": [numbers], "array": "3,7-9",
 * "outputs"}; docs/file-formats.md. Stores that are no shards are added to the one at `path`, as by berg_store_add.
 * EARGUMENT: a format that is not merged, or another than the parts'; EEXISTS. */
BERG_API berg_status berg_merge(const char *const *parts, size_t count, const char *path,
                                const berg_merge_options *options, const berg_run *run, char **report,
                                berg_error *error);

/* Images as a store has them, for berg_encode and all that take stimuli, but not for their pixels: models make
 * responses of the scores, the same bytes as of the pictures. The models may be opened without a network
 * (berg_model_options), and run on the processor. The store outlives the handle. */
BERG_API berg_status berg_stimuli_from_store(berg_stimuli **stimuli, const berg_store *store, berg_error *error);

/* Scores in memory in place of images, as berg_encode_scores gives them: for berg_encode and berg_encode_many, to the
 * bytes that the images give. `parts` has the scores of each subject of each model, which hold as many images; those
 * of one image lie side by side. Texts and arrays stay the caller's and must outlive the handle. ESTIMULUS: another
 * type or shape, a score that is not finite. */
BERG_API berg_status berg_stimuli_from_scores(berg_stimuli **stimuli, const berg_store_part *parts, size_t count,
                                              berg_error *error);

/* --- Asking: contrasts and rankings of a store's images (docs/questions.md) --------------------------------------
 *
 * All that is said of responses follows from scores and weights in double; no response is made. The weights are read
 * under `berg_dir`, and EINPUT says where a store's scores are of other components. */

/* The images that the text file `path` names, one a line, in its order: numbers in the store, the caller's (berg_free).
 * EINPUT: a name that the store does not hold, with its line; no name at all. */
BERG_API berg_status berg_store_find_listed(const berg_store *store, const char *path, size_t **images, size_t *count,
                                            berg_error *error);

typedef struct berg_image_group {
  const char *name;     /* in weights: letters, digits and _ */
  const size_t *images; /* [count] numbers in the store */
  size_t count;
} berg_image_group;

typedef struct berg_contrast_options {
  size_t size; /* set by _init */
  const char *berg_dir;
  const char *select; /* the columns that are tested, "V1 & ceiling > 20" (docs/selections.md); NULL: all */
  int paired;         /* 1: two groups, whose images belong together one by one; differences are tested */
  int pooled;         /* 1: one variance for all groups; 0 (default): Welch's test */
  int one_sided;      /* 1: p of responses being greater; 0 (default): of being different */
  int any_dependence; /* 1: q after Benjamini & Yekutieli; 0 (default): Benjamini & Hochberg */
  double fdr;         /* keep columns whose q is at most this, others become NaN in every map; NaN (default): all */
  int threads;
  int reserved;        /* 0 */
  const berg_run *run; /* whose `cancel` berg_contrast_open asks; NULL (default): nobody is */
} berg_contrast_options;

BERG_API void berg_contrast_options_init(berg_contrast_options *options, size_t size);

/* Means and variances of every column in every group of images, from which any contrast follows at once. */
typedef struct berg_contrast berg_contrast;

/* Of one part of the store, which outlives the handle. EPARAMETER: a group without images, with one image, or with one
 * twice; an image in two groups; a name that is none; what `select` does not fit. EINPUT: a damaged row. */
BERG_API berg_status berg_contrast_open(berg_contrast **contrast, const berg_store *store, size_t part,
                                        const berg_image_group *groups, size_t count,
                                        const berg_contrast_options *options, berg_error *error);
BERG_API void berg_contrast_free(berg_contrast *contrast);
/* Columns as berg_metadata_outputs has them, all of the subject's, and the subject's metadata. */
BERG_API size_t berg_contrast_columns(const berg_contrast *contrast);
BERG_API const berg_metadata *berg_contrast_metadata(const berg_contrast *contrast);
BERG_API const char *berg_contrast_label(const berg_contrast *contrast); /* of the subject: "sub-01" */

/* A number for each column, [columns]; NULL: not wanted. NaN where a column was not selected or has no variance. */
typedef struct berg_contrast_maps {
  size_t size;     /* set by _init */
  double *e;       /* the contrast of the means, in units of the responses; known also without variance */
  double *t, *df;  /* the test's statistic, and degrees of freedom */
  double *p, *log; /* p, and -log10 of p, which is still told where p is too small for a double */
  double *q;       /* false discovery rate */
  double *d, *g;   /* e over the pooled standard deviation, weights scaled to a sum of 2 in magnitude; Hedges' g */
  double *sd;      /* that standard deviation */
} berg_contrast_maps;

BERG_API void berg_contrast_maps_init(berg_contrast_maps *maps, size_t size);

/* The maps of one contrast: weights of groups that sum to 0, "2 faces - objects - scrambled". `json` (may be NULL) gets
 * groups, test, how many columns were tested and found, and what to keep in mind: the caller's. EPARAMETER: weights. */
BERG_API berg_status berg_contrast_compute(const berg_contrast *contrast, const char *weights,
                                           const berg_contrast_maps *maps, char **json, berg_error *error);

/* Numbers of all columns of a subject to a file by its ending: `values` is [columns], or [maps][columns] with a name
 * each. .nii, .nii.gz (of voxels; 3-D, or 4-D of several maps), .npy, .func.gii, .mgh, .mgz (of vertices), .h5; .csv
 * and .tsv have a line a column of responses, with its place, and a column a map. Two hemispheres give two files, "_lh"
 * and "_rh" before the ending. .h5 and surfaces hold float32, the others what is given (tables: all digits of it).
 * EARGUMENT, EMODEL: values that do not fit; EEXISTS, EWRITE. */
BERG_API berg_status berg_maps_to_file(const berg_metadata *metadata, const char *const *names,
                                       const berg_array *values, const char *path, const berg_output_options *options,
                                       berg_error *error);

/* How columns marked by 1 overlap with the subject's regions: JSON, the caller's, {"marked", "regions": [{"name",
 * "columns", "shared", "dice"}]}, those that share most first. `marks` is [columns] of 0 and 1. */
BERG_API berg_status berg_region_overlap(char **json, const berg_metadata *metadata, const uint8_t *marks,
                                         size_t columns, berg_error *error);

typedef struct berg_rank_options {
  size_t size; /* set by _init */
  const char *berg_dir;
  const size_t *parts; /* of the store, a subject each; NULL: all */
  size_t part_count;
  size_t top, bottom;   /* images listed from each end; default 25 and 0 */
  int zscore;           /* 1: over subjects z-scores are averaged; 0 (default): values, as they are */
  const size_t *images; /* the images that are ranked; NULL: all */
  size_t image_count;
  int threads;
  int reserved; /* 0 */
} berg_rank_options;

BERG_API void berg_rank_options_init(berg_rank_options *options, size_t size);

/* Images by one number: a functional of responses, "mean(lFFA + rFFA) - mean(lPPA + rPPA)" (docs/selections.md), or
 * what an image's pattern is like over a set of columns, "norm(V1)", "typicality(V1)" (correlation with the mean),
 * "similarity(V1, cat.jpg)" (correlation with that image's). JSON, the caller's: of each subject, of the mean over
 * subjects, and of the mean over the others ("leave_one_out", with the left-out subject's value), mean and sd over the
 * images and those listed with rank, image, name, value, z and percentile (of images that rank below). Ties go to the
 * lower image number. A pass at the disk's rate; memory of 8 bytes an image and subject. EPARAMETER: the expression;
 * EINPUT: a damaged row. */
BERG_API berg_status berg_rank(const berg_store *store, const char *expression, const berg_rank_options *options,
                               const berg_run *run, char **json, berg_error *error);

/* Pictures of one kind, drawn as a block of tiles under a title. */
typedef struct berg_picture_group {
  const char *title;
  const char *const *names;    /* [count] files, or "stimuli.npy[12]", as a store names its images */
  const char *const *captions; /* [count] shown under each, beside its name; NULL: none */
  size_t count;
} berg_picture_group;

typedef struct berg_picture_options {
  size_t size;         /* set by _init */
  const char *folder;  /* names that do not begin with / lie there; NULL: where the program runs */
  const char *heading; /* of the sheet; NULL: none */
  size_t columns;      /* groups beside each other; 0 (default): 2 */
  int force;
  int reserved; /* 0 */
} berg_picture_options;

BERG_API void berg_picture_options_init(berg_picture_options *options, size_t size);

/* A contact sheet at `path`: .png, .pdf, .svg, or a page that stands alone, .html. A picture that cannot be read is an
 * empty tile with its name, and counted in `missing` (may be NULL). */
BERG_API berg_status berg_draw_pictures(const berg_picture_group *groups, size_t count, const char *path,
                                        const berg_picture_options *options, size_t *missing, berg_error *error);

/* --- Similarity: what a region's responses to two images have in common ------------------------------------------
 *
 * Metrics of two patterns (responses of a region's units to an image): "correlation" over the units (default),
 * "cosine", "euclidean", "sqeuclidean". `adjust` is what is done to each unit over the images first: "none" (default),
 * "demean", "zscore". A region is an expression (docs/selections.md). Numbers, and which of rsatoolbox's they are:
 * docs/similarity.md. Any pattern that does not vary over the units has no correlation: NaN, and counted. */

typedef struct berg_rsm_options {
  size_t size;                                   /* set by _init */
  const char *berg_dir;                          /* the files of the store's models */
  const char *model_id, *subject, *train_splits; /* of the store's parts; NULL: the only one that fits */
  const char *const *regions;                    /* a matrix each */
  size_t region_count;
  const char *metric, *adjust; /* as above */
  const char *form;     /* "square" (default), "condensed" (pairs above the diagonal, .npy), "rdms": rsatoolbox's */
  const size_t *images; /* NULL: all of the store */
  size_t image_count;
  int distance; /* 1: 1 - r and 1 - cosine in place of r and cosine (default); the other two are distances anyway */
  int f64;      /* 1: float64; default float32. "rdms" are float64 */
  int threads;
  int force;
  int sidecar; /* 1: "<path without ending>.json" with the images' names and what the matrix was made from; default 0 */
  int reserved;
  const char *command; /* for the sidecar; NULL: not said */
} berg_rsm_options;

BERG_API void berg_rsm_options_init(berg_rsm_options *options, size_t size);

/* All pairs of images, to a .npy (one region) or an .h5 with a dataset for each region; written as it is made, whole or
 * not at all. `report` (may be NULL) gets JSON, the caller's. EPARAMETER: no such subject, region, metric, or a region
 * of one unit; ELIMIT: no room on the disk. */
BERG_API berg_status berg_rsm(const berg_store *store, const char *path, const berg_rsm_options *options,
                              const berg_run *run, char **report, berg_error *error);

/* One side of a comparison: a region of one of the store's parts, or a matrix of dissimilarities of the same images.
 * This struct stays as it is. */
typedef struct berg_rsa_side {
  const char *model_id, *subject, *train_splits; /* NULL: the only one that fits */
  const char *region;
  const char *matrix; /* in place of all these: a .npy (images, images) or the pairs above its diagonal */
} berg_rsa_side;

typedef struct berg_rsa_options {
  size_t size; /* set by _init */
  const char *berg_dir;
  const char *measure; /* of two sets of dissimilarities: "pearson" (default), "cosine", "spearman", "rho-a",
                          "kendall" (tau-a) */
  const char *metric, *adjust;
  const size_t *images; /* NULL: all of the store */
  size_t image_count;
  size_t permutations; /* of the images of one side, for p; 0 (default): none. Not of kendall */
  size_t bootstraps;   /* over images, for intervals; 0 (default): none. Of pearson and cosine */
  uint64_t seed;       /* default 1 */
  size_t memory;       /* bytes; 0 (default): 1 GiB. Beyond it ranks are counted on a grid, which the JSON says */
  int exact;           /* 1: resampling without the approximations of docs/similarity.md, however long it takes */
  int threads;
} berg_rsa_options;

BERG_API void berg_rsa_options_init(berg_rsa_options *options, size_t size);

/* Compares every two of the sides (2 or more) over all pairs of images: JSON, the caller's (docs/similarity.md), with
 * noise ceilings over subjects where sides are one region of several. Pearson and cosine of regions need no matrix but
 * for metric euclidean. EPARAMETER, EINPUT (a matrix), ELIMIT, ECANCELLED. */
BERG_API berg_status berg_rsa(const berg_store *store, const berg_rsa_side *sides, size_t count,
                              const berg_rsa_options *options, const berg_run *run, char **json, berg_error *error);

/* --- Control: images that drive two regions together or apart ------------------------------------------------------
 *
 * Relational neural control after Gifford et al. (2025); definitions, and what differs: docs/control.md. */

typedef struct berg_control_options {
  size_t size; /* set by _init */
  const char *berg_dir;
  const char *model_id;        /* NULL: the only one that the store has */
  const char *const *subjects; /* NULL: all that the store has of the model */
  size_t subject_count;
  const char *const *regions; /* all pairs of these (docs/selections.md); NULL: of all regions of the metadata that have
                                 units left in every subject */
  size_t region_count;
  int multivariate;    /* 1: sets of images that align or separate similarities; 0 (default): mean responses */
  int cross_validate;  /* 1: images are chosen also by all subjects but one, and tested on that one */
  size_t images;       /* of a condition; 0 (default): 25, of a set 50 */
  double margin;       /* how far beyond the baseline responses must be; default 0.04 */
  double min_ceiling;  /* percent that a voxel's single-trial noise ceiling must be above; NaN (default): 20 where the
                           model has ceilings; negative: all units */
  size_t draws;        /* random sets from which the baseline is taken; default 10,000 */
  size_t permutations; /* default 10,000 */
  size_t generations;  /* of the search; default 2,000 */
  uint64_t seed;       /* default 1 */
  int grand_mean;      /* 1: responses are held against the mean over all images in place of the baseline's */
  int responses;       /* 1: the JSON has every image's response in each region, mean over subjects */
  int threads;
  int reserved; /* 0 */
} berg_control_options;

BERG_API void berg_control_options_init(berg_control_options *options, size_t size);

/* Chooses among all images of the store: JSON, the caller's, with the images of each pair of regions and condition, the
 * baselines, and where subjects are cross-validated what the one left out answers (docs/control.md has the keys). Fewer
 * images than asked for are an answer where fewer fit. A search of 2,000 generations among 26,000 images takes half a
 * minute on two cores. EPARAMETER: no such subject or region, one without units above the ceiling, too few images;
 * EINPUT: a damaged row; ECANCELLED. */
BERG_API berg_status berg_control(const berg_store *store, const berg_control_options *options, const berg_run *run,
                                  char **json, berg_error *error);

/* A figure of one pair of that JSON, responses or the search's curve, by the ending of `path`: .svg, .png, .pdf.
 * EINPUT: the JSON is not berg_control's, or was made without `responses`; EEXISTS. */
BERG_API berg_status berg_plot_control(const char *json, size_t pair, const char *path, int force, berg_error *error);

/* --- Training: raw data to a model ------------------------------------------------------------------------------
 *
 * berg_simulate (or the THINGS-fMRI1 download) -> berg_prepare -> berg_train -> berg_evaluate; berg_encode then runs
 * the model. Each finds what the one before left under `berg_dir`, in upstream's layout (docs/file-formats.md). All
 * work out of core, keep to `memory`, can be interrupted at any moment (SIGKILL and a full disk included) and with
 * `resume` go on to the same bytes as an undisturbed run. Nothing is replaced unless `force`. */

typedef struct berg_simulate_options {
  size_t size;         /* set by _init */
  const int *subjects; /* NULL: subject 1 */
  size_t subject_count;
  berg_dtype dtype;          /* of the responses: BERG_F64 (default, as pandas wrote the original) or BERG_F32 */
  uint64_t seed;             /* default 1 */
  size_t voxels;             /* of each subject; 0 (default): 211,339, 226,950 and 189,164 as the real ones have */
  size_t concepts;           /* default 720 */
  size_t images_per_concept; /* training images, each seen once; default 12 */
  size_t test_images;        /* each seen once a session; default 100 */
  size_t sessions;           /* default 12 */
  size_t image_size;         /* pixels of each side; default 400 */
  int threads;
  int force;
} berg_simulate_options;

BERG_API void berg_simulate_options_init(berg_simulate_options *options, size_t size);

/* A data set in THINGS-fMRI1's raw layout: <folder>/images/<concept>/<stimulus>.jpg, <folder>/betas_csv/
 * sub-0N_ResponseData.h5, _StimulusMetadata.csv and _VoxelMetadata.csv, <folder>/brainmasks/
 * sub-0N_space-T1w_brainmask.nii.gz, and what no real data set has, <folder>/truth/sub-0N.npz: the true signal and
 * noise variance and the true ceilings of each voxel. The same seed gives the same bytes. EWRITE, EEXISTS, ELIMIT
 * (disk). */
BERG_API berg_status berg_simulate(const char *folder, const berg_simulate_options *options, const berg_run *run,
                                   berg_error *error);

typedef struct berg_simulate_prepared_options {
  size_t size;                 /* set by _init */
  const char *const *subjects; /* as in berg_model_options, who see the same images; NULL: the card's first */
  size_t subject_count;
  uint64_t seed;             /* default 1 */
  size_t units;              /* channels, sensors, electrodes, vertices of a hemisphere; 0 (default): as upstream */
  size_t times;              /* 0 (default): as upstream */
  size_t concepts;           /* default 720 */
  size_t images_per_concept; /* training images; default 12 */
  size_t test_images;        /* default 100 */
  size_t repeats;            /* of a test image; 0 (default): as upstream, 80 (EEG), 12 (MEG), 30 (TVSD), 3 (NSD) */
  size_t image_size;         /* pixels of each side; default 400 */
  int threads;
  int force;
} berg_simulate_prepared_options;

BERG_API void berg_simulate_prepared_options_init(berg_simulate_prepared_options *options, size_t size);

/* A data set of NSD, EEG, MEG or TVSD as their preparation leaves it: `folder` is a berg directory with
 * model_training_datasets/, <folder>/images/ (of NSD <folder>/nsd_stimuli.hdf5), and <folder>/truth/<subject>.npz, the
 * true variances of signal and noise, ceilings and the signal of each test image. The same seed gives the same bytes.
 * EPARAMETER: a model or subject that is not simulated; EARGUMENT; EWRITE, EEXISTS, ELIMIT (disk). */
BERG_API berg_status berg_simulate_prepared(const char *folder, const char *model_id,
                                            const berg_simulate_prepared_options *options, const berg_run *run,
                                            berg_error *error);

typedef struct berg_prepare_options {
  size_t size;          /* set by _init */
  const char *berg_dir; /* gets model_training_datasets/train_dataset-things_fmri_1/ */
  int subject;          /* default 1 */
  int threads;
  size_t memory; /* bytes that the process may hold; 0 (default): 4 GiB */
  int force, resume;
} berg_prepare_options;

BERG_API void berg_prepare_options_init(berg_prepare_options *options, size_t size);

/* Reads sub-0N_ResponseData.h5, _StimulusMetadata.csv and _VoxelMetadata.csv in `raw` or `raw`/betas_csv; writes
 * fmri_sub-0N_split-train.h5, _split-test.h5, _split-test_averaged.h5 and fmri_sub-0N_metadata.npy. Responses become
 * z-scores within each session and voxel. EINPUT names what does not fit: lengths, columns, a session of one trial,
 * training stimuli that occur twice, test stimuli seen unequally often, betas that are not finite (counted). */
BERG_API berg_status berg_prepare(const char *raw, const berg_prepare_options *options, const berg_run *run,
                                  berg_error *error);

/* How responses are regressed on the component scores. */
typedef struct berg_regression_options {
  size_t size;          /* set by _init */
  const char *method;   /* "ols" (default) or "ridge" */
  const double *alphas; /* ridge: candidates; NULL: 1e-4, 1e-3, 1e-2, 0.1, 1, 10 */
  size_t alpha_count;
  size_t folds;        /* ridge: consecutive folds of the cross-validation that picks among alphas; default 5 */
  int alpha_per_voxel; /* 1: each voxel has the alpha best for it; 0 (default): one for each chunk, as upstream */
  size_t chunks;       /* voxels are fitted in so many chunks of equal size; 0 (default): as memory allows. Changes no
                          number, but for what an alpha for each chunk means */
} berg_regression_options;

BERG_API void berg_regression_options_init(berg_regression_options *options, size_t size);

typedef struct berg_train_options {
  size_t size;                 /* set by _init */
  const char *berg_dir;        /* prepared data; gets the model's weights and metadata */
  const char *images;          /* folder of <concept>/<stimulus>; of NSD the file of its images, "nsd_stimuli.hdf5" */
  const char *const *subjects; /* as in berg_model_options; one pass serves all; NULL: the card's first */
  size_t subject_count;
  const char *backbone;                      /* as in berg_model_options */
  const char *features;                      /* "all" (default): 12 x 50 x 768; "class-token": 12 x 768 */
  size_t components;                         /* default 250 */
  const berg_regression_options *regression; /* NULL: the defaults */
  int safetensors;                           /* 1: weights as .safetensors too */
  const char *work;                          /* folder for what is kept between stages; NULL: <berg_dir>/work */
  int keep_work;                             /* 1: not removed at the end */
  size_t memory;                             /* bytes that the process may hold; 0 (default): 4 GiB */
  int threads;
  size_t batch; /* images at a time; 0 (default): chosen. Never changes the numbers */
  int force, resume;
  const char *device; /* for features and Gram matrix: "cpu", "cuda" or "auto" (default); changes last digits */
  /* of models that have them: "all" (default), "single" (all quarters), "split1" to "split4"; several with commas */
  const char *train_splits;
  /* One stage alone, beside other processes that share `work`: "features", "gram", "eigenvectors", "components",
   * "regression" or "weights". Share `shard`, from 0, of `shards` (0: 1) of all its units; goes on with what is there,
   * as with `resume`. NULL: the whole training */
  const char *stage;
  size_t shard, shards;
  const char *merge;   /* checks and joins what the shares of the stage of that name left; `shards` names them then */
  const char *scratch; /* with `stage`: a folder on the node's own disk, where parts are made; NULL: `work` */
  /* how eigenvectors are found: "gram", of a matrix of all images; "products", in passes over the features (docs/
   * training-numerics.md); NULL: "gram" where that fits `memory`. The same to 1e-6, not the same bits */
  const char *eigenvectors;
  const char *isa; /* as in berg_model_options; parts of one training have the same */
} berg_train_options;

BERG_API void berg_train_options_init(berg_train_options *options, size_t size);

/* What berg_train will need and do: JSON, the caller's. Reads what is there and computes nothing of the model; it
 * does measure the machine's rate of products, for at most a third of a second on all threads, from which it
 * estimates the seconds of each stage ("product_flops" says what it found, and differs from run to run). Input that
 * is wrong is found here, and in berg_train before it begins. ELIMIT with the sizes when memory or disk do not
 * suffice, EINPUT with the first of the images that are missing: `json` is then given too, which lists them all
 * under "images", "missing". Each of "stages" has units in "total", of which "grain" go together; "done" of them are
 * there; for the others "flop", "read_bytes", "written_bytes" and "seconds"; and "memory_bytes" of any shard of it. */
BERG_API berg_status berg_train_plan(char **json, const char *model_id, const berg_train_options *options,
                                     berg_error *error);

/* Writes weights (weights_sub-0N.npy: upstream's pickled dict, under its newest name) and, where there are none yet,
 * metadata for each subject and split. `report` (may be NULL) gets JSON, the caller's: seconds, operations, bytes and
 * rate of each stage, peak memory and disk, precision, instruction set, libraries. With `stage` or `merge` that is done
 * alone. EINCOMPLETE: a stage before it is not merged, or a merge lacks units: the report then says which, what is
 * wrong with which file, and the shards to run again; EEXISTS: another process is at work on the same units. */
BERG_API berg_status berg_train(const char *model_id, const berg_train_options *options, const berg_run *run,
                                char **report, berg_error *error);

typedef struct berg_evaluate_options {
  size_t size; /* set by _init */
  const char *berg_dir;
  const char *images;
  const char *subject; /* default "1" */
  const char *backbone;
  size_t memory; /* 0 (default): 4 GiB */
  int threads;
  int force;                /* replace predictions that are there; the metadata are always replaced */
  int sidecar;              /* 1: also "<predictions without ending>.json", as berg_output_options has it; default 0 */
  const char *command;      /* for the sidecar: what the user asked for; NULL: not said */
  const char *train_splits; /* of MEG and TVSD, which model: "all" (default), or of a quarter "split1" to "split4" */
  size_t shard;    /* with shards > 0: encode part `shard` (from 0) of `shards` equal parts of the test images, */
  size_t shards;   /* to a file beside the predictions' place; what is there of it is gone on from, or passed over */
  size_t merge;    /* > 0: join that many such parts, which are then removed, in place of encoding, and measure */
  const char *isa; /* as in berg_model_options */
} berg_evaluate_options;

BERG_API void berg_evaluate_options_init(berg_evaluate_options *options, size_t size);

/* Encodes the test images (predictions go to <berg_dir>/results/..., float32 [images][voxels]), correlates them with
 * the averaged test responses, computes noise ceilings and split-half reliability from the repeats, and writes all
 * into the model's metadata_sub-0N.npy under upstream's keys. `report` (may be NULL) gets JSON, the caller's: means
 * per ROI, counts of voxels without variance; and where test images are missing (EINPUT) {"missing_images": [...]},
 * all of them; parts that are missing, damaged or foreign as berg_merge reports them (EINCOMPLETE). Definitions:
 * docs/accuracy.md. A run that did not end is simply run again. EEXISTS: predictions that are there, not `force`;
 * EINPUT: prepared data that are missing or do not fit, images; and what berg_model_open and berg_encode say. */
BERG_API berg_status berg_evaluate(const char *model_id, const berg_evaluate_options *options, const berg_run *run,
                                   char **report, berg_error *error);

/* --- The same solver for any features and any responses, in memory --- */

typedef struct berg_fit_options {
  size_t size;       /* set by _init */
  size_t components; /* default 250; 0: no PCA, regression on the (standardised) features themselves */
  int standardise;   /* 1 (default): features to mean 0 and variance 1; 0: only centred */
  int threads;
  const berg_regression_options *regression; /* NULL: the defaults */
  size_t memory;                             /* on top of the matrices themselves; 0 (default): 4 GiB */
  const char *isa;                           /* as in berg_model_options */
} berg_fit_options;

BERG_API void berg_fit_options_init(berg_fit_options *options, size_t size);

typedef struct berg_fit berg_fit;

/* `features` [n][p] and `responses` [n][targets], float32 or float64, any strides. EARGUMENT: shapes that do not fit,
 * more components than min(n - 1, p); ESTIMULUS: a value that is not finite. */
BERG_API berg_status berg_fit_open(berg_fit **fit, const berg_array *features, const berg_array *responses,
                                   const berg_fit_options *options, const berg_run *run, berg_error *error);
BERG_API void berg_fit_free(berg_fit *fit);

/* "scaler_param.mean_", "pca_param.components_", "reg_param.coef_", ... as in upstream's weights, and
 * "reg_param.alpha_" float64 (targets,) after ridge. */
BERG_API size_t berg_fit_count(const berg_fit *fit);
BERG_API const berg_array *berg_fit_entry(const berg_fit *fit, size_t index);
BERG_API const berg_array *berg_fit_find(const berg_fit *fit, const char *name);
/* float32 [m][targets] from `features` [m][p]. */
BERG_API berg_status berg_fit_predict(const berg_fit *fit, const berg_array *features, float *responses,
                                      berg_error *error);
/* Upstream's pickled .npy, or .safetensors, by the ending. */
BERG_API berg_status berg_fit_save(const berg_fit *fit, const char *path, int force, berg_error *error);

/* Pearson's r of each column of two matrices [n][columns], float32 or float64, in float64: NaN where a column has no
 * variance. `r` is [columns]. */
BERG_API berg_status berg_correlate(const berg_array *a, const berg_array *b, int threads, double *r,
                                    berg_error *error);

/* Reliability of responses [repeats][stimuli][voxels], float32 or float64, one number a voxel; any pointer may be
 * NULL. Ceilings in percent of variance (Allen et al. 2022, with z-scores within each repeat), split-half correlation
 * averaged over all splits of the repeats (over 1,000 drawn ones where there are more), and its Spearman-Brown
 * correction. NaN where a repeat has no variance or a value that is not finite, and for all voxels where there is one
 * repeat. */
typedef struct berg_reliability {
  size_t size; /* set by _init */
  double *noise_ceiling_singletrial, *noise_ceiling_testset;
  double *splithalf_uncorrected, *splithalf_corrected;
} berg_reliability;

BERG_API void berg_reliability_init(berg_reliability *result, size_t size);

BERG_API berg_status berg_estimate_reliability(const berg_array *responses, int threads, const berg_reliability *result,
                                               berg_error *error);

/* --- Volumes: one number a voxel to NIfTI and back ----------------------------------------------------------------
 *
 * `coordinates` is the metadata's "fmri.voxel_coords", whole numbers (voxels, 3): x, y, z of each voxel in the
 * subject's grid. `voxels` [count] says which voxels the values are of; NULL: all of them, in order. EMODEL:
 * coordinates that are not whole numbers, or that do not fit `like`; EINPUT: a file that is no such volume; EEXISTS,
 * EWRITE. */

/* `values` [count] becomes a 3-D volume, [rows][count] a 4-D one, at `path` (.nii or .nii.gz). Numbers keep their
 * type; bool becomes uint8, float16 and bfloat16 become float32. EARGUMENT: not one value a voxel; one voxel with two
 * values. */
BERG_API berg_status berg_values_to_nifti(const berg_array *coordinates, const berg_array *values, const size_t *voxels,
                                          size_t count, const char *path, const berg_output_options *options,
                                          berg_error *error);

/* The way back: `volume` to a .npy at `path` of shape (count) or (rows, count), the type as in the file, float64
 * where the file scales its numbers. What berg_values_to_nifti wrote comes back to the same bytes. */
BERG_API berg_status berg_nifti_to_values(const berg_array *coordinates, const char *volume, const size_t *voxels,
                                          size_t count, const char *path, const berg_output_options *options,
                                          berg_error *error);

typedef enum berg_roi_form {
  BERG_ROI_LABELS, /* one volume, ROI i (from 1) its number; EPARAMETER naming two ROIs that overlap */
  BERG_ROI_STACK,  /* one 4-D volume of 0 and 1, a row a ROI */
  BERG_ROI_EACH    /* a volume of 0 and 1 for each ROI: "x_mask.nii.gz" becomes "x_label-V1_mask.nii.gz", ... */
} berg_roi_form;

/* ROIs as volumes: those named, or (count 0) all that have voxels. LABELS and STACK come with "<path without
 * ending>.tsv": index, name and number of voxels. EPARAMETER: no such ROI, or none of its voxels in this subject. */
BERG_API berg_status berg_rois_to_nifti(const berg_metadata *metadata, const char *const *rois, size_t count,
                                        berg_roi_form form, const char *path, const berg_output_options *options,
                                        berg_error *error);

/* --- Looking: a page about a model's accuracy, and its figures --- */

typedef struct berg_report_options {
  size_t size;                 /* set by _init */
  const char *berg_dir;        /* its metadata alone are read */
  const char *const *subjects; /* side by side; NULL: the first one */
  size_t subject_count;
  const char *figures; /* folder for each figure as .svg, .png and .pdf, or what `formats` says; NULL: none */
  const char *json;    /* file for the numbers behind all figures, in full precision; NULL: none */
  const char *command; /* told under provenance; may be NULL */
  int hash_weights;    /* 1: SHA-256 of the weights too, which takes seconds; 0 (default): of the metadata */
  int force;
  const char *surfaces[2];  /* such as FreeSurfer's lh.inflated and rh.inflated, to draw vertices on; NULL: none */
  const char *const *added; /* what was asked of scores (docs/report.md): JSON of berg_rank, berg_contrast_compute,
                               berg_rsa or berg_control, a map of a subject's columns (.npy, .nii), berg_rsm's matrix */
  size_t added_count;
  const char *pictures; /* where pictures of relative names lie; NULL: where the program runs */
  const berg_run *run;  /* whose `cancel` is asked between figures; NULL (default): nobody is */
  int64_t date;         /* that the page and its figures tell, in seconds since 1970; 0 (default): now */
  const char *formats;  /* of figures: some of "svg,png,pdf"; NULL (default): all. Only "svg" needs no cairo */
} berg_report_options;

BERG_API void berg_report_options_init(berg_report_options *options, size_t size);

/* One self-contained HTML page at `path` (NULL: only what the options name). What the metadata lack is said there and
 * left out. EPARAMETER: no such subject, or one twice; EMODEL: metadata missing or corrupt; EINPUT: a surface that is
 * none, or of another number of vertices; an added file that is none of what can be shown; EEXISTS. Definitions:
 * docs/report.md. */
BERG_API berg_status berg_report(const char *model_id, const berg_report_options *options, const char *path,
                                 berg_error *error);

/* The page's first figure, accuracy of each region with noise ceilings, over time where responses have times, as an SVG
 * file: UTF-8, the caller's. EMODEL also where there is neither accuracy nor ceiling. */
BERG_API berg_status berg_plot_accuracy(char **svg, const char *model_id, const char *berg_dir,
                                        const char *const *subjects, size_t subject_count, const berg_run *run,
                                        berg_error *error);

/* --- Comparing two files --- */

typedef struct berg_compare_options {
  size_t size;                  /* set by _init */
  double atol, rtol;            /* each value: |a - b| <= atol + rtol |b|, as numpy.allclose; NaN (default): 0 */
  double min_correlation;       /* of the columns' correlations over rows: their mean at least this */
  double min_voxel_correlation; /* and each. NaN (default): not asked */
  int threads;
  const char *metadata; /* a metadata_sub-0N.npy, for figures by ROI; NULL: none */
} berg_compare_options;

BERG_API void berg_compare_options_init(berg_compare_options *options, size_t size);

/* Two matrices [images][columns]: a .npy of numbers, HDF5 (/responses, else /neural_data, or "FILE:DATASET"), a NIfTI
 * of three or four dimensions. Or two containers (upstream's pickled .npy, .npz, .pth, .safetensors), array by array.
 * Everything asked for must hold; where only correlations are, single values may differ, but not in being finite.
 * `json` gets differences, where they are largest, correlations and the verdict (docs/compare.md), the caller's, with
 * BERG_OK and with BERG_EDIFFERENT. Constant memory in the number of images. EINPUT, EARGUMENT, ECANCELLED. */
BERG_API berg_status berg_compare(const char *a, const char *b, const berg_compare_options *options,
                                  const berg_run *run, char **json, berg_error *error);

/* --- This machine --- */

/* What this build and machine can do, which weights are found and where they were looked for: JSON, the caller's.
 * `berg_dir` and `backbone` may be NULL. The environment read, here and in berg_model_open: TORCH_HOME and
 * XDG_CACHE_HOME and HOME (torch's cache of weights; berg_cache_folder, whose files are listed); OMP_NUM_THREADS and
 * SLURM_CPUS_PER_TASK (how many threads are used: "threads", and "threads_by" which of them, "affinity" or "cgroup
 * quota", said so). */
BERG_API berg_status berg_doctor(char **json, const char *berg_dir, const char *backbone, berg_error *error);

/* Rates measured now: JSON, the caller's. `isa` is as in berg_model_options; NULL: each that there is. `seconds` is the
 * time for each figure, `threads` as above; `folder` is where the disk is measured (256 MB, which go again) or NULL. */
BERG_API berg_status berg_bench_machine(char **json, const char *isa, int threads, double seconds, const char *folder,
                                        berg_error *error);

/* Times encoding: `images` random images of 256x256 through `model`, `repeats` times, interleaved with the machine's
 * product rate, by stages, and one image at a time: JSON, the caller's. */
BERG_API berg_status berg_bench_model(char **json, berg_model *model, size_t images, size_t repeats,
                                      const berg_run *run, berg_error *error);

/* Releases what a function handed to the caller. NULL is fine. */
BERG_API void berg_free(void *memory);

/* What makes `berg_model_options_init(&options)` of each `_init`: the size goes with it, so that a library that knows
 * more options than the program's header fills no more than the program has. A language without macros passes the
 * size itself. */
#define berg_stimuli_options_init(options) berg_stimuli_options_init(options, sizeof *(options))
#define berg_model_options_init(options) berg_model_options_init(options, sizeof *(options))
#define berg_run_init(options) berg_run_init(options, sizeof *(options))
#define berg_control_options_init(options) berg_control_options_init(options, sizeof *(options))
#define berg_score_options_init(options) berg_score_options_init(options, sizeof *(options))
#define berg_contrast_options_init(options) berg_contrast_options_init(options, sizeof *(options))
#define berg_contrast_maps_init(maps) berg_contrast_maps_init(maps, sizeof *(maps))
#define berg_rank_options_init(options) berg_rank_options_init(options, sizeof *(options))
#define berg_picture_options_init(options) berg_picture_options_init(options, sizeof *(options))
#define berg_rsm_options_init(options) berg_rsm_options_init(options, sizeof *(options))
#define berg_rsa_options_init(options) berg_rsa_options_init(options, sizeof *(options))
#define berg_volume_options_init(options) berg_volume_options_init(options, sizeof *(options))
#define berg_trials_options_init(options) berg_trials_options_init(options, sizeof *(options))
#define berg_output_options_init(options) berg_output_options_init(options, sizeof *(options))
#define berg_fetch_options_init(options) berg_fetch_options_init(options, sizeof *(options))
#define berg_merge_options_init(options) berg_merge_options_init(options, sizeof *(options))
#define berg_simulate_options_init(options) berg_simulate_options_init(options, sizeof *(options))
#define berg_simulate_prepared_options_init(options) berg_simulate_prepared_options_init(options, sizeof *(options))
#define berg_prepare_options_init(options) berg_prepare_options_init(options, sizeof *(options))
#define berg_regression_options_init(options) berg_regression_options_init(options, sizeof *(options))
#define berg_train_options_init(options) berg_train_options_init(options, sizeof *(options))
#define berg_evaluate_options_init(options) berg_evaluate_options_init(options, sizeof *(options))
#define berg_fit_options_init(options) berg_fit_options_init(options, sizeof *(options))
#define berg_reliability_init(options) berg_reliability_init(options, sizeof *(options))
#define berg_report_options_init(options) berg_report_options_init(options, sizeof *(options))
#define berg_compare_options_init(options) berg_compare_options_init(options, sizeof *(options))

#ifdef __cplusplus
}
#endif
#endif
