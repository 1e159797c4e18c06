/* eventfd(2) for the rest of the kernel (fs/eventfd.c). */
#pragma once
#include "fs/open.h"

bool is_eventfd(const struct file *file);
/* One more; a full one stays full. */
void eventfd_signal(struct file *file);
