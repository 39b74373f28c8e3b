/* The loop over batches that all ways of encoding share. */
#ifndef MODEL_ENCODE_H
#define MODEL_ENCODE_H

#include "model/encode/batch.h"

/* Encodes stimuli [first, count) batch by batch into `sink`; progress counts from 0 over all stimuli. ECANCELLED. */
berg_status model_encode(berg_model *model, berg_stimuli *stimuli, size_t first, const berg_run *run,
                         const model_sink *sink, berg_error *error);

#endif
