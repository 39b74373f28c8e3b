/* What an output was made from, as JSON in the style of BIDS derivatives (docs/volumes.md lists the keys). No times
 * are kept: the same run gives the same bytes. */
#ifndef MODEL_PROVENANCE_H
#define MODEL_PROVENANCE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"
#include "io/file/file_hash.h"
#include "io/nifti/nifti.h"
#include "io/file/whole_file.h"

/* {"Description", "GeneratedBy", "Sources": [], "SourceFiles": []} with the options' command and sources.
 * cJSON_Delete, of a failure's too. */
berg_status model_provenance(cJSON **tree, const char *description, const berg_output_options *options,
                             berg_error *error);
/* Names a file, with its size and SHA-256 (io/file/file_hash.h). One that cannot be read (any more) is an error: nobody
 * could say what the output was made from. */
berg_status model_provenance_add(cJSON *tree, const char *role, const char *path, berg_error *error);

typedef struct model_source {
  const char *role, *path;
  bool is_no_file; /* a name alone, such as random:1 */
  bool is_hashed;
  io_file_hash hash;
} model_source;

/* The same for several, of which role and path are given; hashed by `threads` threads, a file each. */
berg_status model_provenance_add_all(cJSON *tree, model_source *sources, size_t count, int threads, berg_error *error);
/* Size and hash anew of a file that was added, and has been written since. */
berg_status model_provenance_renew(cJSON *tree, const char *path, berg_error *error);
/* "SpatialReference": where the volume's space is from, or that it is not known. */
berg_status model_provenance_space(cJSON *tree, const io_nifti_space *space, const berg_volume_options *options,
                                   berg_error *error);
/* Text of a file's name, in which bytes that are no UTF-8 become "?"; NULL when memory is short. */
cJSON *model_provenance_text(const char *text);

/* Where the ending of `path` begins, which may be of two parts (.nii.gz, .func.gii, -ave.fif); none: its end. */
const char *model_ending_of(const char *path);
/* Where the sidecar of the output at `path` lies: the ending replaced. base_free. */
char *model_sidecar_path(const char *path, const char *ending, berg_error *error);
/* Whether two outputs would have the same sidecar. */
bool model_sidecar_shared(const char *a, const char *b);
/* EEXISTS where a sidecar exists and `force` is not set; EWRITE where it can be none. Called before the work begins. */
berg_status model_sidecar_check(const char *path, const berg_output_options *options, berg_error *error);
/* Whether the file `sidecar` is one that libberg wrote, such as an interrupted run leaves without its output. ELIMIT
 * alone. */
berg_status model_sidecar_is_ours(const char *sidecar, bool *ours, berg_error *error);
/* The sidecar of the output at `path`, which io_whole_file_commit puts in its place. ELIMIT: of a tree that is not
 * whole, too. */
berg_status model_sidecar_prepare(io_whole_file **file, const char *path, const cJSON *tree, int force,
                                  berg_error *error);
/* Writes `tree` beside the output at `path`, whole or not at all. */
berg_status model_sidecar_write(const char *path, const cJSON *tree, int force, berg_error *error);

#endif
