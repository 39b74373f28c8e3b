/* The sizes of ViT-B/32, each with the letter that comments use. */
#ifndef VIT_SHAPE_H
#define VIT_SHAPE_H

#define VIT_LAYERS 12
#define VIT_HEADS 12
#define VIT_HEAD 64      /* channels of one head */
#define VIT_CHANNELS 768 /* C */
#define VIT_HIDDEN 3072  /* of the MLP */
#define VIT_TOKENS 50    /* T: the class token, then 7 x 7 patches, row by row */
#define VIT_PATCH 32
#define VIT_GRID 7
#define VIT_PATCH_VALUES (3 * VIT_PATCH * VIT_PATCH)
#define VIT_QKV (3 * VIT_CHANNELS)
#define VIT_LAYER_FEATURES (VIT_TOKENS * VIT_CHANNELS)
#define VIT_FEATURES (VIT_LAYERS * VIT_LAYER_FEATURES) /* 460,800 */
#define VIT_CLASS_FEATURES (VIT_LAYERS * VIT_CHANNELS) /* 9,216: the class token of each block */

#endif
