/* Addresses of what is published. */
#include "model/fetch/address.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/commands.h"
#include "model/catalog/paths.h"

/* Upstream's bucket at AWS Open Data, which needs no account; and torchvision's own place. */
#define BUCKET "brain-encoding-response-generator"
#define BUCKET_ADDRESS "https://" BUCKET ".s3.us-west-2.amazonaws.com"
#define BACKBONE_ADDRESS "https://download.pytorch.org/models/" MODEL_BACKBONE_FILE

berg_status model_fetch_base(char **base, const char *from, berg_error *error) {
  *base = NULL;
  if (!from) {
    *base = base_copy_text(BUCKET_ADDRESS, error);
    return *base ? BERG_OK : BERG_ELIMIT;
  }
  const size_t scheme = !strncmp(from, "https://", 8) ? 8 : !strncmp(from, "http://", 7) ? 7 : 0;
  const char *host = from + scheme;
  if (!scheme || !*host || strpbrk(from, "?# \t\r\n"))
    return base_fail_found(error, BERG_EPARAMETER, NULL, "from", "an address, http://... or https://..., of a folder",
                           "%s", from);
  if (memchr(host, '@', strcspn(host, "/")))
    return base_fail(error, BERG_EPARAMETER, "from: an address without a name and password, which would be printed");
  size_t length = strlen(from);
  while (length > scheme && from[length - 1] == '/') length--;
  *base = base_copy_bytes(from, length, error);
  return *base ? BERG_OK : BERG_ELIMIT;
}

/* `plain` are kept beside letters and digits. */
static char *encoded(const char *text, const char *plain, berg_error *error) {
  static const char always[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  char *copy = base_alloc(3 * strlen(text) + 1, 1, error), *to = copy;
  if (!copy) return NULL;
  for (; *text; text++) {
    if (strchr(always, *text) || strchr(plain, *text))
      *to++ = *text;
    else
      to += base_print(to, 4, "%%%02X", (unsigned)(unsigned char)*text);
  }
  *to = '\0';
  return copy;
}

char *model_fetch_address(const char *base, const char *name, berg_error *error) {
  char *path = encoded(name, "/", error), *url = path ? base_format(error, "%s/%s", base, path) : NULL;
  base_free(path);
  return url;
}

char *model_fetch_listing_address(const char *base, const char *prefix, const char *next, berg_error *error) {
  char *below = encoded(prefix, "", error), *token = encoded(next ? next : "", "", error), *url = NULL;
  if (below && token)
    url = base_format(error, "%s/?list-type=2&encoding-type=url&prefix=%s%s%s", base, below,
                      next ? "&continuation-token=" : "", token);
  base_free(below);
  base_free(token);
  return url;
}

char *model_fetch_backbone_address(const char *base, bool is_mirror, berg_error *error) {
  if (!is_mirror) return base_copy_text(BACKBONE_ADDRESS, error);
  return model_fetch_address(base, MODEL_BACKBONE_FOLDER "/" MODEL_BACKBONE_FILE, error);
}

const char *model_fetch_backbone_hash(void) { return "d86f8d99"; }

char *model_fetch_command(const char *name, const char *url, const char *path, berg_error *error) {
  char *place = model_quoted(path, error), *from = model_quoted(url, error), *command = NULL;
  const bool in_bucket = !strncmp(url, BUCKET_ADDRESS "/", strlen(BUCKET_ADDRESS) + 1);
  if (place && from && in_bucket)
    command = base_format(error, "aws s3 cp --no-sign-request s3://" BUCKET "/%s %s", name, place);
  else if (place && from)
    command = base_format(error, "curl -fL --create-dirs -o %s %s", place, from);
  base_free(place);
  base_free(from);
  return command;
}
