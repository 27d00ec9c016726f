/* Preloaded into a program under test: writes below FARM_SHIM_PATH fail with EIO while the file
 * FARM_SHIM_EIO exists, and the wall clock is off by as many seconds as the file FARM_SHIM_CLOCK says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int broken(int fd) {
  const char* flag = getenv("FARM_SHIM_EIO");
  const char* path = getenv("FARM_SHIM_PATH");
  if (!flag || !path || access(flag, F_OK) != 0) return 0;
  char link[64], target[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, target, sizeof target - 1);
  if (length <= 0) return 0;
  target[length] = 0;
  return strncmp(target, path, strlen(path)) == 0;
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void* bytes, size_t size) {
  REAL(ssize_t, "write", int, const void*, size_t);
  if (broken(fd)) { errno = EIO; return -1; }
  return real(fd, bytes, size);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  REAL(ssize_t, "pwrite64", int, const void*, size_t, off64_t);
  if (broken(fd)) { errno = EIO; return -1; }
  return real(fd, bytes, size, at);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  REAL(ssize_t, "pwrite", int, const void*, size_t, off_t);
  if (broken(fd)) { errno = EIO; return -1; }
  return real(fd, bytes, size, at);
}
int fsync(int fd) {
  REAL(int, "fsync", int);
  if (broken(fd)) { errno = EIO; return -1; }
  return real(fd);
}
int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  if (broken(fd)) { errno = EIO; return -1; }
  return real(fd);
}

static long step(void) {
  const char* path = getenv("FARM_SHIM_CLOCK");
  if (!path) return 0;
  FILE* file = fopen(path, "r");
  if (!file) return 0;
  long seconds = 0;
  if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
  fclose(file);
  return seconds;
}
int clock_gettime(clockid_t clock, struct timespec* time) {
  REAL(int, "clock_gettime", clockid_t, struct timespec*);
  int result = real(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += step();
  return result;
}
int gettimeofday(struct timeval* time, void* zone) {
  REAL(int, "gettimeofday", struct timeval*, void*);
  int result = real(time, zone);
  if (result == 0 && time) time->tv_sec += step();
  return result;
}
