/* Makes the n-th file call below a folder fail, for bench/batch.py: LD_PRELOAD this, arm it by the environment.

   FAILING_BELOW=/folder[:/folder…]   real paths; calls on other files are neither counted nor touched
   FAILING_CALLS=rw                   r: open for reading, read; w: open for writing, write, fsync, rename, mkdir, …
   FAILING_AT=7 FAILING_ONWARD=0      the 7th fails; with ONWARD=1 all from the 7th on; AT=0: none, they are counted
   FAILING_ERRNO=28                   what errno they fail with
   FAILING_LOG=/file                  a line per counted call

   Unset FAILING_BELOW: nothing happens. Linux, any libc that resolves these names dynamically. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int counted;

static int is_below(const char *path) {
  const char *folder = getenv("FAILING_BELOW");
  while (folder && *folder) {
    size_t length = strcspn(folder, ":");
    if (!strncmp(path, folder, length) && (path[length] == '/' || !path[length])) return 1;
    folder += length + (folder[length] == ':');
  }
  return 0;
}

static void note(int number, const char *call, const char *path, int fails) {
  const char *log = getenv("FAILING_LOG");
  if (!log) return;
  int handle = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (handle < 0) return;
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%d %s %s %s\n", number, fails ? "failed" : "passed", call, path);
  syscall(SYS_write, handle, line, length < (int)sizeof line ? length : (int)sizeof line - 1);
  syscall(SYS_close, handle);
}

/* 1 and errno where the call is to fail */
static int fails(char kind, const char *call, const char *path) {
  int before = errno;
  const char *calls = getenv("FAILING_CALLS"), *at = getenv("FAILING_AT"), *onward = getenv("FAILING_ONWARD");
  if (!getenv("FAILING_BELOW") || !calls || !at || !strchr(calls, kind) || !is_below(path)) return 0;
  int number = atomic_fetch_add(&counted, 1) + 1, from = atoi(at);
  int failing = from > 0 && (number == from || (number > from && onward && *onward == '1'));
  note(number, call, path, failing);
  const char *wanted = getenv("FAILING_ERRNO");
  errno = failing ? (wanted ? atoi(wanted) : EIO) : before;
  return failing;
}

static int handle_fails(char kind, const char *call, int handle) {
  char name[64], path[PATH_MAX];
  if (!getenv("FAILING_BELOW")) return 0;
  int before = errno;
  snprintf(name, sizeof name, "/proc/self/fd/%d", handle);
  ssize_t length = readlink(name, path, sizeof path - 1);
  errno = before;
  if (length < 0) return 0;
  path[length] = 0;
  return fails(kind, call, path);
}

static int path_fails(char kind, const char *call, int folder, const char *path) {
  char whole[PATH_MAX * 2], base[PATH_MAX], name[64];
  if (!getenv("FAILING_BELOW") || !path) return 0;
  if (*path == '/') return fails(kind, call, path);
  int before = errno;
  if (folder == AT_FDCWD) {
    if (!getcwd(base, sizeof base)) return 0;
  } else {
    snprintf(name, sizeof name, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(name, base, sizeof base - 1);
    errno = before;
    if (length < 0) return 0;
    base[length] = 0;
  }
  snprintf(whole, sizeof whole, "%s/%s", base, path);
  errno = before;
  return fails(kind, call, whole);
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
  char kind = (flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT) ? 'r' : 'w';
  if (!(flags & O_DIRECTORY) && path_fails(kind, "open", folder, path)) return -1;
  return syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE(flags)                                   \
  mode_t mode = 0;                                    \
  if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) { \
    va_list more;                                     \
    va_start(more, flags);                            \
    mode = va_arg(more, mode_t);                      \
    va_end(more);                                     \
  }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags | O_LARGEFILE, mode); }

ssize_t write(int handle, const void *data, size_t size) {
  if (handle > 2 && handle_fails('w', "write", handle)) return -1;
  return syscall(SYS_write, handle, data, size);
}
ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) {
  if (handle_fails('w', "write", handle)) return -1;
  return syscall(SYS_pwrite64, handle, data, size, at);
}
ssize_t pwrite(int handle, const void *data, size_t size, off_t at) { return pwrite64(handle, data, size, at); }
ssize_t read(int handle, void *data, size_t size) {
  if (handle > 2 && handle_fails('r', "read", handle)) return -1;
  return syscall(SYS_read, handle, data, size);
}
ssize_t pread64(int handle, void *data, size_t size, off64_t at) {
  if (handle_fails('r', "read", handle)) return -1;
  return syscall(SYS_pread64, handle, data, size, at);
}
ssize_t pread(int handle, void *data, size_t size, off_t at) { return pread64(handle, data, size, at); }
int fsync(int handle) { return handle_fails('w', "fsync", handle) ? -1 : syscall(SYS_fsync, handle); }
int fdatasync(int handle) { return handle_fails('w', "fsync", handle) ? -1 : syscall(SYS_fdatasync, handle); }
int ftruncate64(int handle, off64_t size) {
  return handle_fails('w', "truncate", handle) ? -1 : syscall(SYS_ftruncate, handle, size);
}
int ftruncate(int handle, off_t size) { return ftruncate64(handle, size); }
int rename(const char *from, const char *to) {
  if (path_fails('w', "rename", AT_FDCWD, to)) return -1;
  return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
int mkdir(const char *path, mode_t mode) {
  if (path_fails('w', "mkdir", AT_FDCWD, path)) return -1;
  return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
int chmod(const char *path, mode_t mode) {
  if (path_fails('w', "chmod", AT_FDCWD, path)) return -1;
  return syscall(SYS_fchmodat, AT_FDCWD, path, mode);
}
