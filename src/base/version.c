#include "berg.h"

#define TEXT(x) #x
#define JOINED(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *berg_version(void) { return JOINED(BERG_VERSION_MAJOR, BERG_VERSION_MINOR, BERG_VERSION_PATCH); }
