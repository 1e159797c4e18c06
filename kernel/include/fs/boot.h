/* Making the name space at boot (fs/boot.c, fs/manifest.c). */
#pragma once
#include "fs/walk.h"

/* Make an object, with directories for what is missing on the way; `text` is a link's target or a
   file's content. An existing directory is fine. 0 or negative errno. */
i64 boot_make(const char *path, u32 mode, u64 rdev, const char *text, u64 size);
void manifest_apply(void);
