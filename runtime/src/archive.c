// SPDX-License-Identifier: Apache-2.0
#include "archive.h"
#include <minizip/unzip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxNameBytes = 255 };

// --- minizip over a block of memory ---------------------------------------------------------------------------------------------------

typedef struct {
  const uint8_t *data;
  uint64_t size, position;
} memory_file;

static voidpf memory_open(voidpf opaque, const void *name, int mode) {
  (void)name, (void)mode;
  return opaque;
}

static uLong memory_read(voidpf opaque, voidpf stream, void *buffer, uLong size) {
  (void)opaque;
  memory_file *f = stream;
  uint64_t left = f->size - f->position, n = size < left ? size : left;
  if (n)
    memcpy(buffer, f->data + f->position, n);
  f->position += n;
  return (uLong)n;
}

static ZPOS64_T memory_tell(voidpf opaque, voidpf stream) {
  (void)opaque;
  return ((memory_file *)stream)->position;
}

static long memory_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin) {
  (void)opaque;
  memory_file *f = stream;
  uint64_t base = origin == ZLIB_FILEFUNC_SEEK_SET ? 0 : origin == ZLIB_FILEFUNC_SEEK_CUR ? f->position : f->size, target;
  if (__builtin_add_overflow(base, (uint64_t)offset, &target) || target > f->size)
    return -1;
  f->position = target;
  return 0;
}

static int memory_close(voidpf opaque, voidpf stream) {
  (void)opaque, (void)stream;
  return 0;
}

static int memory_error(voidpf opaque, voidpf stream) {
  (void)opaque, (void)stream;
  return 0;
}

// --- Members --------------------------------------------------------------------------------------------------------------------------

// Relative path of plain components: no "..", no empty one, no backslash, no control characters.
static bool is_safe_name(const char *name, size_t length) {
  if (length == 0 || strlen(name) != length)
    return false;
  for (const char *p = name; *p; ++p)
    if ((unsigned char)*p < 32 || *p == '\\' || *p == ':')
      return false;
  for (const char *part = name;; ++part) {
    size_t n = strcspn(part, "/");
    if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
      return false;
    part += n;
    if (!*part)
      return true;
  }
}

static seqc_rt_status_t read_member(unzFile zip, const uint8_t *data, size_t size, rt_arena *arena, rt_member *out) {
  char name[kMaxNameBytes + 1] = "";
  unz_file_info64 info;
  int error = unzGetCurrentFileInfo64(zip, &info, name, sizeof name, NULL, 0, NULL, 0);
  name[kMaxNameBytes] = 0;
  if (error != UNZ_OK)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "damaged zip directory after member '%s'", name);
  if (info.size_filename > kMaxNameBytes || !is_safe_name(name, info.size_filename))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects a relative path of at most %d bytes as name", name, kMaxNameBytes);
  if (info.compression_method != 0 || info.compressed_size != info.uncompressed_size || (info.flag & 1))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects a stored, unencrypted member, but got method %lu", name,
                   info.compression_method);
  int method, level;
  if (unzOpenCurrentFile2(zip, &method, &level, 1) != UNZ_OK)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': damaged local zip header", name);
  uint64_t offset = unzGetCurrentFileZStreamPos64(zip);
  unzCloseCurrentFile(zip);
  if (offset > size || info.uncompressed_size > size - offset)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects its data inside the file, but it ends at byte %llu + %llu of %zu", name,
                   (unsigned long long)offset, (unsigned long long)info.uncompressed_size, size);
  char *copy = rt_arena_strdup(arena, name);
  if (!copy)
    return rt_no_memory("the member list");
  *out = (rt_member){copy, data + offset, (size_t)info.uncompressed_size};
  return SEQC_RT_OK;
}

static int compare_names(const void *a, const void *b) { return strcmp(((const rt_member *)a)->name, ((const rt_member *)b)->name); }

static int compare_addresses(const void *a, const void *b) {
  const rt_member *x = a, *y = b;
  return x->data != y->data ? (x->data < y->data ? -1 : 1) : (x->size > y->size) - (x->size < y->size);
}

static seqc_rt_status_t check_members(rt_archive *archive) {
  qsort(archive->members, (size_t)archive->count, sizeof *archive->members, compare_addresses);
  for (int i = 1; i < archive->count; ++i) {
    const rt_member *a = &archive->members[i - 1], *b = &archive->members[i];
    if (a->size > (size_t)(b->data - a->data))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects data of its own, but it overlaps member '%s'", b->name, a->name);
  }
  qsort(archive->members, (size_t)archive->count, sizeof *archive->members, compare_names);
  for (int i = 1; i < archive->count; ++i)
    if (!strcmp(archive->members[i - 1].name, archive->members[i].name))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects to occur once, but it is there twice", archive->members[i].name);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_members(unzFile zip, const uint8_t *data, size_t size, rt_arena *arena, rt_archive *out) {
  unz_global_info64 global;
  if (unzGetGlobalInfo64(zip, &global) != UNZ_OK || global.number_entry > SEQC_PACKAGE_MAX_MEMBERS)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects at most %d zip members", SEQC_PACKAGE_MAX_MEMBERS);
  out->members = rt_arena_alloc(arena, (size_t)global.number_entry, sizeof *out->members);
  if (!out->members)
    return rt_no_memory("the member list");
  for (out->count = 0; out->count < (int)global.number_entry; ++out->count) {
    if ((out->count == 0 ? unzGoToFirstFile(zip) : unzGoToNextFile(zip)) != UNZ_OK)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "damaged zip directory: expects %d members, but entry %d cannot be read",
                     (int)global.number_entry, out->count);
    RT_TRY(read_member(zip, data, size, arena, &out->members[out->count]));
  }
  return check_members(out);
}

seqc_rt_status_t rt_archive_read(const uint8_t *data, size_t size, rt_arena *arena, rt_archive *out) {
  *out = (rt_archive){0};
  memory_file file = {data, size, 0};
  zlib_filefunc64_def io = {.zopen64_file = memory_open, .zread_file = memory_read, .ztell64_file = memory_tell,
                            .zseek64_file = memory_seek, .zclose_file = memory_close, .zerror_file = memory_error, .opaque = &file};
  unzFile zip = unzOpen2_64("", &io);
  if (!zip)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects a zip archive, but its directory cannot be found in %zu bytes; the file is truncated or "
                                        "no .seqc package", size);
  seqc_rt_status_t status = read_members(zip, data, size, arena, out);
  unzClose(zip);
  return status;
}

const rt_member *rt_archive_find(const rt_archive *archive, const char *name) {
  rt_member key = {name, NULL, 0};
  return archive->count ? bsearch(&key, archive->members, (size_t)archive->count, sizeof key, compare_names) : NULL;
}
