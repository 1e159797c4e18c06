/* What the heap keeps about its frames (mm/frame.c stores it, mm/heap.c uses it). */
#pragma once
#include "frame.h"

u32 frame_tag(paddr at);
void frame_set_tag(paddr at, u32 tag);
