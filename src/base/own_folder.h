/* The folder of the library or program that this code is in: plug-ins lie beside it. */
#ifndef BASE_OWN_FOLDER_H
#define BASE_OWN_FOLDER_H

#include <stddef.h>

/* With its slash, into `folder`; empty where it is not known or does not fit. */
void base_own_folder(char *folder, size_t size);

#endif
