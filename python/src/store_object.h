/* The object behind berg._berg.Store, for what asks it. */
#ifndef BINDING_STORE_OBJECT_H
#define BINDING_STORE_OBJECT_H

#include "binding.h"

/* Whether it is a Store. */
bool binding_is_store(PyObject *object);
/* The handle of a Store, which lives as long as the object; NULL with an exception set: another type. */
const berg_store *binding_store_handle(PyObject *object);

#endif
