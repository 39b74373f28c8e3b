/* Where models and backbone are published: the one place that knows. */
#ifndef MODEL_FETCH_ADDRESS_H
#define MODEL_FETCH_ADDRESS_H

#include <stdbool.h>

#include "base/error.h"

/* The address that names of the layout ("encoding_models/...") are put behind: `from`, or where upstream publishes; no
 * slash at its end. base_free. EPARAMETER: not http or https, or with a password. */
berg_status model_fetch_base(char **base, const char *from, berg_error *error);
/* `name` of the layout below it, percent-encoded. base_free; NULL with ELIMIT. */
char *model_fetch_address(const char *base, const char *name, berg_error *error);
/* A listing of what is below `prefix`, from `next` on unless it is NULL. */
char *model_fetch_listing_address(const char *base, const char *prefix, const char *next, berg_error *error);
/* Of the backbone: torchvision's own, or of a mirror (`from`) what has its place in the layout. */
char *model_fetch_backbone_address(const char *base, bool is_mirror, berg_error *error);
/* How SHA-256 of the backbone begins, as its name says. */
const char *model_fetch_backbone_hash(void);

/* What a shell gets the file with in place of us: `aws` of the bucket, else `curl`. */
char *model_fetch_command(const char *name, const char *url, const char *path, berg_error *error);

#endif
