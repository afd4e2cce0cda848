// Picture files in memory: PNG, JPEG and gzip, by way of libpng, TurboJPEG and zlib.
//
// The libraries are loaded when they are first needed, so that a program starts on a machine without them.
// Every function that can fail returns 0 when it succeeds, and otherwise writes one line that says what is wrong (and
// which package to install, where a library is missing) into `error`, cut to `error_capacity` bytes with its ending 0.
// Bytes handed out through `**bytes` belong to the caller, who gives them to image_free. All functions may be called
// from several threads at once.
#ifndef CIMAGES_H
#define CIMAGES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The most pixels that a picture may have: libpng counts the bytes of its rows in 32 bits.
#define IMAGE_PIXELS_MAX ((int64_t)1 << 29)

/// What the header of a picture says.
typedef struct {
  int width, height;
  int is_grey;        // 1 where the file stores no colour
  int has_alpha;      // 1 where some pixel may be transparent
  char warning[120];  // what the decoder found odd about the file and read nevertheless; empty where nothing
} image_header;

/// Frees what a function of this header handed out; NULL is allowed.
void image_free(void *bytes);

/// Writes a PNG: `pixels` are height x width x channels bytes, row by row from the top; 1 channel (grey) or 3 (sRGB).
int image_png_encode(const uint8_t *pixels, int width, int height, int channels, uint8_t **bytes, size_t *count,
                     char *error, size_t error_capacity);

/// Reads the header of a PNG; `bytes` may be only the beginning of the file.
int image_png_header(const uint8_t *bytes, size_t count, image_header *header, char *error, size_t error_capacity);

/// Reads a PNG of any colour type, depth and interlacing as height x width x 4 bytes: sRGB and straight alpha.
/// Samples are taken as they are, whatever the file says of gamma and colour profiles; 16 bits are rounded to 8. Every
/// chunk's CRC is checked, and the file must reach its last chunk.
int image_png_decode(const uint8_t *bytes, size_t count, uint8_t **rgba, image_header *header,
                     char *error, size_t error_capacity);

/// Reads the header of a JPEG; `bytes` may be only the beginning of the file, up to its frame header.
int image_jpeg_header(const uint8_t *bytes, size_t count, image_header *header, char *error, size_t error_capacity);

/// Reads a JPEG as height x width x 3 bytes: grey is repeated, CMYK follows Adobe's convention (inverted inks).
/// What libjpeg reads with a warning is read, and the warning told in the header; a file that does not reach its end
/// is an error.
int image_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t **rgb, image_header *header,
                      char *error, size_t error_capacity);

/// Unpacks a gzip file of one or more members into the `capacity` bytes at `unpacked`, or only counts its bytes, up to
/// `capacity`, where that is NULL; its checksums and lengths are checked.
int image_gunzip(const uint8_t *bytes, size_t count, uint8_t *unpacked, size_t capacity, size_t *unpacked_count,
                 char *error, size_t error_capacity);

/// Unpacks deflated data (RFC 1951, as zip archives hold them) in the same way.
int image_inflate(const uint8_t *bytes, size_t count, uint8_t *unpacked, size_t capacity, size_t *unpacked_count,
                  char *error, size_t error_capacity);

/// Continues the CRC-32 of zlib, gzip and PNG over `count` more bytes; *crc starts as 0.
int image_crc32(uint32_t *crc, const void *bytes, size_t count, char *error, size_t error_capacity);

#ifdef __cplusplus
}
#endif
#endif
