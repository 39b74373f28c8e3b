/* The version that the header says. */
#include "berg.h"

#define TEXT(value) #value
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *berg_version(void) { return VERSION(BERG_VERSION_MAJOR, BERG_VERSION_MINOR, BERG_VERSION_PATCH); }
