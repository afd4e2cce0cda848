// gzip files, deflated data and CRC-32 through zlib.
#if !__has_include(<zlib.h>)
#error "The header of zlib is missing: apt-get install zlib1g-dev"
#endif
#include <limits.h>
#include <pthread.h>
#include <zlib.h>

#include "CImages.h"
#include "library.h"

// inflateInit2 and inflateReset2 of zlib.h are macros or need the version; these are the functions behind them.
#define FUNCTIONS(F) F(inflateInit2_) F(inflate) F(inflateReset) F(inflateEnd) F(crc32)

static image_library library;
#define DECLARE(NAME) typeof(NAME) *NAME;
static struct { FUNCTIONS(DECLARE) } zlib;

static void load(void) {
  image_library_open(&library, "libz.so.1", "zlib1g");
#define FIND(NAME) image_library_find(&library, #NAME, &zlib.NAME);
  FUNCTIONS(FIND)
}

static int loaded(char *error, size_t error_capacity) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return library.problem[0] ? image_fail(error, error_capacity, "%s", library.problem) : 0;
}

static uInt portion(size_t count) {
  return count < UINT_MAX ? (uInt)count : UINT_MAX;
}

int image_crc32(uint32_t *crc, const void *bytes, size_t count, char *error, size_t error_capacity) {
  if (loaded(error, error_capacity)) return 1;
  uLong running = *crc;
  for (const Bytef *next = bytes; count > 0;) {
    uInt size = portion(count);
    running = zlib.crc32(running, next, size);
    next += size;
    count -= size;
  }
  *crc = (uint32_t)running;
  return 0;
}

/// Unpacks the members one after another into `unpacked`, or only counts where that is NULL; bytes of 0 after the last
/// are padding, as gzip itself holds. `format` names the data in messages.
static int unpack(z_stream *stream, const char *format, const uint8_t *bytes, size_t count, uint8_t *unpacked,
                  size_t capacity, size_t *unpacked_count, char *error, size_t error_capacity) {
  // Where nothing is kept, and behind the last byte: with no room to spare, zlib would not read the ending checksum.
  uint8_t spare[1 << 15];
  size_t taken = 0, given = 0;
  for (;;) {
    int kept = unpacked && given < capacity;
    stream->next_in = (Bytef *)(bytes + taken);
    stream->avail_in = portion(count - taken);
    Bytef *start = stream->next_out = kept ? unpacked + given : spare;
    stream->avail_out = kept ? portion(capacity - given) : sizeof spare;
    int status = zlib.inflate(stream, Z_NO_FLUSH);
    taken = (size_t)(stream->next_in - bytes);
    given += (size_t)(stream->next_out - start);

    if (given > capacity) return image_fail(error, error_capacity, "unpacks to more than %zu bytes", capacity);
    if (status == Z_STREAM_END) {
      while (taken < count && bytes[taken] == 0) ++taken;
      if (taken == count) {
        *unpacked_count = given;
        return 0;
      }
      zlib.inflateReset(stream);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return image_fail(error, error_capacity, "is damaged: %s data near byte %zu: %s", format, taken,
                        stream->msg ? stream->msg : "cannot be unpacked");
    } else if (taken == count && stream->avail_out > 0) {
      return image_fail(error, error_capacity, "is cut short: its %s data end after %zu bytes", format, count);
    }
  }
}

/// `bits` tells zlib the format, as inflateInit2 has it.
static int unpack_all(const char *format, int bits, const uint8_t *bytes, size_t count, uint8_t *unpacked,
                      size_t capacity, size_t *unpacked_count, char *error, size_t error_capacity) {
  z_stream stream = {0};
  if (zlib.inflateInit2_(&stream, bits, ZLIB_VERSION, (int)sizeof stream) != Z_OK) {
    return image_fail(error, error_capacity, "no memory to unpack %s data", format);
  }
  int failed = unpack(&stream, format, bytes, count, unpacked, capacity, unpacked_count, error, error_capacity);
  zlib.inflateEnd(&stream);
  return failed;
}

int image_gunzip(const uint8_t *bytes, size_t count, uint8_t *unpacked, size_t capacity, size_t *unpacked_count,
                 char *error, size_t error_capacity) {
  if (loaded(error, error_capacity)) return 1;
  if (count < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b) {
    return image_fail(error, error_capacity, "does not begin with the signature of gzip");
  }
  return unpack_all("gzip", 15 + 16, bytes, count, unpacked, capacity, unpacked_count, error, error_capacity);
}

int image_inflate(const uint8_t *bytes, size_t count, uint8_t *unpacked, size_t capacity, size_t *unpacked_count,
                  char *error, size_t error_capacity) {
  if (loaded(error, error_capacity)) return 1;
  return unpack_all("deflated", -15, bytes, count, unpacked, capacity, unpacked_count, error, error_capacity);
}
