// JPEG through version 2 of the TurboJPEG interface, whose functions catch their own longjmp and return.
#if !__has_include(<turbojpeg.h>)
#error "The header of TurboJPEG is missing: apt-get install libturbojpeg0-dev"
#endif
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "CImages.h"
#include "library.h"

#define FUNCTIONS(F) F(tjInitDecompress) F(tjDecompress2) F(tjGetErrorCode) F(tjGetErrorStr2) F(tjDestroy)

static image_library library;
#define DECLARE(NAME) typeof(NAME) *NAME;
static struct { FUNCTIONS(DECLARE) } turbo;

static void load(void) {
  image_library_open(&library, "libturbojpeg.so.0", "libturbojpeg0");
#define FIND(NAME) image_library_find(&library, #NAME, &turbo.NAME);
  FUNCTIONS(FIND)
}

static int loaded(char *error, size_t error_capacity) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return library.problem[0] ? image_fail(error, error_capacity, "%s", library.problem) : 0;
}

/// What the markers of a JPEG say (ITU-T T.81, annex B). TurboJPEG's own reader of headers refuses sampling factors
/// that its decoder reads.
typedef struct {
  int width, height, components, depth;
  int ends;  // 1 where the marker of the end is there
} frame;

/// Goes from marker to marker as libjpeg does: what lies between segments, pixels included, is passed over up to the
/// next byte of ones.
static frame find_frame(const uint8_t *bytes, size_t count, int to_the_end) {
  frame found = {0};
  for (size_t at = 2; at < count;) {
    const uint8_t *next = memchr(bytes + at, 0xff, count - at);
    if (!next) break;
    at = (size_t)(next - bytes);
    while (at < count && bytes[at] == 0xff) ++at;
    if (at == count) break;
    uint8_t marker = bytes[at++];
    if (marker == 0xd9) {
      found.ends = 1;
      break;
    }
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) continue;  // no segment follows
    if (count - at < 2) break;
    size_t length = (size_t)bytes[at] << 8 | bytes[at + 1];
    int is_frame = marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame && !found.components && length >= 8 && count - at >= 8) {
      found.depth = bytes[at + 2];
      found.height = bytes[at + 3] << 8 | bytes[at + 4];
      found.width = bytes[at + 5] << 8 | bytes[at + 6];
      found.components = bytes[at + 7];
      if (!to_the_end) break;
    }
    if (length > count - at) break;
    at += length;
  }
  return found;
}

static int read_header(const uint8_t *bytes, size_t count, image_header *header, frame *found, int to_the_end,
                       char *error, size_t error_capacity) {
  if (count < 2 || bytes[0] != 0xff || bytes[1] != 0xd8) {
    return image_fail(error, error_capacity, "does not begin with the marker of a JPEG");
  }
  *found = find_frame(bytes, count, to_the_end);
  *header = (image_header){.width = found->width, .height = found->height, .is_grey = found->components == 1};
  if (!found->components) {
    return image_fail(error, error_capacity, "is cut short: the JPEG ends before its first pixels");
  }
  if (found->depth != 8 || (found->components != 1 && found->components != 3 && found->components != 4)) {
    return image_fail(error, error_capacity, "is a JPEG of %d channels with %d bits; 1, 3 or 4 with 8 bits are read",
                      found->components, found->depth);
  }
  if (header->width < 1 || header->height < 1 || (int64_t)header->width * header->height > IMAGE_PIXELS_MAX) {
    return image_fail(error, error_capacity, "promises %d x %d pixels; a picture has from 1 to %lld",
                      header->width, header->height, (long long)IMAGE_PIXELS_MAX);
  }
  return 0;
}

int image_jpeg_header(const uint8_t *bytes, size_t count, image_header *header, char *error, size_t error_capacity) {
  frame found;
  return read_header(bytes, count, header, &found, 0, error, error_capacity);
}

/// Turns inverted CMYK (255 is no ink), as Adobe's programs store it, into RGB in place: 4 bytes a pixel become 3.
static void rgb_from_cmyk(uint8_t *pixels, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    unsigned key = pixels[4 * i + 3];
    for (size_t c = 0; c < 3; ++c) pixels[3 * i + c] = (uint8_t)((pixels[4 * i + c] * key + 127) / 255);
  }
}

/// Whether every byte of the last row is `byte`, with which it was filled before.
static int is_untouched(const uint8_t *row, size_t size, uint8_t byte) {
  for (size_t i = 0; i < size; ++i) {
    if (row[i] != byte) return 0;
  }
  return 1;
}

static int decode(tjhandle handle, const uint8_t *bytes, size_t count, uint8_t **rgb, image_header *header,
                  char *error, size_t error_capacity) {
  frame found;
  if (read_header(bytes, count, header, &found, 1, error, error_capacity)) return 1;
  // libjpeg would fill the rest with grey, and tell it by a warning that an earlier one may hide.
  if (!found.ends) return image_fail(error, error_capacity, "is cut short: the JPEG ends before its last pixels");
  int is_cmyk = found.components == 4;
  int row_size = header->width * (is_cmyk ? 4 : 3);
  size_t size = (size_t)row_size * (size_t)header->height;
  uint8_t *pixels = calloc(size, 1);
  if (!pixels) {
    return image_fail(error, error_capacity, "no memory for %d x %d pixels", header->width, header->height);
  }
  uint8_t *last = pixels + size - row_size;
  // TurboJPEG tells an error that follows a warning as if it were a warning too. Then the last row is not written:
  // it is what it was, whatever that was.
  for (int fill = 0; fill <= 255; fill += 255) {
    memset(last, fill, (size_t)row_size);
    if (!turbo.tjDecompress2(handle, bytes, count, pixels, header->width, row_size, header->height,
                             is_cmyk ? TJPF_CMYK : TJPF_RGB, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)) {
      break;
    }
    const char *message = turbo.tjGetErrorStr2(handle);
    int is_fatal = turbo.tjGetErrorCode(handle) != TJERR_WARNING;
    int may_be = is_untouched(last, (size_t)row_size, (uint8_t)fill);
    if (is_fatal || (may_be && fill)) {
      image_fail(error, error_capacity, "is not a valid JPEG: %s", message);
      free(pixels);
      return 1;
    }
    image_fail(header->warning, sizeof header->warning, "%s", message);
    if (!may_be) break;
  }
  if (is_cmyk) rgb_from_cmyk(pixels, (size_t)header->width * (size_t)header->height);
  *rgb = pixels;
  return 0;
}

int image_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t **rgb, image_header *header,
                      char *error, size_t error_capacity) {
  if (loaded(error, error_capacity)) return 1;
  tjhandle handle = turbo.tjInitDecompress();
  if (!handle) return image_fail(error, error_capacity, "no memory to read a JPEG");
  int failed = decode(handle, bytes, count, rgb, header, error, error_capacity);
  turbo.tjDestroy(handle);
  return failed;
}
