// SPDX-License-Identifier: Apache-2.0
// The zip container in memory: a checked list of its members. Only stored members, each inside the file, none overlapping another.
#ifndef SEQC_RT_ARCHIVE_H
#define SEQC_RT_ARCHIVE_H

#include "support.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name; // in the arena
  const uint8_t *data;
  size_t size;
} rt_member;

typedef struct {
  rt_member *members; // sorted by name
  int count;
} rt_archive;

// BAD_PACKAGE for anything but a well-formed archive. Nothing is copied but names.
seqc_rt_status_t rt_archive_read(const uint8_t *data, size_t size, rt_arena *arena, rt_archive *out);
const rt_member *rt_archive_find(const rt_archive *archive, const char *name); // NULL if absent

#ifdef __cplusplus
}
#endif

#endif
