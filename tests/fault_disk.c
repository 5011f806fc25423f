/* A disk that fails, fills up or loses power: preloaded between a program and its C library.
 *
 * Everything that changes files below one folder is written to a log, in the order in which it
 * happened; calls can be made to fail.  tests/fault_disk.py compiles this, steers it and replays
 * the log.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { CREATE, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MKDIR, KINDS };

struct entry { uint32_t kind, path, other; uint64_t file, offset, size; } __attribute__((packed));

#define MOST_FILES 65536
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_size;
static int log_file = -1;
static uint64_t identity[MOST_FILES]; /* 0: none of ours; else inode + 1 */
static char is_folder[MOST_FILES], appends[MOST_FILES];
static char *name_of[MOST_FILES];
static long seen[KINDS], fail_at[KINDS], fail_times[KINDS];
static int fail_with[KINDS];
static int64_t room = -1; /* bytes that files may still grow by; -1: no end */

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) { fprintf(stderr, "fault_disk: no %s\n", name); abort(); }
    return found;
}

/* ---- steering, called by ctypes ---- */
void fault_begin(const char *folder, const char *log) {
    pthread_mutex_lock(&turn);
    snprintf(root, sizeof root, "%s/", folder);
    root_size = strlen(root);
    if (log_file >= 0) REAL(close)(log_file);
    log_file = log && *log ? REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600) : -1;
    memset(seen, 0, sizeof seen);
    memset(fail_at, 0, sizeof fail_at);
    room = -1;
    pthread_mutex_unlock(&turn);
}
void fault_fail(int kind, long nth, int error, long times) {
    pthread_mutex_lock(&turn);
    seen[kind] = 0; fail_at[kind] = nth; fail_with[kind] = error; fail_times[kind] = times;
    pthread_mutex_unlock(&turn);
}
void fault_room(int64_t bytes) {
    pthread_mutex_lock(&turn); room = bytes; pthread_mutex_unlock(&turn);
}
long fault_seen(int kind) { return seen[kind]; }
int fault_ready(void) { return KINDS; }

/* ---- helpers; the turn is held ---- */
static int fails(int kind) {
    if (!root_size) return 0;
    seen[kind]++;
    if (fail_at[kind] && seen[kind] >= fail_at[kind] && seen[kind] < fail_at[kind] + fail_times[kind]) {
        errno = fail_with[kind];
        return 1;
    }
    return 0;
}
static const char *inside(int folder, const char *path, char *whole) {
    if (!root_size || !path) return NULL;
    if (path[0] != '/') {
        char link[64], base[PATH_MAX];
        ssize_t n;
        if (folder == AT_FDCWD) { if (!getcwd(base, sizeof base)) return NULL; }
        else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            n = readlink(link, base, sizeof base - 1);
            if (n < 0) return NULL;
            base[n] = 0;
        }
        snprintf(whole, PATH_MAX, "%.*s/%.*s", 2000, base, 2000, path);
    } else snprintf(whole, PATH_MAX, "%s", path);
    size_t size = strlen(whole);
    while (size > 1 && whole[size - 1] == '/') whole[--size] = 0;
    if (size + 1 == root_size && !strncmp(whole, root, size)) return "";
    if (strncmp(whole, root, root_size)) return NULL;
    if (size > 4 && !strcmp(whole + size - 4, "-shm")) return NULL; /* rebuilt after a crash */
    return whole + root_size;
}
static void put(const void *data, size_t size) {
    const char *at = data;
    while (size) {
        ssize_t n = REAL(write)(log_file, at, size);
        if (n < 0) { perror("fault_disk log"); abort(); }
        at += n; size -= n;
    }
}
static void note(int kind, uint64_t file, uint64_t offset, const void *data, size_t size,
                 const char *path, const char *other) {
    if (log_file < 0) return;
    int kept = errno;
    struct entry e = {kind, path ? strlen(path) : 0, other ? strlen(other) : 0, file, offset, size};
    put(&e, sizeof e);
    if (e.path) put(path, e.path);
    if (e.other) put(other, e.other);
    if (data) put(data, size);
    errno = kept;
}
static int ours(int file) {
    return file >= 0 && file < MOST_FILES && identity[file];
}
static int opened(int file, const char *path, int flags, int fresh) {
    struct stat is;
    if (file < 0 || file >= MOST_FILES || fstat(file, &is)) return file;
    identity[file] = is.st_ino + 1;
    is_folder[file] = S_ISDIR(is.st_mode);
    appends[file] = !!(flags & O_APPEND);
    free(name_of[file]);
    name_of[file] = strdup(path);
    if (fresh) note(CREATE, identity[file], 0, NULL, 0, path, NULL);
    else if (flags & O_TRUNC) note(TRUNCATE, identity[file], 0, NULL, 0, path, NULL);
    return file;
}

/* ---- what the program calls ---- */
static int do_open(int folder, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    pthread_mutex_lock(&turn);
    const char *mine = inside(folder, path, whole);
    int fresh = 0, file;
    if (mine && (flags & O_CREAT)) {
        struct stat is;
        fresh = stat(whole, &is) != 0;
        if (fresh && fails(CREATE)) { pthread_mutex_unlock(&turn); return -1; }
    }
    file = REAL(openat)(folder, path, flags, mode);
    if (mine) opened(file, mine, flags, fresh);
    else if (file >= 0 && file < MOST_FILES) identity[file] = 0;
    pthread_mutex_unlock(&turn);
    return file;
}
#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) \
    { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
int open(const char *path, int flags, ...) { MODE return do_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return do_open(AT_FDCWD, path, flags, mode); }
int openat(int f, const char *path, int flags, ...) {
    MODE
    if (!root_size) return REAL(openat)(f, path, flags, mode);
    return do_open(f, path, flags, mode);
}
int openat64(int f, const char *path, int flags, ...) {
    MODE
    if (!root_size) return REAL(openat64)(f, path, flags, mode);
    return do_open(f, path, flags, mode);
}
int close(int file) {
    if (file >= 0 && file < MOST_FILES && identity[file]) {
        pthread_mutex_lock(&turn); identity[file] = 0; pthread_mutex_unlock(&turn);
    }
    return REAL(close)(file);
}

static ssize_t do_write(int file, const void *data, size_t size, off_t offset, int placed) {
    pthread_mutex_lock(&turn);
    ssize_t n = -1;
    struct stat is;
    if (!fails(WRITE)) {
        if (!placed) {
            if (appends[file]) { fstat(file, &is); offset = is.st_size; }
            else offset = lseek(file, 0, SEEK_CUR);
        }
        if (room >= 0) {
            fstat(file, &is);
            int64_t more = offset + (int64_t)size - is.st_size;
            if (more > room) {
                size = size > (size_t)(more - room) ? size - (more - room) : 0;
                more = room;
            }
            if (more > 0) room -= more;
        }
        if (size == 0 && room == 0) { errno = ENOSPC; }
        else n = placed ? REAL(pwrite64)(file, data, size, offset) : REAL(write)(file, data, size);
        if (n > 0) note(WRITE, identity[file], offset, data, n, name_of[file], NULL);
    }
    pthread_mutex_unlock(&turn);
    return n;
}
ssize_t write(int file, const void *data, size_t size) {
    return ours(file) ? do_write(file, data, size, 0, 0) : REAL(write)(file, data, size);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
    return ours(file) ? do_write(file, data, size, offset, 1) : REAL(pwrite)(file, data, size, offset);
}
ssize_t pwrite64(int file, const void *data, size_t size, off_t offset) {
    return ours(file) ? do_write(file, data, size, offset, 1)
                      : REAL(pwrite64)(file, data, size, offset);
}
int ftruncate(int file, off_t size) {
    if (!ours(file)) return REAL(ftruncate)(file, size);
    pthread_mutex_lock(&turn);
    int done = fails(TRUNCATE) ? -1 : REAL(ftruncate)(file, size);
    if (!done) note(TRUNCATE, identity[file], size, NULL, 0, name_of[file], NULL);
    pthread_mutex_unlock(&turn);
    return done;
}
int ftruncate64(int file, off_t size) { return ftruncate(file, size); }
static int do_sync(int file, int only_data) {
    pthread_mutex_lock(&turn);
    int kind = is_folder[file] ? SYNC_FOLDER : SYNC;
    /* recording and failing: the log stands for the disk, so the real one need not spin */
    int done = fails(kind) ? -1 : (log_file >= 0 ? 0 : (only_data ? REAL(fdatasync)(file) : REAL(fsync)(file)));
    if (!done) note(kind, identity[file], 0, NULL, 0, name_of[file], NULL);
    pthread_mutex_unlock(&turn);
    return done;
}
int fsync(int file) { return ours(file) ? do_sync(file, 0) : REAL(fsync)(file); }
int fdatasync(int file) { return ours(file) ? do_sync(file, 1) : REAL(fdatasync)(file); }

static int do_rename(int fa, const char *from, int fb, const char *to) {
    char whole_a[PATH_MAX], whole_b[PATH_MAX];
    pthread_mutex_lock(&turn);
    const char *a = inside(fa, from, whole_a), *b = inside(fb, to, whole_b);
    int done = (a && fails(RENAME)) ? -1 : REAL(renameat)(fa, from, fb, to);
    if (!done && a && b) note(RENAME, 0, 0, NULL, 0, a, b);
    pthread_mutex_unlock(&turn);
    return done;
}
int rename(const char *from, const char *to) { return do_rename(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int fa, const char *from, int fb, const char *to) {
    if (!root_size) return REAL(renameat)(fa, from, fb, to);
    return do_rename(fa, from, fb, to);
}
static int do_unlink(int folder, const char *path, int flags) {
    char whole[PATH_MAX];
    pthread_mutex_lock(&turn);
    const char *mine = inside(folder, path, whole);
    int done = (mine && fails(UNLINK)) ? -1 : REAL(unlinkat)(folder, path, flags);
    if (!done && mine) note(UNLINK, 0, 0, NULL, 0, mine, NULL);
    pthread_mutex_unlock(&turn);
    return done;
}
int unlink(const char *path) { return do_unlink(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return do_unlink(AT_FDCWD, path, AT_REMOVEDIR); }
int unlinkat(int folder, const char *path, int flags) {
    if (!root_size) return REAL(unlinkat)(folder, path, flags);
    return do_unlink(folder, path, flags);
}
static int do_mkdir(int folder, const char *path, mode_t mode) {
    char whole[PATH_MAX];
    pthread_mutex_lock(&turn);
    const char *mine = inside(folder, path, whole);
    int done = (mine && fails(MKDIR)) ? -1 : REAL(mkdirat)(folder, path, mode);
    if (!done && mine) note(MKDIR, 0, 0, NULL, 0, mine, NULL);
    pthread_mutex_unlock(&turn);
    return done;
}
int mkdir(const char *path, mode_t mode) { return do_mkdir(AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) {
    if (!root_size) return REAL(mkdirat)(folder, path, mode);
    return do_mkdir(folder, path, mode);
}
