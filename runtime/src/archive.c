// SPDX-License-Identifier: Apache-2.0
// A strict reader of the zip structures (PKWARE APPNOTE 6.3, 4.3.7 to 4.3.16, numbers little endian). The directory must end where its end
// record begins, the end record must be the end of the file, and each local header must agree with its directory entry, so that no two
// readers can see different members. docs/adr/0002-runtime-libraries.md says why this is not minizip.
#include "archive.h"
#include <stdlib.h>
#include <string.h>

enum {
  kLocalBytes = 30,
  kEntryBytes = 46,
  kEndBytes = 22,
  kEnd64Bytes = 56,
  kLocatorBytes = 20,
  kMaxNameBytes = 255,
  kZip64Id = 1,
};
#define LOCAL_MAGIC 0x04034b50u
#define ENTRY_MAGIC 0x02014b50u
#define END_MAGIC 0x06054b50u
#define END64_MAGIC 0x06064b50u
#define LOCATOR_MAGIC 0x07064b50u
#define WIDE 0xFFFFFFFFu // the number is in the zip64 structure

static uint64_t get(const uint8_t *p, int bytes) {
  uint64_t v = 0;
  for (int i = bytes - 1; i >= 0; --i)
    v = v << 8 | p[i];
  return v;
}
static uint16_t get16(const uint8_t *p) { return (uint16_t)get(p, 2); }
static uint32_t get32(const uint8_t *p) { return (uint32_t)get(p, 4); }

// --- The end of the directory ---------------------------------------------------------------------------------------------------------

typedef struct {
  uint64_t count, offset, bytes;
} directory;

static seqc_rt_status_t read_end64(const uint8_t *data, size_t end_offset, directory *out, uint64_t *directory_end) {
  const uint8_t *locator = end_offset >= kLocatorBytes + kEnd64Bytes ? data + end_offset - kLocatorBytes : NULL;
  uint64_t at = end_offset - kLocatorBytes - kEnd64Bytes;
  if (!locator || get32(locator) != LOCATOR_MAGIC || get(locator + 8, 8) != at || get32(data + at) != END64_MAGIC)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "damaged zip64 end of the directory");
  *out = (directory){get(data + at + 32, 8), get(data + at + 48, 8), get(data + at + 40, 8)};
  *directory_end = at;
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_end(const uint8_t *data, size_t size, directory *out) {
  const uint8_t *end = size >= kEndBytes ? data + size - kEndBytes : NULL;
  if (!end || get32(end) != END_MAGIC || get16(end + 20) != 0)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects a zip directory at the end of %zu bytes; the file is truncated or no .seqc package", size);
  uint64_t directory_end = size - kEndBytes;
  *out = (directory){get16(end + 10), get32(end + 16), get32(end + 12)};
  if (get32(end + 4) != 0 || get16(end + 8) != out->count)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects a zip archive in one part");
  if (out->offset == WIDE || out->bytes == WIDE || out->count == 0xFFFF)
    RT_TRY(read_end64(data, (size_t)directory_end, out, &directory_end));
  if (out->count > SEQC_PACKAGE_MAX_MEMBERS)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects at most %d zip members, but got %llu", SEQC_PACKAGE_MAX_MEMBERS, (unsigned long long)out->count);
  if (out->bytes > directory_end || out->offset != directory_end - out->bytes)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects the zip directory right before its end, but got offset %llu and %llu bytes",
                   (unsigned long long)out->offset, (unsigned long long)out->bytes);
  return SEQC_RT_OK;
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

typedef struct {
  const uint8_t *header; // in the directory
  char name[kMaxNameBytes + 1];
  uint64_t stored, size, offset;
} entry;

// Replaces wide numbers by those of the zip64 extra field, where they come in this order.
static bool read_zip64(entry *e, const uint8_t *extra, size_t bytes) {
  uint64_t *wide[] = {&e->size, &e->stored, &e->offset};
  while (bytes >= 4) {
    size_t n = get16(extra + 2), at = 4;
    if (n > bytes - 4)
      return false;
    for (int i = 0; i < RT_COUNT(wide) && get16(extra) == kZip64Id; ++i) {
      if (*wide[i] != WIDE)
        continue;
      if (at + 8 > n + 4)
        return false;
      *wide[i] = get(extra + at, 8);
      at += 8;
    }
    extra += n + 4;
    bytes -= n + 4;
  }
  return bytes == 0;
}

// Reads the entry at *cursor and moves it on.
static seqc_rt_status_t read_entry(const uint8_t **cursor, const uint8_t *end, entry *e) {
  const uint8_t *h = *cursor;
  if (end - h < kEntryBytes || get32(h) != ENTRY_MAGIC)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "damaged zip directory after member '%s'", e->name);
  size_t name_bytes = get16(h + 28), extra_bytes = get16(h + 30), comment_bytes = get16(h + 32);
  if (name_bytes + extra_bytes + comment_bytes > (size_t)(end - h - kEntryBytes))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "damaged zip directory after member '%s'", e->name);
  size_t kept = name_bytes > kMaxNameBytes ? kMaxNameBytes : name_bytes;
  memcpy(e->name, h + kEntryBytes, kept);
  e->name[kept] = 0;
  if (kept != name_bytes || !is_safe_name(e->name, name_bytes))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects a relative path of at most %d bytes as name", e->name, kMaxNameBytes);
  e->header = h;
  e->stored = get32(h + 20);
  e->size = get32(h + 24);
  e->offset = get32(h + 42);
  if (!read_zip64(e, h + kEntryBytes + name_bytes, extra_bytes) || comment_bytes)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': damaged zip directory entry", e->name);
  if (get16(h + 10) != 0 || get16(h + 8) != 0 || e->stored != e->size)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects a stored, plain member, but got method %d, flags %d, %llu of %llu bytes", e->name,
                   get16(h + 10), get16(h + 8), (unsigned long long)e->stored, (unsigned long long)e->size);
  *cursor = h + kEntryBytes + name_bytes + extra_bytes;
  return SEQC_RT_OK;
}

// Finds the data behind the local header, which must repeat the directory entry. `limit` is where the directory begins.
static seqc_rt_status_t read_local(const uint8_t *data, uint64_t limit, const entry *e, rt_member *out) {
  size_t name_bytes = strlen(e->name);
  if (e->offset > limit || limit - e->offset < kLocalBytes + name_bytes)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects a local header inside the file, but its offset is %llu", e->name,
                   (unsigned long long)e->offset);
  const uint8_t *h = data + e->offset;
  // Flags, method, time, date, checksum and both sizes are the same 20 bytes; a size in zip64 form is WIDE in both.
  if (get32(h) != LOCAL_MAGIC || memcmp(h + 6, e->header + 8, 20) || get16(h + 26) != name_bytes || memcmp(h + kLocalBytes, e->name, name_bytes))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects a local header that agrees with the directory", e->name);
  uint64_t begin = e->offset + kLocalBytes + name_bytes + get16(h + 28);
  if (begin > limit || e->size > limit - begin)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "member '%s': expects its data inside the file, but it is %llu bytes at %llu", e->name,
                   (unsigned long long)e->size, (unsigned long long)begin);
  out->data = data + begin;
  out->size = (size_t)e->size;
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

seqc_rt_status_t rt_archive_read(const uint8_t *data, size_t size, rt_arena *arena, rt_archive *out) {
  *out = (rt_archive){0};
  directory dir;
  RT_TRY(read_end(data, size, &dir));
  out->members = rt_arena_alloc(arena, (size_t)dir.count, sizeof *out->members);
  if (!out->members)
    return rt_no_memory("the member list");
  const uint8_t *cursor = data + dir.offset, *end = cursor + dir.bytes;
  entry e = {.name = ""};
  for (; out->count < (int)dir.count; ++out->count) {
    rt_member *m = &out->members[out->count];
    RT_TRY(read_entry(&cursor, end, &e));
    RT_TRY(read_local(data, dir.offset, &e, m));
    if (!(m->name = rt_arena_strdup(arena, e.name)))
      return rt_no_memory("the member list");
  }
  if (cursor != end)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "damaged zip directory: %zu bytes after member '%s'", (size_t)(end - cursor), e.name);
  return check_members(out);
}

const rt_member *rt_archive_find(const rt_archive *archive, const char *name) {
  rt_member key = {name, NULL, 0};
  return archive->count ? bsearch(&key, archive->members, (size_t)archive->count, sizeof key, compare_names) : NULL;
}
