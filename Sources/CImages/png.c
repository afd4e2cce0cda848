// PNG through libpng. It is written through the simplified interface, whose functions catch their own longjmp; that one
// reads interlaced pictures of 16 bits wrongly in some releases, so that pictures are read row by row.
#if !__has_include(<png.h>)
#error "The header of libpng is missing: apt-get install libpng-dev"
#endif
#include <png.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "CImages.h"
#include "library.h"

#define FUNCTIONS(F) \
  F(png_image_write_to_memory) F(png_create_read_struct) F(png_create_info_struct) F(png_destroy_read_struct) \
  F(png_set_read_fn) F(png_get_io_ptr) F(png_get_error_ptr) F(png_read_info) F(png_set_expand) F(png_set_scale_16) \
  F(png_set_gray_to_rgb) F(png_set_add_alpha) F(png_set_interlace_handling) F(png_read_update_info) \
  F(png_get_rowbytes) F(png_read_row) F(png_error)

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

/// A copy without texts and colour profiles, which unpack to a thousand times as much and change no sample. What is left
/// says what the samples are: the critical chunks, and tRNS.
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

/// A file that is read, and where its reader goes when it fails.
typedef struct {
  const uint8_t *bytes;
  size_t count, taken;
  png_structp png;
  png_infop info;
  char message[120];
  jmp_buf failed;
} reading;

static void take(png_structp png, png_bytep bytes, size_t count) {
  reading *file = libpng.png_get_io_ptr(png);
  if (count > file->count - file->taken) libpng.png_error(png, "it ends early");
  memcpy(bytes, file->bytes + file->taken, count);
  file->taken += count;
}

static void fail(png_structp png, png_const_charp message) {
  reading *file = libpng.png_get_error_ptr(png);
  image_fail(file->message, sizeof file->message, "%s", message);
  longjmp(file->failed, 1);
}

static void ignore(png_structp png, png_const_charp message) {
  (void)png, (void)message;
}

/// Reads rows of RGBA, each pass of an interlaced picture into what the passes before it wrote.
static void read_rows(reading *file, uint8_t *pixels, const image_header *header) {
  png_structp png = file->png;
  libpng.png_set_read_fn(png, file, take);
  libpng.png_read_info(png, file->info);
  libpng.png_set_expand(png);
  libpng.png_set_scale_16(png);
  libpng.png_set_gray_to_rgb(png);
  libpng.png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
  int passes = libpng.png_set_interlace_handling(png);
  libpng.png_read_update_info(png, file->info);
  size_t row_size = 4 * (size_t)header->width;
  if (libpng.png_get_rowbytes(png, file->info) != row_size) libpng.png_error(png, "its rows have another size");
  for (int pass = 0; pass < passes; ++pass) {
    for (int row = 0; row < header->height; ++row) libpng.png_read_row(png, pixels + row_size * (size_t)row, NULL);
  }
}

static int decode(const uint8_t *bytes, size_t count, uint8_t **rgba, const image_header *header,
                  char *error, size_t error_capacity) {
  uint8_t *pixels = calloc((size_t)header->width * (size_t)header->height, 4);
  reading *file = calloc(1, sizeof *file);  // on the heap, where longjmp leaves it as it is
  if (file) {
    file->bytes = bytes;
    file->count = count;
    file->png = libpng.png_create_read_struct(PNG_LIBPNG_VER_STRING, file, fail, ignore);
    if (file->png) file->info = libpng.png_create_info_struct(file->png);
  }
  int failed = !pixels || !file || !file->info;
  if (failed) {
    image_fail(error, error_capacity, "no memory for %d x %d pixels", header->width, header->height);
  } else if (setjmp(file->failed)) {
    failed = image_fail(error, error_capacity, "is not a valid PNG: %s", file->message);
  } else {
    read_rows(file, pixels, header);
  }
  if (file && file->png) libpng.png_destroy_read_struct(&file->png, &file->info, NULL);
  free(file);
  if (failed) {
    free(pixels);
  } else {
    *rgba = pixels;
  }
  return failed;
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
