/*
 * Stands between a process and its files (LD_PRELOAD): keeps a log of what it does to the files under one folder, and
 * makes the disk fail as a plan says. Built at run time by storage-shim.ts; write-log.ts reads the log.
 *
 *   CRASH_FOLDER    absolute path of the folder; only what is under it is touched
 *   CRASH_LOG       file that the log is appended to
 *   CRASH_PLAN      the plan at the start
 *
 * Writing to a file named "plan" in the folder replaces the plan and counts from 0 again. A plan is words:
 *
 *   kill=N      the process is gone at its N-th storage call, before the call; half of it happens when it is a write
 *   eio=N       the N-th fsync fails with EIO
 *   lie=1       fsync of write-ahead logs says that it worked, and does nothing
 *   full=N      files grow by N bytes at most; then ENOSPC
 *   short=1     every write takes only half of its bytes
 *   eintr=1     every second write is interrupted
 *   quiet=1     nothing is logged
 *
 * A file named "history" is logged, to have one order of what was stored and what was told, but never fails or counts.
 *
 * A record of the log, little-endian:
 *
 *   0      1          2        4         8          16
 *   +------+----------+--------+---------+----------+------+------+
 *   | kind | is error | name # | bytes # | position | name | bytes |
 *   +------+----------+--------+---------+----------+------+------+
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILES_MAX = 4096, NAME_MAX_BYTES = 256 };
enum kind { CREATE = 'c', WRITE = 'w', TRUNCATE = 't', SYNC = 's', UNLINK = 'u', RENAME = 'r' };

static char folder[4096];
static int log_file = -1;
/* By descriptor: the open files in the folder, of which the one named "" is the folder itself. */
static struct open_file {
  char *name;
  ino_t inode;
} files[FILES_MAX];
static long plan_kill, plan_eio, plan_lie, plan_full, plan_short, plan_eintr, plan_quiet;
static long calls, syncs, grown, writes;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static long word(const char *plan, const char *name) {
  const char *found = strstr(plan, name);
  return found ? atol(found + strlen(name)) : 0;
}

static void take_plan(const char *plan) {
  plan_kill = word(plan, "kill=");
  plan_eio = word(plan, "eio=");
  plan_lie = word(plan, "lie=");
  plan_full = word(plan, "full=");
  plan_short = word(plan, "short=");
  plan_eintr = word(plan, "eintr=");
  plan_quiet = word(plan, "quiet=");
  calls = syncs = grown = writes = 0;
}

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("CRASH_FOLDER");
  if (path) snprintf(folder, sizeof folder, "%s/", path);
  const char *log = getenv("CRASH_LOG");
  if (log) log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (getenv("CRASH_PLAN")) take_plan(getenv("CRASH_PLAN"));
}

/* The name within the folder; NULL for files elsewhere. */
static const char *name_of(const char *path) {
  size_t length = strlen(folder);
  if (length == 0 || path == NULL) return NULL;
  if (strncmp(path, folder, length) == 0) return path + length;
  return strncmp(path, folder, length - 1) == 0 && path[length - 1] == 0 ? "" : NULL;
}

/* The name of an open file in the folder, or NULL. Some are closed without a call to close(), so it is looked at again. */
static const char *opened(int file) {
  struct stat now;
  if (file < 0 || file >= FILES_MAX || !files[file].name) return NULL;
  return fstat(file, &now) == 0 && now.st_ino == files[file].inode ? files[file].name : NULL;
}

static void remember(int file, const char *name) {
  struct stat now;
  if (file < 0 || file >= FILES_MAX || fstat(file, &now) != 0) return;
  free(files[file].name);
  files[file] = (struct open_file){strdup(name), now.st_ino};
}

static int is_named(const char *name, const char *end) {
  size_t length = strlen(name), tail = strlen(end);
  return length >= tail && strcmp(name + length - tail, end) == 0;
}

static void record(enum kind kind, int is_error, const char *name, uint64_t position, const void *bytes,
                   uint32_t count) {
  if (log_file < 0 || plan_quiet || is_named(name, "plan")) return;
  uint8_t head[16] = {kind, is_error};
  uint16_t name_count = strlen(name);
  memcpy(head + 2, &name_count, 2);
  memcpy(head + 4, &count, 4);
  memcpy(head + 8, &position, 8);
  struct iovec parts[] = {{head, 16}, {(void *)name, name_count}, {(void *)bytes, count}};
  if (syscall(SYS_writev, log_file, parts, 3) != 16 + name_count + (long)count) abort();
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Counts a storage call. Whether the plan wants the process dead now. */
static int is_last(const char *name) {
  return !is_named(name, "history") && !is_named(name, "plan") && ++calls == plan_kill;
}

static long fail(int error) {
  errno = error;
  return -1;
}

static ssize_t write_at(int file, const char *name, const void *bytes, size_t count, off_t position, int is_positioned) {
  if (is_named(name, "history")) {
    record(WRITE, 0, name, position, bytes, count);
    return syscall(SYS_write, file, bytes, count);
  }
  if (is_last(name)) {
    syscall(SYS_pwrite64, file, bytes, count / 2, position);
    die();
  }
  if (plan_eintr && ++writes % 2) return fail(EINTR);
  if (plan_short && count > 1) count /= 2;
  struct stat before;
  fstat(file, &before);
  long growth = position + (long)count - before.st_size;
  if (growth > 0 && plan_full && grown + growth > plan_full) return fail(ENOSPC);
  ssize_t written = is_positioned ? syscall(SYS_pwrite64, file, bytes, count, position)
                                  : syscall(SYS_write, file, bytes, count);
  if (written > 0 && growth > 0) grown += growth;
  if (written > 0) record(WRITE, 0, name, position, bytes, written);
  return written;
}

static off_t end_of(int file) {
  return fcntl(file, F_GETFL) & O_APPEND ? lseek(file, 0, SEEK_END) : lseek(file, 0, SEEK_CUR);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t position) {
  const char *name = opened(file);
  if (!name) return syscall(SYS_pwrite64, file, bytes, count, position);
  pthread_mutex_lock(&lock);
  ssize_t written = write_at(file, name, bytes, count, position, 1);
  pthread_mutex_unlock(&lock);
  return written;
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t position) { return pwrite64(file, bytes, count, position); }

ssize_t write(int file, const void *bytes, size_t count) {
  const char *name = opened(file);
  if (!name) return syscall(SYS_write, file, bytes, count);
  pthread_mutex_lock(&lock);
  ssize_t written = count;
  if (is_named(name, "plan")) {
    char plan[256];
    snprintf(plan, sizeof plan, "%.*s", (int)count, (const char *)bytes);
    take_plan(plan);
  } else {
    written = write_at(file, name, bytes, count, end_of(file), 0);
  }
  pthread_mutex_unlock(&lock);
  return written;
}

int ftruncate64(int file, off64_t size) {
  const char *name = opened(file);
  if (!name) return syscall(SYS_ftruncate, file, size);
  pthread_mutex_lock(&lock);
  if (is_last(name)) die();
  int result = syscall(SYS_ftruncate, file, size);
  if (result == 0) record(TRUNCATE, 0, name, size, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

static int sync_file(int file, long number) {
  const char *name = opened(file);
  if (!name) return syscall(number, file);
  pthread_mutex_lock(&lock);
  if (is_last(name)) die();
  int result = 0;
  int is_lie = plan_lie && is_named(name, "-wal");
  if (++syncs == plan_eio) result = fail(EIO);
  else if (!is_lie) result = syscall(number, file);
  if (!is_lie) record(SYNC, result != 0, name, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int file) { return sync_file(file, SYS_fsync); }
int fdatasync(int file) { return sync_file(file, SYS_fdatasync); }

static int open_at(int base, const char *path, int flags, mode_t mode) {
  const char *name = name_of(path);
  if (!name) return syscall(SYS_openat, base, path, flags, mode);
  pthread_mutex_lock(&lock);
  int is_new = flags & O_CREAT && syscall(SYS_faccessat, base, path, F_OK) != 0;
  if (is_new && is_last(name)) die();
  int file = syscall(SYS_openat, base, path, flags, mode);
  remember(file, name);
  if (file >= 0 && is_new) record(CREATE, 0, name, 0, "", 0);
  if (file >= 0 && flags & O_TRUNC) record(TRUNCATE, 0, name, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return file;
}
#define MODE(flags) \
  mode_t mode = 0; \
  if (flags & (O_CREAT | __O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }
int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int base, const char *path, int flags, ...) { MODE(flags) return open_at(base, path, flags, mode); }
int openat64(int base, const char *path, int flags, ...) { MODE(flags) return open_at(base, path, flags, mode); }

int unlink(const char *path) {
  const char *name = name_of(path);
  if (!name) return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  pthread_mutex_lock(&lock);
  if (is_last(name)) die();
  int result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (result == 0) record(UNLINK, 0, name, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int remove(const char *path) {
  int result = unlink(path);
  return result != 0 && errno == EISDIR ? syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR) : result;
}

int rename(const char *from, const char *to) {
  const char *name = name_of(from), *new_name = name_of(to);
  if (!name || !new_name) return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_lock(&lock);
  if (is_last(name)) die();
  int result = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (result == 0) record(RENAME, 0, name, 0, new_name, strlen(new_name));
  pthread_mutex_unlock(&lock);
  return result;
}
