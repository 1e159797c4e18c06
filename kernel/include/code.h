/* Code that changes, for CPUs that run translations of it (mm/code.c). All of this is nothing where the CPU
   sees such changes itself, as the manual promises. */
#pragma once
#include "mm.h"

/* The frame has got, or is about to get, other content: what was translated from it is void. */
void code_written(paddr frame);
/* May pages of this area be executed that are written elsewhere? They are then mapped one by one. */
bool area_is_shared_code(const struct area *area);
/* A page of a file has been mapped: to be executed, to be written. */
void code_executed_here(const struct area *area, u64 addr);
void code_written_here(const struct area *area, u64 addr, paddr frame);
/* A saved machine has come to another CPU: nothing is mapped that would have to be exclusive. */
void code_adapt(void);
