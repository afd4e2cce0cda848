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

#define FUNCTIONS(F) F(tjInitDecompress) F(tjDecompressHeader3) F(tjDecompress2) F(tjGetErrorStr2) F(tjDestroy)

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

static int fail(tjhandle handle, char *error, size_t error_capacity) {
  const char *message = turbo.tjGetErrorStr2(handle);
  return strstr(message, "Premature end")
             ? image_fail(error, error_capacity, "is cut short: the JPEG ends before its last pixels")
             : image_fail(error, error_capacity, "is not a valid JPEG: %s", message);
}

static int read_header(tjhandle handle, const uint8_t *bytes, size_t count, image_header *header, int *colour_space,
                       char *error, size_t error_capacity) {
  if (count < 2 || bytes[0] != 0xff || bytes[1] != 0xd8) {
    return image_fail(error, error_capacity, "does not begin with the marker of a JPEG");
  }
  int subsampling;
  *header = (image_header){0};
  if (turbo.tjDecompressHeader3(handle, bytes, count, &header->width, &header->height, &subsampling, colour_space)) {
    return fail(handle, error, error_capacity);
  }
  header->is_grey = *colour_space == TJCS_GRAY;
  if (header->width < 1 || header->height < 1) {  // TurboJPEG takes a file of tables alone for a valid one
    return image_fail(error, error_capacity, "is cut short: the JPEG ends before its first pixels");
  }
  if ((int64_t)header->width * header->height > IMAGE_PIXELS_MAX) {
    return image_fail(error, error_capacity, "promises %d x %d pixels; a picture has from 1 to %lld",
                      header->width, header->height, (long long)IMAGE_PIXELS_MAX);
  }
  return 0;
}

int image_jpeg_header(const uint8_t *bytes, size_t count, image_header *header, char *error, size_t error_capacity) {
  if (loaded(error, error_capacity)) return 1;
  tjhandle handle = turbo.tjInitDecompress();
  if (!handle) return image_fail(error, error_capacity, "no memory to read a JPEG");
  int colour_space;
  int failed = read_header(handle, bytes, count, header, &colour_space, error, error_capacity);
  turbo.tjDestroy(handle);
  return failed;
}

/// Turns inverted CMYK (255 is no ink), as Adobe's programs store it, into RGB in place: 4 bytes a pixel become 3.
static void rgb_from_cmyk(uint8_t *pixels, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    unsigned key = pixels[4 * i + 3];
    for (size_t c = 0; c < 3; ++c) pixels[3 * i + c] = (uint8_t)((pixels[4 * i + c] * key + 127) / 255);
  }
}

static int decode(tjhandle handle, const uint8_t *bytes, size_t count, uint8_t **rgb, image_header *header,
                  char *error, size_t error_capacity) {
  int colour_space;
  if (read_header(handle, bytes, count, header, &colour_space, error, error_capacity)) return 1;
  int is_cmyk = colour_space == TJCS_CMYK || colour_space == TJCS_YCCK;
  size_t pixel_count = (size_t)header->width * (size_t)header->height;
  uint8_t *pixels = malloc(pixel_count * (is_cmyk ? 4 : 3));
  if (!pixels) {
    return image_fail(error, error_capacity, "no memory for %d x %d pixels", header->width, header->height);
  }
  if (turbo.tjDecompress2(handle, bytes, count, pixels, header->width, 0, header->height,
                          is_cmyk ? TJPF_CMYK : TJPF_RGB,
                          TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)) {
    free(pixels);
    return fail(handle, error, error_capacity);
  }
  if (is_cmyk) rgb_from_cmyk(pixels, pixel_count);
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
