// PNG through the simplified interface of libpng, whose functions catch their own longjmp and return.
#if !__has_include(<png.h>)
#error "The header of libpng is missing: apt-get install libpng-dev"
#endif
#include <png.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "CImages.h"
#include "library.h"

#define FUNCTIONS(F) \
  F(png_image_begin_read_from_memory) F(png_image_finish_read) F(png_image_write_to_memory) F(png_image_free)

static image_library library;
#define DECLARE(NAME) typeof(NAME) *NAME;
static struct { FUNCTIONS(DECLARE) } libpng;

static void load(void) {
  image_library_open(&library, "libpng16.so.16", "libpng16-16");
#define FIND(NAME) image_library_find(&library, #NAME, &libpng.NAME);
  FUNCTIONS(FIND)
}

static int loaded(char *error, size_t error_capacity) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return library.problem[0] ? image_fail(error, error_capacity, "%s", library.problem) : 0;
}

int image_png_encode(const uint8_t *pixels, int width, int height, int channels, uint8_t **bytes, size_t *count,
                     char *error, size_t error_capacity) {
  if (loaded(error, error_capacity)) return 1;
  if (width < 1 || height < 1 || (channels != 1 && channels != 3) || (int64_t)width * height > IMAGE_PIXELS_MAX) {
    return image_fail(error, error_capacity, "a PNG of %d x %d pixels with %d channels cannot be written",
                      width, height, channels);
  }
  png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height,
                     .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  uint8_t *written = malloc(size);
  if (!written) return image_fail(error, error_capacity, "no memory for a PNG of %zu bytes", (size_t)size);
  if (!libpng.png_image_write_to_memory(&image, written, &size, 0, pixels, 0, NULL)) {
    free(written);
    return image_fail(error, error_capacity, "the PNG cannot be written: %s", image.message);
  }
  uint8_t *shrunk = realloc(written, size);
  *bytes = shrunk ? shrunk : written;
  *count = size;
  return 0;
}

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

int image_png_header(const uint8_t *bytes, size_t count, image_header *header, char *error, size_t error_capacity) {
  static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  if (count < sizeof signature || memcmp(bytes, signature, sizeof signature)) {
    return image_fail(error, error_capacity, "does not begin with the signature of a PNG");
  }
  if (count < 33) return image_fail(error, error_capacity, "is cut short inside the PNG's header");
  if (big_endian(bytes + 8) != 13 || memcmp(bytes + 12, "IHDR", 4)) {
    return image_fail(error, error_capacity, "does not begin with the header chunk of a PNG");
  }
  uint32_t width = big_endian(bytes + 16), height = big_endian(bytes + 20);
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX
      || (int64_t)width * height > IMAGE_PIXELS_MAX) {
    return image_fail(error, error_capacity, "promises %u x %u pixels; a picture has from 1 to %lld",
                      width, height, (long long)IMAGE_PIXELS_MAX);
  }
  // Bits of the colour type: 1 palette, 2 colour, 4 alpha. A palette or a single colour may be transparent by tRNS,
  // which stands before the pixels.
  uint8_t colour_type = bytes[25];
  int transparent = 0;
  for (size_t at = 33; !transparent && at + 8 <= count && memcmp(bytes + at + 4, "IDAT", 4);) {
    transparent = !memcmp(bytes + at + 4, "tRNS", 4);
    at += 12 + (size_t)big_endian(bytes + at);
  }
  *header = (image_header){.width = (int)width, .height = (int)height, .is_grey = !(colour_type & 3),
                           .has_alpha = (colour_type & 4) || transparent};
  return 0;
}

/// libpng reads no further than the last row, and so would not notice a damaged end.
static int check_chunks(const uint8_t *bytes, size_t count, char *error, size_t error_capacity) {
  for (size_t at = 8; at + 8 <= count;) {
    size_t length = big_endian(bytes + at);
    const uint8_t *name = bytes + at + 4;
    for (int i = 0; i < 4; ++i) {
      if ((name[i] | 0x20) < 'a' || (name[i] | 0x20) > 'z') {
        return image_fail(error, error_capacity, "is damaged: no chunk of a PNG begins at byte %zu", at);
      }
    }
    if (count - at - 8 < length + 4) {
      return image_fail(error, error_capacity, "is cut short inside the PNG's chunk %.4s", (const char *)name);
    }
    uint32_t crc = 0;
    if (image_crc32(&crc, name, length + 4, error, error_capacity)) return 1;
    if (crc != big_endian(name + 4 + length)) {
      return image_fail(error, error_capacity, "is damaged: CRC error in the PNG's chunk %.4s", (const char *)name);
    }
    if (!memcmp(name, "IEND", 4)) return 0;
    at += 12 + length;
  }
  return image_fail(error, error_capacity, "is cut short: the PNG's last chunk is missing");
}

/// A copy without the chunks that say how colours are meant (gAMA, cHRM, sRGB, iCCP ...), by which libpng would change
/// the samples, and without texts and times. What is left says what the samples are: the critical chunks, and tRNS.
static uint8_t *plain_copy(const uint8_t *bytes, size_t count, size_t *plain_count) {
  uint8_t *plain = malloc(count);
  if (!plain) return NULL;
  memcpy(plain, bytes, 8);
  size_t filled = 8;
  for (size_t at = 8; at + 12 <= count;) {
    const uint8_t *name = bytes + at + 4;
    size_t size = 12 + (size_t)big_endian(bytes + at);
    int is_critical = !(name[0] & 0x20);
    if (is_critical || !memcmp(name, "tRNS", 4)) {
      memcpy(plain + filled, bytes + at, size);
      filled += size;
    }
    if (!memcmp(name, "IEND", 4)) break;
    at += size;
  }
  *plain_count = filled;
  return plain;
}

static int decode(const uint8_t *bytes, size_t count, uint8_t **rgba, const image_header *header,
                  char *error, size_t error_capacity) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  if (!libpng.png_image_begin_read_from_memory(&image, bytes, count)) {
    return image_fail(error, error_capacity, "is not a valid PNG: %s", image.message);
  }
  image.format = PNG_FORMAT_RGBA;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // else 16-bit samples without gAMA are taken for linear light
  uint8_t *pixels = malloc(PNG_IMAGE_SIZE(image));
  if (!pixels) {
    libpng.png_image_free(&image);
    return image_fail(error, error_capacity, "no memory for %d x %d pixels", header->width, header->height);
  }
  if (!libpng.png_image_finish_read(&image, NULL, pixels, 0, NULL)) {
    free(pixels);
    return image_fail(error, error_capacity, "is not a valid PNG: %s", image.message);
  }
  *rgba = pixels;
  return 0;
}

int image_png_decode(const uint8_t *bytes, size_t count, uint8_t **rgba, image_header *header,
                     char *error, size_t error_capacity) {
  if (loaded(error, error_capacity) || image_png_header(bytes, count, header, error, error_capacity)
      || check_chunks(bytes, count, error, error_capacity)) {
    return 1;
  }
  size_t plain_count;
  uint8_t *plain = plain_copy(bytes, count, &plain_count);
  if (!plain) return image_fail(error, error_capacity, "no memory for a PNG of %zu bytes", count);
  int failed = decode(plain, plain_count, rgba, header, error, error_capacity);
  free(plain);
  return failed;
}
